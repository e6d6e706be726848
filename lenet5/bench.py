"""How long one training sample of LeNet-5 takes, way by way, measured side by side.

Every way does the same to each sample: forward, back, and rates of Appendix C.
Batch 1 updates after each sample, as the paper does, in PyTorch and in the engine,
which must end with the same weights; a minibatch shares one update.
"""

import copy
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numba
import torch
from torch import Tensor
from tqdm import tqdm

from lenet5.engine import pass_in_engine, penalties_in_engine
from lenet5.layers import Convolution, FullConnection
from lenet5.losses import Loss
from lenet5.networks import Network
from lenet5.run import Samples, curvature_subset, make_loss, make_network
from lenet5.sdlm import SDLM, curvature
from lenet5.settings import Settings, published_eta
from lenet5.training import OnePass, pass_in_pytorch, threads

_REFERENCE = "PyTorch, batch 1"


@dataclass(frozen=True)
class _Task:
    """What every way is given."""

    network: Network
    loss: Loss
    samples: Samples
    curvatures: Mapping[str, Tensor]
    eta: float
    mu: float

    def train(self, one_pass: OnePass, count: int) -> Network:
        """A copy of the network after so many updates, batch 1."""
        network = copy.deepcopy(self.network)
        order = torch.arange(count) % len(self.samples.labels)
        h, ignore = self.curvatures, lambda _: None
        one_pass(network, self.loss, self.samples, order, h, self.eta, self.mu, ignore)
        return network

    def minibatches(self, size: int) -> Callable[[int], object]:
        """Trains a copy in PyTorch, with an update for each `size` samples."""
        network = copy.deepcopy(self.network)
        optimizer = SDLM(network.named_parameters(), self.eta / size, self.mu)
        optimizer.set_curvatures(self.curvatures)

        def run(count: int) -> None:
            for start in range(0, count, size):
                some = torch.arange(start, start + size) % len(self.samples.labels)
                optimizer.zero_grad()
                penalties = network(self.samples.images[some])
                self.loss(penalties, self.samples.labels[some]).sum().backward()
                optimizer.step()

        return run

    def compiled(self) -> Callable[[int], object]:
        """Trains a copy, batch 1, with forward, back and update compiled as one by PyTorch."""
        network = copy.deepcopy(self.network)
        weights = {name: p.detach().clone() for name, p in network.named_parameters()}
        rates = {name: self.eta / (self.mu + h) for name, h in self.curvatures.items()}

        def error(weights: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
            return self.loss(torch.func.functional_call(network, weights, (image,)), label).sum()

        @torch.compile
        def step(weights: dict[str, Tensor], image: Tensor, label: Tensor) -> None:
            slopes = torch.func.grad(error)(weights, image, label)
            for name, weight in weights.items():
                weight.sub_(rates[name] * slopes[name])

        def run(count: int) -> None:
            images, labels = self.samples
            for n in range(count):
                n %= len(labels)
                step(weights, images[n : n + 1], labels[n : n + 1])

        return run

    def answer(self, count: int) -> None:
        """Forward only, in the engine."""
        some = torch.arange(count) % len(self.samples.labels)
        penalties_in_engine(
            self.network, Samples(self.samples.images[some], self.samples.labels[some])
        )


@dataclass(frozen=True)
class _Way:
    """One line of the table: `run(count)` works on so many samples (on each core)."""

    name: str
    cores: int
    count: int
    run: Callable[[int], object]

    def microseconds(self) -> float:
        """How long one sample takes. Where every core has a seed: one sample of one seed."""
        with threads(self.cores):
            began = time.perf_counter()
            self.run(self.count)
            return (time.perf_counter() - began) / self.count * 1e6


def run_bench(
    samples: Samples,
    rounds: int = 5,
    length: int = 20,
    compiled: bool = True,
    progress: bool = False,
) -> dict[str, Any]:
    """Times every way once a round, one after the other, so that all see the same machine.

    Args:
        samples: 32 x 32 images, some hundreds or more.
        rounds: how often each way is timed.
        length: how long a round is: so many times 20 samples in PyTorch, batch 1.
        compiled: whether to try `torch.compile`, which first compiles for a while.
        progress: whether to show a bar.

    Returns:
        Plain data, for `table` and for a file.
    """
    task, cores = _task(samples), os.cpu_count() or 1

    def seed_on_each_core(count: int) -> None:
        with ThreadPoolExecutor(cores) as pool:
            list(pool.map(task.train, [pass_in_engine] * cores, [count] * cores))

    small, large = 20 * length, 500 * length
    batches = max(1, length // 5) * 256
    ways = [
        _Way(_REFERENCE, 1, small, lambda count: task.train(pass_in_pytorch, count)),
        *(
            _Way(f"PyTorch, minibatch {size}", n, batches, task.minibatches(size))
            for size in (64, 256)
            for n in sorted({1, cores})
        ),
        _Way("engine, batch 1", 1, large, lambda count: task.train(pass_in_engine, count)),
        _Way("engine, batch 1, a seed a core", cores, large, seed_on_each_core),
        _Way("engine, forward only", 1, large, task.answer),
    ]
    by_compiler = _Way("torch.compile, batch 1", 1, small, task.compiled())
    skipped = _why_not(by_compiler) if compiled else "not asked for"
    if skipped is None:
        ways.insert(1, by_compiler)
    timed: list[list[float]] = [[] for _ in ways]
    with tqdm(total=(rounds + 1) * len(ways), disable=not progress, leave=False) as bar:
        for turn in range(rounds + 1):
            for way, times in zip(ways, timed, strict=True):
                bar.set_description(way.name)
                taken = way.microseconds()
                if turn:  # the first compiles, and warms the caches
                    times.append(taken)
                bar.update()
    lines = [
        {"way": way.name, "cores": way.cores, "microseconds": times}
        for way, times in zip(ways, timed, strict=True)
    ]
    return {
        "timings": lines,
        "skipped": {} if skipped is None else {by_compiler.name: skipped},
        "sgemm_gflops": _sgemm(rounds),
        "mflop_a_sample": _operations(task.network) / 1e6,
        "difference_after_200_updates": _difference(task, 200),
        "machine": _machine(),
    }


def table(result: dict[str, Any]) -> str:
    """The result as text: medians, spread, and how many times faster than PyTorch, batch 1."""
    lines = result["timings"]
    reference = _median(next(line for line in lines if line["way"] == _REFERENCE))
    rows = [f"{'way':<32}{'cores':>6}{'µs a sample':>13}{'min':>9}{'max':>9}{'faster':>9}"]
    for line in lines:
        middle, times = _median(line), line["microseconds"]
        rows.append(
            f"{line['way']:<32}{line['cores']:>6}{middle:>13.1f}{min(times):>9.1f}"
            f"{max(times):>9.1f}{reference / middle:>8.1f}x"
        )
    rows += [f"{way:<32}  left out: {why}" for way, why in result["skipped"].items()]
    gflops, mflop = statistics.median(result["sgemm_gflops"]), result["mflop_a_sample"]
    floor = mflop / gflops * 1e3
    rows.append(
        f"{f'sgemm at {gflops:.0f} GFLOP/s':<32}{1:>6}{floor:>13.1f}{'':>18}"
        f"{reference / floor:>8.1f}x"
    )
    rows.append(f"(sgemm is the ceiling: {mflop:.2f} MFLOP a sample)")
    return "\n".join(rows)


def _median(line: dict[str, Any]) -> float:
    return statistics.median(line["microseconds"])


def _task(samples: Samples) -> _Task:
    settings = Settings()
    network, loss = make_network(settings), make_loss(settings)
    subset = curvature_subset(settings, 1, len(samples.labels))
    h = curvature(network, loss, samples.images[subset], samples.labels[subset])
    return _Task(network, loss, samples, h, published_eta(1), settings.mu)


def _why_not(way: _Way) -> str | None:
    """Why this way cannot be gone here, if it cannot. `torch.compile` needs a C++ compiler."""
    try:
        way.run(2)
    except Exception as error:  # whatever a compiler may say
        return f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
    return None


def _sgemm(rounds: int, side: int = 1024) -> list[float]:
    """GFLOP/s of one core in a product of two large matrices."""
    a, b = torch.rand(2, side, side)
    product = _Way("sgemm", 1, 4, lambda count: [a @ b for _ in range(count)])
    return [2 * side**3 / product.microseconds() / 1e3 for _ in range(rounds + 1)][1:]


def _operations(network: Network) -> int:
    """Multiplications and additions of one sample in the products with weights.

    Each weight of each position is used forward, for its own gradient and, but in
    the first layer, for the gradient of the layer below.
    """
    operations = 0
    for line, (_, layer) in zip(network.counts(), network.layers(), strict=False):
        if isinstance(layer, Convolution | FullConnection):
            weights = layer.kernels if isinstance(layer, Convolution) else layer.weights
            products = 3 if operations else 2
            operations += 2 * products * weights.numel() * line.rows * line.columns
    return operations


def _difference(task: _Task, updates: int) -> float:
    """The largest difference between weights that PyTorch and the engine have trained."""
    with threads(1):
        ours, theirs = task.train(pass_in_engine, updates), task.train(pass_in_pytorch, updates)
    pairs = zip(ours.parameters(), theirs.parameters(), strict=True)
    return max((a - b).detach().abs().max().item() for a, b in pairs)


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numba": numba.__version__,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            return next(line for line in file if line.startswith("model name"))[13:].strip()
    except (OSError, StopIteration):  # not Linux, or not x86
        return platform.processor() or platform.machine()
