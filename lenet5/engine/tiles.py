"""Register tiles: small tables of float32 numbers that stay in the processor's registers.

Numba has no name for a vector register, and LLVM does not find out by itself
that the sums of a convolution can stay in registers while the kernel slides. So
here is a type for them. A tile has a few rows of 8 or 16 lanes, both known when
the code is compiled. Everything that the convolutions do is

    tile[r, :] += x[r] * w[:]          for each row r

a column of numbers times a vector: the outer product from which fast matrix
multiplications are built too. Eight lanes are one register of 256 bits; where
registers are shorter or longer, LLVM takes two or half of one.

Not one of the operations checks a bound. In what follows `array` is one-dimensional,
float32 and contiguous, and [n :] means as many neighbours as the tile has lanes.
"""

# mypy: ignore-errors
# Numba's compiler calls most of what follows, with objects that have no types.

import inspect
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, models, overload, register_model

LANES = 8
"""Lanes of a tile unless said. Maps are stored in groups of so many."""

_FAST = {"contract", "reassoc", "arcp", "nsz", "afn"}  # not nnan, ninf: divergence must show
_FUSED = ("contract",)  # a product and a sum may be one instruction
_INT32 = ir.IntType(32)


def kernel(function: Callable[..., Any], **options: Any) -> Any:
    """Compiles a function with Numba.

    It is unwrapped first: a run-time type checker may have put itself around
    it (jaxtyping's import hook does), and that Numba could not compile.
    """
    compiler = njit(fastmath=_FAST, nogil=True, error_model="numpy", **options)
    return compiler(inspect.unwrap(function))


def pasted(function: Callable[..., Any]) -> Any:
    """A kernel that Numba pastes into its callers: one level less for LLVM to go through."""
    return kernel(function, inline="always")


def entry(function: Callable[..., Any]) -> Any:
    """A kernel that is called from Python: its machine code is kept on disk.

    Numba compiles it again when the file that it stands in changes, but does not see
    a change in another file: after one here, `touch kernels.py`.
    """
    return kernel(function, cache=True)


class Tile(types.Type):
    """Numba's type of a tile of so many rows and lanes."""

    def __init__(self, rows: int, lanes: int) -> None:
        self.rows = rows
        self.lanes = lanes
        super().__init__(name=f"Tile({rows}, {lanes})")

    @property
    def vector(self) -> ir.VectorType:
        """LLVM's type of one row."""
        return ir.VectorType(ir.FloatType(), self.lanes)

    def assemble(self, builder, rows):
        """A tile of the given rows."""
        tile = ir.Constant(ir.ArrayType(self.vector, self.rows), ir.Undefined)
        for r, row in enumerate(rows):
            tile = builder.insert_value(tile, row, r)
        return tile

    def take_apart(self, builder, tile):
        """The rows of a tile."""
        return [builder.extract_value(tile, r) for r in range(self.rows)]


@register_model(Tile)
class _TileModel(models.PrimitiveModel):
    def __init__(self, manager, tile):
        super().__init__(manager, tile, ir.ArrayType(tile.vector, tile.rows))


class _Pointers:
    """Where array[at + r stride] is, for each row r, as a pointer to `kind`."""

    def __init__(self, context, builder, array_type, array, at, stride, kind):
        self.data = context.make_array(array_type)(context, builder, value=array).data
        self.builder, self.at, self.stride, self.kind = builder, at, stride, kind.as_pointer()

    def __getitem__(self, r):
        step = self.builder.mul(self.stride, self.stride.type(r))
        place = self.builder.gep(self.data, [self.builder.add(self.at, step)])
        return self.builder.bitcast(place, self.kind)


def _spread(builder, tile, number):
    """A row that is the number all along."""
    nothing = ir.Constant(tile.vector, ir.Undefined)
    first = builder.insert_element(nothing, number, _INT32(0))
    lanes = ir.Constant(ir.VectorType(_INT32, tile.lanes), [0] * tile.lanes)
    return builder.shuffle_vector(first, nothing, lanes)


@intrinsic(prefer_literal=True)
def zeros(typing, rows, lanes):
    """zeros(rows, lanes): a tile of zeros."""
    tile = Tile(rows.literal_value, lanes.literal_value)

    def generate(context, builder, signature, arguments):
        return ir.Constant(ir.ArrayType(tile.vector, tile.rows), None)

    return tile(rows, lanes), generate


