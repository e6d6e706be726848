"""The nearest-neighbour classifier of Section III-C.2."""

from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from sklearn.neighbors import NearestNeighbors

from lenet5.classifiers.classifier import Arrays, Classifier


class NearestNeighbours(Classifier):
    """The k nearest training images, by Euclidean distance, vote on the class (C.2).

    The paper states: the Euclidean distance between images; k = 3 on deslanted ones; all
    60,000 training images are kept, 24 megabytes of 20x20 pixels.

    It leaves open k on regular images, who wins where no class has a majority, and the score
    by which Figure 10 rejects. Here neighbours vote, nearest first, until a class has the
    majority of k; where k have none, further ones are asked. Of three it is two votes, and
    the first class to have two is that whose second nearest image is nearest. So the score
    of a class is minus the distance to that image. (The number of votes would not do: among
    the images on which all three agree, nothing is left to reject by.)

    Args:
        n_neighbors: k.
    """

    precisions: ClassVar[Any] = [np.float32, np.float64]  # scikit-learn sums in double itself

    def __init__(self, n_neighbors: int = 3) -> None:
        self.n_neighbors = n_neighbors

    def _model(self, samples: int, pixels: int) -> "_Templates":
        return _Templates()

    def _scores(
        self, X: Float[np.ndarray, "samples pixels"]
    ) -> Float[np.ndarray, "samples classes"]:
        return -self.model_.distances(X, self.n_neighbors // 2 + 1)

    def arrays(self) -> Arrays:
        """The training images, class by class, and how many each class has."""
        groups = [one._fit_X for one in self.model_.groups_]
        sizes = np.array([len(group) for group in groups])
        return {"templates": np.concatenate(groups), "templates_of_class": sizes}

    def multiply_accumulates(self) -> int:
        """One a pixel of each template: its squared difference, added to the distance."""
        return self.arrays()["templates"].size


class _Templates:
    """The training images of each class, and how far they are from others."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> "_Templates":
        self.classes_ = np.unique(y)
        self.groups_ = [NearestNeighbors(algorithm="brute").fit(X[y == c]) for c in self.classes_]
        return self

    def distances(
        self, X: Float[np.ndarray, "samples pixels"], nth: int
    ) -> Float[np.ndarray, "samples classes"]:
        """To the nth nearest template of each class, or to the last where it has fewer."""
        return np.column_stack(
            [
                group.kneighbors(X, min(nth, group.n_samples_fit_))[0][:, -1]
                for group in self.groups_
            ]
        )
