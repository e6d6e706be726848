"""The other neural networks of Section III-C, from the layers of LeNet-5.

Each ends in ten squashed units whose targets are +1 for the class and -1 for
the others: Euclidean RBFs with one-of-ten codes. With equation (8) that is the
squared error.
"""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor

from lenet5.layers import (
    Convolution,
    EuclideanRBF,
    FullConnection,
    Layer,
    Subsampling,
    full_table,
)
from lenet5.networks import Network, one_of_ten

_LENET1_TABLE = ("111011000000", "011111000000", "000000111011", "000000011111")


def _output(penalty_scale: float) -> EuclideanRBF:
    return EuclideanRBF(one_of_ten(), penalty_scale)


class SplitSubsampling(Subsampling):
    """Sub-sampling in which each map below feeds several maps, side by side.

    Args:
        sources: maps below.
        copies: how many maps each of them feeds.
    """

    def __init__(self, sources: int, copies: int) -> None:
        super().__init__(sources * copies)
        self.copies = copies

    def forward(
        self, x: Float[Tensor, "batch sources rows columns"]
    ) -> Float[Tensor, "batch maps rows/2 columns/2"]:
        return super().forward(x.repeat_interleave(self.copies, 1))

    def bbprop(self, x: Tensor, h_a: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        h_x, h_parameters = super().bbprop(x.repeat_interleave(self.copies, 1), h_a)
        return h_x.unflatten(1, (-1, self.copies)).sum(2), h_parameters


class LeNet1(Network):
    """LeNet-1: 16 x 16 pixels centred in 28 x 28, and 2,578 parameters (C.7)."""

    def __init__(self, penalty_scale: float = 1.0) -> None:
        table = torch.tensor([[mark == "1" for mark in row] for row in _LENET1_TABLE])
        super().__init__(
            {
                "H1": Convolution(full_table(1, 4)),  # 28x28 -> 4 maps of 24x24
                "H2": Subsampling(4),  # -> 4 maps of 12x12
                "H3": Convolution(table),  # -> 12 maps of 8x8
                "H4": Subsampling(12),  # -> 12 maps of 4x4
                "H5": FullConnection(12 * 4 * 4, 10),
            },
            _output(penalty_scale),
            input_shape=(1, 28, 28),
        )


class LeNet4(Network):
    """LeNet-4 (C.8), as far as the paper gives it.

    Stated: 4 maps, 8 sub-sampling maps in pairs, 16 maps, 16 sub-sampling maps, 120
    units, 10 units. Not stated: which of the 8 maps feed which of the 16; here
    they are four neighbours each, 64 kernels. The 120 units see everything, as the
    text says ("fully connected"), which the 17,000 parameters that it quotes forbid.
    """

    def __init__(self, penalty_scale: float = 1.0) -> None:
        table = torch.zeros(8, 16, dtype=torch.bool)
        for m, k in itertools.product(range(16), range(4)):
            table[(m + k) % 8, m] = True
        super().__init__(
            {
                "C1": Convolution(full_table(1, 4)),  # 32x32 -> 4 maps of 28x28
                "S2": SplitSubsampling(4, 2),  # -> 8 maps of 14x14
                "C3": Convolution(table),  # -> 16 maps of 10x10
                "S4": Subsampling(16),  # -> 16 maps of 5x5
                "C5": Convolution(full_table(16, 120)),  # -> 120 units
                "F6": FullConnection(120, 10),
            },
            _output(penalty_scale),
            input_shape=(1, 32, 32),
        )


class Perceptron(Network):
    """A multilayer perceptron on 28 x 28 pixels (C.5, C.6): 300, 1000, 300-100 or 500-150.

    Args:
        hidden: units of each hidden layer.
    """

    def __init__(self, *hidden: int, penalty_scale: float = 1.0) -> None:
        sizes = (28 * 28, *hidden, 10)
        layers: dict[str, Layer] = {
            f"F{n}": FullConnection(below, units)
            for n, (below, units) in enumerate(itertools.pairwise(sizes), 1)
        }
        super().__init__(layers, _output(penalty_scale), input_shape=(1, 28, 28))
