"""The two criteria of Section II-C, as functions of the output penalties.

Each takes the penalties y of a batch and its labels D and gives E^p sample by
sample, so that the mean over a training set is the E(W) of the paper.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor


@runtime_checkable
class Loss(Protocol):
    """A criterion, with the two derivatives by the penalties that bbprop needs."""

    def __call__(
        self, penalties: Float[Tensor, "batch classes"], labels: Int64[Tensor, " batch"]
    ) -> Float[Tensor, " batch"]:
        """E^p, sample by sample."""

    def gradient(
        self, penalties: Float[Tensor, "batch classes"], labels: Int64[Tensor, " batch"]
    ) -> Float[Tensor, "batch classes"]:
        """dE^p/dy_i."""

    def hessian(
        self, penalties: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch classes classes"]:
        """d²E^p/dy_i dy_j; neither loss needs the label for it."""


@dataclass(frozen=True)
class MeanSquaredError:
    """Equation (8): E^p = y_D, the penalty of the desired class alone.

    Nothing pushes the other penalties up. If the codes could adapt, all of them
    equal and F6 constant would be a perfect and useless minimum.
    """

    def __call__(
        self, penalties: Float[Tensor, "batch classes"], labels: Int64[Tensor, " batch"]
    ) -> Float[Tensor, " batch"]:
        return penalties.gather(1, labels[:, None])[:, 0]

    def gradient(
        self, penalties: Float[Tensor, "batch classes"], labels: Int64[Tensor, " batch"]
    ) -> Float[Tensor, "batch classes"]:
        return F.one_hot(labels, penalties.shape[1]).to(penalties)

    def hessian(
        self, penalties: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch classes classes"]:
        return torch.zeros(*penalties.shape, penalties.shape[1]).to(penalties)


@dataclass(frozen=True)
class MaximumAPosteriori:
    """Equation (9): E^p = y_D + log(e^-j + Σ_i e^-y_i).

    The negative logarithm of the posterior of the desired class, among the
    classes and a rubbish class whose penalty is always j. The paper gives no
    value of j: it "is positive", and keeps penalties that are already large
    from being pushed further up.
    """

    j: float

    def _posteriors(self, penalties: Tensor) -> Tensor:
        rubbish = torch.full_like(penalties[:, :1], self.j)
        return F.softmax(-torch.cat([penalties, rubbish], 1), 1)[:, :-1]

    def __call__(
        self, penalties: Float[Tensor, "batch classes"], labels: Int64[Tensor, " batch"]
    ) -> Float[Tensor, " batch"]:
        rubbish = torch.full_like(penalties[:, :1], self.j)
        competition = torch.logsumexp(-torch.cat([penalties, rubbish], 1), 1)
        return penalties.gather(1, labels[:, None])[:, 0] + competition

    def gradient(
        self, penalties: Float[Tensor, "batch classes"], labels: Int64[Tensor, " batch"]
    ) -> Float[Tensor, "batch classes"]:
        return F.one_hot(labels, penalties.shape[1]) - self._posteriors(penalties)

    def hessian(
        self, penalties: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch classes classes"]:
        p = self._posteriors(penalties)
        return torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
