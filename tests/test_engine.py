"""The fast trainer, held against autograd in float64 and against the readable trainer."""

import copy
import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from lenet5 import distortion, layers
from lenet5.distortion import Distortion, distort
from lenet5.engine import kernels, pass_in_engine, penalties_in_engine
from lenet5.engine.layout import Layout
from lenet5.errors import LeNet5Error
from lenet5.evaluation import penalties
from lenet5.layers import Convolution, EuclideanRBF, FullConnection, Layer, Subsampling
from lenet5.losses import MaximumAPosteriori, MeanSquaredError
from lenet5.networks import LeNet5, Network
from lenet5.rivals import LeNet1, LeNet4, Perceptron
from lenet5.run import Samples
from lenet5.sdlm import curvature
from lenet5.settings import Settings
from lenet5.training import Tally, pass_in_pytorch, train

GRADIENT_TOLERANCE = 1e-5
"""Of the largest gradient in the same parameter; the worst seen is 4e-6."""
WEIGHT_TOLERANCE = 2e-5
"""Of a weight after 1,000 updates, absolute; the worst seen is 3e-6."""
TANH_TOLERANCE = 5e-7

LOSSES = [MaximumAPosteriori(5.0), MeanSquaredError()]


def odd_network() -> Network:
    """Two input maps, kernels of 3 and 2, holes in a table, odd sizes, trainable codes."""
    draw = torch.Generator().manual_seed(8)
    table = torch.rand(3, 11, generator=draw) > 0.3
    layers = {
        "one": Convolution(torch.ones(2, 3, dtype=torch.bool), 3),  # 11x13 -> 9x11
        "two": Convolution(table, 2),  # -> 8x10
        "three": Subsampling(11),  # -> 4x5
        "four": FullConnection(11 * 4 * 5, 7),
    }
    codes = torch.randn(10, 7, generator=draw)
    return Network(layers, EuclideanRBF(codes, 0.3, True), (2, 11, 13))


NETWORKS = {
    "LeNet-5": LeNet5,
    "LeNet-5, trainable codes": lambda: LeNet5(1 / 84, True),
    "LeNet-5, one of ten, full C3": lambda: LeNet5(1 / 10, codes="one_of_ten", c3="full"),
    "LeNet-5, S2 and S4 not squashed": lambda: LeNet5(1 / 84, squash_subsampling=False),
    "LeNet-1": LeNet1,
    "LeNet-4": LeNet4,
    "784-300-10": lambda: Perceptron(300),
    "784-300-100-10": lambda: Perceptron(300, 100),
    "odd": odd_network,
}


def drawn(name: str) -> Network:
    """The network with every parameter at random, biases and coefficients too."""
    network = NETWORKS[name]()
    draw = torch.Generator().manual_seed(9)
    network.initialise("sqrt_fan_in", draw)
    for key, parameter in network.named_parameters():
        if key.endswith(("biases", "coefficients")):
            parameter.data += 0.3 * torch.randn(parameter.shape, generator=draw)
    return network


def noise(network: Network, count: int) -> Samples:
    draw = torch.Generator().manual_seed(10)
    images = torch.rand(count, *network.input_shape, generator=draw) * 1.275 - 0.1
    return Samples(images, torch.arange(count) % 10)


def zeros_like_parameters(network: Network) -> dict[str, torch.Tensor]:
    return {name: torch.zeros_like(p) for name, p in network.named_parameters()}


