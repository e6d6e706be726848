"""The linear classifier of Section III-C.1."""

from typing import Any

from sklearn.linear_model import RidgeClassifier

from lenet5.classifiers.classifier import Arrays, Classifier, weights_and_biases


class Linear(Classifier):
    """Ten weighted sums of the pixels, each with a bias; the largest names the class (C.1).

    The paper states: 7,850 parameters on regular images and 4,010 on deslanted ones; sigmoid
    and linear units, gradient descent and solving linear systems gave similar results.

    It leaves open which of these Figure 9 shows, and the targets. Here a linear system is
    solved: least squares, the targets being +1 for the class and -1 for the others, which
    is scikit-learn's RidgeClassifier. Some pixels of the regular images are background in
    all of them; it is the weights' square, added to the error, that makes their weights 0.

    Args:
        alpha: weight of that square.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def _model(self, samples: int, pixels: int) -> Any:
        return RidgeClassifier(self.alpha)

    def arrays(self) -> Arrays:
        """The weights, a row a class, and the biases."""
        return weights_and_biases(self.model_)

    def multiply_accumulates(self) -> int:
        """One a weight or bias."""
        return self.variables()
