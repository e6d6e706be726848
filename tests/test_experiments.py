"""Experiments: what they name is there, and reproduce, cut or not, gives one record."""

import dataclasses
import json

import pytest
import torch

from lenet5 import engine, mnist
from lenet5.classifiers import Linear
from lenet5.errors import LeNet5Error
from lenet5.experiments import EXPERIMENTS, cost, experiment, reproduce
from lenet5.experiments import verify as verify_module
from lenet5.experiments.counts import Count
from lenet5.experiments.experiment import Experiment, settled_after
from lenet5.experiments.open_questions import BASELINE
from lenet5.experiments.verify import verify
from lenet5.paper import claims
from lenet5.results import records
from lenet5.settings import Settings

TINY = Experiment(
    "tiny",
    "Two passes over 200 digits",
    Settings(passes=2, curvature_samples=30),
    claims={"figure5-test-error": "error@2"},
    seeds=3,
    images=200,
)


@pytest.fixture
def few(monkeypatch, mnist_directory):
    """A database of 300 training and 50 test digits that claims to be whole."""
    whole = mnist.load(mnist_directory)
    few = mnist.Database(whole.training[:300], whole.test[:50], whole.source, whole.digests)
    monkeypatch.setattr("lenet5.mnist.load", lambda: few)
    return few


@pytest.fixture
def places(tmp_path):
    return {"directory": tmp_path / "records", "runs": tmp_path / "runs", "jobs": 1}


TRAINED = [one for one in EXPERIMENTS.values() if isinstance(one, Experiment)]


@pytest.mark.parametrize("one", EXPERIMENTS.values(), ids=EXPERIMENTS.keys())
def test_claims_and_baselines_exist(one):
    assert one.claims.keys() <= claims().keys()
    if isinstance(one, Experiment) and one.baseline:
        assert one.baseline in EXPERIMENTS


@pytest.mark.parametrize("one", TRAINED, ids=lambda one: one.id)
def test_a_variant_differs_from_its_baseline_in_what_its_name_says(one):
    """One choice, but for the recipe as printed, half with j = 10, and the collapse."""
    if not one.baseline:
        return
    ours, theirs = one.settings.as_dict(), EXPERIMENTS[one.baseline].settings.as_dict()
    changed = {name for name in ours if ours[name] != theirs[name]}
    two = {"open-as-printed", "open-half-j-10", "open-codes-mse"}
    assert len(changed) == (2 if one.id in two else 1), changed
    assert one.hold_out == EXPERIMENTS[one.baseline].hold_out


def test_open_questions_never_see_the_test_set():
    of_open = [one for one in TRAINED if one.id.startswith("open-")]
    assert len(of_open) > 15
    assert all(one.hold_out for one in of_open)
    assert all(one.baseline == BASELINE for one in of_open if one.id != BASELINE)


def test_the_headline_experiments_have_the_seeds_that_are_promised():
    seeds = {one.id: one.seeds for one in TRAINED}
    assert seeds["figure5"] == seeds["figure6-distorted"] == 20
    assert seeds["figure5-mse"] == seeds["figure6-15000"] == seeds["figure6-30000"] == 10
    assert min(seeds.values()) >= 5


def test_what_an_experiment_learns_from_and_is_judged_on(few):
    training, judged = TINY.samples(few)
    assert (len(training.labels), len(judged.labels)) == (200, 50)
    held = dataclasses.replace(TINY, hold_out=True, images=None)
    training, judged = held.samples(few)
    assert (len(training.labels), len(judged.labels)) == (250, 50)
    assert torch.equal(judged.labels, few.training.labels[250:])


def test_an_unknown_experiment_is_told_with_the_nearest():
    with pytest.raises(LeNet5Error, match="Did you mean figure5"):
        experiment("figur5")


def test_reproduce_writes_a_record_of_all_runs(few, places):
    record = reproduce.reproduce(TINY, **places, progress=False)
    assert [run.seed for run in record.runs] == [1, 2, 3]
    assert record == records.read(places["directory"] / "tiny.json")
    run = record.runs[0]
    assert run.curves.keys() == {"error", "training_error", "training_loss"}
    assert 100 * len(run.missed) / 50 == run.curves["error"][-1]
    assert record.learnt_from.images == 200
    labels = few.test.labels
    assert all(labels[index] != answer for index, answer in run.missed)


def test_reproduce_runs_only_what_is_not_there(few, places, monkeypatch):
    first = reproduce.reproduce(TINY, seeds=[1, 2], **places, progress=False)
    asked = []
    train_many = reproduce.train_many

    def watched(settings, *arguments, **more):
        asked.extend(one.seed for one in settings)
        return train_many(settings, *arguments, **more)

    monkeypatch.setattr(reproduce, "train_many", watched)
    whole = reproduce.reproduce(TINY, **places, progress=False)
    assert asked == [3]
    assert whole.runs[:2] == first.runs


