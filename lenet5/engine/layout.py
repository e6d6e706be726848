"""Where each layer of a network lies in the engine's flat arrays."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from lenet5.engine.kernels import BLOCKS, CONVOLUTION, DENSE, OUTPUT, SPLITTING, SUBSAMPLING
from lenet5.engine.tiles import LANES
from lenet5.errors import LeNet5Error
from lenet5.layers import Convolution, FullConnection, Subsampling
from lenet5.networks import Network

ROW = np.dtype(
    [
        ("kind", np.int64),
        ("size", np.int64),  # side of the kernel; maps that each map below feeds
        ("sources", np.int64),  # maps below; for a dense layer, all numbers below
        ("runs", np.int64),  # a row of the kernel lies over so many pieces of the states below
        ("run", np.int64),  # and so many numbers in each
        ("stride", np.int64),  # from one position below to the next
        ("width", np.int64),  # columns below
        ("rows", np.int64),
        ("columns", np.int64),
        ("maps", np.int64),  # padded to a multiple of 8; of the output, the classes
        ("block", np.int64),  # columns that one tile holds
        ("x", np.int64),  # where the states below begin
        ("y", np.int64),  # where its own do
        ("weights", np.int64),
        ("biases", np.int64),
        ("end", np.int64),  # of its weights and biases
        ("scale", np.float64),  # of the output
    ],
    align=True,
)


def _padded(maps: int) -> int:
    return -(-maps // LANES) * LANES


class Layout:
    """A network as a program, and the place of each of its parameters.

    Args:
        network: any stack of our own layers.

    Attributes:
        program: one row a layer, the output last.
        places: for each parameter (and fixed codes), the index of each of its numbers in `w`.
        weights: how long `w` is.
        states: how long `x` is.
        turned: how large the largest convolution is.

    Raises:
        LeNet5Error: the network has a layer that the engine does not know.
    """

    def __init__(self, network: Network) -> None:
        self.places: dict[str, Tensor] = {}
        self.weights = 0
        self.turned = 0
        maps, height, width = network.input_shape
        stride, x = maps, 0
        self.states = _padded(maps * height * width)
        rows = []
        for name, layer in network.layers():
            row = np.zeros((), ROW)
            row["x"], row["y"], row["width"], row["stride"] = x, self.states, width, stride
            row["sources"], row["weights"] = maps, self.weights
            if isinstance(layer, Convolution) and layer.size < max(height, width):
                height, width = height - layer.size + 1, width - layer.size + 1
                maps = self._convolution(name, layer, row)
                row["block"] = next(b for b in BLOCKS if width % b == 0)
                self.turned = max(self.turned, layer.size**2 * stride * _padded(maps))
            elif isinstance(layer, Convolution | FullConnection):
                maps = self._dense(name, layer, row, maps, height, width)
                height, width = 1, 1
            elif isinstance(layer, Subsampling):
                height, width = height // 2, width // 2
                row["size"] = len(layer.biases) // maps
                row["kind"] = SUBSAMPLING if row["size"] == 1 else SPLITTING
                maps = len(layer.biases)
                self.places[f"{name}.coefficients"] = self.weights + torch.arange(maps)
                self.weights += _padded(maps)
            else:
                raise LeNet5Error(
                    f"The engine does not know layer {name}, a {type(layer).__name__}: train "
                    "with `pass_in_pytorch`."
                )
            stride = _padded(maps)
            row["rows"], row["columns"], row["maps"] = height, width, stride
            row["biases"] = self.weights
            self.places[f"{name}.biases"] = self.weights + torch.arange(maps)
            self.weights += stride
            row["end"] = self.weights
            x, self.states = self.states, self.states + height * width * stride
            rows.append(row)
        codes = network.output.codes
        row = np.zeros((), ROW)
        row["kind"], row["scale"] = OUTPUT, network.output.scale
        row["x"], row["weights"], row["stride"] = x, self.weights, stride
        row["maps"] = len(codes)
        self.places["output.codes"] = self.weights + (
            torch.arange(len(codes))[:, None] * stride + torch.arange(codes.shape[1])
        )
        self.weights += len(codes) * stride
        row["end"] = self.weights
        self.weights += LANES * max(int(r["maps"]) for r in rows)  # squares read past the end
        self.program = np.array([*rows, row])

    def _convolution(self, name: str, layer: Convolution, row: np.ndarray) -> int:
        sources, maps = layer.table.shape
        row["kind"], row["size"] = CONVOLUTION, layer.size
        adjacent = sources == row["stride"]
        row["runs"] = 1 if adjacent else layer.size
        row["run"] = layer.size * sources if adjacent else sources
        m, s = layer.table.T.nonzero().T  # in the order of `kernels`
        taps = torch.arange(layer.size**2).view(layer.size, layer.size)
        self.places[f"{name}.kernels"] = self.weights + (
            (taps * sources + s[:, None, None]) * _padded(maps) + m[:, None, None]
        )
        self.weights += layer.size**2 * sources * _padded(maps)
        return maps

    def _dense(
        self,
        name: str,
        layer: Convolution | FullConnection,
        row: np.ndarray,
        sources: int,
        height: int,
        width: int,
    ) -> int:
        stride = int(row["stride"])
        position = torch.arange(height * width).view(height, width)
        inputs = position * stride + torch.arange(sources)[:, None, None]
        if isinstance(layer, Convolution):
            m, s = layer.table.T.nonzero().T
            maps = layer.table.shape[1]
            place, key = inputs[s] * _padded(maps) + m[:, None, None], "kernels"
        else:
            maps = layer.weights.shape[0]
            place = inputs.flatten() * _padded(maps) + torch.arange(maps)[:, None]
            key = "weights"
        self.places[f"{name}.{key}"] = self.weights + place
        row["kind"], row["sources"] = DENSE, height * width * stride
        self.weights += height * width * stride * _padded(maps)
        return maps

    def gather(self, tensors: Mapping[str, Tensor | nn.Parameter]) -> np.ndarray:
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
    spare = np.zeros(length + 32, np.float32)
    start = -spare.ctypes.data % 64 // 4
    return spare[start : start + length]
