"""The readable trainer: one sample, one update, as Section III-B and Appendix C say.

To be read beside the paper. `train` is everything but the inner loop; the inner
loop is `pass_in_pytorch`, and whatever does the same arithmetic faster can take
its place.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from tqdm import tqdm

from lenet5.checkpoint import Checkpoint
from lenet5.distortion import distort
from lenet5.errors import LeNet5Error
from lenet5.evaluation import Forward, evaluate, penalties
from lenet5.losses import Loss
from lenet5.networks import Network
from lenet5.run import (
    Pass,
    Run,
    Samples,
    curvature_subset,
    make_loss,
    make_network,
    presentations,
)
from lenet5.sdlm import SDLM, curvature
from lenet5.settings import Settings, published_eta


class Tally(NamedTuple):
    """What a pass counted while it trained."""

    errors: int  # samples answered wrongly just before their own update
    loss: float  # the sum of E^p over the pass


@runtime_checkable
class OnePass(Protocol):
    """An inner loop: presents the samples in order, updates after each, in place."""

    def __call__(
        self,
        network: Network,
        loss: Loss,
        samples: Samples,
        order: Int64[Tensor, " presentations"],
        curvatures: Mapping[str, Tensor],
        eta: float,
        mu: float,
        advance: Callable[[int], object],
        maps: Float[Tensor, "presentations 5"] | None = None,
    ) -> Tally: ...


def train(
    settings: Settings,
    training: Samples,
    evaluation: Samples | None = None,
    *,
    checkpoint: Path | None = None,
    one_pass: OnePass | None = None,
    forward: Forward = penalties,
    progress: bool = True,
) -> Run:
    """Trains a network as the paper does.

    Before each pass h is estimated anew; in the pass each sample is followed by
    an update; after it the error on `evaluation` is taken.

    Args:
        settings: every choice.
        training: what it learns from.
        evaluation: what its error is reported on after each pass, if anything.
        checkpoint: a file that is written after each pass. If it is there already,
            the run goes on from it, and gives bit for bit what a run without a cut
            gives.
        one_pass: the inner loop; `pass_in_pytorch` unless told.
        forward: what evaluates.
        progress: whether to show a bar.

    Raises:
        LeNet5Error: the checkpoint is of another run or cannot be written; or the
            run diverged (the checkpoint then holds the last good pass).
    """
    inner = one_pass or pass_in_pytorch
    loss = make_loss(settings)
    kept = Checkpoint(checkpoint, training, evaluation) if checkpoint else None
    with threads(1):
        run = Run(settings, make_network(settings))
        if kept:
            kept.resume(run)
            kept.probe()
        if progress and run.history:
            tqdm.write(f"{checkpoint} has {len(run.history)} passes: going on from there.")
        while len(run.history) < settings.passes:
            number = len(run.history) + 1
            began, eta = time.perf_counter(), published_eta(number)
            h = _curvatures(run.network, loss, settings, training, number)
            order, maps = presentations(settings, number, training)
            label = f"pass {number}/{settings.passes}"
            with tqdm(total=len(order), desc=label, disable=not progress, leave=False) as bar:
                tally = inner(
                    run.network, loss, training, order, h, eta, settings.mu, bar.update, maps
                )
            _refuse_divergence(tally, number, run, checkpoint)
            run.history.append(
                Pass(
                    number=number,
                    eta=eta,
                    training_error=100 * tally.errors / len(order),
                    training_loss=tally.loss / len(order),
                    evaluation_error=evaluate(run.network, evaluation, forward).error
                    if evaluation
                    else None,
                    seconds=time.perf_counter() - began,
                )
            )
            if kept:
                kept.save(run)
            if progress:
                tqdm.write(_describe(run.history[-1]))
    return run


def pass_in_pytorch(
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
    """One pass with autograd and `SDLM`, batch 1: about 1.5 ms a sample."""
    optimizer = SDLM(network.named_parameters(), eta, mu)
    optimizer.set_curvatures(curvatures)
    errors, total = 0, 0.0
    for number, index in enumerate(order.tolist()):
        image, label = samples.images[index : index + 1], samples.labels[index : index + 1]
        if maps is not None:
            image = distort(image, maps[number : number + 1])
        optimizer.zero_grad()
        y = network(image)
        error = loss(y, label).sum()
        error.backward()
        optimizer.step()
        errors += int(y.argmin() != label)
        total += error.item()
        advance(1)
    return Tally(errors, total)


def _curvatures(
    network: Network, loss: Loss, settings: Settings, training: Samples, number: int
) -> dict[str, Tensor]:
    """h of every parameter for pass `number`, as `settings.rates` wants it."""
    if settings.rates == "sdlm_once":  # of the first weights, which a resumed run has no more
        network, number = make_network(settings), 1
    subset = curvature_subset(settings, number, len(training.labels))
    h = curvature(
        network, loss, training.images[subset], training.labels[subset], settings.curvature_seed
    )
    if settings.rates != "single":
        return h
    rates = torch.cat([1 / (settings.mu + value.flatten()) for value in h.values()])
    common = 1 / rates.double().mean().item() - settings.mu  # gives all the mean of the rates
    return {name: torch.full_like(value, common) for name, value in h.items()}


def _refuse_divergence(tally: Tally, number: int, run: Run, checkpoint: Path | None) -> None:
    if math.isfinite(tally.loss):
        return
    kept = f" {checkpoint} keeps pass {number - 1}." if checkpoint and run.history else ""
    raise LeNet5Error(
        f"The run diverged in pass {number} (the loss is {tally.loss}): try init sqrt_fan_in, "
        f"a larger mu or another seed.{kept}"
    )


def _describe(line: Pass) -> str:
    text = f"pass {line.number:2d}  η {line.eta:.5f}  training error {line.training_error:5.2f} %"
    if line.evaluation_error is not None:
        text += f"  evaluation error {line.evaluation_error:5.2f} %"
    return text + f"  {line.seconds:.1f} s"


@contextmanager
def threads(count: int) -> Iterator[None]:
    """PyTorch on so many threads, and then as before.

    Batch 1 gains nothing from more than one, and sums in one order are repeatable.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
