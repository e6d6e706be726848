"""Means and their intervals over seeds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit


class Interval(NamedTuple):
    """A mean and its 95 % t-interval; of a single value there is none, and NaN stands in."""

    mean: float
    low: float
    high: float


def mean_interval(values: Sequence[float]) -> Interval:
    """The mean of some values, and the 95 % t-interval of the mean that they are drawn from."""
    return _interval(values, 1 / len(values))


def prediction_interval(values: Sequence[float]) -> Interval:
    """Where one more value is to be expected, 95 times of 100."""
    return _interval(values, 1 + 1 / len(values))


def _interval(values: Sequence[float], variances: float) -> Interval:
    """The mean, give or take so many variances of a value, by Student's t."""
    n, mean = len(values), float(np.mean(values))
    if n < 2:
        return Interval(mean, float("nan"), float("nan"))
    half = float(stdtrit(n - 1, 0.975) * np.std(values, ddof=1) * variances**0.5)
    return Interval(mean, mean - half, mean + half)
