"""Networks in files: safetensors, which hold numbers and no code.

The header of each file carries, as text, what it was trained with, so that a
file alone is enough to build the network again.
"""

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lenet5.errors import LeNet5Error
from lenet5.networks import Network
from lenet5.run import make_network
from lenet5.settings import Settings
from lenet5.tensors import WEIGHTS, read_tensors, write_tensors


def save_network(network: Network, settings: Settings, path: Path) -> None:
    """Writes the weights to `path`, whole or not at all.

    Raises:
        LeNet5Error: the place cannot be written.
    """
    write_tensors(path, network.state_dict(), WEIGHTS, {"settings": settings.as_dict()})


def load_network(path: Path) -> tuple[Network, Settings]:
    """The network in `path`, and the settings that it was trained with.

    Raises:
        LeNet5Error: no such file, a pickle, a truncated file, or another network's.
    """
    tensors, header = read_tensors(path, WEIGHTS)
    settings = settings_from(header, path)
    network = make_network(settings)
    fill(network, tensors, path)
    return network, settings


def digest_of(network: Network) -> str:
    """SHA-256 of the weights, parameter by parameter in the order of their names."""
    sha = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        sha.update(name.encode())
        sha.update(tensor.detach().contiguous().numpy().tobytes())
    return sha.hexdigest()


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


def settings_from(header: dict[str, Any], path: Path) -> Settings:
    """The settings in the header of file `path`.

    Raises:
        LeNet5Error: they are not settings of this version.
    """
    try:
        return Settings(**header["settings"])
    except (KeyError, TypeError, LeNet5Error) as error:
        raise LeNet5Error(
            f"{path} was written by another version ({error}): train again, or use the version "
            "that wrote it."
        ) from error