@pytest.mark.parametrize("loss", LOSSES, ids=["equation 9", "equation 8"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("distorted", [False, True], ids=["plain", "distorted"])
def test_gradients_are_those_of_autograd_in_double_precision(name, loss, distorted):
    """With h = 0, μ = 1 and η = 1 one update moves each weight by its gradient."""
    network, sample = drawn(name), 3
    samples = noise(network, 5)
    maps = Distortion(1, side=network.input_shape[2]).draw(1) if distorted else None
    moved = copy.deepcopy(network)
    flat = zeros_like_parameters(network)
    tally = pass_in_engine(moved, loss, samples, torch.tensor([sample]), flat, 1.0, 1.0, maps=maps)

    exact = copy.deepcopy(network).double()
    image, label = samples.images[sample, None].double(), samples.labels[sample, None]
    if maps is not None:
        image = distort(image, maps)
    error = loss(exact(image), label).sum()
    error.backward()
    assert tally.loss == pytest.approx(error.item(), rel=5e-6)
    after = dict(moved.named_parameters())
    for (key, before), parameter in zip(
        network.named_parameters(), exact.parameters(), strict=True
    ):
        slope = before.detach().double() - after[key].detach().double()
        worst = (slope - parameter.grad).abs().max() / parameter.grad.abs().max()
        assert worst < GRADIENT_TOLERANCE, key


@pytest.mark.parametrize(("name", "loss"), [("LeNet-5", LOSSES[0]), ("LeNet-1", LOSSES[1])])
def test_a_thousand_updates_end_where_those_of_pytorch_end(name, loss):
    network = drawn(name)
    samples = noise(network, 250)
    order = torch.arange(1000) % 250
    h = curvature(network, loss, samples.images, samples.labels)
    ours, theirs = copy.deepcopy(network), copy.deepcopy(network)
    fast = pass_in_engine(ours, loss, samples, order, h, 2e-4, 0.02)
    slow = pass_in_pytorch(theirs, loss, samples, order, h, 2e-4, 0.02)
    assert abs(fast.errors - slow.errors) <= 2
    assert fast.loss == pytest.approx(slow.loss, rel=1e-4)
    expected = dict(theirs.named_parameters())
    for key, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter, expected[key], rtol=0, atol=WEIGHT_TOLERANCE)
        assert not torch.equal(parameter, dict(network.named_parameters())[key])


@pytest.mark.parametrize("name", NETWORKS)
def test_penalties_are_those_of_the_network(name):
    network = drawn(name)
    samples = noise(network, 20)
    torch.testing.assert_close(
        penalties_in_engine(network, samples), penalties(network, samples), rtol=2e-5, atol=2e-5
    )


def test_tanh_errs_by_no_more_than_it_says():
    z = np.linspace(-12, 12, 400_001, dtype=np.float32)  # and past 8.3, where it stops
    result = z.copy()
    kernels.squash(result)
    exact = float(kernels.A) * np.tanh(float(kernels.S) * z.astype(float))
    assert np.abs(result - exact).max() <= TANH_TOLERANCE * float(kernels.A)
    beyond = np.array([40, 1e20, np.inf], np.float32)
    kernels.squash(beyond)
    np.testing.assert_allclose(beyond, kernels.A, rtol=TANH_TOLERANCE)


def test_a_nan_is_not_squashed_away():
    state = np.full(16, np.nan, np.float32)
    kernels.squash(state)
    assert np.isnan(state).all()


def test_what_table_1_does_not_connect_has_neither_weight_nor_rate():
    network = drawn("LeNet-5")
    layout = Layout(network)
    used = torch.zeros(layout.weights, dtype=torch.bool)
    for place in layout.places.values():
        assert not used[place].any()  # no two parameters share a place
        used[place] = True
    start, stop = layout.program[2]["weights"], layout.program[2]["biases"]
    assert used[start:stop].sum() == 60 * 25
    rate = layout.gather(zeros_like_parameters(network))
    assert (rate[~used.numpy()] == 0).all()


def test_what_is_not_a_parameter_keeps_its_zeros_in_training(random_samples):
    network = drawn("LeNet-5")
    layout = Layout(network)
    loss, order = MaximumAPosteriori(10.0), torch.arange(40)
    w = layout.gather(network.state_dict())
    rate = layout.gather({k: 1e-3 + h for k, h in zeros_like_parameters(network).items()})
    idle = w == 0
    sizes = (layout.states, layout.states, layout.weights, layout.turned)
    buffers = [np.zeros(size, np.float32) for size in sizes]
    kernels.present(
        layout.program,
        w,
        rate,
        *buffers,
        random_samples.images.numpy(),
        random_samples.labels.numpy(),
        order.numpy(),
        np.empty((0, 5), np.float32),
        loss.j,
    )
    assert idle.sum() > 36 * 25
    assert (w[idle] == 0).all()


def test_the_same_pass_gives_the_same_bits(random_samples):
    network = drawn("LeNet-5")
    h = zeros_like_parameters(network)
    maps = Distortion(4).draw(40)
    runs = []
    for _ in range(2):
        trained = copy.deepcopy(network)
        order = torch.arange(40)
        pass_in_engine(trained, LOSSES[0], random_samples, order, h, 1e-4, 0.02, maps=maps)
        runs.append(trained.state_dict())
    assert all(torch.equal(tensor, runs[1][key]) for key, tensor in runs[0].items())


def test_a_cut_run_goes_on_bit_for_bit(random_samples, tmp_path):
    settings = Settings(seed=3, passes=3, curvature_samples=20)

    def run(settings, place):
        return train(
            settings, random_samples, checkpoint=place, one_pass=pass_in_engine, progress=False
        )

    whole = run(settings, tmp_path / "whole")
    run(dataclasses.replace(settings, passes=1), tmp_path / "cut")
    resumed = run(settings, tmp_path / "cut").network.state_dict()
    for key, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, resumed[key]), key


