"""Register tiles: a few rows of eight floats that stay in the processor's registers.

Numba has no name for a vector register, and LLVM does not find by itself that
the sums of a convolution could stay in registers while the kernel slides. So
here is a type for it. A tile is `rows` x 8 float32 numbers, `rows` known when
the code is compiled. Everything that the convolutions do is

    tile[r, :] += x[r] * w[:]          for each row r

a product of a column of numbers and a vector of eight, the outer product from
which fast matrix multiplications are built too. LLVM translates a row to one
register where the processor has 256 bits, and to two where it has 128.

Not one of the operations checks a bound.
"""

import inspect
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, models, overload, register_model

LANES = 8
"""Numbers in a row of a tile. Maps are stored in groups of so many."""

_FAST = {"contract", "reassoc", "arcp", "nsz", "afn"}  # not nnan, ninf: divergence must show
_ROW = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(32)


def kernel(function: Callable[..., Any], cache: bool = False) -> Any:
    """Compiles a function with Numba.

    It is unwrapped first: a run-time type checker may have put itself around
    it (jaxtyping's import hook does), and that Numba could not compile.
    """
    compiler = njit(fastmath=_FAST, nogil=True, error_model="numpy", cache=cache)
    return compiler(inspect.unwrap(function))


def entry(function: Callable[..., Any]) -> Any:
    """A kernel that is called from Python: its machine code is kept on disk."""
    return kernel(function, cache=True)


class Tile(types.Type):
    """Numba's type of a tile of so many rows."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        super().__init__(name=f"Tile({rows})")


@register_model(Tile)
class _TileModel(models.PrimitiveModel):
    def __init__(self, manager, tile):
        super().__init__(manager, tile, ir.ArrayType(_ROW, tile.rows))


def _pointer(context, builder, array_type, array, at, to):
    """Where array[at] is, as a pointer to `to`."""
    data = context.make_array(array_type)(context, builder, value=array).data
    return builder.bitcast(builder.gep(data, [at]), to.as_pointer())


def _load_row(context, builder, array_type, array, at):
    return builder.load(_pointer(context, builder, array_type, array, at, _ROW), align=4)


def _spread(builder, number):
    """A row that holds the number eight times."""
    first = builder.insert_element(ir.Constant(_ROW, ir.Undefined), number, _INDEX(0))
    mask = ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES)
    return builder.shuffle_vector(first, ir.Constant(_ROW, ir.Undefined), mask)


def _multiply_add(builder, a, b, c):
    fused = ("contract",)  # one instruction where the processor has it
    return builder.fadd(builder.fmul(a, b, flags=fused), c, flags=fused)


def _plus(builder, at, stride, row):
    return builder.add(at, builder.mul(stride, stride.type(row)))


@intrinsic(prefer_literal=True)
def zeros(typing, rows):
    """zeros(rows): a tile of zeros."""
    tile = Tile(rows.literal_value)

    def generate(context, builder, signature, arguments):
        return ir.Constant(ir.ArrayType(_ROW, tile.rows), None)

    return tile(rows), generate


@intrinsic(prefer_literal=True)
def repeat(typing, rows, array, at):
    """repeat(rows, array, at): a tile of which every row is array[at : at + 8]."""
    tile = Tile(rows.literal_value)

    def generate(context, builder, signature, arguments):
        _, array_value, at_value = arguments
        row = _load_row(context, builder, array, array_value, at_value)
        result = ir.Constant(ir.ArrayType(_ROW, tile.rows), ir.Undefined)
        for r in range(tile.rows):
            result = builder.insert_value(result, row, r)
        return result

    return tile(rows, array, types.intp), generate


@intrinsic
def load(typing, array, at):
    """load(array, at): a tile of one row, array[at : at + 8]."""
    tile = Tile(1)

    def generate(context, builder, signature, arguments):
        row = _load_row(context, builder, array, *arguments)
        return builder.insert_value(
            ir.Constant(ir.ArrayType(_ROW, 1), ir.Undefined), row, 0
        )

    return tile(array, types.intp), generate


@intrinsic
def total(typing, tile):
    """total(tile): the sum of all its numbers."""

    def generate(context, builder, signature, arguments):
        rows = [builder.extract_value(arguments[0], r) for r in range(tile.rows)]
        numbers = [builder.extract_element(row, _INDEX(i)) for row in rows for i in range(LANES)]
        while len(numbers) > 1:  # in halves, so that LLVM can do it in a row
            half = len(numbers) // 2
            numbers = [
                builder.fadd(a, b, flags=tuple(_FAST))
                for a, b in zip(numbers[:half], numbers[half:], strict=True)
            ]
        return numbers[0]

    return types.float32(tile), generate


def _elementwise(operation):
    """tile ∘ tile, row by row; a number stands for a tile full of it."""

    def typed(typing, a, b):
        tile = a if isinstance(a, Tile) else b

        def generate(context, builder, signature, arguments):
            def row(kind, value, r):
                if isinstance(kind, Tile):
                    return builder.extract_value(value, r)
                return _spread(builder, value)

            result = ir.Constant(ir.ArrayType(_ROW, tile.rows), ir.Undefined)
            for r in range(tile.rows):
                rows = [row(k, v, r) for k, v in zip((a, b), arguments, strict=True)]
                answer = getattr(builder, operation)(*rows, flags=("contract",))
                result = builder.insert_value(result, answer, r)
            return result

        return tile(a, b), generate

    function = intrinsic(typed)

    def overloaded(a, b):
        if isinstance(a, Tile) or isinstance(b, Tile):
            return lambda a, b: function(a, b)
        return None

    return overloaded


_add = _elementwise("fadd")
overload(operator.add)(_add)
overload(operator.iadd)(_add)
overload(operator.sub)(_elementwise("fsub"))
overload(operator.mul)(_elementwise("fmul"))


@intrinsic
def add_outer(typing, tile, x, at, stride, w, w_at):
    """tile[r, :] + x[at + r * stride] * w[w_at : w_at + 8]."""

    def generate(context, builder, signature, arguments):
        tile_value, x_value, at_value, stride_value, w_value, w_at_value = arguments
        row = _load_row(context, builder, w, w_value, w_at_value)
        result = tile_value
        for r in range(tile.rows):
            where = _plus(builder, at_value, stride_value, r)
            number = builder.load(_pointer(context, builder, x, x_value, where, ir.FloatType()))
            total = _multiply_add(
                builder, _spread(builder, number), row, builder.extract_value(tile_value, r)
            )
            result = builder.insert_value(result, total, r)
        return result

    return tile(tile, x, types.intp, types.intp, w, types.intp), generate


def _storing(add):
    def typed(typing, tile, array, at, stride):
        def generate(context, builder, signature, arguments):
            tile_value, array_value, at_value, stride_value = arguments
            for r in range(tile.rows):
                where = _plus(builder, at_value, stride_value, r)
                row = builder.extract_value(tile_value, r)
                if add:
                    row = builder.fadd(
                        row, _load_row(context, builder, array, array_value, where)
                    )
                builder.store(
                    row, _pointer(context, builder, array, array_value, where, _ROW), align=4
                )
            return context.get_dummy_value()

        return types.void(tile, array, types.intp, types.intp), generate

    return intrinsic(typed)


store = _storing(add=False)
"""store(tile, array, at, stride): array[at + r * stride : ... + 8] = tile[r, :]."""

add_to = _storing(add=True)
"""add_to(tile, array, at, stride): array[at + r * stride : ... + 8] += tile[r, :]."""
