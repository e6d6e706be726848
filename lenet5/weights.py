"""Networks in files: safetensors, which hold numbers and no code.

The header of each file carries, as text, what it was trained with, so that a
file alone is enough to build the network again.
"""

import hashlib
from pathlib import Path

from lenet5.networks import Network, fill
from lenet5.run import make_network
from lenet5.settings import Settings
from lenet5.tensors import WEIGHTS, read_tensors, settings_from, write_tensors


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
