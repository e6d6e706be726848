"""The layers of Section II: convolution, sub-sampling, full connection, Euclidean RBF.

Each layer but the last computes the weighted sums a; the network squashes them
to the states x = f(a). Each has the two methods that Section IV-A asks of a
module: `forward` (fprop; PyTorch derives bprop) and `bbprop`, which sends
second derivatives back (equations 23 to 27).
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn.grad import conv2d_weight

from lenet5.losses import Loss
from lenet5.settings import CoefficientCurvature, CurvatureSeed, InitRule

A = 1.7159
"""Amplitude of the squashing function (Appendix A): with S, f(1) = 1 and f(-1) = -1."""
S = 2 / 3
"""Its slope at the origin is A S."""


def squash(a: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """f(a) = A tanh(S a), equation (6)."""
    return A * torch.tanh(S * a)


def squash_slope(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """f'(a) written in the state x = f(a): (S / A) (A - x) (A + x)."""
    return (S / A) * (A - x) * (A + x)


def _draw(weights: Tensor, fan_in: Tensor, rule: InitRule, generator: torch.Generator) -> None:
    """Draws every weight uniformly from ±bound, in place."""
    bound = 2.4 / fan_in if rule == "paper" else fan_in**-0.5
    uniform = torch.rand(weights.shape, generator=generator, dtype=weights.dtype)
    weights.data.copy_(bound * (2 * uniform - 1))


