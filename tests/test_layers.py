"""Section II-A and II-B: the layers, one by one, against sums written out by hand."""

import math

import pytest
import torch

from lenet5 import paper
from lenet5.layers import (
    A,
    Convolution,
    EuclideanRBF,
    FullConnection,
    S,
    Subsampling,
    squash,
    squash_slope,
)


def test_equation_6_squash_keeps_plus_and_minus_one():
    a = torch.tensor([-1.0, 0.0, 1.0])
    assert torch.allclose(squash(a), a, atol=1e-4)
    assert (A, S) == (1.7159, 2 / 3)


def test_appendix_a_second_derivative_is_largest_at_one():
    a = torch.linspace(0, 3, 3001, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(squash(a).sum(), a, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), a)
    assert abs(a[bend.abs().argmax()].item() - 1) < 0.02


def test_squash_slope_is_the_derivative():
    a = torch.linspace(-4, 4, 99, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(squash(a).sum(), a)
    assert torch.allclose(squash_slope(squash(a)), slope)


def full(sources, maps):
    return torch.ones(sources, maps, dtype=torch.bool)


def test_section_ii_a_convolution_by_hand_adds_the_bias_once():
    layer = Convolution(full(2, 1), size=2)
    layer.kernels.data = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 1.0]]])
    layer.biases.data = torch.tensor([10.0])
    x = torch.arange(18.0).reshape(1, 2, 3, 3)
    # At row 0, column 1: 1·1 + 2·2 + 3·4 + 4·5 on map 0, 14 - 0 + ... = x[1, 1, 2] on map 1.
    expected = 1 * 1 + 2 * 2 + 3 * 4 + 4 * 5 + 14 + 10
    assert layer(x)[0, 0, 0, 1].item() == expected


def test_table_i_only_its_connections_carry_anything():
    """Changing S2 map s moves C3 map m exactly where Table I has a mark."""
    layer = Convolution(torch.from_numpy(paper.table_1()))
    layer.initialise("sqrt_fan_in", torch.Generator().manual_seed(0))
    x = torch.randn(1, 6, 14, 14, generator=torch.Generator().manual_seed(1))
    before = layer(x)
    for source in range(6):
        moved = x.clone()
        moved[:, source] += 1
        changed = (layer(moved) - before).abs().amax((0, 2, 3)) > 1e-6
        assert changed.tolist() == paper.table_1()[source].tolist()


def test_table_i_no_parameter_where_there_is_no_connection():
    layer = Convolution(torch.from_numpy(paper.table_1()))
    assert layer.kernels.shape == (60, 5, 5)
    assert sum(p.numel() for p in layer.parameters()) == 1516


def test_kernels_stand_in_the_order_of_the_columns():
    layer = Convolution(torch.from_numpy(paper.table_1()))
    layer.kernels.data = torch.arange(60.0)[:, None, None].expand(60, 5, 5).clone()
    weights = layer.weights()
    assert weights[0, :3, 0, 0].tolist() == [0, 1, 2]  # map 0 sees 0, 1, 2
    assert weights[15, :, 0, 0].tolist() == [54, 55, 56, 57, 58, 59]  # map 15 sees all


def test_section_ii_b_subsampling_adds_scales_and_shifts():
    layer = Subsampling(2)
    layer.coefficients.data = torch.tensor([0.5, -1.0])
    layer.biases.data = torch.tensor([0.25, 2.0])
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]]])
    assert layer(x).flatten().tolist() == [0.5 * 10 + 0.25, -1.0 * 2 + 2.0]


def test_subsampling_fields_do_not_overlap():
    layer = Subsampling(1)
    layer.coefficients.data = torch.ones(1)
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 1, 1] = 7
    assert layer(x)[0, 0].tolist() == [[7, 0], [0, 0]]


def test_equation_7_by_hand():
    layer = EuclideanRBF(torch.tensor([[1.0, -1.0], [-1.0, -1.0]]))
    assert layer(torch.tensor([[0.5, 0.0]])).tolist() == [[0.25 + 1.0, 2.25 + 1.0]]


def test_the_penalty_of_the_very_code_is_zero():
    codes = torch.from_numpy(paper.digit_codes()).float()
    penalties = EuclideanRBF(codes)(codes)
    assert penalties.diagonal().tolist() == [0.0] * 10
    assert penalties[6, 8].item() == 4 * 12  # twelve pixels differ by 2


@pytest.mark.parametrize(
    ("rule", "bound"), [("paper", lambda f: 2.4 / f), ("sqrt_fan_in", lambda f: 1 / math.sqrt(f))]
)
def test_appendix_a_initial_weights_fill_their_range_by_fan_in(rule, bound):
    c3 = Convolution(torch.from_numpy(paper.table_1()))
    c3.initialise(rule, torch.Generator().manual_seed(2))
    weights = c3.weights()
    for column in (0, 6, 15):  # 3, 4 and 6 sources: fan-in 75, 100, 150
        limit = bound(25 * int(paper.table_1()[:, column].sum()))
        largest = weights[column].abs().max().item()
        assert 0.9 * limit < largest <= limit
    assert not c3.biases.any()
    f6 = FullConnection(120, 84)
    f6.initialise(rule, torch.Generator().manual_seed(3))
    assert 0.99 * bound(120) < f6.weights.abs().max().item() <= bound(120)


def test_initial_subsampling_coefficients():
    layer = Subsampling(16)
    layer.initialise("sqrt_fan_in", torch.Generator())
    assert layer.coefficients.tolist() == [0.5] * 16
    layer.initialise("paper", torch.Generator().manual_seed(1))
    assert 0.3 < layer.coefficients.abs().max() <= 2.4 / 4
    assert layer.coefficients.unique().numel() == 16
