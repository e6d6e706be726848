"""Section II-B: LeNet-5 as printed."""

import pytest
import torch

from lenet5 import paper
from lenet5.networks import LeNet5


def test_parameters_and_connections_of_each_layer_are_the_papers():
    printed = paper.architecture()
    for count in LeNet5().counts():
        line = printed.loc[count.layer]
        assert count[1:] == tuple(line[:5]), count.layer


def test_60000_trainable_parameters_340908_connections():
    assert sum(p.numel() for p in LeNet5().parameters()) == 60_000
    assert sum(count.connections for count in LeNet5().counts()) == 340_908


def test_the_codes_are_figure_3s_and_not_trained():
    network = LeNet5()
    assert set(network.output.codes.unique().tolist()) == {-1.0, 1.0}
    assert network.output.codes.tolist() == paper.digit_codes().tolist()
    assert "output.codes" not in dict(network.named_parameters())
    assert "output.codes" in dict(LeNet5(trainable_codes=True).named_parameters())


def test_every_layer_but_the_last_squashes(random_lenet5, random_samples):
    states = random_lenet5.states(50 * random_samples.images)
    assert list(states) == ["C1", "S2", "C3", "S4", "C5", "F6"]
    for state in states.values():
        assert 1.0 < state.abs().max() <= 1.7159 + 1e-6


def test_forward_is_states_then_rbf(random_lenet5, random_samples):
    f6 = random_lenet5.states(random_samples.images)["F6"]
    penalties = ((f6[:, None] - random_lenet5.output.codes) ** 2).sum(2)
    assert torch.allclose(random_lenet5(random_samples.images), penalties)


def test_the_smallest_penalty_wins(random_lenet5, random_samples):
    penalties = random_lenet5(random_samples.images)
    assert random_lenet5.classify(random_samples.images).tolist() == penalties.argmin(1).tolist()


def test_a_shift_by_four_pixels_shifts_s4_by_one(random_lenet5):
    """Weights are shared over positions, so features move with the picture."""
    image = torch.full((1, 1, 32, 32), -0.1)
    image[0, 0, 10:18, 10:18] = 1.175
    here = random_lenet5.states(image)["S4"]
    there = random_lenet5.states(image.roll((0, 4), (2, 3)))["S4"]
    assert torch.allclose(here[..., :-1], there[..., 1:], atol=1e-5)


def test_initialise_depends_on_the_seed_alone():
    first, again, other = LeNet5(), LeNet5(), LeNet5()
    first.initialise("sqrt_fan_in", torch.Generator().manual_seed(1))
    again.initialise("sqrt_fan_in", torch.Generator().manual_seed(1))
    other.initialise("sqrt_fan_in", torch.Generator().manual_seed(2))
    assert torch.equal(first.C5.kernels, again.C5.kernels)
    assert not torch.equal(first.C5.kernels, other.C5.kernels)


def test_appendix_a_printed_init_leaves_f6_nearly_still(random_samples):
    """Why the printed rule cannot train: F6 hardly moves from image to image."""
    spread = {}
    for rule in ("paper", "sqrt_fan_in"):
        network = LeNet5()
        network.initialise(rule, torch.Generator().manual_seed(0))
        spread[rule] = network.states(random_samples.images)["F6"].std(0).mean().item()
    assert spread["paper"] < spread["sqrt_fan_in"] / 50


@pytest.mark.parametrize("shape", [(1, 1, 28, 28), (2, 3, 32, 32)])
def test_a_wrong_shape_is_refused(random_lenet5, shape):
    with pytest.raises(Exception, match=r".+"):
        random_lenet5(torch.zeros(shape))