def test_progress_is_told_in_pieces(random_samples):
    network, told = drawn("LeNet-5"), []
    order = torch.arange(2500) % 40
    h = zeros_like_parameters(network)
    pass_in_engine(network, LOSSES[1], random_samples, order, h, 1e-5, 0.02, told.append)
    assert told == [1000, 1000, 500]


def test_divergence_is_seen(random_samples):
    network = drawn("LeNet-5")
    h = zeros_like_parameters(network)
    order = torch.arange(40)
    tally = pass_in_engine(network, LOSSES[0], random_samples, order, h, 1e30, 0.02)
    assert isinstance(tally, Tally)
    assert not np.isfinite(tally.loss)


def test_a_network_that_it_does_not_know_is_refused(random_samples):
    class Unknown(Layer):
        pass

    network = Network({"pool": Unknown()}, EuclideanRBF(torch.zeros(10, 1024)), (1, 32, 32))
    with pytest.raises(LeNet5Error, match="does not know layer pool"):
        penalties_in_engine(network, random_samples)


def test_images_of_another_shape_are_refused(random_samples):
    with pytest.raises(LeNet5Error, match=r"\(1, 28, 28\)"):
        penalties_in_engine(Perceptron(10), random_samples)


def test_another_loss_is_refused(random_samples):
    class Other:
        __call__ = gradient = hessian = lambda *_: None

    network = drawn("LeNet-5")
    h, order = zeros_like_parameters(network), torch.arange(2)
    with pytest.raises(LeNet5Error, match="the loss Other"):
        pass_in_engine(network, Other(), random_samples, order, h, 1e-5, 0.02)


def test_an_order_beyond_the_samples_is_refused(random_samples):
    network = drawn("LeNet-5")
    h, order = zeros_like_parameters(network), torch.tensor([3, 40])
    with pytest.raises(IndexError, match="outside 0 to 39"):
        pass_in_engine(network, LOSSES[0], random_samples, order, h, 1e-5, 0.02)


def test_as_many_maps_as_presentations_or_none(random_samples):
    network = drawn("LeNet-5")
    h, order, maps = zeros_like_parameters(network), torch.arange(3), Distortion(1).draw(2)
    with pytest.raises(Exception, match="presentations"):
        pass_in_engine(network, LOSSES[0], random_samples, order, h, 1e-5, 0.02, maps=maps)


def test_kernels_are_compiled_anew_when_what_they_are_built_on_changes():
    """Numba keeps compiled kernels until kernels.py itself changes; this makes it change."""
    tiles = Path(kernels.__file__).with_name("tiles.py").read_bytes()
    constants = repr((layers.A, layers.S, distortion.BACKGROUND)).encode()
    digest = hashlib.sha256(tiles + constants).hexdigest()[:16]
    assert digest == kernels.BUILT_ON, f'write BUILT_ON = "{digest}" into kernels.py'
