"""Which version of the database each network sees."""

import pytest
import torch

from lenet5 import mnist
from lenet5.inputs import inputs
from lenet5.run import make_network
from lenet5.settings import Settings


@pytest.fixture
def digits():
    draw = torch.Generator().manual_seed(0)
    images = torch.zeros(3, 28, 28, dtype=torch.uint8)
    images[:, 4:24, 4:24] = (torch.rand(3, 20, 20, generator=draw) * 255).byte()
    return mnist.Digits(images, torch.tensor([1, 2, 3]))


@pytest.mark.parametrize("name", ["lenet5", "lenet4", "lenet1", "300", "500-150"])
def test_each_network_takes_what_it_is_given(digits, name):
    samples = inputs(digits, name)
    assert samples.labels.tolist() == [1, 2, 3]
    assert samples.images.shape[1:] == make_network(Settings(network=name)).input_shape
    assert make_network(Settings(network=name))(samples.images).shape == (3, 10)


def test_section_iii_c_7_lenet1_sees_16_by_16_in_the_middle_of_28_by_28(digits):
    images = inputs(digits, "lenet1").images
    assert torch.equal(images[:, :, 6:22, 6:22], mnist.reduced(digits.images))
    images[:, :, 6:22, 6:22] = mnist.BACKGROUND
    assert images.unique().tolist() == pytest.approx([-0.1])
