"""The first layer of the RBF network of Section III-C.4."""

from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data


class GaussianUnits(TransformerMixin, BaseEstimator):
    """Gaussian RBF units, a group of them for each class: exp(-|x - w|² / 2σ²) (C.4).

    Each group is placed by K-means among the images of its class. Scikit-learn's
    MiniBatchKMeans moves each centre to the mean of the images that it was nearest to so
    far, batch by batch, as adaptive K-means does image by image.

    Args:
        units: in each group; as many as the class has images where these are fewer.
        width: σ, common to all, in the units of the input.
        random_state: of K-means.

    Attributes:
        centres_: w, a row each, group after group in the order of the classes.
        classes_: the classes, sorted.
        groups_: the class of each unit.
    """

    def __init__(
        self,
        units: int = 100,
        width: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.units = units
        self.width = width
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> "GaussianUnits":
        """Places the units among the images of each class."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        draw = check_random_state(self.random_state)
        self.classes_ = np.unique(y)
        groups = [_centres(X[y == one], self.units, draw) for one in self.classes_]
        self.centres_ = np.concatenate(groups)
        self.groups_ = np.repeat(self.classes_, [len(group) for group in groups])
        return self

    def transform(self, X: Any) -> Float[np.ndarray, "samples units"]:
        """The state of each unit: 1 at its centre, 0 far away."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return rbf_kernel(X, self.centres_, gamma=1 / (2 * self.width**2))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _centres(
    X: Float[np.ndarray, "samples pixels"], units: int, draw: np.random.RandomState
) -> Float[np.ndarray, "units pixels"]:
    means = MiniBatchKMeans(min(units, len(X)), n_init=1, random_state=draw)
    return means.fit(X).cluster_centers_
