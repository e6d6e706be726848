"""What several test files share."""

import os
from pathlib import Path

import pytest
import torch

from lenet5 import idx, mnist
from lenet5.files import ROOT
from lenet5.networks import LeNet5
from lenet5.run import Samples


@pytest.fixture(autouse=True)
def _one_thread():
    """Small tensors gain nothing from threads, and CI runs tests side by side."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def mirror_url() -> str:
    """Where the four original archives of MNIST can be had."""
    if named := os.environ.get(idx.MIRROR):
        return named
    for place in (ROOT.parent / "shared" / "mnist", ROOT / "data" / "MNIST" / "raw"):
        if all((place / name).exists() for name in idx.ARCHIVES):
            return place.as_uri()
    pytest.skip(f"no archives of MNIST: `make book` fetches them, or name a mirror in {idx.MIRROR}")


@pytest.fixture(scope="session")
def mnist_directory(mirror_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all of MNIST is, fetched once from the archives: not to be written to."""
    directory = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(idx.MIRROR, mirror_url)
        mnist.load(directory)
    return directory


@pytest.fixture
def random_lenet5() -> LeNet5:
    """LeNet-5 with every parameter drawn, biases and coefficients too."""
    network = LeNet5()
    draw = torch.Generator().manual_seed(5)
    network.initialise("sqrt_fan_in", draw)
    for name, parameter in network.named_parameters():
        if name.endswith(("biases", "coefficients")):
            parameter.data += 0.3 * torch.randn(parameter.shape, generator=draw)
    return network


@pytest.fixture
def random_samples() -> Samples:
    """Four noisy copies of each of ten random pictures."""
    draw = torch.Generator().manual_seed(6)
    pictures = (torch.rand(10, 1, 32, 32, generator=draw) > 0.8).float() * 1.275 - 0.1
    images = pictures.repeat(4, 1, 1, 1) + 0.1 * torch.randn(40, 1, 32, 32, generator=draw)
    return Samples(images, torch.arange(40) % 10)
