"""Many runs: the same result however they are cut, killed or spread over processes."""

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from lenet5 import engine, many, training, workers
from lenet5.errors import LeNet5Error
from lenet5.many import folder_name, table, train_many
from lenet5.results.statistics import mean_interval
from lenet5.run import Pass, Run, Samples, make_network
from lenet5.settings import Settings
from lenet5.training import Tally, pass_in_pytorch

SEEDS = [Settings(seed=seed, passes=2, curvature_samples=20) for seed in (3, 0, 1)]
NAMES = [f"seed-{seed}_passes-2_curvature-samples-20" for seed in (3, 0, 1)]


# Trainers, at the top level so that other processes can import them.


def logged(settings, samples, evaluation=None, *, checkpoint, progress=True, trouble=None):
    """The readable trainer. Writes a line a pass, and runs into trouble in the second, once."""
    folder = checkpoint.parent

    def one_pass(*arguments):
        if checkpoint.exists() and trouble and not (folder / "trouble").exists():
            (folder / "trouble").write_text(str(os.getpid()))
            trouble()
        tally = pass_in_pytorch(*arguments)
        with open(folder / "log", "a") as file:
            file.write("pass\n")
        return tally

    return training.train(
        settings, samples, evaluation, checkpoint=checkpoint, one_pass=one_pass, progress=progress
    )


def killed(settings, *arguments, **more):
    """Its process is killed in the second pass, but for seed 3."""
    trouble = None if settings.seed == 3 else deadly
    return logged(settings, *arguments, **more, trouble=trouble)


def hanging(*arguments, **more):
    return logged(*arguments, **more, trouble=lambda: time.sleep(60))


def deadly(*_, **__):
    time.sleep(1.0)  # a nanny whose worker dies while it starts goes with it
    die()


def diverging(settings, *arguments, **more):
    def one_pass(*given):
        tally = pass_in_pytorch(*given)
        return Tally(tally.errors, math.nan) if settings.seed == 0 else tally

    return training.train(settings, *arguments, **more, one_pass=one_pass)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


# What is compared.


@pytest.fixture
def samples(random_samples) -> Samples:
    """Enough for joblib to map the images into memory rather than copy them: above 1 MB."""
    return Samples(random_samples.images.repeat(8, 1, 1, 1), random_samples.labels.repeat(8))


