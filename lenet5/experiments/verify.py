"""Runs a part of a record again and compares."""

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lenet5 import mnist
from lenet5.errors import LeNet5Error
from lenet5.experiments.counts import Count
from lenet5.experiments.experiment import Experiment
from lenet5.experiments.figure_9 import Row
from lenet5.experiments.reproduce import reproduce
from lenet5.results import records
from lenet5.results.records import Entry, Record
from lenet5.results.statistics import prediction_interval

_ROUNDING = 0.05
"""Percentage points by which another rounding may change an error that no seed can change."""


class Check(NamedTuple):
    """One run beside the one of the record.

    Attributes:
        seed: of both.
        ours: error after the last pass, percent; or how many counts are equal.
        theirs: the same, of the record.
        word: "identical", "consistent" or "contradicts".
        why: what the word rests on.
    """

    seed: int
    ours: float
    theirs: float
    word: str
    why: str


def verify(
    experiment: Experiment | Row | Count,
    *,
    runs: int = 1,
    jobs: int | None = None,
    directory: Path = records.DIRECTORY,
    progress: bool = True,
) -> list[Check]:
    """Trains some runs of a record again, in a place of their own, and compares.

    On the same kind of processor, with the same libraries, a run gives the same weights to
    the bit. Elsewhere roundings differ, and they make another network, as another seed
    does: its error must then lie where one more seed's is to be expected.

    Args:
        experiment: whose record is checked.
        runs: how many of its runs, drawn at random.
        jobs: how many at once.
        directory: where the record is.
        progress: whether to show a bar.

    Raises:
        LeNet5Error: there is no such record, or it is refused.
    """
    record = records.read(records.path_of(experiment.id, directory))
    if isinstance(experiment, Count):
        again = experiment.record(mnist.load())
        return [_compare_counts(again.runs[0], record.runs[0])]
    if not 1 <= runs <= len(record.runs):
        raise LeNet5Error(
            f"The record {record.id} has {len(record.runs)} runs: ask for 1 to {len(record.runs)}."
        )
    seeds = sorted(random.SystemRandom().sample([run.seed for run in record.runs], runs))
    with tempfile.TemporaryDirectory() as place:
        new = reproduce(experiment, seeds=seeds, jobs=jobs, directory=Path(place) / "records",
                        runs=Path(place) / "runs", progress=progress)  # fmt: skip
    return [_compare(entry, record) for entry in new.runs]


def _compare(ours: Entry, record: Record) -> Check:
    theirs = next(run for run in record.runs if run.seed == ours.seed)
    error, recorded = ours.curves["error"][-1], theirs.curves["error"][-1]
    if ours.weights == theirs.weights:
        return Check(ours.seed, error, recorded, "identical", "the same weights, to the bit")
    _, low, high = prediction_interval(list(record.last().values()))
    if record.seedless:
        low, high = recorded - _ROUNDING, recorded + _ROUNDING
    if low <= error <= high:
        word, where = "consistent", "within"
    else:
        word, where = "contradicts", "outside"
    why = f"other weights; {where} {low:.2f} to {high:.2f} %, as another rounding could give"
    return Check(ours.seed, error, recorded, word, why)


def _compare_counts(ours: Entry, theirs: Entry) -> Check:
    names: Sequence[str] = sorted(ours.values.keys() | theirs.values.keys())
    odd = [name for name in names if ours.values.get(name) != theirs.values.get(name)]
    equal = len(names) - len(odd)
    if odd:
        return Check(0, equal, len(names), "contradicts", f"other counts: {', '.join(odd)}")
    return Check(0, equal, len(names), "identical", "the same counts")
