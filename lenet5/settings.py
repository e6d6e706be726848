"""Every choice of a training run, with the paper's where it states one."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

from lenet5.errors import LeNet5Error

LossName = Literal["map", "mse"]
InitRule = Literal["sqrt_fan_in", "paper"]
PenaltyScale = Literal["sum", "half", "mean"]
Order = Literal["constant", "reshuffled"]
CurvatureSeed = Literal["desired", "exact"]
CoefficientCurvature = Literal["sum", "each"]
Rates = Literal["sdlm", "sdlm_once", "single"]
Codes = Literal["figure_3", "one_of_ten"]
ConnectionsOfC3 = Literal["table_1", "full"]
NetworkName = Literal["lenet5", "lenet1", "lenet4", "300", "1000", "300-100", "500-150"]
DistortionRule = Literal["none", "fresh", "fixed"]
RangesName = Literal["figure_7", "gentle"]

_OF_LENET5_ALONE = (
    "codes", "trainable_codes", "c3", "squash_subsampling", "coefficient_curvature",
)  # fmt: skip

PUBLISHED_ETA = ((2, 5e-4), (5, 2e-4), (8, 1e-4), (12, 5e-5), (20, 1e-5))
"""Section III-B: the global rate η up to and including each of these passes."""


def published_eta(number: int) -> float:
    """η in pass `number` (from 1). After the 20th it stays where it was."""
    return next((eta for last, eta in PUBLISHED_ETA if number <= last), PUBLISHED_ETA[-1][1])


@dataclass(frozen=True)
class Settings:
    """What one run is, and all that it depends on but the images.

    Attributes:
        network: which of Section III's; the numbers are the hidden units of a perceptron.
        seed: of the weights, the order, the curvature samples and the distortions.
        passes: times through the training set; the paper's 20.
        loss: "map" is equation (9), "mse" is equation (8). The paper does not say
            which of them trained the networks that it reports.
        j: the rubbish class's penalty in equation (9), in the units of `penalty`. Not
            stated in the paper; chosen on the held-out digits.
        init: how the weights are drawn; see `Network.initialise`.
        penalty: the factor before the sum of equation (7). "sum" is 1, as printed,
            with which the first passes are unsteady and the held-out error ends
            higher; "half" is the authors' later code; "mean" divides by the number of
            units, 84 in F6, as the paper's own name for equation (8), mean squared
            error, suggests.
        codes: what F6 is compared with: the pictures of "figure_3", or "one_of_ten", for
            which F6 has ten units, +1 for the class and -1 for the others.
        trainable_codes: whether the output codes adapt. The paper's stay fixed.
        c3: which maps of S2 feed which of C3, those of "table_1" or "full".
        squash_subsampling: whether S2 and S4 squash their sums.
        order: "constant" draws one random order and keeps it, as the paper says;
            "reshuffled" draws another before each pass.
        distortion: "fixed" adds nine distorted copies of each image, as the paper's
            540,000, and each pass presents as many of all as there are images;
            "fresh" distorts every presentation anew. See `lenet5.distortion`.
        ranges: how far they go: as in "figure_7", or "gentle", less than half as far.
        rates: "sdlm" estimates h anew before each pass, as the paper does;
            "sdlm_once" before the first only; "single" gives every parameter the mean of
            the rates that "sdlm" would give them.
        mu: μ of equation (21).
        curvature_seed: how h starts at F6; see `EuclideanRBF.bbprop`.
        curvature_samples: how many samples h is averaged over. Which ones, the
            paper does not say: here they are drawn anew before each pass.
        coefficient_curvature: what the curvature of a sub-sampling coefficient sums
            over; see `Subsampling`.

    Raises:
        LeNet5Error: a value is out of its range.
    """

    network: NetworkName = "lenet5"
    seed: int = 0
    passes: int = 20
    loss: LossName = "map"
    j: float = 1.0
    init: InitRule = "sqrt_fan_in"
    penalty: PenaltyScale = "mean"
    codes: Codes = "figure_3"
    trainable_codes: bool = False
    c3: ConnectionsOfC3 = "table_1"
    squash_subsampling: bool = True
    order: Order = "constant"
    distortion: DistortionRule = "none"
    ranges: RangesName = "figure_7"
    rates: Rates = "sdlm"
    mu: float = 0.02
    curvature_seed: CurvatureSeed = "desired"
    curvature_samples: int = 500
    coefficient_curvature: CoefficientCurvature = "sum"

    def __post_init__(self) -> None:
        for name in ("passes", "curvature_samples", "mu", "j"):
            if not 0 < getattr(self, name) < math.inf:
                raise LeNet5Error(f"{name} must be above 0 and finite, not {getattr(self, name)}.")
        for name, hint in get_type_hints(type(self)).items():
            if get_args(hint) and getattr(self, name) not in get_args(hint):
                allowed = ", ".join(get_args(hint))
                raise LeNet5Error(f"{name} must be one of {allowed}, not {getattr(self, name)}.")
        if self.seed < 0:
            raise LeNet5Error(f"The seed must be 0 or more, not {self.seed}.")
        if self.network != "lenet5":
            for name in _OF_LENET5_ALONE:
                if getattr(self, name) != getattr(type(self), name):
                    raise LeNet5Error(f"Only lenet5 has a choice of {name}: leave it out.")

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain data, for a file."""
        return dataclasses.asdict(self)
