"""Runs given out to processes of this machine, or to the workers of a Dask cluster."""

import functools
import io
import os
import socket
import threading
import time
import warnings
from collections.abc import Generator, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from joblib import Parallel, cpu_count, delayed, parallel_config
from tqdm import tqdm

from lenet5.checkpoint import FILE_NAME
from lenet5.errors import LeNet5Error
from lenet5.run import Pass, Run, Samples
from lenet5.settings import Settings

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


class Answer(NamedTuple):
    """What comes back from a process: a finished run, or what went wrong."""

    settings: Settings
    weights: dict[str, np.ndarray]
    history: list[Pass]
    computed_by: dict[str, str]
    trouble: str


class Lost(Exception):
    """The processes that were to do the work are gone, or cannot be had."""


class _GaveUp(Exception):
    """Dask says that a task cannot be done, which is no error of the task itself."""


def answers(
    pending: dict[Settings, Path],
    training: Samples,
    evaluation: Samples | None,
    trainer: Trainer,
    jobs: int | None,
    cluster: str | None,
) -> Generator[Answer, None, None]:
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
        each = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="all")(
            delayed(_train_one)(one, folder, trainer, parent, handle)
            for one, folder in pending.items()
        )
        try:
            yield from each
        except BaseException:  # Ctrl-C too
            with warnings.catch_warnings():  # joblib's, that there is work left
                warnings.simplefilter("ignore", UserWarning)
                each.close()
            raise


@contextmanager
def _here(jobs: int, arrays: list[np.ndarray]) -> Iterator[tuple[list[np.ndarray], int]]:
    """Processes of this machine: what tasks get as arrays, and whose children they are."""
    one_thread = {"inner_max_num_threads": 1, "mmap_mode": "c"}  # c: PyTorch wants to write
    try:
        with parallel_config(backend="loky", n_jobs=jobs, **one_thread):
            yield arrays, os.getpid()
    except BrokenExecutor as error:
        raise Lost("A training process was killed, perhaps for want of memory.") from error


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
            raise Lost(
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
) -> Answer:
    """A task: one run, in whatever process. What its user can mend is told, not raised."""
    if parent is not None and parent != os.getpid():
        _settle_in(parent)
    tensors = [torch.from_numpy(np.require(array, requirements="W")) for array in arrays]
    evaluation = Samples(*tensors[2:]) if tensors[2:] else None
    checkpoint = folder / FILE_NAME if folder.is_dir() else None  # another machine's may not be
    training = Samples(*tensors[:2])
    try:
        run = trainer(settings, training, evaluation, checkpoint=checkpoint, progress=False)
    except LeNet5Error as error:
        return Answer(settings, {}, [], {}, str(error))
    weights = {name: tensor.numpy() for name, tensor in run.network.state_dict().items()}
    return Answer(settings, weights, run.history, run.computed_by, "")


@functools.cache
def _settle_in(parent: int) -> None:
    """Makes a child process end soon after its parent, to whom `kill -9` leaves no time."""
    tqdm.set_lock(threading.RLock())  # its own is a semaphore, which a killed child would leave

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
