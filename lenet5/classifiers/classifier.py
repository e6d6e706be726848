"""What the classifiers of Section III-C share."""

import hashlib
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

Arrays = dict[str, np.ndarray]


class Classifier(ClassifierMixin, BaseEstimator, ABC):
    """Parts of scikit-learn put together: it gives each class a score, and tells its cost.

    X is samples by pixels, for the paper's digits from -0.1 (background) to 1.175 (ink).

    Attributes:
        model_: the parts, fitted.
        classes_: the classes, sorted.
        n_features_in_: pixels.
    """

    precisions: ClassVar[Any] = np.float64  # products of thousands of images are summed up

    def fit(self, X: Any, y: Any) -> "Classifier":
        """Learns from images and their classes."""
        X, y = validate_data(self, X, y, dtype=self.precisions, ensure_min_samples=2)
        check_classification_targets(y)
        self.model_ = self._model(*X.shape).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def decision_function(self, X: Any) -> Float[np.ndarray, "samples *classes"]:
        """The score of each class: the larger, the surer.

        Of two classes, as scikit-learn has it, one number: the second's score beyond the first's.
        """
        check_is_fitted(self)
        scores = self._scores(validate_data(self, X, dtype=self.precisions, reset=False))
        if scores.ndim == 2 and len(self.classes_) == 2:
            return scores[:, 1] - scores[:, 0]
        return scores

    def predict(self, X: Any) -> np.ndarray:
        """The class of the largest score."""
        scores = self.decision_function(X)
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(1)
        return self.classes_[best]

    @abstractmethod
    def _model(self, samples: int, pixels: int) -> Any:
        """The parts, not fitted yet, for so many samples of so many pixels."""

    def _scores(self, X: Float[np.ndarray, "samples pixels"]) -> Float[np.ndarray, "samples *_"]:
        """The score of each class; of two, one number or two."""
        return self.model_.decision_function(X)

    @abstractmethod
    def arrays(self) -> Arrays:
        """All that must be stored to recognise an image, by name."""

    @abstractmethod
    def multiply_accumulates(self) -> int:
        """Products that the scores of one image take; a bias counts as one."""

    def variables(self) -> int:
        """Numbers that must be stored to recognise an image."""
        return sum(array.size for array in self.arrays().values())

    def digest(self) -> str:
        """SHA-256 of what is stored, array by array in the order of their names."""
        sha = hashlib.sha256()
        for name, array in sorted(self.arrays().items()):
            sha.update(name.encode())
            sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()


def weights_and_biases(linear: Any) -> Arrays:
    """What one of scikit-learn's fitted linear models has learned: a row and a bias a unit."""
    return {"weights": np.atleast_2d(linear.coef_), "biases": np.atleast_1d(linear.intercept_)}
