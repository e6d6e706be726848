"""Principal components and a polynomial classifier, of Section III-C.3."""

from typing import Any, Literal

from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from lenet5.classifiers.classifier import Arrays, Classifier, weights_and_biases


class PCAQuadratic(Classifier):
    """Forty principal components, and a polynomial of the second degree of them (C.3).

    The paper states: the mean is subtracted and the covariance diagonalised; the 40 first
    components are the input of a polynomial classifier of the second degree, which is a
    linear one of 821 inputs "preceded by a module that computes all products of pairs of
    input variables".

    It leaves open the criterion, here least squares as in `Linear`, and which 821. Beside a
    constant and the 780 products of two different components there is room for forty:
    the components themselves or their squares. A polynomial with both has 861 inputs.
    Either is one of scikit-learn's PolynomialFeatures.

    Args:
        n_components: principal components.
        beside: what stands beside the products of two components, "components" or "squares".
        alpha: weight of the squared weights, added to the squared error.
    """

    def __init__(
        self,
        n_components: int = 40,
        beside: Literal["components", "squares"] = "components",
        alpha: float = 1.0,
    ) -> None:
        self.n_components = n_components
        self.beside = beside
        self.alpha = alpha

    def _model(self, samples: int, pixels: int) -> Any:
        components = min(self.n_components, samples, pixels)
        return make_pipeline(
            PCA(components, svd_solver="covariance_eigh"),
            _polynomial(self.beside),
            RidgeClassifier(self.alpha),
        )

    def arrays(self) -> Arrays:
        """The components, a row each, the mean, and the weights and biases behind them."""
        components, _, linear = self.model_
        return {
            "components": components.components_,
            "mean": components.mean_,
            **weights_and_biases(linear),
        }

    def multiply_accumulates(self) -> int:
        """Of the components, of the products of two, and of the linear classifier."""
        learned, products = self.arrays(), self.model_[1].powers_.sum(1) == 2
        linear = learned["weights"].size + learned["biases"].size
        return learned["components"].size + int(products.sum()) + linear


def _polynomial(beside: str) -> PolynomialFeatures:
    """The products without the constant, which is the bias of the linear classifier."""
    match beside:
        case "components":
            return PolynomialFeatures(2, interaction_only=True, include_bias=False)
        case "squares":
            return PolynomialFeatures((2, 2), include_bias=False)
    raise ValueError(f"Beside the products stand components or squares, not {beside}.")
