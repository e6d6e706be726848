"""LeNet-5, and what it shares with every other network of the paper."""

from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from lenet5 import paper
from lenet5.errors import LeNet5Error
from lenet5.layers import (
    Convolution,
    EuclideanRBF,
    FullConnection,
    Layer,
    Subsampling,
    full_table,
)
from lenet5.settings import (
    Codes,
    CoefficientCurvature,
    ConnectionsOfC3,
    InitRule,
    PenaltyScale,
    Settings,
)
from lenet5.tensors import PRETRAINED, WEIGHTS, read_tensors, settings_from


class Count(NamedTuple):
    """One line of the table of parameters and connections of Section II-B."""

    layer: str
    maps: int
    rows: int
    columns: int
    parameters: int
    connections: int


class Network(nn.Module):
    """Squashing layers one after the other, and Euclidean RBF units on top.

    Args:
        layers: the layers by name, in order; each output is squashed.
        output: the RBF units.
        input_shape: maps, rows and columns of the images that it takes.
    """

    output: EuclideanRBF

    def __init__(
        self,
        layers: dict[str, Layer],
        output: EuclideanRBF,
        input_shape: tuple[int, int, int],
    ) -> None:
        super().__init__()
        self.layer_names = tuple(layers)
        self.input_shape = input_shape
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.add_module("output", output)

    def layers(self) -> list[tuple[str, Layer]]:
        """The squashing layers by name, first to last."""
        return [(name, getattr(self, name)) for name in self.layer_names]

    def initialise(self, rule: InitRule, generator: torch.Generator) -> None:
        """Draws all weights anew.

        Args:
            rule: "paper" is Appendix A: uniform in ±2.4/F, with F the fan-in of the
                unit. With it C5 and F6 hardly move from image to image, their
                curvature is far below μ, nearly every rate is η/μ, and with the
                penalty as printed it hardly trains. "sqrt_fan_in" is the
                authors' later code: ±1/√F, and sub-sampling coefficients at 1/√4. It
                trains.
            generator: where the draws come from.
        """
        for _, layer in self.layers():
            layer.initialise(rule, generator)

    def states(self, images: Float[Tensor, "batch maps rows columns"]) -> dict[str, Tensor]:
        """The squashed states of every layer, by name."""
        states, x = {}, images
        for name, layer in self.layers():
            x = layer.states(x)
            states[name] = x
        return states

    def forward(
        self, images: Float[Tensor, "batch maps rows columns"]
    ) -> Float[Tensor, "batch classes"]:
        """The penalties y_i of each class: small where the image looks like it."""
        x = images
        for _, layer in self.layers():
            x = layer.states(x)
        return self.output(x)

    def classify(self, images: Float[Tensor, "batch maps rows columns"]) -> Int64[Tensor, " batch"]:
        """The class of the smallest penalty."""
        return self.forward(images).argmin(1)

    def counts(self) -> list[Count]:
        """Maps, sizes, trainable parameters and connections, layer by layer."""
        with torch.no_grad():
            states = self.states(torch.zeros(1, *self.input_shape))
        lines = []
        for name, layer in self.layers():
            maps, rows, columns = (*states[name].shape[1:], 1, 1)[:3]
            parameters = sum(p.numel() for p in layer.parameters())
            connections = layer.connections(rows * columns)
            lines.append(Count(name, maps, rows, columns, parameters, connections))
        trained = sum(p.numel() for p in self.output.parameters())
        classes = len(self.output.codes)
        lines.append(Count("output", classes, 1, 1, trained, self.output.codes.numel()))
        return lines


