"""The fast trainer: the arithmetic of `lenet5.training.pass_in_pytorch`, fused.

One sample, one update costs PyTorch some 1.5 ms, of which the arithmetic is a
fortieth; the rest is spent on calling a hundred small operations. Here a whole
pass is one function, compiled by Numba, that never comes back to Python
between samples. Nothing about the algorithm changes.

It trains any stack of our own layers, and no network has code of its own:

    layout    says where each layer lies in a few flat arrays: the program
    kernels   runs the program: forward, back, update
    tiles     is what makes the kernels fast: sums that stay in registers

Sums run in another order than PyTorch's and tanh is a rational function
(`kernels.tanh`), so gradients agree to some 3e-6 of the largest, not to the bit.
The same samples in the same order always give the same bits on one machine.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lenet5 import training as reference
from lenet5.engine import kernels
from lenet5.engine.layout import Layout, aligned
from lenet5.errors import LeNet5Error
from lenet5.losses import Loss, MaximumAPosteriori, MeanSquaredError
from lenet5.networks import Network
from lenet5.run import Run, Samples
from lenet5.settings import Settings
from lenet5.training import Tally

__all__ = ["pass_in_engine", "penalties_in_engine", "train"]

_CHUNK = 1000  # presentations between two signs of life, at which Ctrl-C is heard


def train(
    settings: Settings,
    training: Samples,
    evaluation: Samples | None = None,
    *,
    checkpoint: Path | None = None,
    progress: bool = True,
) -> Run:
    """What `lenet5.training.train` does, which see, with this arithmetic."""
    return reference.train(
        settings,
        training,
        evaluation,
        checkpoint=checkpoint,
        one_pass=pass_in_engine,
        forward=penalties_in_engine,
        progress=progress,
    )


def pass_in_engine(
    network: Network,
    loss: Loss,
    samples: Samples,
    order: Int64[Tensor, " presentations"],
    curvatures: Mapping[str, Tensor],
    eta: float,
    mu: float,
    advance: Callable[[int], object] = lambda _: None,
    maps: Float[Tensor, "presentations 5"] | None = None,
) -> Tally:
    """One pass, as `lenet5.training.OnePass` asks.

    Args:
        maps: how each presentation is distorted, if at all; see `lenet5.distortion`.

    Raises:
        LeNet5Error: the engine cannot train such a network, or with such a loss.
    """
    layout = Layout(network)
    images, labels = _pixels(network, samples), samples.labels.numpy()
    # The kernels check no bound, so everything is checked here.
    _check_range("The order names samples", order, len(labels))
    _check_range("Labels are", samples.labels, len(network.output.codes))
    if maps is not None and len(maps) != len(order):
        raise ValueError(f"There are {len(maps)} maps for {len(order)} presentations.")
    w = layout.gather(network.state_dict())
    rate = layout.gather({name: eta / (mu + h) for name, h in curvatures.items()})
    x, d = aligned(layout.states), aligned(layout.states)
    g, turned = aligned(layout.weights), aligned(layout.turned)
    j = _rubbish_penalty(loss)
    affine = np.empty((0, 5), np.float32) if maps is None else maps.contiguous().numpy()
    errors, total = 0, 0.0
    for start in range(0, len(order), _CHUNK):
        part, some = order[start : start + _CHUNK].numpy(), affine[start : start + _CHUNK]
        wrong, error = kernels.present(
            layout.program, w, rate, x, d, g, turned, images, labels, part, some, j
        )
        errors, total = errors + wrong, total + error
        advance(len(part))
    layout.scatter(w, network)
    return Tally(errors, total)


def penalties_in_engine(network: Network, samples: Samples) -> Float[Tensor, "samples classes"]:
    """The penalty of each class for each sample, as `lenet5.evaluation.penalties` gives them.

    Raises:
        LeNet5Error: the engine does not know such a network.
    """
    layout = Layout(network)
    penalties = np.empty((len(samples.labels), len(network.output.codes)), np.float32)
    w, x = layout.gather(network.state_dict()), aligned(layout.states)
    kernels.answer(layout.program, w, x, _pixels(network, samples), penalties)
    return torch.from_numpy(penalties)


def _pixels(network: Network, samples: Samples) -> np.ndarray:
    """The images as an array of the shape that the network takes."""
    if tuple(samples.images.shape[1:]) != network.input_shape:
        raise LeNet5Error(
            f"The images are {tuple(samples.images.shape[1:])}, and {type(network).__name__} "
            f"takes {network.input_shape}: give it images of that shape."
        )
    return samples.images.contiguous().numpy()


def _check_range(what: str, numbers: Tensor, stop: int) -> None:
    if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < stop:
        raise IndexError(f"{what} outside 0 to {stop - 1}.")


def _rubbish_penalty(loss: Loss) -> float:
    """j of equation (9), and NaN, by which the kernels know it, for equation (8)."""
    if isinstance(loss, MaximumAPosteriori):
        return loss.j
    if isinstance(loss, MeanSquaredError):
        return float("nan")
    raise LeNet5Error(
        f"The engine does not know the loss {type(loss).__name__}: train with `pass_in_pytorch`."
    )
