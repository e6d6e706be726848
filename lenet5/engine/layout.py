"""Where each layer of a network lies in the engine's flat arrays."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from lenet5.engine.kernels import BLOCKS, CONVOLUTION, DENSE, OUTPUT, SPLITTING, SUBSAMPLING
from lenet5.engine.tiles import LANES
from lenet5.errors import LeNet5Error
from lenet5.layers import Convolution, EuclideanRBF, FullConnection, Layer, Subsampling
from lenet5.networks import Network

_INTEGERS = (
    "kind",
    "x",  # where the states below begin
    "sources",  # maps below; for a dense layer, all numbers below
    "width",  # columns below
    "stride",  # from one position below to the next
    "y",  # where its own states begin
    "rows",
    "columns",
    "maps",  # padded; of the output, the number of classes
    "weights",  # where they begin: kernels, coefficients or codes
    "biases",  # where they begin
    "end",  # of its parameters
    "size",  # of a convolution: side of the kernel
    "run",  # numbers below that lie side by side under a row of the kernel
    "runs",  # and how many such pieces the row lies over
    "block",  # columns that one tile holds
    "copies",  # of a sub-sampling: maps that each map below feeds
    "squashes",  # 1 or 0
)
ROW = np.dtype([*((name, np.int64) for name in _INTEGERS), ("scale", np.float64)])
"""One layer, as the kernels see it; `scale` is the output's."""


class Layout:
    """A network as a program, and the place of each of its parameters.

    Args:
        network: any stack of our own layers.

    Attributes:
        program: one row a layer, the output last.
        places: for each parameter (and fixed codes), the index of each of its numbers in `w`.
        weights: how long `w` is.
        states: how long `x` is.
        turned: how long the largest convolution is with sources and maps exchanged.

    Raises:
        LeNet5Error: the network has a layer that the engine does not know.
    """

    def __init__(self, network: Network) -> None:
        self.places: dict[str, Tensor] = {}
        self.weights = self.turned = x = 0
        maps, rows, columns = network.input_shape
        stride = maps  # only the image is not padded map by map
        self.states = _padded(maps * rows * columns)
        program = []
        for name, layer in network.layers():
            row = np.zeros((), ROW)
            row["x"], row["sources"], row["width"], row["stride"] = x, maps, columns, stride
            row["y"], row["weights"], row["squashes"] = self.states, self.weights, layer.squashes
            maps, rows, columns = self._place(name, layer, row, (maps, rows, columns))
            stride = _padded(maps)
            row["rows"], row["columns"], row["maps"] = rows, columns, stride
            row["biases"] = self._take(f"{name}.biases", torch.arange(maps), stride)
            row["end"] = self.weights
            x, self.states = self.states, self.states + rows * columns * stride
            program.append(row)
        program.append(self._output(network.output, x, stride))
        self.program = np.array(program)
        self.weights += LANES * int(self.program["maps"].max())  # `turn` reads past the end

    def _take(self, name: str, place: Tensor, length: int) -> int:
        """Gives the next `length` numbers of `w` to a parameter. Returns where they begin."""
        start = self.weights
        self.places[name] = start + place
        self.weights += length
        return start

    def _place(
        self, name: str, layer: Layer, row: np.ndarray, below: tuple[int, int, int]
    ) -> tuple[int, int, int]:
        """Places the weights, fills in the row, and says what shape the layer's states have."""
        maps, rows, columns = below
        if isinstance(layer, Convolution) and (layer.size, layer.size) != (rows, columns):
            return self._convolution(name, layer, row, below)
        if isinstance(layer, Convolution | FullConnection):
            return self._dense(name, layer, row, below)
        if isinstance(layer, Subsampling):
            own = len(layer.biases)
            row["copies"] = own // maps
            simple = own == maps and row["stride"] == _padded(maps)
            row["kind"] = SUBSAMPLING if simple else SPLITTING
            self._take(f"{name}.coefficients", torch.arange(own), _padded(own))
            return own, rows // 2, columns // 2
        raise LeNet5Error(
            f"The engine does not know layer {name}, a {type(layer).__name__}: train "
            "with `pass_in_pytorch`."
        )

    def _convolution(
        self, name: str, layer: Convolution, row: np.ndarray, below: tuple[int, int, int]
    ) -> tuple[int, int, int]:
        """Weights at [row][column][source][map]."""
        (sources, maps), size, stride = layer.table.shape, layer.size, int(row["stride"])
        rows, columns = below[1] - size + 1, below[2] - size + 1
        adjacent = sources == stride
        row["kind"], row["size"] = CONVOLUTION, size
        row["run"], row["runs"] = (size * sources, 1) if adjacent else (sources, size)
        row["block"] = next(block for block in BLOCKS if columns % block == 0)
        m, s = layer.table.T.nonzero().T[:, :, None, None]  # in the order of `kernels`
        taps = torch.arange(size**2).view(size, size)
        place = (taps * sources + s) * _padded(maps) + m
        self._take(f"{name}.kernels", place, size**2 * sources * _padded(maps))
        self.turned = max(self.turned, size**2 * stride * _padded(maps))
        return maps, rows, columns

    def _dense(
        self,
        name: str,
        layer: Convolution | FullConnection,
        row: np.ndarray,
        below: tuple[int, int, int],
    ) -> tuple[int, int, int]:
        """Weights at [number below][unit]: a full connection, or a kernel over all of the map."""
        (sources, rows, columns), stride = below, int(row["stride"])
        positions = torch.arange(rows * columns).view(rows, columns)
        numbers = positions * stride + torch.arange(sources)[:, None, None]
        if isinstance(layer, Convolution):
            units, key = layer.table.shape[1], "kernels"
            m, s = layer.table.T.nonzero().T
            place = numbers[s] * _padded(units) + m[:, None, None]
        else:
            units, key = layer.weights.shape[0], "weights"
            place = numbers.flatten() * _padded(units) + torch.arange(units)[:, None]
        row["kind"], row["sources"] = DENSE, _padded(rows * columns * stride)
        self._take(f"{name}.{key}", place, int(row["sources"]) * _padded(units))
        return units, 1, 1

    def _output(self, output: EuclideanRBF, x: int, stride: int) -> np.ndarray:
        """Codes at [class][unit]."""
        classes, units = output.codes.shape
        row = np.zeros((), ROW)
        row["kind"], row["x"], row["stride"], row["maps"] = OUTPUT, x, stride, classes
        place = torch.arange(classes)[:, None] * stride + torch.arange(units)
        row["weights"] = self._take("output.codes", place, classes * stride)
        row["scale"] = output.scale
        return row

    def gather(self, tensors: Mapping[str, Tensor]) -> np.ndarray:
        """The numbers of the named tensors in their places, and 0 in all others."""
        flat = aligned(self.weights)
        for name, tensor in tensors.items():
            flat[self.places[name].numpy()] = tensor.detach().numpy()
        return flat

    @torch.no_grad()
    def scatter(self, flat: np.ndarray, network: Network) -> None:
        """Puts the numbers back into the parameters of the network."""
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.from_numpy(flat[self.places[name].numpy()]))


def aligned(length: int) -> np.ndarray:
    """float32 zeros that begin at a cache line."""
    spare = np.zeros(length + 16, np.float32)
    start = -spare.ctypes.data % 64 // 4
    return spare[start : start + length]


def _padded(maps: int) -> int:
    """The next multiple of eight."""
    return -(-maps // LANES) * LANES
