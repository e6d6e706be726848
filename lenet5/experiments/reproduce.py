"""Runs an experiment and writes its record."""

from pathlib import Path

from lenet5 import mnist
from lenet5.experiments.experiment import Experiment
from lenet5.files import ROOT
from lenet5.many import train_many
from lenet5.provenance import code_digest
from lenet5.results import records
from lenet5.results.records import Record
from lenet5.run import Run

RUNS = ROOT / "runs" / "reproduce"
"""Where checkpoints and weights go, a directory for each version of the code."""


def reproduce(
    experiment: Experiment,
    *,
    seeds: int | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    directory: Path = records.DIRECTORY,
    runs: Path = RUNS,
    progress: bool = True,
) -> Record:
    """Runs what the record does not have yet, and adds each run as it finishes.

    Args:
        experiment: what to run.
        seeds: how many runs in all; the experiment's own number unless told.
        jobs: as in `train_many`.
        cluster: as in `train_many`.
        directory: where the record is.
        runs: where unfinished runs wait and finished ones keep their weights.
        progress: whether to show a bar.

    Raises:
        LeNet5Error: the database is not complete, the record is of another experiment,
            or a run failed. What was finished is in the record.
    """
    database = mnist.load()
    database.require_complete(f"The record {experiment.id}")
    training, judged = experiment.samples(database)
    path = records.path_of(experiment.id, directory)
    done = {run.seed for run in records.read(path).runs} if path.exists() else set()

    def keep(run: Run) -> None:
        records.add(experiment.record(database, run, training, judged), directory)

    pending = [one for one in experiment.runs(seeds) if one.seed not in done]
    place = runs / code_digest() / experiment.id
    train_many(pending, training, judged, place, jobs=jobs, cluster=cluster, on_run=keep,
               progress=progress)  # fmt: skip
    return records.read(path)
