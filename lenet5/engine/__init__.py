"""The fused trainer: what `lenet5.training.pass_in_pytorch` does, some forty times faster."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lenet5.engine import kernels
from lenet5.engine.layout import Layout, aligned
from lenet5.losses import Loss, MaximumAPosteriori
from lenet5.networks import Network
from lenet5.run import Samples
from lenet5.training import Tally

_CHUNK = 1000  # samples between two signs of life


def pass_in_engine(
    network: Network,
    loss: Loss,
    samples: Samples,
    order: Int64[Tensor, " samples"],
    curvatures: Mapping[str, Tensor],
    eta: float,
    mu: float,
    advance: Callable[[int], object] = lambda _: None,
) -> Tally:
    """One pass, as `lenet5.training.OnePass` asks."""
    layout = Layout(network)
    w = layout.gather(network.state_dict())
    rate = layout.gather({name: eta / (mu + h) for name, h in curvatures.items()})
    x, d, g = aligned(layout.states), aligned(layout.states), aligned(layout.weights)
    turned = aligned(layout.turned)
    j = loss.j if isinstance(loss, MaximumAPosteriori) else np.nan
    images, labels = samples.images.contiguous().numpy(), samples.labels.numpy()
    errors, total = 0, 0.0
    for part in order.split(_CHUNK):
        wrong, error = kernels.present(
            layout.program, w, rate, x, d, g, turned, images, labels, part.numpy(), j
        )
        errors, total = errors + wrong, total + error
        advance(len(part))
    layout.scatter(w, network)
    return Tally(errors, total)


def penalties_in_engine(network: Network, samples: Samples) -> Float[Tensor, "samples classes"]:
    """The penalty of each class for each sample, as `lenet5.evaluation.penalties` gives them."""
    layout = Layout(network)
    penalties = np.empty((len(samples.labels), len(network.output.codes)))
    w, x = layout.gather(network.state_dict()), aligned(layout.states)
    kernels.answer(layout.program, w, x, samples.images.contiguous().numpy(), penalties)
    return torch.from_numpy(penalties).float()
