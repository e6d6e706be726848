"""The RBF network of Section III-C.4."""

from typing import Any

import numpy as np
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

from lenet5.classifiers.classifier import Arrays, Classifier, weights_and_biases
from lenet5.classifiers.gaussian_units import GaussianUnits


class RBFNetwork(Classifier):
    """Ten groups of 100 Gaussian units, and a linear classifier of their states (C.4).

    The paper states: 1,000 Gaussian units on regular images, in ten groups of 100, each
    trained on the images of one class by adaptive K-means; the second layer is linear, from
    a regularised pseudo-inverse.

    It leaves open the widths, the regulariser and the targets. Here one width is common to
    all units, the targets are +1 for the class and -1 for the others, and the regularised
    pseudo-inverse is that of scikit-learn's RidgeClassifier.

    Args:
        units: in each group.
        width: of the Gaussians, in the units of the input.
        alpha: weight of the squared weights, added to the squared error.
        random_state: of K-means.
    """

    def __init__(
        self,
        units: int = 100,
        width: float = 5.0,
        alpha: float = 1e-3,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.units = units
        self.width = width
        self.alpha = alpha
        self.random_state = random_state

    def _model(self, samples: int, pixels: int) -> Any:
        return make_pipeline(
            GaussianUnits(self.units, self.width, self.random_state),
            RidgeClassifier(self.alpha),
        )

    def arrays(self) -> Arrays:
        """The centres, a row a unit, their common width, and the weights and biases."""
        first, linear = self.model_
        return {
            "centres": first.centres_,
            "width": np.array([first.width]),
            **weights_and_biases(linear),
        }

    def multiply_accumulates(self) -> int:
        """One a pixel of each centre, and one a weight or bias; exponentials are no products."""
        return self.variables() - self.arrays()["width"].size
