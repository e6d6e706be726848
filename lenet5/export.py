"""Networks as ONNX files, which run where there is no PyTorch."""

import copy
import json

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet5 import __version__
from lenet5.errors import LeNet5Error
from lenet5.layers import Convolution, Layer, Subsampling
from lenet5.mnist import BACKGROUND, INK
from lenet5.networks import Network
from lenet5.rivals import SplitSubsampling
from lenet5.settings import Settings
from lenet5.weights import digest_of


def to_onnx(network: Network, settings: Settings) -> bytes:
    """The content of an ONNX file: `image`, a batch of any size, in; `penalties` out.

    Args:
        network: any of Section III's. It is left as it is.
        settings: what it was trained with; the file's metadata say so.

    Raises:
        LeNet5Error: a package that the optional extra `onnx` brings is missing or too old.
    """
    try:
        import onnxscript  # noqa: F401 (torch.onnx asks for it, though not each time)

        program = torch.onnx.export(
            _portable(network),
            (torch.zeros(2, *network.input_shape),),  # of a batch of 1 the size would be fixed
            input_names=["image"],
            output_names=["penalties"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            verbose=False,
        )
    except ImportError as error:
        raise LeNet5Error(
            f"Export needs packages that the optional extra `onnx` brings ({error}): "
            "pip install --upgrade onnx onnxscript."
        ) from error
    assert program is not None  # for mypy: it is None only where a file is named
    for node in program.model.graph:
        node.metadata_props.clear()  # they name files of this machine
    program.model.metadata_props.update(_metadata(network, settings))
    return program.model_proto.SerializeToString()


def _metadata(network: Network, settings: Settings) -> dict[str, str]:
    maps, rows, columns = network.input_shape
    return {
        "what": f"{settings.network} of LeCun, Bottou, Bengio and Haffner (1998), "
        f"written by lenet5 {__version__}",
        "image": f"batch x {maps} x {rows} x {columns}: digits as lenet5.inputs prepares those of "
        f"MNIST, background {BACKGROUND} and ink {INK}",
        "penalties": "batch x 10, one for each digit 0 to 9: the smallest wins; no probabilities",
        "settings": json.dumps(settings.as_dict()),
        "weights_sha256": digest_of(network),
    }


class _ConstantKernels(Layer):
    """A convolution with all its kernels in one tensor, which many runtimes insist on."""

    def __init__(self, convolution: Convolution) -> None:
        super().__init__()
        self.weights = nn.Parameter(convolution.weights().detach().clone())
        self.biases = convolution.biases

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weights, self.biases)


class _Averaging(Layer):
    """A sub-sampling that averages, with coefficients four times as large.

    ONNX has no sum over a window, and PyTorch writes an average for it without a word.
    """

    def __init__(self, subsampling: Subsampling) -> None:
        super().__init__()
        self.squashes = subsampling.squashes
        self.copies = subsampling.copies if isinstance(subsampling, SplitSubsampling) else 1
        self.coefficients = nn.Parameter(4 * subsampling.coefficients.detach())
        self.biases = subsampling.biases

    def forward(self, x: Tensor) -> Tensor:
        averages = F.avg_pool2d(x, 2)
        if self.copies > 1:
            averages = averages.repeat_interleave(self.copies, 1)
        return averages * self.coefficients[:, None, None] + self.biases[:, None, None]


def _portable(network: Network) -> Network:
    """A copy of the network that computes the same and survives the export."""
    network = copy.deepcopy(network).eval()
    for name, layer in network.layers():
        match layer:
            case Convolution():
                setattr(network, name, _ConstantKernels(layer))
            case Subsampling():
                setattr(network, name, _Averaging(layer))
    return network
