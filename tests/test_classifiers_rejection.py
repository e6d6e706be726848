"""Rejection by the difference of the two best scores, by hand and against a loop."""

import numpy as np
import pytest

from lenet5.classifiers.rejection import margins, rejection

SCORES = np.array([[9.0, 1, 0], [5, 0, 1], [0, 3, 2], [2, 0, 4]])  # sure by 8, 4, 1 and 2


def test_margins_are_differences_of_the_two_best():
    assert margins(SCORES).tolist() == [8, 4, 1, 2]


def test_the_curve_by_hand():
    """The third is wrong and least sure; the second is wrong too."""
    curve = rejection(SCORES, np.array([0, 1, 0, 2]))
    assert curve.rejected.tolist() == [0, 25, 50, 75]
    assert curve.error == pytest.approx([50, 100 / 3, 50, 0])
    assert curve.rejected_for(50.0) == 0
    assert curve.rejected_for(40.0) == 25
    assert curve.rejected_for(0.5) == 75


def test_images_of_equal_difference_go_together():
    scores = np.array([[3.0, 0], [0, 3], [1, 0], [5, 0]])
    curve = rejection(scores, np.array([1, 1, 1, 0]))
    assert curve.rejected.tolist() == [0, 25, 75]
    assert curve.error == pytest.approx([50, 100 / 3, 0])


def test_an_error_may_be_out_of_reach():
    """The surest is wrong, so that an error is always left."""
    assert rejection(SCORES, np.array([1, 0, 1, 2])).rejected_for(0.5) is None


def test_the_curve_against_a_loop_over_thresholds():
    draw = np.random.default_rng(1)
    scores = draw.integers(0, 12, size=(300, 5)).astype(float)
    labels = draw.integers(0, 5, size=300)
    curve = rejection(scores, labels)
    expected = []
    for threshold in sorted({*margins(scores)}):
        kept = [n for n in range(300) if margins(scores)[n] >= threshold]
        wrong = sum(scores[n].argmax() != labels[n] for n in kept)
        expected.append((100 * (300 - len(kept)) / 300, 100 * wrong / len(kept)))
    np.testing.assert_allclose(np.transpose(curve), expected)