@pytest.fixture(scope="module")
def local_cluster():
    """Two workers, processes of this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield cluster


@pytest.fixture
def cluster(local_cluster) -> str:
    """The address of its scheduler, with both workers there."""
    local_cluster.wait_for_workers(2, timeout=60)
    return local_cluster.scheduler_address


def quiet(settings, samples, directory, **more):
    return train_many(settings, samples, samples, directory, progress=False, **more)


def same(runs, others):
    """Whether two lists of runs agree in every bit but the times."""
    for run, other in zip(runs, others, strict=True):
        ours, theirs = run.network.state_dict(), other.network.state_dict()
        assert run.settings == other.settings
        assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
        assert untimed(run.history) == untimed(other.history)
    return True


def untimed(history):
    return [dataclasses.replace(line, seconds=0.0) for line in history]


def log_of(folder):
    return (folder / "log").read_text().splitlines()


def wait_for(happened, seconds=30.0):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def gone(process):
    """Whether no process of this number is left, but for one that waits to be fetched."""
    try:
        return "State:\tZ" in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return True


# However many processes.


def test_the_number_of_processes_changes_nothing(samples, tmp_path):
    alone = [engine.train(one, samples, samples, progress=False) for one in SEEDS]
    assert same(alone, quiet(SEEDS, samples, tmp_path / "one", jobs=1))
    assert same(alone, quiet(SEEDS, samples, tmp_path / "two", jobs=2))
    for name in NAMES:
        assert {file.name for file in (tmp_path / "two" / name).iterdir()} == {
            "checkpoint.safetensors",
            "history.json",
            "weights.safetensors",
        }


def test_finished_runs_are_read_and_new_ones_added(random_samples, tmp_path, monkeypatch):
    first = quiet(SEEDS[:1], random_samples, tmp_path, jobs=1)
    more = quiet(SEEDS, random_samples, tmp_path, jobs=1)
    assert first[0].history == more[0].history  # the times too
    monkeypatch.setattr(many, "answers", None)  # whatever would train
    with pytest.raises(TypeError):
        quiet([Settings(seed=7)], random_samples, tmp_path)


def test_the_same_settings_twice_are_trained_once(random_samples, tmp_path):
    one, again = quiet([SEEDS[0], SEEDS[0]], random_samples, tmp_path, jobs=1, trainer=logged)
    assert one is again
    assert len(log_of(tmp_path / NAMES[0])) == 2


def test_two_at_once_in_one_directory(random_samples, tmp_path):
    with ThreadPoolExecutor(2) as both:
        results = list(both.map(lambda _: quiet(SEEDS, random_samples, tmp_path, jobs=1), range(2)))
    assert same(*results)
    assert same(results[0], quiet(SEEDS, random_samples, tmp_path))


def test_no_evaluation(random_samples, tmp_path):
    for _ in range(2):
        runs = train_many(SEEDS[:1], random_samples, None, tmp_path, jobs=1, progress=False)
        assert [line.evaluation_error for line in runs[0].history] == [None, None]
        assert "3        2" in table(runs)


def test_nothing_to_train(random_samples, tmp_path):
    assert quiet([], random_samples, tmp_path) == []


def test_progress_counts_passes(random_samples, tmp_path, capsys):
    train_many(SEEDS, random_samples, None, tmp_path, jobs=1)
    assert "6/6" in capsys.readouterr().err


# Cuts.


def test_a_killed_child(random_samples, tmp_path):
    with pytest.raises(LeNet5Error, match=r"process was killed.* of 3 runs .*same command goes on"):
        quiet(SEEDS, random_samples, tmp_path / "cut", jobs=2, trainer=killed)
    for name in NAMES[1:]:
        (tmp_path / "cut" / name / "trouble").touch()
    resumed = quiet(SEEDS, random_samples, tmp_path / "cut", jobs=2, trainer=killed)
    assert same(resumed, quiet(SEEDS, random_samples, tmp_path / "whole", jobs=1, trainer=logged))


def test_a_killed_parent_takes_its_children_along(random_samples, tmp_path):
    code = (
        "import sys, torch, test_many as t; from pathlib import Path\n"
        "draw = torch.Generator().manual_seed(6)\n"
        "images, labels = torch.load(sys.argv[1])\n"
        "t.quiet(t.SEEDS[:2], t.Samples(images, labels), Path(sys.argv[2]), jobs=2,"
        " trainer=t.hanging)\n"
    )
    torch.save(tuple(random_samples), tmp_path / "samples")
    parent = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "samples", tmp_path / "cut"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,  # joblib's tracker tells what it cleans up
    )
    children = [tmp_path / "cut" / name / "trouble" for name in NAMES[:2]]
    wait_for(lambda: all(child.exists() and child.read_text() for child in children))
    parent.kill()
    parent.wait()
    wait_for(lambda: all(gone(child.read_text()) for child in children))
    resumed = quiet(SEEDS[:2], random_samples, tmp_path / "cut", jobs=1, trainer=hanging)
    whole = quiet(SEEDS[:2], random_samples, tmp_path / "whole", jobs=1, trainer=logged)
    assert same(resumed, whole)
    assert len(log_of(tmp_path / "cut" / NAMES[0])) == 2  # neither pass was trained twice


@pytest.fixture
def _hears_ctrl_c():
    """A process that a shell started in the background ignores SIGINT unless told."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_hears_ctrl_c")
def test_ctrl_c_keeps_what_is_finished(random_samples, tmp_path):
    finished = quiet(SEEDS[:1], random_samples, tmp_path, jobs=1, trainer=logged)
    marks = [tmp_path / name / "trouble" for name in NAMES[1:]]

    def press():
        wait_for(lambda: all(mark.exists() and mark.read_text() for mark in marks))
        os.kill(os.getpid(), signal.SIGINT)

    record = tmp_path / NAMES[0] / "history.json"
    record.write_text(record.read_text().replace("logged", "hanging"))
    hand = threading.Thread(target=press)
    hand.start()
    with pytest.raises(KeyboardInterrupt):
        quiet(SEEDS, random_samples, tmp_path, jobs=2, trainer=hanging)
    hand.join()
    wait_for(lambda: all(gone(mark.read_text()) for mark in marks))
    resumed = quiet(SEEDS, random_samples, tmp_path, jobs=1, trainer=hanging)
    assert resumed[0].history == finished[0].history
    assert [len(log_of(tmp_path / name)) for name in NAMES] == [2, 2, 2]


# Trouble.


def test_a_diverging_run_lets_the_others_finish(random_samples, tmp_path):
    with pytest.raises(LeNet5Error, match=r"^seed-0_.* diverged in pass 1 .* 2 of 3 runs are fini"):
        quiet(SEEDS, random_samples, tmp_path, jobs=1, trainer=diverging)
    assert [(tmp_path / name / "weights.safetensors").exists() for name in NAMES] == [1, 0, 1]


def test_a_bug_keeps_its_traceback(random_samples, tmp_path):
    def broken(*_, **__):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        quiet(SEEDS, random_samples, tmp_path, jobs=1, trainer=broken)


def test_a_directory_that_cannot_be_written(random_samples, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LeNet5Error, match="cannot be written"):
        quiet(SEEDS, random_samples, tmp_path / "file" / "runs", trainer=deadly)


