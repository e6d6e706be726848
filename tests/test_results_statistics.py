"""Means, intervals, pairs and verdicts."""

import dataclasses
import math

import numpy as np
import pytest
from made_up import entry, record
from scipy import stats

from lenet5.paper import Claim
from lenet5.results.effects import effect
from lenet5.results.statistics import mean_interval, prediction_interval
from lenet5.results.verdicts import judge, verdicts

CLAIM = Claim("a", "III-B", "the error", 0.95, "%", 0.85, 1.05, "because")


def test_mean_interval_is_that_of_scipy():
    values = [0.9, 1.1, 1.0, 1.3]
    sem = stats.sem(values)
    expected = stats.t.interval(0.95, 3, np.mean(values), sem)
    assert mean_interval(values)[1:] == pytest.approx(expected)


def test_one_value_has_no_interval():
    assert mean_interval([1.0]).mean == 1.0
    assert math.isnan(mean_interval([1.0]).low)
    assert math.isnan(prediction_interval([1.0]).high)


def test_prediction_interval_holds_one_more_value_95_times_of_100():
    draw = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        *seen, one_more = draw.normal(size=6)
        _, low, high = prediction_interval(seen)
        held += low <= one_more <= high
    assert held / 2000 == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([0.94, 0.96, 0.95], "reproduced"),
        ([1.04, 1.05, 1.03], "partially reproduced"),
        ([1.06, 1.07, 1.05], "partially reproduced"),
        ([1.16, 1.17, 1.15], "not reproduced"),
        ([0.1, 0.2, 0.15], "not reproduced"),
        ([0.95], "partially reproduced"),
        ([1.2], "not reproduced"),
        ([], "not run yet"),
    ],
)
def test_the_rule_of_the_verdicts(values, word):
    assert judge(CLAIM, values) == word


def test_a_count_is_equal_or_not():
    exact = dataclasses.replace(CLAIM, value=6e4, low=6e4, high=6e4)
    assert judge(exact, [6e4], seedless=True) == "reproduced"
    assert judge(exact, [6e4 + 1], seedless=True) == "not reproduced"


def test_what_cannot_be_tested_says_so():
    assert judge(dataclasses.replace(CLAIM, cannot="no data"), []) == "cannot be reproduced"


def test_each_claim_has_a_verdict_and_a_record_is_found_by_its_claim():
    found = verdicts([record(1, 2, 3)])
    (one,) = [verdict for verdict in found if verdict.experiment]
    assert (one.claim.id, one.n, one.ours.mean) == ("figure5-test-error", 3, 1.0)
    assert one.difference == pytest.approx(0.05)
    assert {verdict.word for verdict in found if not verdict.experiment} == {
        "not run yet",
        "cannot be reproduced",
    }


def test_an_effect_is_taken_in_pairs_of_seeds():
    """Seeds differ by much, and the pairs hardly: the interval is that of the pairs."""
    base = record(runs=[entry(seed, error=float(seed)) for seed in (1, 2, 3, 9)])
    ours = record(runs=[entry(seed, error=seed + d) for seed, d in ((1, 0.2), (2, 0.3), (3, 0.25))])
    one = effect(ours, base)
    assert one.n == 3
    assert one.difference == pytest.approx(mean_interval([0.2, 0.3, 0.25]))
    assert one.carried
    assert not effect(base, base).carried
