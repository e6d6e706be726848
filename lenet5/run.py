"""What goes into a training run and what comes out of it.

Both trainers, the readable one (`lenet5.training`) and the fast one, take
`Settings` and `Samples` and give back a `Run`.
"""

import hashlib
import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lenet5.distortion import RANGES, Distortion
from lenet5.losses import Loss, MaximumAPosteriori, MeanSquaredError
from lenet5.networks import LeNet5, Network, penalty_factor
from lenet5.provenance import provenance
from lenet5.rivals import LeNet1, LeNet4, Perceptron
from lenet5.settings import Settings

COPIES = 9
"""Distorted copies of each image in the paper's enlarged set: 540,000 of 60,000."""


class Samples(NamedTuple):
    """Images ready for the network, and the digits that they show."""

    images: Float[Tensor, "samples maps rows columns"]
    labels: Int64[Tensor, " samples"]

    def __repr__(self) -> str:  # the tuple's own would print every pixel
        return f"Samples of {len(self.labels)} images of {tuple(self.images.shape[1:])}"

    def digest(self) -> str:
        """SHA-256 of the pixels and the labels, which travels with every result."""
        sha = hashlib.sha256(self.images.contiguous().numpy().data)
        sha.update(self.labels.contiguous().numpy().data)
        return sha.hexdigest()


@dataclass(frozen=True)
class Pass:
    """One line of the history. Errors are percent; `training_loss` is the mean of E^p."""

    number: int
    eta: float
    training_error: float  # counted on the fly, while the weights move, as in Figure 5
    training_loss: float
    evaluation_error: float | None
    seconds: float


@dataclass
class Run:
    """What a trainer gives back. `computed_by` is what finished it."""

    settings: Settings
    network: Network
    history: list[Pass] = field(default_factory=list)
    computed_by: dict[str, str] = field(default_factory=provenance)


def make_network(settings: Settings) -> Network:
    """The network with its first weights, which the seed alone decides."""
    scale = penalty_factor(settings.penalty, 10)
    network: Network
    match settings.network:
        case "lenet5":
            network = LeNet5.from_settings(settings)
        case "lenet1":
            network = LeNet1(scale)
        case "lenet4":
            network = LeNet4(scale)
        case hidden:
            network = Perceptron(*map(int, hidden.split("-")), penalty_scale=scale)
    network.initialise(settings.init, generator(settings.seed, "weights"))
    return network


def make_loss(settings: Settings) -> Loss:
    """Equation (8) or (9)."""
    return MaximumAPosteriori(settings.j) if settings.loss == "map" else MeanSquaredError()


def order_of_pass(settings: Settings, number: int, samples: int) -> Int64[Tensor, " samples"]:
    """The order in which pass `number` presents so many samples."""
    drawn_in = 0 if settings.order == "constant" else number
    return torch.randperm(samples, generator=generator(settings.seed, "order", drawn_in))


class Presentations(NamedTuple):
    """What a pass presents: which samples, and how each is distorted, if at all."""

    order: Int64[Tensor, " presentations"]
    maps: Float[Tensor, "presentations 5"] | None = None


def presentations(settings: Settings, number: int, samples: Samples) -> Presentations:
    """What pass `number` presents: as many patterns as there are samples.

    With distortion "fixed" they are the next tenth of the enlarged set, so that ten
    passes present each of its patterns once and twenty passes twice, as in the paper.
    """
    n = len(samples.labels)
    if settings.distortion == "none":
        return Presentations(order_of_pass(settings, number, n))
    distortion = Distortion(settings.seed, RANGES[settings.ranges], samples.images.shape[-1])
    if settings.distortion == "fresh":
        return Presentations(order_of_pass(settings, number, n), distortion.draw(n, number))
    sets = COPIES + 1
    round_, tenth = divmod(number - 1, sets)
    patterns = order_of_pass(settings, round_, sets * n)[tenth * n : (tenth + 1) * n]
    return Presentations(patterns % n, distortion.enlarge(n, COPIES).flatten(0, 1)[patterns])


def curvature_subset(settings: Settings, number: int, samples: int) -> Int64[Tensor, " subset"]:
    """The samples over which h is averaged before pass `number`."""
    drawn = torch.randperm(samples, generator=generator(settings.seed, "curvature", number))
    return drawn[: settings.curvature_samples]


def generator(seed: int, purpose: str, number: int = 0) -> torch.Generator:
    """A stream of random numbers for one purpose in one pass.

    Each is derived, not drawn from another: a run that resumes before pass 7 needs
    nothing but the number 7 to draw what an uninterrupted run would have drawn.
    """
    entropy = np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), number])
    state = int(entropy.generate_state(1, np.uint64)[0])
    return torch.Generator().manual_seed(state >> 1)  # PyTorch takes 63 bits
