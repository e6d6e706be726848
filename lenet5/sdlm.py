"""Stochastic diagonal Levenberg-Marquardt (Appendix C).

Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp" (1998), gives
the same algorithm at length. Every parameter has a rate of its own, η / (μ + h),
where h is an estimate of the second derivative of the loss by that parameter:
off-diagonal terms dropped, the Gauss-Newton approximation made, and the average
taken over a small part of the training set.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from lenet5.losses import Loss
from lenet5.networks import Network
from lenet5.settings import CurvatureSeed


@torch.no_grad()
def curvature(
    network: Network,
    loss: Loss,
    images: Float[Tensor, "samples maps rows columns"],
    labels: Int64[Tensor, " samples"],
    seed: CurvatureSeed = "desired",
) -> dict[str, Tensor]:
    """h_kk of every trainable parameter, by name: equations (23), (24), (25) and (27).

    A second backward pass that carries second derivatives. Where a weight is
    shared, the curvatures of its connections are added (23): the sum of squares,
    not the square of the sum, so h is *not* the Gauss-Newton diagonal of the
    shared weight.

    Args:
        seed: how it starts at F6; see `EuclideanRBF.bbprop`.

    Returns:
        Tensors shaped as the parameters, ≥ 0, averaged over the samples (24).
    """
    inputs, x = [], images
    for _, layer in network.layers():
        inputs.append(x)
        x = layer.states(x)
    h_x, of_output = network.output.bbprop(x, labels, loss, seed)
    h = {f"output.{key}": value / len(images) for key, value in of_output.items()}
    for (name, layer), before in zip(reversed(network.layers()), reversed(inputs), strict=True):
        h_a = h_x * layer.slopes(x).square()  # (27): f'' is left out
        h_x, of_layer = layer.bbprop(before, h_a)
        h |= {f"{name}.{key}": value / len(images) for key, value in of_layer.items()}
        x = before
    return h


class SDLM(torch.optim.Optimizer):
    """w ← w - η / (μ + h) · dE/dw, equations (18) and (21).

    Args:
        named_parameters: as `network.named_parameters()` gives them.
        eta: the global rate η.
        mu: what is added to h so that no rate exceeds η / μ.

    `curvatures` must be set before the first step, and again whenever h is to be
    re-estimated; in the paper, before each pass.
    """

    def __init__(
        self, named_parameters: Iterable[tuple[str, nn.Parameter]], eta: float, mu: float = 0.02
    ) -> None:
        if eta <= 0 or mu <= 0:
            raise ValueError(f"η and μ must be positive, not {eta} and {mu}.")
        super().__init__(named_parameters, {"eta": eta, "mu": mu})

    def set_curvatures(self, curvatures: Mapping[str, Tensor]) -> None:
        """Takes h for every parameter, by name, as `curvature` gives it."""
        for group in self.param_groups:
            for name, parameter in zip(group["param_names"], group["params"], strict=True):
                self.state[parameter]["h"] = curvatures[name]

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update from the gradients that `backward` left."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                if "h" not in self.state[parameter]:
                    raise RuntimeError("SDLM has no curvatures yet: call set_curvatures first.")
                rate = group["eta"] / (group["mu"] + self.state[parameter]["h"])
                parameter.addcmul_(rate, parameter.grad, value=-1)
