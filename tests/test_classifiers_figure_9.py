"""The rows of Figure 9 as experiments, on few digits."""

import dataclasses
import json

import jsonschema
import numpy as np
import pytest

from lenet5 import mnist
from lenet5.classifiers import Linear
from lenet5.errors import LeNet5Error
from lenet5.experiments import figure_9
from lenet5.experiments.figure_9 import EXPERIMENTS, choose, samples
from lenet5.paper import claims
from lenet5.results import records
from lenet5.results.records import name_of

BY_ID = {row.id: row for row in EXPERIMENTS}


@pytest.fixture(scope="module")
def few():
    """A database of 600 training and 100 test digits that claims to be whole."""
    subset = mnist._subset()
    return mnist.Database(subset.training[:600], subset.test[:100], mnist.WHOLE, subset.digests)


@pytest.mark.parametrize("row", EXPERIMENTS, ids=BY_ID)
def test_a_run_makes_a_record(row, few):
    record = row.record(few, row.runs()[0])
    jsonschema.validate(json.loads(record.text()), records.schema())
    (run,) = record.runs
    assert record.computed_by.keys() == {run.computed_by}
    assert record.settings["version"] == row.version
    assert "random_state" not in record.settings
    assert row.claims.keys() <= claims().keys()
    for name in row.claims.values():
        if name != "rejected_for_half_percent":  # of few digits it may be out of reach
            assert run.value(name) > 0
    assert run.values["error"] == run.curves["error"][-1] == len(run.missed) < 50
    assert all(few.test.labels[index] != answer for index, answer in run.missed)


@pytest.mark.parametrize("row", EXPERIMENTS, ids=BY_ID)
def test_a_run_gives_the_same_again(row, few):
    first, again = (row.record(few, row.runs()[0]).runs[0] for _ in range(2))
    assert dataclasses.replace(first, seconds=0) == dataclasses.replace(again, seconds=0)


@pytest.mark.parametrize("row", EXPERIMENTS, ids=BY_ID)
def test_only_what_a_seed_can_change_has_seeds(row):
    random = "random_state" in row.make(0).get_params()
    assert list(row.runs()) == ([1, 2, 3, 4, 5] if random else [0])
    if random:
        assert [row.make(seed).random_state for seed in (1, 2)] == [1, 2]


def test_each_claim_has_one_row_and_each_row_one_error():
    answered = [identifier for row in EXPERIMENTS for identifier in row.claims]
    assert len(answered) == len({*answered})
    assert sum(identifier.startswith("figure9-") for identifier in answered) == len(EXPERIMENTS)


@pytest.mark.parametrize("row", EXPERIMENTS, ids=BY_ID)
def test_what_was_chosen_is_among_what_was_tried(row):
    parameters = row.make(0).get_params()
    assert all(parameters[name] in values for name, values in row.tried.items())
    assert "held-out" in row.chosen


def test_images_are_rows_of_pixels_in_the_papers_levels(few):
    for version, pixels in (("regular", 28 * 28), ("deslanted", 20 * 20)):
        X, y = samples(few.training, version)
        assert X.shape == (600, pixels)
        assert X.min() == pytest.approx(-0.1)
        assert X.max() == pytest.approx(1.175, abs=0.01)
        assert (y == few.training.labels.numpy()).all()


def test_choices_are_made_on_held_out_digits(few):
    """By hand: fitted to the first 500 of 600, judged on the last 100."""
    row = dataclasses.replace(BY_ID["figure9-linear"], tried={"alpha": [1.0, 1e3]})
    found = choose(row, few)
    (X, y), (held, labels) = (samples(part, "regular") for part in (few.fitting, few.held_out))
    expected = [
        ({"alpha": alpha}, 100 * np.mean(Linear(alpha).fit(X, y).predict(held) != labels))
        for alpha in (1.0, 1e3)
    ]
    assert found == sorted(
        [(one, pytest.approx(error)) for one, error in expected], key=lambda pair: pair[1].expected
    )


def test_the_seconds_of_a_run_are_those_of_one_core(few, monkeypatch):
    limits = []
    limit = figure_9.threadpool_limits
    monkeypatch.setattr(figure_9, "threadpool_limits", lambda n: limits.append(n) or limit(n))
    BY_ID["figure9-linear"].record(few)
    assert limits == [1]


def test_the_record_names_what_computed_it(few):
    record = BY_ID["figure9-linear"].record(few)
    ((name, by),) = record.computed_by.items()
    assert name == name_of(by) == record.runs[0].computed_by


def test_no_record_is_made_of_the_subset():
    with pytest.raises(LeNet5Error, match="takes all of MNIST"):
        BY_ID["figure9-linear"].record(mnist._subset())