def test_what_was_finished_before_a_cut_is_in_the_record(few, places, monkeypatch):
    def cut(*_, on_run, **__):
        on_run(engine.train(TINY.runs()[0], *TINY.samples(few), progress=False))
        raise KeyboardInterrupt

    monkeypatch.setattr(reproduce, "train_many", cut)
    with pytest.raises(KeyboardInterrupt):
        reproduce.reproduce(TINY, **places, progress=False)
    assert [run.seed for run in records.read(places["directory"] / "tiny.json").runs] == [1]


def test_a_record_of_other_settings_is_refused_before_anything_runs(few, places, monkeypatch):
    reproduce.reproduce(TINY, seeds=[1], **places, progress=False)
    monkeypatch.setattr(reproduce, "train_many", lambda *_, **__: pytest.fail("it ran"))
    other = dataclasses.replace(TINY, settings=Settings(passes=2, curvature_samples=31))
    with pytest.raises(LeNet5Error, match="differs in settings"):
        reproduce.reproduce(other, **places, progress=False)


def test_nothing_is_recorded_of_the_subset(few, places, monkeypatch):
    subset = dataclasses.replace(few, source=mnist.SUBSET)
    monkeypatch.setattr("lenet5.mnist.load", lambda: subset)
    with pytest.raises(LeNet5Error, match="all of MNIST"):
        reproduce.reproduce(TINY, **places, progress=False)


def test_verify_finds_the_same_weights_again(few, places):
    reproduce.reproduce(TINY, **places, progress=False)
    (check,) = verify(TINY, jobs=1, directory=places["directory"], progress=False)
    assert (check.word, check.ours) == ("identical", check.theirs)
    everything = verify(TINY, runs=3, jobs=1, directory=places["directory"], progress=False)
    assert [one.seed for one in everything] == [1, 2, 3]


def test_verify_tells_another_rounding_from_another_result(few, places):
    """Other weights: what counts is whether the error is one that a seed could give."""
    record = reproduce.reproduce(TINY, **places, progress=False)
    theirs = [
        dataclasses.replace(run, weights="other", curves={**run.curves, "error": [50.0, error]})
        for run, error in zip(record.runs, (29.0, 30.0, 31.0), strict=True)
    ]
    record = dataclasses.replace(record, runs=theirs)
    for error, word in ((30.5, "consistent"), (60.0, "contradicts")):
        ours = dataclasses.replace(
            theirs[0], weights="ours", curves={**theirs[0].curves, "error": [50.0, error]}
        )
        assert verify_module._compare(ours, record).word == word


def test_verify_asks_for_a_record_and_for_no_more_runs_than_it_has(few, places):
    with pytest.raises(LeNet5Error, match="reproduce tiny"):
        verify(TINY, directory=places["directory"])
    reproduce.reproduce(TINY, **places, progress=False)
    with pytest.raises(LeNet5Error, match="1 to 3"):
        verify(TINY, runs=4, directory=places["directory"])


def test_counts_are_recorded_and_verified(few, places):
    count = Count("counted", "Of the database", {}, lambda database: {"all": len(database.test)})
    record = reproduce.reproduce(count, **places)
    assert record.counted
    assert record.runs[0].values == {"all": 50}
    assert verify(count, directory=places["directory"])[0].word == "identical"
    more = dataclasses.replace(count, count=lambda database: {"all": 51})
    assert verify(more, directory=places["directory"])[0].word == "contradicts"


def test_a_row_is_recorded_once_verified_and_refused_if_it_has_changed(few, places):
    row = EXPERIMENTS["figure9-linear"]
    record = reproduce.reproduce(row, **places, progress=False)
    assert reproduce.reproduce(row, **places, progress=False) == record
    (check,) = verify(row, jobs=1, directory=places["directory"], progress=False)
    assert check.word == "identical"
    other = dataclasses.replace(row, make=lambda _: Linear(7.0))
    with pytest.raises(LeNet5Error, match="differs in settings"):
        reproduce.reproduce(other, **places, progress=False)


def test_only_training_goes_to_a_cluster(few, places):
    count = Count("counted", "Of the database", {}, lambda database: {"all": 1})
    with pytest.raises(LeNet5Error, match="leave the cluster out"):
        reproduce.reproduce(count, cluster="tcp://127.0.0.1:1", **places)


def test_settled_after_is_the_first_pass_that_stays_near_the_end():
    assert settled_after([2.0, 1.05, 1.3, 1.05, 1.0]) == 4
    assert settled_after([1.0, 1.0]) == 1


def test_the_cost_follows_from_what_the_runs_took(few, places):
    record = reproduce.reproduce(TINY, **places, progress=False)
    slow = [dataclasses.replace(run, seconds=60.0) for run in record.runs]
    record = dataclasses.replace(record, runs=slow)
    assert cost.minutes(TINY, [record]) == "2"  # three runs on two cores: two rounds of a minute
    assert cost.minutes(TINY, []) == "?"


def test_the_record_says_what_it_answers(few, places):
    record = reproduce.reproduce(TINY, **places, progress=False)
    text = json.loads((places["directory"] / "tiny.json").read_text())
    assert text["claims"] == {"figure5-test-error": "error@2"}
    assert record.claims == text["claims"]