@intrinsic(prefer_literal=True)
def load(typing, rows, lanes, array, at, stride):
    """load(rows, lanes, array, at, stride): the tile [r, :] = array[at + r stride :]."""
    tile = Tile(rows.literal_value, lanes.literal_value)

    def generate(context, builder, signature, arguments):
        places = _Pointers(context, builder, array, *arguments[2:], tile.vector)
        return tile.assemble(builder, [builder.load(places[r], align=4) for r in range(tile.rows)])

    return tile(rows, lanes, array, types.intp, types.intp), generate


@intrinsic
def store(typing, tile, array, at, stride):
    """store(tile, array, at, stride): array[at + r stride :] = tile[r, :]."""

    def generate(context, builder, signature, arguments):
        places = _Pointers(context, builder, array, *arguments[1:], tile.vector)
        for r, row in enumerate(tile.take_apart(builder, arguments[0])):
            builder.store(row, places[r], align=4)
        return context.get_dummy_value()

    return types.void(tile, array, types.intp, types.intp), generate


@intrinsic
def add_outer(typing, tile, x, at, stride, w, w_at):
    """add_outer(...): the tile [r, :] = tile[r, :] + x[at + r stride] * w[w_at :]."""

    def generate(context, builder, signature, arguments):
        value, x_value, at_value, stride_value, w_value, w_at_value = arguments
        numbers = _Pointers(context, builder, x, x_value, at_value, stride_value, ir.FloatType())
        vectors = _Pointers(context, builder, w, w_value, w_at_value, stride_value, tile.vector)
        vector, rows = builder.load(vectors[0], align=4), []
        for r, row in enumerate(tile.take_apart(builder, value)):
            number = _spread(builder, tile, builder.load(numbers[r]))
            term = builder.fmul(number, vector, flags=_FUSED)
            rows.append(builder.fadd(row, term, flags=_FUSED))
        return tile.assemble(builder, rows)

    return tile(tile, x, types.intp, types.intp, w, types.intp), generate


@intrinsic
def transposed(typing, array, at, stride):
    """transposed(array, at, stride): the 8 x 8 tile [r, c] = array[at + c stride + r]."""
    tile = Tile(LANES, LANES)

    def generate(context, builder, signature, arguments):
        places = _Pointers(context, builder, array, *arguments, tile.vector)
        rows = [builder.load(places[r], align=4) for r in range(LANES)]
        step = LANES // 2
        while step:  # exchange the off-diagonal quarters of ever smaller squares
            upper = [c - step + LANES if c & step else c for c in range(LANES)]
            lower = [c + LANES if c & step else c + step for c in range(LANES)]
            before, rows = rows, []
            for r in range(LANES):
                lanes = ir.Constant(ir.VectorType(_INT32, LANES), lower if r & step else upper)
                rows.append(builder.shuffle_vector(before[r & ~step], before[r | step], lanes))
            step //= 2
        return tile.assemble(builder, rows)

    return tile(array, types.intp, types.intp), generate


@intrinsic
def total(typing, tile):
    """total(tile): the sum of all its numbers."""

    def generate(context, builder, signature, arguments):
        rows = tile.take_apart(builder, arguments[0])
        numbers = [builder.extract_element(v, _INT32(i)) for v in rows for i in range(tile.lanes)]
        while len(numbers) > 1:
            first, second = numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]
            pairs = zip(first, second, strict=True)
            numbers = [builder.fadd(a, b, flags=tuple(_FAST)) for a, b in pairs]
        return numbers[0]

    return types.float32(tile), generate


def _elementwise(operation):
    """tile ∘ tile, number by number. A float32 stands for a tile full of it."""

    def typed(typing, a, b):
        tile = a if isinstance(a, Tile) else b

        def generate(context, builder, signature, arguments):
            operands = [
                tile.take_apart(builder, value)
                if isinstance(kind, Tile)
                else [_spread(builder, tile, value)] * tile.rows
                for kind, value in zip((a, b), arguments, strict=True)
            ]
            pairs = zip(*operands, strict=True)
            combine = getattr(builder, operation)
            return tile.assemble(builder, [combine(p, q, flags=_FUSED) for p, q in pairs])

        return tile(a, b), generate

    function = intrinsic(typed)

    def overloaded(a, b):
        if isinstance(a, Tile) or isinstance(b, Tile):
            return lambda a, b: function(a, b)
        return None

    return overloaded


overload(operator.add)(_elementwise("fadd"))
overload(operator.iadd)(_elementwise("fadd"))
overload(operator.sub)(_elementwise("fsub"))
overload(operator.mul)(_elementwise("fmul"))
