"""Many runs side by side: the same training from other seeds, or with other settings.

joblib gives each run to a process of this machine, or through Dask to a worker of
a cluster. A run depends on nothing but its settings and the samples, so how many
processes there are changes nothing in it. Each has a folder of its own:

    seed-3/history.json             what the run is; once it is finished, its history
           checkpoint.safetensors   after each pass, by whoever trains
           weights.safetensors      written last: where it is, the run is finished
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from tqdm import tqdm

from lenet5 import engine
from lenet5.checkpoint import FILE_NAME
from lenet5.errors import LeNet5Error
from lenet5.files import write_atomically
from lenet5.results.statistics import mean_interval
from lenet5.run import Pass, Run, Samples, make_network
from lenet5.settings import Settings
from lenet5.weights import load_network, save_network
from lenet5.workers import Answer, Lost, Trainer, answers

_HISTORY, _WEIGHTS = "history.json", "weights.safetensors"


def train_many(
    settings: Sequence[Settings],
    training: Samples,
    evaluation: Samples | None,
    directory: Path,
    *,
    jobs: int | None = None,
    cluster: str | None = None,
    trainer: Trainer = engine.train,
    on_run: Callable[[Run], object] = lambda _: None,
    progress: bool = True,
) -> list[Run]:
    """Trains a network for each of the settings; the runs come back in their order.

    Runs that are finished in `directory` are read, not run again, and runs that were
    cut go on from their last finished pass, bit for bit. Two processes may do the
    same work in one directory at once: it is done twice, and nothing is lost.

    Args:
        settings: what to train; twice the same is trained once.
        training: what all of them learn from.
        evaluation: what their error is reported on after each pass, if anything.
        directory: where the folders go; see `folder_name`.
        jobs: processes on this machine, one thread each; as many as cores unless told.
        cluster: address of a Dask scheduler, "tcp://host:port", to use instead. Its
            workers need the same lenet5. Where they see `directory` under the same
            name, cut runs go on there too; elsewhere a run cut with its worker
            starts anew. Finished runs are written here in any case.
        trainer: what trains each. Other processes must be able to import it.
        on_run: is told of each run once it is finished and kept.
        progress: whether to show a bar.

    Raises:
        LeNet5Error: a folder holds another run or cannot be written; a run diverged
            (after all others are finished); a process was killed; the cluster cannot
            be reached or lost its workers. What was finished is kept, always.
    """
    if jobs is not None and jobs < 1:
        raise LeNet5Error(f"The number of jobs must be 1 or more, not {jobs}.")
    directory = directory.resolve()  # a worker may stand in another directory
    folders = {one: directory / folder_name(one) for one in settings}
    identity = _identity(training, evaluation, trainer)
    runs, troubles = {}, {}
    for one, folder in folders.items():
        if finished := _open(folder, one, identity):
            runs[one] = finished
            on_run(finished)
    pending = {one: folder for one, folder in folders.items() if one not in runs}
    work = answers(pending, training, evaluation, trainer, jobs, cluster)
    with _bar(pending, runs, progress), closing(work):
        try:
            for answer in work:
                try:
                    runs[answer.settings] = _keep(answer, folders[answer.settings], identity)
                    on_run(runs[answer.settings])
                except LeNet5Error as error:
                    troubles[answer.settings] = str(error)
        except Lost as error:
            raise LeNet5Error(f"{error} {_kept(runs, folders, directory)}") from error
    if troubles:
        told = " ".join(f"{folder_name(one)}: {text}" for one, text in troubles.items())
        raise LeNet5Error(f"{told} {_kept(runs, folders, directory)}")
    return [runs[one] for one in settings]


def folder_name(settings: Settings) -> str:
    """The seed, then all that is not as by default: "seed-3", "seed-3_passes-2_loss-mse"."""
    default = Settings()
    names = [f.name for f in fields(settings)]
    odd = [name for name in names if getattr(settings, name) != getattr(default, name)]
    told = ["seed", *(name for name in odd if name != "seed")]
    values = [f"{name}-{getattr(settings, name)}".replace("_", "-") for name in told]
    return "_".join(values)


def table(runs: Sequence[Run]) -> str:
    """One line a run: its error after the last pass in percent, and its time in seconds.

    Of two or more runs, also the mean with its interval over the seeds.
    """
    lines = ["   seed   passes    error   seconds"]
    errors = []
    for run in runs:
        last, seconds = run.history[-1], sum(line.seconds for line in run.history)
        error = last.training_error if last.evaluation_error is None else last.evaluation_error
        errors.append(error)
        lines.append(f"{run.settings.seed:7d} {last.number:8d} {error:6.2f} % {seconds:9.1f}")
    if len(errors) > 1:
        mean, low, high = mean_interval(errors)
        lines.append(f"mean {mean:.2f} %, 95 % t-interval {low:.2f} to {high:.2f} % "
                     f"({len(errors)} seeds)")  # fmt: skip
    return "\n".join(lines)


# Folders ----------------------------------------------------------------------------------


def _identity(training: Samples, evaluation: Samples | None, trainer: Trainer) -> dict[str, Any]:
    """What a run depends on besides its settings."""
    return {
        "trainer": f"{trainer.__module__}.{getattr(trainer, '__qualname__', type(trainer))}",
        "training samples": training.digest(),
        "evaluation samples": evaluation.digest() if evaluation else None,
    }


def _open(folder: Path, settings: Settings, identity: dict[str, Any]) -> Run | None:
    """The run in the folder, if it is finished. Makes the folder if there is none."""
    path = folder / _HISTORY
    if not path.exists():
        _write_history(folder, settings, identity, [], {})
        return None  # if it cannot be written, that is known now, not after a pass
    try:
        record = json.loads(path.read_bytes())
        history = [Pass(**line) for line in record["history"]]
        theirs = {**record["settings"], **record["identity"]}
        computed_by = dict(record["computed_by"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise LeNet5Error(
            f"{path} is damaged or of another version ({error}): delete it, and the run goes on."
        ) from error
    ours = {**settings.as_dict(), **identity}
    if differing := [name for name in ours if theirs.get(name) != ours[name]]:
        raise LeNet5Error(
            f"{folder} holds another run (it differs in {', '.join(differing)}): name another "
            "directory, or delete it to begin anew."
        )
    if len(history) < settings.passes or not (folder / _WEIGHTS).exists():
        return None
    return Run(settings, load_network(folder / _WEIGHTS)[0], history, computed_by)


def _keep(answer: Answer, folder: Path, identity: dict[str, Any]) -> Run:
    """Writes a finished run, the weights last."""
    if answer.trouble:
        raise LeNet5Error(answer.trouble)
    network = make_network(answer.settings)
    run = Run(answer.settings, network, answer.history, answer.computed_by)
    run.network.load_state_dict({k: torch.tensor(w) for k, w in answer.weights.items()})
    _write_history(folder, run.settings, identity, run.history, run.computed_by)
    save_network(run.network, run.settings, folder / _WEIGHTS)
    return run


def _write_history(
    folder: Path,
    settings: Settings,
    identity: dict[str, Any],
    history: Sequence[Pass],
    computed_by: dict[str, str],
) -> None:
    record = {
        "settings": settings.as_dict(),
        "identity": identity,
        "computed_by": computed_by,
        "history": [asdict(line) for line in history],
    }
    write_atomically(folder / _HISTORY, json.dumps(record, indent=1).encode() + b"\n")


def _kept(runs: dict[Settings, Run], all_runs: dict[Settings, Path], directory: Path) -> str:
    return (
        f"{len(runs)} of {len(all_runs)} runs are finished and kept in {directory}; the same "
        "command goes on with the rest."
    )


# The bar ----------------------------------------------------------------------------------


@contextmanager
def _bar(
    pending: dict[Settings, Path], runs: dict[Settings, Run], progress: bool
) -> Iterator[None]:
    """A bar in passes, which a thread reads off the checkpoints: runs come back only whole."""
    if not (pending and progress):
        yield
        return
    stop = threading.Event()
    total = sum(one.passes for one in pending)
    with tqdm(total=total, desc=f"runs left: {len(pending)}", unit="pass") as bar:

        def look() -> None:
            done = [
                one.passes if one in runs else _passes_in(folder / FILE_NAME)
                for one, folder in pending.items()
            ]
            bar.update(sum(done) - bar.n)

        def watch() -> None:
            while not stop.wait(1.0):
                look()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()
            look()


def _passes_in(checkpoint: Path) -> int:
    with suppress(OSError, SafetensorError), safe_open(checkpoint, framework="pt") as file:
        return len(json.loads(file.metadata()["header"])["history"])
    return 0
