"""Rejection, as in Figure 10: the images that a classifier is least sure of get no answer."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int64


class Rejection(NamedTuple):
    """How many images are rejected and how many errors are left, threshold by threshold.

    Attributes:
        rejected: percent of all images, rising from 0.
        error: percent of errors among the other images.
    """

    rejected: Float[np.ndarray, " thresholds"]
    error: Float[np.ndarray, " thresholds"]

    def rejected_for(self, error: float) -> float | None:
        """The least percentage to reject for such an error or less; None if none suffices."""
        enough = self.rejected[self.error <= error]
        return float(enough.min()) if len(enough) else None


def margins(scores: Float[np.ndarray, "samples classes"]) -> Float[np.ndarray, " samples"]:
    """The difference of the two best scores: the measure of confidence of Section III-C."""
    second, best = np.partition(scores, (-2, -1), axis=1)[:, -2:].T
    return best - second


def rejection(
    scores: Float[np.ndarray, "samples classes"], labels: Int64[np.ndarray, " samples"]
) -> Rejection:
    """Rejects by the difference of the two best scores, at every threshold.

    Images of equal difference are rejected together. Some are always left.

    Args:
        scores: a column a class; the largest is the answer.
        labels: the right column of each sample.
    """
    sure = margins(scores)
    order = np.argsort(-sure, kind="stable")
    sure, missed = sure[order], (scores.argmax(1) != labels)[order]
    kept = np.flatnonzero(np.append(sure[1:] != sure[:-1], True))[::-1] + 1  # most of them first
    rejected = 100 * (len(sure) - kept) / len(sure)
    return Rejection(rejected, 100 * missed.cumsum()[kept - 1] / kept)