class Layer(nn.Module):
    """What the network asks of each layer."""

    squashes = True
    """Whether its sums are squashed to states."""

    def states(self, x: Tensor) -> Tensor:
        """The states that the inputs x give: x = f(a), equation (5)."""
        a = self(x)
        return squash(a) if self.squashes else a

    def slopes(self, x: Tensor) -> Tensor:
        """dx/da at its states x."""
        return squash_slope(x) if self.squashes else torch.ones_like(x)

    def bbprop(self, x: Tensor, h_a: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Second derivatives at the weighted sums in, at the inputs and the parameters out.

        Args:
            x: the inputs of a batch.
            h_a: d²E^p/da² at the weighted sums that they gave, sample by sample.

        Returns:
            d²E^p/dx² at the inputs, sample by sample; and for each parameter the
            *sum over the batch* of equation (23): over all connections that share it.
        """
        raise NotImplementedError

    def initialise(self, rule: InitRule, generator: torch.Generator) -> None:
        """Draws the weights; the biases, of which the paper says nothing, start at 0."""
        raise NotImplementedError

    def connections(self, positions: int) -> int:
        """How many connections its maps have, at so many positions each, biases included."""
        raise NotImplementedError


class Convolution(Layer):
    """C1, C3, C5: maps of units that share one local kernel a source map.

    Args:
        table: whether source map s (row) feeds map m (column). All true but in C3.
        size: side of the square receptive field.

    `kernels` holds one size x size kernel for each true entry of the table, in the
    order of the columns, so a connection that Table I lacks has no parameter at all.
    """

    def __init__(self, table: Bool[Tensor, "sources maps"], size: int = 5) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("table", table.clone(), persistent=False)
        self._places = tuple(table.T.nonzero().T)  # (map, source) of each kernel
        self.kernels = nn.Parameter(torch.zeros(int(table.sum()), size, size))
        self.biases = nn.Parameter(torch.zeros(table.shape[1]))

    table: Tensor

    def weights(self) -> Float[Tensor, "maps sources rows columns"]:
        """All the kernels in their places, and zeros where the table has no connection."""
        sources, maps = self.table.shape
        shape = (maps, sources, self.size, self.size)
        if len(self.kernels) == sources * maps:  # nothing is missing
            return self.kernels.view(shape)
        return self.kernels.new_zeros(shape).index_put(self._places, self.kernels)

    def forward(
        self, x: Float[Tensor, "batch sources rows columns"]
    ) -> Float[Tensor, "batch maps rows2 columns2"]:
        return F.conv2d(x, self.weights(), self.biases)

    def bbprop(self, x: Tensor, h_a: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        dense = self.weights()
        h_x = F.conv_transpose2d(h_a, dense**2)  # (27), a sum over the fan-out
        h_dense = conv2d_weight(x**2, list(dense.shape), h_a)  # (25) into (23)
        return h_x, {"kernels": h_dense[self.table.T], "biases": h_a.sum((0, 2, 3))}

    def initialise(self, rule: InitRule, generator: torch.Generator) -> None:
        fan_in = self.size**2 * self.table.sum(0)  # a unit's inputs, its bias not counted
        fan_in = fan_in[:, None].expand_as(self.table.T)[self.table.T]
        _draw(self.kernels, fan_in[:, None, None].float(), rule, generator)
        nn.init.zeros_(self.biases)

    def connections(self, positions: int) -> int:
        return positions * (self.kernels.numel() + self.biases.numel())


def full_table(sources: int, maps: int) -> Bool[Tensor, "sources maps"]:
    """The connection table in which every source map feeds every map."""
    return torch.ones(sources, maps, dtype=torch.bool)


class Subsampling(Layer):
    """S2, S4: four inputs are *added*, times a coefficient, plus a bias; one of each a map.

    Section II-A speaks of an average; II-B and the authors' later code say sum. The
    function is the same, since the coefficient absorbs the factor; its first value and
    its curvature are not. In `bbprop`, h of an input is h of its unit times the
    coefficient squared.

    Args:
        maps: how many.
        squashes: whether the sums are squashed, as II-B says of every layer up to F6.
        coefficient_curvature: what equation (23) sums over for a coefficient. "sum" takes
            the sum of the four inputs as its one input, "each" the four as connections
            of their own that share it.
    """

    def __init__(
        self,
        maps: int,
        squashes: bool = True,
        coefficient_curvature: CoefficientCurvature = "sum",
    ) -> None:
        super().__init__()
        self.squashes = squashes
        self._input = self._sum if coefficient_curvature == "sum" else self._norm
        self.coefficients = nn.Parameter(torch.zeros(maps))
        self.biases = nn.Parameter(torch.zeros(maps))

    def _sum(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2, divisor_override=1)

    def _norm(self, x: Tensor) -> Tensor:
        return self._sum(x**2).sqrt()

    def forward(
        self, x: Float[Tensor, "batch maps rows columns"]
    ) -> Float[Tensor, "batch maps rows/2 columns/2"]:
        return self._sum(x) * self.coefficients[:, None, None] + self.biases[:, None, None]

    def bbprop(self, x: Tensor, h_a: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        h_x = (h_a * self.coefficients[:, None, None] ** 2).repeat_interleave(2, 2)
        h_coefficients = (h_a * self._input(x) ** 2).sum((0, 2, 3))
        return h_x.repeat_interleave(2, 3), {
            "coefficients": h_coefficients,
            "biases": h_a.sum((0, 2, 3)),
        }

    def initialise(self, rule: InitRule, generator: torch.Generator) -> None:
        if rule == "paper":
            _draw(self.coefficients, torch.tensor(4.0), rule, generator)
        else:  # the authors' later code: the constant bound, no draw
            nn.init.constant_(self.coefficients, 1 / math.sqrt(4))
        nn.init.zeros_(self.biases)

    def connections(self, positions: int) -> int:
        return positions * 5 * self.biases.numel()


class FullConnection(Layer):
    """F6: a dot product of all inputs and a weight vector, plus a bias."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(units, inputs))
        self.biases = nn.Parameter(torch.zeros(units))

    def forward(self, x: Float[Tensor, "batch *inputs"]) -> Float[Tensor, "batch units"]:
        return F.linear(x.flatten(1), self.weights, self.biases)

    def bbprop(self, x: Tensor, h_a: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        h_x = (h_a @ self.weights**2).view_as(x)
        return h_x, {"weights": h_a.T @ x.flatten(1) ** 2, "biases": h_a.sum(0)}

    def initialise(self, rule: InitRule, generator: torch.Generator) -> None:
        _draw(self.weights, torch.tensor(float(self.weights.shape[1])), rule, generator)
        nn.init.zeros_(self.biases)

    def connections(self, positions: int) -> int:
        return self.weights.numel() + self.biases.numel()


class EuclideanRBF(nn.Module):
    """The output layer: y_i = scale · Σ_j (x_j - w_ij)², equation (7).

    A penalty: 0 where F6 shows the very code of class i. The smallest wins.

    Args:
        codes: the parameter vectors w_i. Figure 3's for LeNet-5.
        scale: 1 as printed; 1/2 in the authors' later code.
        trainable: whether the codes adapt. Section II-C: fixed "at least initially".
    """

    codes: Tensor

    def __init__(
        self,
        codes: Float[Tensor, "classes units"],
        scale: float = 1.0,
        trainable: bool = False,
    ) -> None:
        super().__init__()
        self.scale = scale
        if trainable:
            self.codes = nn.Parameter(codes.clone())
        else:
            self.register_buffer("codes", codes.clone())

    @property
    def trainable(self) -> bool:
        return isinstance(self.codes, nn.Parameter)

    def forward(self, x: Float[Tensor, "batch units"]) -> Float[Tensor, "batch classes"]:
        return self.scale * (x[:, None] - self.codes).square().sum(2)

    def bbprop(
        self,
        x: Float[Tensor, "batch units"],
        labels: Int64[Tensor, " batch"],
        loss: Loss,
        seed: CurvatureSeed,
    ) -> tuple[Float[Tensor, "batch units"], dict[str, Tensor]]:
        """Where the curvature starts: d²E^p/dx² at F6. The paper does not say how.

        Args:
            seed: "desired" counts the penalty of the desired class alone, a constant
                2 · scale. It is exact for equation (8) and, with scale 1/2, the 1 to
                which the authors' later code sets it. "exact" is the true second
                derivative of the loss, which equation (9) lets fall to 0 as a
                sample is learnt.

        Trainable codes are always given the curvature of their own desired penalty.
        """
        if seed == "desired":
            h_x = torch.full_like(x, 2 * self.scale)
        else:
            penalties = self.forward(x)
            slopes = loss.gradient(penalties, labels)  # dE/dy
            bends = loss.hessian(penalties)  # d²E/dy dy
            dy_dx = 2 * self.scale * (x[:, None] - self.codes)
            h_x = 2 * self.scale * slopes.sum(1, keepdim=True)
            h_x = h_x + torch.einsum("bik,bij,bjk->bk", dy_dx, bends, dy_dx)
        if not self.trainable:
            return h_x, {}
        samples_of_class = torch.bincount(labels, minlength=len(self.codes))
        return h_x, {"codes": (2 * self.scale * samples_of_class[:, None]).expand_as(self.codes)}
