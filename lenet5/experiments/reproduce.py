"""Runs an experiment and writes its record."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from joblib import Parallel, cpu_count, delayed
from tqdm import tqdm

from lenet5 import mnist
from lenet5.errors import LeNet5Error
from lenet5.experiments.counts import Count
from lenet5.experiments.experiment import Experiment, entry
from lenet5.experiments.figure_9 import Row
from lenet5.files import ROOT
from lenet5.many import train_many
from lenet5.mnist import Database
from lenet5.provenance import code_digest
from lenet5.results import records
from lenet5.results.records import Record, name_of
from lenet5.run import Run

RUNS = ROOT / "runs" / "reproduce"
"""Where checkpoints and weights go, a directory for each version of the code."""


def reproduce(
    experiment: Experiment | Row | Count,
    *,
    seeds: Sequence[int] | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    directory: Path = records.DIRECTORY,
    runs: Path = RUNS,
    progress: bool = True,
) -> Record:
    """Runs what the record does not have yet, and adds each run as it finishes.

    Args:
        experiment: what to run.
        seeds: of the runs; 1, 2, ... to the experiment's own number unless told.
        jobs: as in `train_many`.
        cluster: as in `train_many`.
        directory: where the record is.
        runs: where unfinished runs wait and finished ones keep their weights.
        progress: whether to show a bar.

    Raises:
        LeNet5Error: the database is not complete, the record is of another experiment, a
            cluster is named for what is not trained, or a run failed. What was finished is
            in the record.
    """
    database = mnist.load()
    database.require_complete(f"The record {experiment.id}")
    if cluster and not isinstance(experiment, Experiment):
        raise LeNet5Error(f"{experiment.id} takes minutes on this machine: leave the cluster out.")
    if isinstance(experiment, Count):
        return records.add(experiment.record(database), directory)
    if isinstance(experiment, Row):
        _fit(experiment, database, seeds, jobs, directory, progress)
        return records.read(records.path_of(experiment.id, directory))
    training, judged = experiment.samples(database)

    frame = experiment.frame(database, training, judged)
    done = records.seeds_done(frame, directory)
    pending = [one for one in experiment.runs(seeds) if one.seed not in done]

    def keep(run: Run) -> None:
        origin = name_of(run.computed_by)
        entries = [entry(run, training, judged)]
        one = replace(frame, computed_by={origin: run.computed_by}, runs=entries)
        records.add(one, directory)

    place = runs / code_digest() / experiment.id
    train_many(pending, training, judged, place, jobs=jobs, cluster=cluster, on_run=keep,
               progress=progress)  # fmt: skip
    return records.read(records.path_of(experiment.id, directory))


def _fit(
    row: Row,
    database: Database,
    seeds: Sequence[int] | None,
    jobs: int | None,
    directory: Path,
    progress: bool,
) -> None:
    """Fits what the record does not have yet. A fit is over in minutes, and is not cut in two."""
    done = records.seeds_done(row.frame(database), directory)
    wanted = row.runs() if seeds is None or not row.seeds else seeds
    pending = [seed for seed in wanted if seed not in done]
    fits = Parallel(n_jobs=min(jobs or cpu_count(), max(1, len(pending))), return_as="generator")(
        delayed(row.record)(database, seed) for seed in pending
    )
    for record in tqdm(fits, row.id, len(pending), disable=not progress or not pending):
        records.add(record, directory)
