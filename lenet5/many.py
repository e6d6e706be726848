"""Many runs side by side: the same training from other seeds, or with other settings.

joblib gives each run to a process of this machine, or through Dask to a worker of
a cluster. A run depends on nothing but its settings and the samples, so how many
processes there are changes nothing in it. Each has a folder of its own:

    seed-3/history.json             what the run is; once it is finished, its history
           checkpoint.safetensors   after each pass, by whoever trains
           weights.safetensors      written last: where it is, the run is finished
"""

import functools
import io
import json
import os
import socket
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from joblib import Parallel, cpu_count, delayed, parallel_config
from safetensors import SafetensorError, safe_open
from tqdm import tqdm

from lenet5 import engine
from lenet5.errors import LeNet5Error
from lenet5.files import write_atomically
from lenet5.results.statistics import mean_interval
from lenet5.run import Pass, Run, Samples, make_network
from lenet5.settings import Settings
from lenet5.weights import load_network, save_network

_HISTORY, _CHECKPOINT, _WEIGHTS = "history.json", "checkpoint.safetensors", "weights.safetensors"
_PATIENCE = 10.0  # seconds for a scheduler to answer, and then for a first worker


@runtime_checkable
class Trainer(Protocol):
    """`lenet5.engine.train`, `lenet5.training.train`, or what is called like them."""

    def __call__(
        self,
        settings: Settings,
        training: Samples,
        evaluation: Samples | None = None,
        *,
        checkpoint: Path | None = None,
        progress: bool = True,
    ) -> Run: ...


class _Answer(NamedTuple):
    """What comes back from a process: a finished run, or what went wrong."""

    settings: Settings
    weights: dict[str, np.ndarray]
    history: list[Pass]
    computed_by: dict[str, str]
    trouble: str


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
    work = _answers(pending, training, evaluation, trainer, jobs, cluster)
    with _bar(pending, runs, progress), closing(work):
        try:
            for answer in work:
                try:
                    runs[answer.settings] = _keep(answer, folders[answer.settings], identity)
                    on_run(runs[answer.settings])
                except LeNet5Error as error:
                    troubles[answer.settings] = str(error)
        except _Lost as error:
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
        _write_history(folder, Run(settings, make_network(settings)), identity)
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


def _keep(answer: _Answer, folder: Path, identity: dict[str, Any]) -> Run:
    """Writes a finished run, the weights last."""
    if answer.trouble:
        raise LeNet5Error(answer.trouble)
    network = make_network(answer.settings)
    run = Run(answer.settings, network, answer.history, answer.computed_by)
    run.network.load_state_dict({k: torch.tensor(w) for k, w in answer.weights.items()})
    _write_history(folder, run, identity)
    save_network(run.network, run.settings, folder / _WEIGHTS)
    return run


def _write_history(folder: Path, run: Run, identity: dict[str, Any]) -> None:
    record = {
        "settings": run.settings.as_dict(),
        "identity": identity,
        "computed_by": run.computed_by,
        "history": [asdict(line) for line in run.history],
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
                one.passes if one in runs else _passes_in(folder / _CHECKPOINT)
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


# Processes --------------------------------------------------------------------------------


class _Lost(Exception):
    """The processes that were to do the work are gone, or cannot be had."""


class _GaveUp(Exception):
    """Dask says that a task cannot be done, which is no error of the task itself."""


def _answers(
    pending: dict[Settings, Path],
    training: Samples,
    evaluation: Samples | None,
    trainer: Trainer,
    jobs: int | None,
    cluster: str | None,
) -> Generator[_Answer, None, None]:
    """The runs in the order in which they finish."""
    if not pending:
        return
    # As arrays: joblib maps large ones into the memory of all processes, tensors it copies.
    arrays = [
        tensor.contiguous().numpy()
        for samples in (training, evaluation)
        for tensor in samples or ()
    ]
    count = min(jobs or cpu_count(), len(pending))
    with _on_cluster(cluster, arrays) if cluster else _here(count, arrays) as (handle, parent):
        answers = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="all")(
            delayed(_train_one)(one, folder, trainer, parent, handle)
            for one, folder in pending.items()
        )
        try:
            yield from answers
        except BaseException:  # Ctrl-C too
            with warnings.catch_warnings():  # joblib's, that there is work left
                warnings.simplefilter("ignore", UserWarning)
                answers.close()
            raise


