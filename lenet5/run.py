"""What goes into a training run and what comes out of it.

Both trainers, the readable one (`lenet5.training`) and any faster one beside it,
take `Settings` and `Samples` and give back a `Run`.
"""

import dataclasses
import hashlib
import zlib
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lenet5.errors import LeNet5Error
from lenet5.layers import CurvatureSeed, InitRule
from lenet5.losses import Loss, MaximumAPosteriori, MeanSquaredError
from lenet5.networks import LeNet5, Network

PUBLISHED_ETA = ((2, 5e-4), (5, 2e-4), (8, 1e-4), (12, 5e-5), (20, 1e-5))
"""Section III-B: the global rate η up to and including each of these passes."""

PENALTY_SCALES = {"sum": 1.0, "half": 0.5, "mean": 1 / 84}


def published_eta(number: int) -> float:
    """η in pass `number` (from 1). After the 20th it stays where it was."""
    return next((eta for last, eta in PUBLISHED_ETA if number <= last), PUBLISHED_ETA[-1][1])


class Samples(NamedTuple):
    """Images ready for the network, and the digits that they show."""

    images: Float[Tensor, "samples maps rows columns"]
    labels: Int64[Tensor, " samples"]

    def __repr__(self) -> str:  # the tuple's own would print every pixel
        return f"Samples of {len(self.labels)} images of {tuple(self.images.shape[1:])}"

    def digest(self) -> str:
        """SHA-256 of the pixels and the labels, which travels with every result."""
        sha = hashlib.sha256(self.images.contiguous().numpy().tobytes())
        sha.update(self.labels.contiguous().numpy().tobytes())
        return sha.hexdigest()


@dataclass(frozen=True)
class Settings:
    """Every choice of a run. The defaults are the paper's where it states one.

    Attributes:
        seed: of the weights, the order and the curvature samples.
        passes: times through the training set; the paper's 20.
        loss: "map" is equation (9), "mse" is equation (8). The paper does not say
            which of them trained the networks that it reports.
        j: the rubbish class's penalty in equation (9). Not stated in the paper.
        init: how the weights are drawn; see `Network.initialise`.
        penalty: the factor before the sum of equation (7). "sum" is 1, as printed;
            "half" is the authors' later code; "mean" divides by the 84 units.
        trainable_codes: whether the output codes adapt. The paper's stay fixed.
        order: "constant" draws one random order and keeps it, as the paper says;
            "reshuffled" draws another before each pass.
        mu: μ of equation (21).
        curvature_seed: how h starts at F6; see `EuclideanRBF.bbprop`.
        curvature_samples: how many samples h is averaged over. Which ones, the
            paper does not say: here they are drawn anew before each pass.

    Raises:
        LeNet5Error: a value is out of its range.
    """

    seed: int = 0
    passes: int = 20
    loss: Literal["map", "mse"] = "map"
    j: float = 10.0
    init: InitRule = "sqrt_fan_in"
    penalty: Literal["sum", "half", "mean"] = "sum"
    trainable_codes: bool = False
    order: Literal["constant", "reshuffled"] = "constant"
    mu: float = 0.02
    curvature_seed: CurvatureSeed = "desired"
    curvature_samples: int = 500

    def __post_init__(self) -> None:
        for name in ("passes", "curvature_samples", "mu", "j"):
            if not getattr(self, name) > 0:
                raise LeNet5Error(f"{name} must be above 0, not {getattr(self, name)}.")
        if self.seed < 0:
            raise LeNet5Error(f"The seed must be 0 or more, not {self.seed}.")

    def make_network(self) -> Network:
        """The network with its first weights, which the seed alone decides."""
        network = LeNet5(PENALTY_SCALES[self.penalty], self.trainable_codes)
        network.initialise(self.init, generator(self.seed, "weights"))
        return network

    def make_loss(self) -> Loss:
        return MaximumAPosteriori(self.j) if self.loss == "map" else MeanSquaredError()

    def order_of_pass(self, number: int, samples: int) -> Int64[Tensor, " samples"]:
        """The order in which pass `number` presents the samples."""
        drawn_in = 0 if self.order == "constant" else number
        return torch.randperm(samples, generator=generator(self.seed, "order", drawn_in))

    def curvature_subset(self, number: int, samples: int) -> Int64[Tensor, " subset"]:
        """The samples over which h is averaged before pass `number`."""
        drawn = torch.randperm(samples, generator=generator(self.seed, "curvature", number))
        return drawn[: self.curvature_samples]

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Pass:
    """One line of the history. Errors are percent; `loss` is the mean of E^p."""

    number: int
    eta: float
    training_error: float  # counted on the fly, while the weights move, as in Figure 5
    training_loss: float
    evaluation_error: float | None
    seconds: float


@dataclass
class Run:
    """What a trainer gives back."""

    settings: Settings
    network: Network
    history: list[Pass] = field(default_factory=list)


def generator(seed: int, purpose: str, number: int = 0) -> torch.Generator:
    """A stream of random numbers for one purpose in one pass.

    Each is derived, not drawn from another: a run that resumes before pass 7 needs
    nothing but the number 7 to draw what an uninterrupted run would have drawn.
    """
    entropy = np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), number])
    state = int(entropy.generate_state(1, np.uint64)[0])
    return torch.Generator().manual_seed(state >> 1)  # PyTorch takes 63 bits
