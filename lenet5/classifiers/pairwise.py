"""The pairwise linear classifier of Section III-C.1."""

from collections.abc import Callable
from itertools import combinations
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from sklearn.linear_model import RidgeClassifier
from sklearn.multiclass import OneVsOneClassifier

from lenet5.classifiers.classifier import Arrays, Classifier, weights_and_biases
from lenet5.layers import A, S


class PairwiseLinear(Classifier):
    """A unit for each pair of classes, 45 for ten: each tells one from the other (C.1).

    The paper states: the unit i/j is trained to give +1 on class i and -1 on class j, and is
    not trained on the others; the score of class i is the sum of the outputs of all units
    i/x minus the sum of those of all units y/i.

    It leaves open the criterion and the unit. The criterion here is least squares, as in
    `Linear`. The unit must not be linear: sums of linear outputs are linear again, and the
    45 units no more than ten. Three units can be asked for: "linear", a; "squashed",
    A tanh(S a), equation (6); "threshold", the sign of a, to which a steep sigmoid comes down.

    Args:
        alpha: weight of the squared weights, added to the squared error of each unit.
        units: which of the three.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        units: Literal["linear", "squashed", "threshold"] = "threshold",
    ) -> None:
        self.alpha = alpha
        self.units = units

    def _model(self, samples: int, pixels: int) -> Any:
        if self.units not in _OUTPUTS:
            raise ValueError(f"The units are {', '.join(_OUTPUTS)}, not {self.units}.")
        return OneVsOneClassifier(RidgeClassifier(self.alpha))

    def _scores(
        self, X: Float[np.ndarray, "samples pixels"]
    ) -> Float[np.ndarray, "samples classes"]:
        learned = self.arrays()
        sums = X @ learned["weights"].T + learned["biases"]
        return _OUTPUTS[self.units](sums) @ signs(len(self.classes_))

    def arrays(self) -> Arrays:
        """The weights, a row a pair in the order 0/1, 0/2 … 8/9, and the biases."""
        parts = [weights_and_biases(unit) for unit in self.model_.estimators_]
        # Scikit-learn's units say +1 for the second of a pair, the paper's for the first.
        return {name: -np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def multiply_accumulates(self) -> int:
        """One a weight or bias; the scores are sums of outputs."""
        return self.variables()


def signs(classes: int) -> Float[np.ndarray, "pairs classes"]:
    """How the output of each unit i/j enters the scores: +1 in that of i, -1 in that of j."""
    identity = np.eye(classes)
    return np.array([identity[i] - identity[j] for i, j in combinations(range(classes), 2)])


_OUTPUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda a: a,
    "squashed": lambda a: A * np.tanh(S * a),
    "threshold": np.sign,
}
