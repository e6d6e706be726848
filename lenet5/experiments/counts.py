"""What is counted rather than trained: the numbers of the architecture and the database.

Everything is counted from what the training runs use. Where the paper compares LeNet-5
with a classifier that is nothing but full connections, these are built and counted.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import torch
from torch import Tensor, nn

from lenet5 import mnist, paper
from lenet5.distortion import Distortion
from lenet5.inputs import inputs
from lenet5.layers import EuclideanRBF, FullConnection, squash, squash_slope
from lenet5.mnist import Database, Digits
from lenet5.networks import LeNet5, Network
from lenet5.provenance import provenance
from lenet5.results.records import Entry, Images, Record, name_of
from lenet5.rivals import LeNet1, LeNet4, Perceptron
from lenet5.run import COPIES
from lenet5.settings import Settings


@dataclass(frozen=True)
class Count:
    """What is counted, and which claims of the paper it answers.

    Attributes:
        id: names the record too.
        title: one line.
        claims: id of a claim -> name of the number that answers it.
        count: counts all the numbers, by name.
    """

    id: str
    title: str
    claims: Mapping[str, str]
    count: Callable[[Database], dict[str, int | float]]

    def runs(self) -> list[int]:
        """The seed of its one run, which none changes."""
        return [0]

    def record(self, database: Database) -> Record:
        """The record of the count, which no seed can change.

        Raises:
            LeNet5Error: the database is not complete.
        """
        database.require_complete(f"The record {self.id}")
        start = time.perf_counter()
        values = {name: _rounded(value) for name, value in self.count(database).items()}
        by = provenance()
        entry = Entry(
            seed=0,
            computed_by=name_of(by),
            finished=datetime.now(UTC).date().isoformat(),
            seconds=round(time.perf_counter() - start, 1),
            values=values,
        )
        return Record(
            id=self.id,
            title=self.title,
            claims=dict(self.claims),
            baseline="",
            settings={},
            learnt_from=Images("none", 0),
            judged_on=Images("none", 0),
            chosen="Counted, not chosen.",
            data=dict(database.digests),
            computed_by={name_of(by): by},
            runs=[entry],
        )


def _rounded(value: int | float) -> int | float:
    """To six digits, unless it is whole: so far, processors round alike."""
    return int(value) if value == int(value) else float(f"{value:.6g}")


# The architecture

_COMPONENTS, _CENTRES = 40, 1000  # C.3, C.4: stated, and not to be counted from anything


def _architecture(database: Database) -> dict[str, int | float]:
    return {**_lenet5(), **_squashing(), **_rivals(database)}


def _lenet5() -> dict[str, int | float]:
    network = LeNet5()
    counts = network.counts()
    values: dict[str, int | float] = {
        "input_size": network.input_shape[1],
        "kernels_of_C3": len(network.C3.kernels),
        "layers": len(counts),
        "trainable_layers": sum(count.parameters > 0 for count in counts),
        "parameters": sum(count.parameters for count in counts),
        "connections": sum(count.connections for count in counts),
    }
    for count in counts:
        values[f"{count.layer}_maps"] = count.maps
        values[f"{count.layer}_size"] = count.rows
        values[f"{count.layer}_parameters"] = count.parameters
        values[f"{count.layer}_connections"] = count.connections
    return values


def _squashing() -> dict[str, int | float]:
    """f(±1), and where above 0 the slope of f changes fastest, to four decimals."""
    a = torch.linspace(0, 3, 30_001, dtype=torch.float64)
    bends = squash_slope(squash(a)).diff().abs()
    plus_1 = torch.ones(1, dtype=torch.float64)
    return {
        "squash_of_plus_1": squash(plus_1).item(),
        "squash_of_minus_1": squash(-plus_1).item(),
        "sharpest_bend": a[bends.argmax()].item(),
    }


def _rivals(database: Database) -> dict[str, int | float]:
    """Parameters of Section III-C's classifiers; they are as many as their connections.

    But not in LeNet-1 and LeNet-4. The fixed targets of the networks, which stand for the
    squared error, are left out.
    """
    one = database.training.first(1)
    pixels = inputs(one, "300").images.numel()
    deslanted = mnist.deslanted(one.images).numel()
    digits = len(LeNet5().output.codes)
    pairs = digits * (digits - 1) // 2
    products = _COMPONENTS * (_COMPONENTS + 1) // 2  # of two components, squares included
    centres = EuclideanRBF(torch.zeros(_CENTRES, pixels), trainable=True)
    classifiers: dict[str, list[nn.Module]] = {
        "linear": [FullConnection(pixels, digits)],
        "deslant_linear": [FullConnection(deslanted, digits)],
        "pairwise": [FullConnection(pixels, pairs)],
        "quadratic": [FullConnection(pixels, _COMPONENTS), FullConnection(products, digits)],
        "rbf": [centres, FullConnection(_CENTRES, digits)],
        "deslant_300": [FullConnection(deslanted, 300), FullConnection(300, digits)],
        "1000": [Perceptron(1000)],
        "300_100": [Perceptron(300, 100)],
        "500_150": [Perceptron(500, 150)],
        "lenet1": [LeNet1()],
        "lenet4": [LeNet4()],
        "lenet5": [LeNet5()],
    }
    parameters = {name: _parameters(*parts) for name, parts in classifiers.items()}
    connections = {"lenet1": _connections(LeNet1()), "lenet4": _connections(LeNet4())}
    return {
        "pairwise_units": pairs,
        "quadratic_inputs": products + 1,
        **{f"{name}_parameters": number for name, number in parameters.items()},
        **{f"{name}_connections": number for name, number in connections.items()},
        **{f"{name}_thousand_parameters": number / 1000 for name, number in parameters.items()},
        **{f"{name}_thousand_connections": number / 1000 for name, number in connections.items()},
        "lenet5_thousand_connections": sum(line.connections for line in LeNet5().counts()) / 1000,
    }


def _parameters(*parts: nn.Module) -> int:
    return sum(parameter.numel() for part in parts for parameter in part.parameters())


def _connections(network: Network) -> int:
    return sum(line.connections for line in network.counts()[:-1])


# The database


def _database(database: Database) -> dict[str, int | float]:
    training = database.training
    templates = training.images.shape[0] * mnist.deslanted(training.first(1).images).numel()
    return {
        "training_images": len(training),
        "test_images": len(database.test),
        "image_size": training.images.shape[1],
        "deslanted_size": mnist.deslanted(training.first(1).images).shape[2],
        "reduced_size": mnist.reduced(training.first(1).images).shape[2],
        "longest_side": _longest_side(training.images),
        "not_training_images_of_figure_4": _strangers_in_figure_4(training),
        "distorted_images": Distortion(0).enlarge(len(training), COPIES)[1:, :, 0].numel(),
        "presentations_of_each": Settings().passes / (COPIES + 1),
        "templates": len(training),
        "templates_megabytes": templates / 1e6,
        **_levels(inputs(training).images),
    }


def _levels(x: Tensor) -> dict[str, int | float]:
    """Of all 32x32 pixels of the training set, as LeNet-5 gets them."""
    mean = x.mean(dtype=torch.float64).item()
    return {
        "lowest_level": x.min().item(),
        "highest_level": x.max().item(),
        "mean": mean,
        "variance": x.square().mean(dtype=torch.float64).item() - mean**2,
    }


def _longest_side(images: Tensor) -> int:
    """Pixels from the first to the last inked row, or column, of the largest digit."""
    longest = 0
    for axis in (1, 2):
        lines = (images > 0).any(axis).byte()
        first, last = lines.argmax(1), lines.shape[1] - 1 - lines.flip(1).argmax(1)
        longest = max(longest, int((last - first).max()) + 1)
    return longest


def _strangers_in_figure_4(training: Digits) -> int:
    """Images of Figure 4 whose label differs from that of the training image they match."""
    figure = paper.figure_4()
    labels = training.labels[torch.tensor(figure.train_index.tolist())]
    return int((labels != torch.tensor(figure.label.tolist())).sum())


_DENSE = {"deslant-20x20-300-10": "deslant_300", "28x28-1000-10": "1000",
          "28x28-300-100-10": "300_100", "28x28-500-150-10": "500_150"}  # fmt: skip
"""Rows of Figures 11 and 12 in which every parameter takes one multiply-add."""

EXPERIMENTS = [
    Count(
        "architecture",
        "Parameters and connections, counted from the networks",
        claims={
            "input-size": "input_size",
            **{
                f"{layer.lower()}-{what}": f"{layer}_{what}"
                for layer in ("C1", "S2", "C3", "S4")
                for what in ("maps", "size", "parameters", "connections")
            },
            "table1-kernels": "kernels_of_C3",
            "c5-maps": "C5_maps",
            "c5-size": "C5_size",
            "c5-connections": "C5_connections",
            "f6-units": "F6_maps",
            "f6-parameters": "F6_parameters",
            "output-units": "output_maps",
            "layers": "layers",
            "trainable-layers": "trainable_layers",
            "total-parameters": "parameters",
            "total-connections": "connections",
            "squash-of-plus-1": "squash_of_plus_1",
            "squash-of-minus-1": "squash_of_minus_1",
            "sharpest-bend": "sharpest_bend",
            "linear-parameters": "linear_parameters",
            "deslant-linear-parameters": "deslant_linear_parameters",
            "pairwise-units": "pairwise_units",
            "quadratic-inputs": "quadratic_inputs",
            "lenet1-parameters": "lenet1_parameters",
            "lenet1-multiply-adds": "lenet1_connections",
            "lenet4-parameters": "lenet4_parameters",
            "lenet4-connections": "lenet4_connections",
            **{f"figure11-{row}": f"{name}_thousand_parameters" for row, name in _DENSE.items()},
            "figure11-16x16-lenet-1": "lenet1_thousand_connections",
            "figure11-lenet-4": "lenet4_thousand_connections",
            "figure11-lenet-5": "lenet5_thousand_connections",
            **{f"figure12-{row}": f"{name}_thousand_parameters" for row, name in _DENSE.items()},
            "figure12-16x16-lenet-1": "lenet1_thousand_parameters",
            "figure12-lenet-4": "lenet4_thousand_parameters",
            "figure12-lenet-5": "lenet5_thousand_parameters",
        },
        count=_architecture,
    ),
    Count(
        "database",
        "Sizes and levels, counted from MNIST",
        claims={
            "input-background": "lowest_level",
            "input-ink": "highest_level",
            "input-mean": "mean",
            "input-variance": "variance",
            "training-images": "training_images",
            "test-images": "test_images",
            "image-size": "image_size",
            "box-size": "longest_side",
            "deslanted-size": "deslanted_size",
            "reduced-size": "reduced_size",
            "figure4-test-images": "not_training_images_of_figure_4",
            "distorted-images": "distorted_images",
            "presentations-of-each": "presentations_of_each",
            "knn-templates": "templates",
            "knn-memory": "templates_megabytes",
        },
        count=_database,
    ),
]
