"""Section III-C's networks against what the paper and its references count."""

import pytest
import torch

from lenet5.losses import MeanSquaredError
from lenet5.rivals import LeNet1, LeNet4, Perceptron, SplitSubsampling
from lenet5.sdlm import curvature


def totals(network):
    counts = network.counts()
    return sum(c.parameters for c in counts), sum(c.connections for c in counts[:-1])


def test_lenet1_has_the_parameters_and_connections_of_its_paper():
    counts = LeNet1().counts()
    assert totals(LeNet1()) == (2578, 98_442)
    assert [c.parameters for c in counts] == [104, 8, 512, 24, 1930, 0]
    assert [c.connections for c in counts[:-1]] == [59_904, 2_880, 32_768, 960, 1_930]


def test_lenet4_has_the_maps_that_the_text_states():
    counts = LeNet4().counts()
    assert [c.maps for c in counts] == [4, 8, 16, 16, 120, 10, 10]
    assert 250_000 < totals(LeNet4())[1] < 330_000  # the paper: about 260,000


@pytest.mark.parametrize(
    ("hidden", "parameters"),
    [((300,), 238_510), ((1000,), 795_010), ((300, 100), 266_610), ((500, 150), 469_160)],
)
def test_perceptrons_have_the_weights_of_figure_12(hidden, parameters):
    assert totals(Perceptron(*hidden))[0] == parameters


def test_targets_are_one_of_ten():
    """The penalty is half the squared distance to +1 for the class and -1 elsewhere."""
    output = LeNet1(penalty_scale=0.5).output
    x = torch.linspace(-1, 1, 10)[None]
    target = torch.full((10,), -1.0)
    target[3] = 1
    assert float(output(x)[0, 3]) == pytest.approx(float(((x - target) ** 2).sum() / 2))


def test_a_map_feeds_its_neighbours_above():
    layer = SplitSubsampling(2, 2)
    layer.coefficients.data = torch.tensor([1.0, 2.0, 3.0, 4.0])
    x = torch.arange(8.0).view(1, 2, 2, 2)
    torch.testing.assert_close(layer(x).flatten(), torch.tensor([6.0, 12.0, 66.0, 88.0]))


def test_curvature_goes_through_split_maps():
    """h of a bias at the output, through squares of derivatives, sample by sample."""
    layer = SplitSubsampling(2, 2)
    layer.coefficients.data = torch.tensor([1.0, 2.0, 3.0, 4.0])
    x, h_a = torch.rand(3, 2, 4, 4), torch.rand(3, 4, 2, 2)
    h_x, h = layer.bbprop(x, h_a)
    wide = h_a.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(h_x[:, 0], wide[:, 0] * 1 + wide[:, 1] * 4)
    torch.testing.assert_close(h_x[:, 1], wide[:, 2] * 9 + wide[:, 3] * 16)
    torch.testing.assert_close(h["biases"], h_a.sum((0, 2, 3)))


@pytest.mark.parametrize("network", [LeNet1(), LeNet4(), Perceptron(300, 100)])
def test_every_parameter_has_a_curvature(network):
    network.initialise("sqrt_fan_in", torch.Generator().manual_seed(1))
    images = torch.rand(20, *network.input_shape)
    h = curvature(network, MeanSquaredError(), images, torch.arange(20) % 10)
    for name, parameter in network.named_parameters():
        assert h[name].shape == parameter.shape
        assert (h[name] >= 0).all()
        assert h[name].max() > 0