def fill(network: Network, tensors: dict[str, Tensor], path: Path) -> None:
    """Puts the tensors of file `path` into the network, if they fit it exactly.

    Raises:
        LeNet5Error: a tensor is missing, superfluous or of another shape.
    """
    expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
    found = {name: tensor.shape for name, tensor in tensors.items()}
    odd = sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )
    if odd:
        name = odd[0]
        raise LeNet5Error(
            f"{path} holds another network: {name} is {_shape(found.get(name))} there and "
            f"{_shape(expected.get(name))} in {type(network).__name__}: name a file of that one."
        )
    network.load_state_dict(tensors)


def _shape(shape: torch.Size | None) -> str:
    return "absent" if shape is None else str(tuple(shape))


def penalty_factor(rule: PenaltyScale, units: int) -> float:
    """The factor before the sum of equation (7) over so many units."""
    return {"sum": 1.0, "half": 0.5, "mean": 1 / units}[rule]


def one_of_ten() -> Float[Tensor, "10 10"]:
    """Codes for ten units: +1 for the class and -1 for the others."""
    return 2 * torch.eye(10) - 1


class LeNet5(Network):
    """LeNet-5 as printed in Section II-B and Figure 2.

    Input: 32 x 32 pixels, background -0.1 and ink 1.175. Output: ten penalties.

    Args:
        penalty_scale: factor before the sum of equation (7): 1 as printed.
        trainable_codes: whether the codes adapt.
        codes: Figure 3's, or one of ten, which leaves F6 ten units.
        c3: which maps of S2 feed which of C3.
        squash_subsampling: whether S2 and S4 squash their sums.
        coefficient_curvature: see `Subsampling`.

    All weights are 0 until `initialise` or loading gives them values.
    """

    @classmethod
    def from_settings(cls, settings: Settings) -> "LeNet5":
        """The network that the settings describe, all weights 0."""
        units = 84 if settings.codes == "figure_3" else 10
        return cls(
            penalty_factor(settings.penalty, units),
            settings.trainable_codes,
            codes=settings.codes,
            c3=settings.c3,
            squash_subsampling=settings.squash_subsampling,
            coefficient_curvature=settings.coefficient_curvature,
        )

    @classmethod
    def from_pretrained(cls, path: Path = PRETRAINED) -> "LeNet5":
        """A trained LeNet-5: the one that comes with the book, or another of its weights files.

        Raises:
            LeNet5Error: there is no such file, or it is damaged or of another network.
        """
        tensors, header = read_tensors(path, WEIGHTS)
        settings = settings_from(header, path)
        if settings.network != "lenet5":
            raise LeNet5Error(f"{path} holds a {settings.network}: load it with `load_network`.")
        network = cls.from_settings(settings)
        fill(network, tensors, path)
        return network

    C1: Convolution
    S2: Subsampling
    C3: Convolution
    S4: Subsampling
    C5: Convolution
    F6: FullConnection

    def __init__(
        self,
        penalty_scale: float = 1.0,
        trainable_codes: bool = False,
        *,
        codes: Codes = "figure_3",
        c3: ConnectionsOfC3 = "table_1",
        squash_subsampling: bool = True,
        coefficient_curvature: CoefficientCurvature = "sum",
    ) -> None:
        targets = torch.from_numpy(paper.digit_codes()).float()
        if codes == "one_of_ten":
            targets = one_of_ten()
        table = torch.from_numpy(paper.table_1()) if c3 == "table_1" else full_table(6, 16)
        how = squash_subsampling, coefficient_curvature
        super().__init__(
            {
                "C1": Convolution(full_table(1, 6)),  # 32x32 -> 6 maps of 28x28
                "S2": Subsampling(6, *how),  # -> 6 maps of 14x14
                "C3": Convolution(table),  # -> 16 maps of 10x10
                "S4": Subsampling(16, *how),  # -> 16 maps of 5x5
                "C5": Convolution(full_table(16, 120)),  # -> 120 maps of 1x1
                "F6": FullConnection(120, targets.shape[1]),  # -> a 7x12 picture
            },
            EuclideanRBF(targets, penalty_scale, trainable_codes),
            input_shape=(1, 32, 32),
        )
