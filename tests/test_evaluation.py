"""Errors and intervals, by hand."""

import pytest
import torch

from lenet5.evaluation import Evaluation, evaluate, penalties


def test_error_missed_and_confusion_by_hand():
    result = Evaluation(torch.tensor([0, 1, 1, 2]), torch.tensor([0, 1, 2, 2]))
    assert result.error == 25.0
    assert result.missed.tolist() == [2]
    assert result.confusion(3).tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]


def test_wilson_interval_of_95_errors_in_10000():
    """Newcombe (1998) gives the formula; 0.95 % of 10,000 is 0.78 to 1.16 %."""
    labels = torch.zeros(10_000, dtype=torch.int64)
    answers = labels.clone()
    answers[:95] = 1
    low, high = Evaluation(answers, labels).interval()
    assert (low, high) == (pytest.approx(0.7777, abs=2e-4), pytest.approx(1.1599, abs=2e-4))


def test_no_error_still_has_an_interval():
    zeros = torch.zeros(100, dtype=torch.int64)
    low, high = Evaluation(zeros, zeros).interval()
    assert low == pytest.approx(0, abs=1e-9)
    assert 3 < high < 4


def test_batches_do_not_matter(random_lenet5, random_samples):
    many = type(random_samples)(
        random_samples.images.repeat(10, 1, 1, 1), random_samples.labels.repeat(10)
    )
    whole = random_lenet5(many.images)
    assert torch.allclose(penalties(random_lenet5, many), whole, rtol=1e-4, atol=1e-4)
    assert evaluate(random_lenet5, many).answers.tolist() == whole.argmin(1).tolist()
