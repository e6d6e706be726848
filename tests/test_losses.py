"""Section II-C: equations (8) and (9), by hand and against autograd in float64."""

import math

import pytest
import torch

from lenet5.losses import MaximumAPosteriori, MeanSquaredError

PENALTIES = torch.tensor([[1.0, 2.0, 5.0]])
FIRST = torch.tensor([0])


def test_equation_8_is_the_desired_penalty():
    assert MeanSquaredError()(PENALTIES, torch.tensor([2])).tolist() == [5.0]


def test_equation_9_by_hand():
    j = 3.0
    competition = math.exp(-3) + math.exp(-1) + math.exp(-2) + math.exp(-5)
    expected = 1.0 + math.log(competition)
    assert MaximumAPosteriori(j)(PENALTIES, FIRST).item() == pytest.approx(expected, rel=1e-6)


def test_equation_9_is_minus_the_log_posterior():
    """e^-E is the probability of the class; with the rubbish class they sum to one."""
    loss = MaximumAPosteriori(3.0)
    of_each = [math.exp(-loss(PENALTIES, torch.tensor([i])).item()) for i in range(3)]
    rubbish = math.exp(-3) / sum(math.exp(-y) for y in (3, 1, 2, 5))
    assert sum(of_each) + rubbish == pytest.approx(1, rel=1e-6)


def test_equation_9_a_large_wrong_penalty_is_left_alone():
    """ "Prevents the penalties of classes that are already very large from being pushed"."""
    slopes = MaximumAPosteriori(3.0).gradient(torch.tensor([[1.0, 4.0, 40.0]]), FIRST)
    assert slopes[0, 1] < -0.01
    assert abs(slopes[0, 2]) < 1e-15


def test_equation_9_does_not_overflow():
    far = torch.tensor([[1e4, 2e4]])
    assert torch.isfinite(MaximumAPosteriori(1e3)(far, FIRST)).all()


@pytest.mark.parametrize("loss", [MeanSquaredError(), MaximumAPosteriori(2.5)])
def test_derivatives_against_float64_autograd(loss):
    draw = torch.Generator().manual_seed(0)
    penalties = 5 * torch.rand(6, 10, generator=draw, dtype=torch.float64)
    penalties.requires_grad_()
    labels = torch.arange(6)
    (gradient,) = torch.autograd.grad(loss(penalties, labels).sum(), penalties)
    assert torch.allclose(loss.gradient(penalties, labels).double(), gradient, atol=1e-12)

    def of_one(y):
        return loss(y[None], labels[:1])[0]

    hessian = torch.autograd.functional.hessian(of_one, penalties[0].detach())
    assert torch.allclose(loss.hessian(penalties)[0].double(), hessian, atol=1e-12)
