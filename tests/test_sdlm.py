"""Appendix C: the curvature against dense per-layer Jacobians, and the update by hand."""

import pytest
import torch
from torch.func import functional_call, jacrev

from lenet5.layers import squash
from lenet5.losses import MaximumAPosteriori, MeanSquaredError
from lenet5.networks import LeNet5
from lenet5.sdlm import SDLM, curvature


def dense_curvature(network, loss, samples, seed):
    """Equations (23) to (27) with nothing clever: Jacobians of each layer, squared.

    A shared weight is unfolded into one weight a connection by running the layer on
    one output position at a time: h is the sum over positions of (da/dw)² h_a.
    """
    network = network.double()
    images, labels = samples.images.double(), samples.labels
    total = {name: torch.zeros_like(p) for name, p in network.named_parameters()}
    for image, label in zip(images, labels, strict=True):
        x, inputs, sums = image[None], {}, {}
        for name, layer in network.layers():
            inputs[name] = x
            sums[name] = layer(x)
            x = squash(sums[name])
        h_x, of_output = network.output.bbprop(x, label[None], loss, seed)
        for key, value in of_output.items():
            total[f"output.{key}"] += value
        for name, layer in reversed(network.layers()):
            a = sums[name].detach().requires_grad_()
            (slope,) = torch.autograd.grad(squash(a).sum(), a)
            h_a = (slope**2 * h_x.reshape(a.shape)).flatten()
            weights = {key: value.detach() for key, value in layer.named_parameters()}

            def output(weights, x, layer=layer):
                return functional_call(layer, weights, (x,)).flatten()

            by_weight, by_input = jacrev(output, argnums=(0, 1))(weights, inputs[name])
            for key, jacobian in by_weight.items():
                total[f"{name}.{key}"] += torch.tensordot(h_a, jacobian**2, 1)
            h_x = torch.tensordot(h_a, by_input**2, 1)
    return {name: value / len(labels) for name, value in total.items()}


@pytest.mark.parametrize("seed", ["desired", "exact"])
@pytest.mark.parametrize("loss", [MeanSquaredError(), MaximumAPosteriori(60.0)])
def test_equations_23_to_27_against_dense_jacobians(random_lenet5, random_samples, loss, seed):
    few = type(random_samples)(random_samples.images[:3], random_samples.labels[:3])
    ours = curvature(random_lenet5, loss, few.images, few.labels, seed)
    dense = dense_curvature(random_lenet5, loss, few, seed)
    assert ours.keys() == dense.keys()
    for name, h in ours.items():
        scale = dense[name].max()
        assert scale > 0, name
        assert ((h.double() - dense[name]).abs().max() / scale).item() < 1e-5, name


def test_equation_23_sums_squares_where_weights_are_shared(random_lenet5, random_samples):
    """h is not the Gauss-Newton diagonal, which squares the sum over positions."""
    loss = MeanSquaredError()
    image, label = random_samples.images[:1], random_samples.labels[:1]
    h = curvature(random_lenet5, loss, image, label)["C1.biases"]

    def f6(biases):
        return functional_call(
            _F6(random_lenet5), {"network.C1.biases": biases}, (image,)
        ).flatten()

    jacobian = jacrev(f6)(random_lenet5.C1.biases.detach())
    gauss_newton = 2 * (jacobian**2).sum(0)
    assert not torch.allclose(h, gauss_newton, rtol=0.1)


class _F6(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network.states(x)["F6"]


@pytest.mark.parametrize("loss", [MeanSquaredError(), MaximumAPosteriori(60.0)])
def test_the_exact_seed_is_the_second_derivative_at_f6(random_lenet5, random_samples, loss):
    output = random_lenet5.output
    f6 = random_lenet5.states(random_samples.images[:2])["F6"].detach()
    labels = random_samples.labels[:2]
    h_x, _ = output.bbprop(f6, labels, loss, "exact")

    def of_first(x):
        return loss(output(x[None]), labels[:1])[0]

    hessian = torch.autograd.functional.hessian(of_first, f6[0])
    assert torch.allclose(h_x[0], hessian.diagonal(), rtol=1e-3, atol=1e-4)


def test_the_desired_seed_is_two_and_one_with_the_half(random_samples):
    f6 = torch.zeros(3, 84)
    labels = torch.tensor([0, 1, 2])
    for scale, expected in ((1.0, 2.0), (0.5, 1.0)):
        h_x, _ = LeNet5(scale).output.bbprop(f6, labels, MaximumAPosteriori(1.0), "desired")
        assert h_x.unique().tolist() == [expected]


def test_equation_24_averages_over_samples(random_lenet5, random_samples):
    loss = MeanSquaredError()
    each = [
        curvature(
            random_lenet5, loss, random_samples.images[i : i + 1], random_samples.labels[i : i + 1]
        )
        for i in range(4)
    ]
    together = curvature(random_lenet5, loss, random_samples.images[:4], random_samples.labels[:4])
    for name, h in together.items():
        mean = torch.stack([one[name] for one in each]).mean(0)
        assert torch.allclose(h, mean, rtol=1e-4, atol=1e-7), name


def test_equation_21_update_by_hand():
    weight = torch.nn.Parameter(torch.tensor([1.0, 1.0]))
    optimizer = SDLM([("w", weight)], eta=0.5, mu=0.1)
    optimizer.set_curvatures({"w": torch.tensor([0.0, 0.9])})
    weight.grad = torch.tensor([0.2, 0.2])
    optimizer.step()
    # 1 - 0.5 / 0.1 · 0.2 = 0 and 1 - 0.5 / 1.0 · 0.2 = 0.9
    assert weight.tolist() == pytest.approx([0.0, 0.9], abs=1e-6)


def test_equation_21_no_rate_exceeds_eta_over_mu(random_lenet5, random_samples):
    h = curvature(random_lenet5, MeanSquaredError(), random_samples.images, random_samples.labels)
    assert all((value >= 0).all() for value in h.values())


def test_sdlm_wants_curvatures_first():
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = SDLM([("w", weight)], eta=0.1)
    weight.grad = torch.ones(1)
    with pytest.raises(RuntimeError, match="set_curvatures"):
        optimizer.step()


def test_trainable_codes_get_the_curvature_of_their_own_class(random_samples):
    network = LeNet5(trainable_codes=True)
    network.initialise("sqrt_fan_in", torch.Generator().manual_seed(0))
    labels = torch.tensor([3, 3, 3, 1])
    h = curvature(network, MeanSquaredError(), random_samples.images[:4], labels)["output.codes"]
    assert h[:, 0].tolist() == [0, 0.5, 0, 1.5, 0, 0, 0, 0, 0, 0]