@contextmanager
def _here(jobs: int, arrays: list[np.ndarray]) -> Iterator[tuple[list[np.ndarray], int]]:
    """Processes of this machine: what tasks get as arrays, and whose children they are."""
    one_thread = {"inner_max_num_threads": 1, "mmap_mode": "c"}  # c: PyTorch wants to write
    try:
        with parallel_config(backend="loky", n_jobs=jobs, **one_thread):
            yield arrays, os.getpid()
    except BrokenExecutor as error:
        raise _Lost("A training process was killed, perhaps for want of memory.") from error


@contextmanager
def _on_cluster(address: str, arrays: list[np.ndarray]) -> Iterator[tuple[Any, None]]:
    """Workers of a Dask cluster: what stands for the arrays in a task, and nobody's children.

    A task whose worker dies is given to another, and so are the arrays if they died
    with it, for they are the result of a task too. What is merely scattered Dask
    cannot restore, and of its copies it soon keeps but one.
    """
    client, backend = _connect(address)
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
            with _large_graphs_allowed():
                handle = client.submit(_unpack, _pack(arrays), pure=False)
            with parallel_config(backend=backend(client=client)):
                yield handle, None
        except (_GaveUp, CancelledError, OSError) as error:
            raise _Lost(
                f"The cluster at {address} gave up ({' '.join(str(error).split())}): its scheduler "
                "and a worker must live and have the same lenet5."
            ) from error


def _large_graphs_allowed() -> Any:
    import dask

    return dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})


def _pack(arrays: list[np.ndarray]) -> bytes:
    """The arrays as an .npz: digits take a tenth of the room and of the way to a cluster."""
    file = io.BytesIO()
    np.savez_compressed(file, *arrays)
    return file.getvalue()


def _unpack(packed: bytes) -> list[np.ndarray]:
    with np.load(io.BytesIO(packed)) as file:
        return list(file.values())


def _connect(address: str) -> tuple[Any, Any]:
    """A client of the scheduler, and joblib's backend with two faults mended."""
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
        from joblib._dask import DaskDistributedBackend
    except ImportError as error:
        raise LeNet5Error(
            "A cluster needs Dask, which the optional extra `cluster` brings: "
            "pip install 'dask[distributed]'."
        ) from error

    class Backend(DaskDistributedBackend):
        def submit(self, func: Any, callback: Any = None) -> Any:
            """Passes errors of Dask on too: joblib would wait for the lost task forever."""

            def pass_on(done: Future) -> None:
                if error := done.exception():
                    callback(_GaveUp(f"{type(error).__name__}: {error}"))

            future = super().submit(func, callback)
            future.add_done_callback(pass_on)
            return future

        def effective_n_jobs(self, n_jobs: int) -> int:
            """Two or more: with one, joblib would run everything here, not on the cluster."""
            return max(2, super().effective_n_jobs(n_jobs))

    try:
        # First by hand: a client that finds no scheduler complains long after it has failed.
        socket.create_connection(get_address_host_port(address), _PATIENCE).close()
        return Client(address, timeout=_PATIENCE, set_as_default=False), Backend
    except (OSError, ValueError) as error:
        raise LeNet5Error(
            f"No Dask scheduler answers at {address} ({error}): start one with `dask scheduler`, "
            "or mend the address, tcp://host:port."
        ) from error


def _train_one(
    settings: Settings,
    folder: Path,
    trainer: Trainer,
    parent: int | None,
    arrays: list[np.ndarray],
) -> _Answer:
    """A task: one run, in whatever process. What its user can mend is told, not raised."""
    if parent is not None and parent != os.getpid():
        _settle_in(parent)
    tensors = [torch.from_numpy(np.require(array, requirements="W")) for array in arrays]
    evaluation = Samples(*tensors[2:]) if tensors[2:] else None
    checkpoint = folder / _CHECKPOINT if folder.is_dir() else None  # another machine's may not be
    training = Samples(*tensors[:2])
    try:
        run = trainer(settings, training, evaluation, checkpoint=checkpoint, progress=False)
    except LeNet5Error as error:
        return _Answer(settings, {}, [], {}, str(error))
    weights = {name: tensor.numpy() for name, tensor in run.network.state_dict().items()}
    return _Answer(settings, weights, run.history, run.computed_by, "")


@functools.cache
def _settle_in(parent: int) -> None:
    """Makes a child process end soon after its parent, to whom `kill -9` leaves no time."""
    tqdm.set_lock(threading.RLock())  # its own is a semaphore, which a killed child would leave

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