def test_a_full_disk_keeps_what_is_finished(random_samples, tmp_path, monkeypatch):
    def full(network, settings, path):
        raise LeNet5Error(f"{path} cannot be written (No space left on device).")

    quiet(SEEDS[:1], random_samples, tmp_path, jobs=1)
    with monkeypatch.context() as patch:
        patch.setattr(many, "save_network", full)
        with pytest.raises(LeNet5Error, match=r"No space left.* 1 of 3 runs are finished"):
            quiet(SEEDS, random_samples, tmp_path, jobs=1)
    assert len(quiet(SEEDS, random_samples, tmp_path, jobs=1)) == 3


def test_a_folder_of_another_run_is_refused(random_samples, tmp_path):
    quiet(SEEDS[:1], random_samples, tmp_path, jobs=1)
    fewer = Samples(random_samples.images[:30], random_samples.labels[:30])
    with pytest.raises(LeNet5Error, match=r"differs in training samples, evaluation samples\)"):
        quiet(SEEDS[:1], fewer, tmp_path)
    with pytest.raises(LeNet5Error, match=r"seed-3_.* \(it differs in trainer\)"):
        quiet(SEEDS[:1], random_samples, tmp_path, trainer=training.train)
    path = tmp_path / NAMES[0] / "history.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"settings": record["settings"] | {"mu": 0.5}}))
    with pytest.raises(LeNet5Error, match=r"differs in mu\)"):
        quiet(SEEDS[:1], random_samples, tmp_path)
    path.write_text("{")
    with pytest.raises(LeNet5Error, match=r"history\.json is damaged"):
        quiet(SEEDS[:1], random_samples, tmp_path)


# On a cluster.


def test_killed_workers_of_a_cluster_lose_and_double_nothing(random_samples, tmp_path, cluster):
    """Two runs each kill their worker once: both workers, and with them the images."""
    runs = quiet(SEEDS, random_samples, tmp_path / "cluster", cluster=cluster, trainer=killed)
    assert same(runs, quiet(SEEDS, random_samples, tmp_path / "here", jobs=1, trainer=logged))
    for name in NAMES:
        assert (tmp_path / "cluster" / name / "trouble").exists() == (name != NAMES[0])
        assert len(log_of(tmp_path / "cluster" / name)) == 2


def test_a_run_that_kills_every_worker(random_samples, tmp_path, cluster):
    with pytest.raises(LeNet5Error, match=r"gave up \(KilledWorker.* 0 of 1 runs are finished"):
        quiet(SEEDS[:1], random_samples, tmp_path, cluster=cluster, trainer=deadly)


def test_a_worker_that_does_not_see_the_directory(random_samples, tmp_path):
    arrays = [tensor.numpy() for tensor in random_samples]
    answer = workers._train_one(SEEDS[0], tmp_path / "elsewhere", engine.train, None, arrays)
    expected = engine.train(SEEDS[0], random_samples, progress=False)
    for name, tensor in expected.network.state_dict().items():
        assert np.array_equal(answer.weights[name], tensor.numpy())
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_without_dask(random_samples, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(LeNet5Error, match="optional extra `cluster`"):
        quiet(SEEDS, random_samples, tmp_path, cluster="tcp://127.0.0.1:8786")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "http://127.0.0.1:1"])
def test_a_cluster_that_is_not_there(random_samples, tmp_path, address):
    pytest.importorskip("distributed")
    with pytest.raises(LeNet5Error, match=f"No Dask scheduler answers at {address} "):
        quiet(SEEDS, random_samples, tmp_path, cluster=address)


# What is read by people.


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (Settings(), "seed-0"),
        (Settings(seed=12, loss="mse"), "seed-12_loss-mse"),
        (Settings(network="300-100", mu=1e-5), "seed-0_network-300-100_mu-1e-05"),
    ],
)
def test_folders_tell_what_is_in_them(settings, name):
    assert folder_name(settings) == name


def test_the_interval_is_students():
    values = [0.9, 1.1, 1.3, 0.8]
    mean, low, high = mean_interval(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (mean, low, high) == pytest.approx((1.025, expected.low, expected.high))


def test_the_table():
    runs = [
        Run(one, make_network(one), [Pass(1, 5e-4, 9.0, 0.1, error, 2.5)])
        for one, error in zip(SEEDS, (1.0, 2.0, 3.0), strict=True)
    ]
    assert table(runs).splitlines() == [
        "   seed   passes    error   seconds",
        "      3        1   1.00 %       2.5",
        "      0        1   2.00 %       2.5",
        "      1        1   3.00 %       2.5",
        "mean 2.00 %, 95 % t-interval -0.48 to 4.48 % (3 seeds)",
    ]
