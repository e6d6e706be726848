"""How many images a network gets wrong, and how sure that number is."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lenet5.networks import Network
from lenet5.run import Samples

_BATCH = 250  # fits a core's cache; larger is slower


@torch.no_grad()
def penalties(network: Network, samples: Samples) -> Float[Tensor, "samples classes"]:
    """The penalty of each class for each sample."""
    return torch.cat([network(batch) for batch in samples.images.split(_BATCH)])


@dataclass(frozen=True)
class Evaluation:
    """The answers of a network over a set of samples."""

    answers: Int64[Tensor, " samples"]
    labels: Int64[Tensor, " samples"]

    @property
    def missed(self) -> Int64[Tensor, " errors"]:
        """Indices of the samples that the network gets wrong."""
        return (self.answers != self.labels).nonzero()[:, 0]

    @property
    def error(self) -> float:
        """Percent of the samples that the network gets wrong."""
        return 100 * len(self.missed) / len(self.labels)

    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of `error`, in percent.

        For samples drawn at random and this one network; how much another seed
        would differ is another question.
        """
        n, p, z = len(self.labels), len(self.missed) / len(self.labels), 1.959964
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z * sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
        return 100 * max(0.0, centre - half), 100 * min(1.0, centre + half)

    def confusion(self, classes: int = 10) -> Int64[Tensor, "classes classes"]:
        """How often digit i (row) was answered by j (column)."""
        return torch.bincount(self.labels * classes + self.answers, minlength=classes**2).reshape(
            classes, classes
        )


Forward = Callable[[Network, Samples], Tensor]
"""Whatever gives the penalties of samples, as `penalties` does."""


def evaluate(network: Network, samples: Samples, forward: Forward = penalties) -> Evaluation:
    """The network's answers, the class of the smallest penalty."""
    return Evaluation(forward(network, samples).argmin(1), samples.labels)
