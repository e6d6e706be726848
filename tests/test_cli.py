"""The command line as a user meets it: what it prints, its exit codes, no traceback."""

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from lenet5 import cli, mnist
from lenet5.files import ROOT
from lenet5.tensors import PRETRAINED

TINY = ["--images", "60", "--passes", "2", "--curvature-samples", "30"]


@pytest.fixture
def run(capsys, monkeypatch, mnist_directory):
    """Runs a command in this process; gives exit code, output and errors."""
    whole = mnist.load(mnist_directory)
    few = mnist.Database(whole.training[:300], whole.test[:50], whole.source, whole.digests)
    monkeypatch.setattr("lenet5.mnist.load", lambda: few)

    def command(*words):
        try:
            code = cli.main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def trained(run, tmp_path):
    code, out, _ = run("train", "--out", tmp_path / "run", *TINY)
    assert code == 0
    assert "60 images of MNIST; evaluation on the 50 test images" in out
    return tmp_path / "run"


def test_train_writes_weights_history_and_checkpoint(trained):
    assert {file.name for file in trained.iterdir()} == {
        "checkpoint.safetensors",
        "history.json",
        "weights.safetensors",
    }
    history = json.loads((trained / "history.json").read_text())
    assert [line["number"] for line in history["history"]] == [1, 2]
    assert history["settings"]["curvature_samples"] == 30
    assert history["digests"] == mnist.load().digests


def test_train_goes_on_from_its_checkpoint(trained, run):
    code, out, _ = run("train", "--out", trained, *TINY[:2], "--passes", 3, *TINY[4:])
    assert code == 0
    assert re.findall(r"^pass +(\d)", out, flags=re.M) == ["3"]


def test_hold_out_leaves_the_test_set_alone(run, tmp_path):
    code, out, _ = run("train", "--out", tmp_path, "--hold-out", *TINY)
    assert code == 0
    assert "held-out error" in out
    assert "test error" not in out
    assert json.loads((tmp_path / "history.json").read_text())["evaluated_on"] == "held-out"


def test_both_trainers_learn_the_same(trained, run, tmp_path):
    code, _, _ = run("train", "--out", tmp_path / "slow", *TINY, "--trainer", "pytorch")
    assert code == 0
    fast, slow = (
        json.loads((directory / "history.json").read_text())
        for directory in (trained, tmp_path / "slow")
    )
    assert (fast["trainer"], slow["trainer"]) == ("engine", "pytorch")
    for one, other in zip(fast["history"], slow["history"], strict=True):
        assert one["training_loss"] == pytest.approx(other["training_loss"], rel=1e-3)


def test_seeds_are_trained_and_averaged(run, tmp_path):
    words = ["train", "--out", tmp_path, *TINY, "--seed", 5, "--seeds", 2, "--jobs", 1]
    code, out, _ = run(*words)
    assert code == 0
    assert re.findall(r"^ +(\d+) +2 +\d+\.\d\d %", out, flags=re.M) == ["5", "6"]
    assert re.search(r"mean \d+\.\d\d %, 95 % t-interval .* \(2 seeds\)", out)
    assert len(list(tmp_path.glob("seed-*/weights.safetensors"))) == 2
    assert run(*words)[1] == out  # read, not trained again: the times are the same


def test_a_cluster_that_is_not_there(run, tmp_path):
    pytest.importorskip("distributed")
    code, _, err = run("train", "--out", tmp_path, *TINY, "--cluster", "tcp://127.0.0.1:1")
    assert code == 1
    assert err.splitlines()[-1].startswith("lenet5: No Dask scheduler answers at tcp://")


def test_train_refuses_another_runs_directory(trained, run):
    code, _, err = run("train", "--out", trained, *TINY, "--seed", 1)
    assert code == 1
    assert re.fullmatch(r"lenet5: .*differs in seed.*\n", err)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--passes", "0"], "passes must be above 0"),
        (["--images", "301"], "301"),
        (["--mu", "-1"], "mu must be above 0"),
        (["--seeds", "0"], "seeds must be 1 or more"),
        (["--seeds", "2", "--jobs", "0"], "jobs must be 1 or more"),
    ],
)
def test_values_out_of_range_are_one_sentence(run, tmp_path, words, said):
    code, _, err = run("train", "--out", tmp_path, *words)
    assert code == 1
    assert said in err
    assert len(err.splitlines()) == 1


def test_evaluate_prints_error_interval_and_confusion(trained, run):
    code, out, _ = run("evaluate", "--weights", trained / "weights.safetensors")
    assert code == 0
    assert re.match(r"error \d+\.\d\d %  \(\d+ of 50 images of MNIST; 95 % interval", out)
    counts = [
        int(cell) for line in out.splitlines()[-10:] for cell in line.split()[1:] if cell != "."
    ]
    assert sum(counts) == 50


def test_predict_reads_an_image_file(trained, run, tmp_path):
    digit = mnist.load().training.images[0].numpy()
    Image.fromarray(255 - digit).resize((280, 280)).save(tmp_path / "five.png")
    code, out, _ = run(
        "predict", tmp_path / "five.png", "--weights", trained / "weights.safetensors", "--show"
    )
    assert code == 0
    assert re.search(r"five\.png: \d  \(penalty [\d.]+; next \d at", out)
    assert "█" in out


@pytest.mark.parametrize("trouble", ["text", "blank", "missing", "huge"])
def test_predict_names_a_bad_image(trained, run, tmp_path, trouble):
    path = tmp_path / "picture.png"
    if trouble == "text":
        path.write_text("no image")
    elif trouble == "blank":
        Image.fromarray(np.full((30, 30), 200, np.uint8)).save(path)
    elif trouble == "huge":
        Image.new("1", (30_000, 30_000)).save(path)
    code, _, err = run("predict", path, "--weights", trained / "weights.safetensors")
    assert code == 1
    assert "picture.png" in err
    assert len(err.splitlines()) == 1


def test_weights_that_are_not_there(run, tmp_path):
    code, _, err = run("evaluate", "--weights", tmp_path / "none.safetensors")
    assert code == 1
    assert "python -m lenet5 train" in err


def test_without_training_the_weights_of_the_book_are_used(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("evaluate")
    assert code == 0
    assert float(out.split()[1]) < 5
    assert re.fullmatch(r"lenet5: runs.*is not there; using .*lenet5\.safetensors\.\n", err)


def test_predict_reads_a_digit_without_training(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digit = mnist.load().test.images[0].numpy()
    Image.fromarray(255 - digit).resize((280, 280)).save("seven.png")
    code, out, err = run("predict", "seven.png")
    assert code == 0
    assert out.startswith("seven.png: 7 ")
    assert len(err.splitlines()) == 1


def test_weights_of_ones_own_come_before_those_of_the_book(trained, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path / "runs" / "lenet5")
    code, out, err = run("evaluate")
    assert (code, err) == (0, "")
    assert out == run("evaluate", "--weights", trained / "weights.safetensors")[1]


def test_export_writes_the_weights_as_onnx(trained, run, tmp_path):
    place = tmp_path / "new" / "mine.onnx"
    code, out, err = run("export", "--weights", trained / "weights.safetensors", "--out", place)
    assert (code, err) == (0, "")
    assert out == f"ONNX: {place}, {place.stat().st_size:,} bytes\n"


def test_export_without_training_takes_the_weights_of_the_book(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("export")
    assert code == 0
    assert "weights that come with the book" in err
    assert out.startswith("ONNX: lenet5.onnx, ")
    assert (tmp_path / "lenet5.onnx").exists()


def test_export_says_what_is_missing(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    code, _, err = run("export", "--weights", PRETRAINED, "--out", tmp_path / "lenet5.onnx")
    assert code == 1
    assert re.fullmatch(r"lenet5: Export needs .*extra `onnx`.*\n", err)
    assert not (tmp_path / "lenet5.onnx").exists()


def test_wrong_words_exit_2_and_say_which(run):
    code, _, err = run("train", "--loss", "hinge")
    assert code == 2
    assert "hinge" in err
    assert run()[0] == 2


def test_ctrl_c_exits_130_and_says_how_to_go_on(run, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("lenet5.engine.train", interrupted)
    code, _, err = run("train", "--out", tmp_path, *TINY)
    assert code == 130
    assert "goes on after the last pass that was finished" in err


@pytest.mark.parametrize(
    "command", ["", "fetch", "train", "evaluate", "predict", "export", "bench"]
)
def test_help_of_every_command(run, command):
    code, out, _ = run(*command.split(), "--help")
    assert code == 0
    assert "usage: python -m lenet5" in out


def test_help_does_not_wait_for_pytorch():
    code = "import sys; from lenet5 import cli; cli.parser(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_module_runs():
    done = subprocess.run(
        [sys.executable, "-m", "lenet5", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    for command in ("fetch", "train", "evaluate", "predict", "export"):
        assert command in done.stdout


def test_predict_reads_the_good_images_among_bad_ones(trained, run, tmp_path):
    digit = mnist.load().training.images[0].numpy()
    for name in ("a.png", "c.png"):
        Image.fromarray(digit).save(tmp_path / name)
    (tmp_path / "b.png").write_text("no image")
    images = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    code, out, err = run("predict", *images, "--weights", trained / "weights.safetensors")
    assert code == 1
    assert len(out.splitlines()) == 2
    assert "1 of 3 images could not be read" in err


def test_other_networks_train_and_are_evaluated(run, tmp_path):
    words = ("--network", "lenet1", "--loss", "mse", "--distortion", "fresh")
    assert run("train", "--out", tmp_path, *TINY, *words)[0] == 0
    assert run("evaluate", "--weights", tmp_path / "weights.safetensors")[0] == 0


def test_bench_prints_its_table_and_writes_it(run, tmp_path, monkeypatch):
    from lenet5 import bench

    monkeypatch.setattr("lenet5.mnist.Digits.first", lambda digits, n: digits[:50])
    monkeypatch.setattr(bench, "run_bench", functools.partial(bench.run_bench, length=1))
    place = tmp_path / "bench.json"
    code, out, _ = run("bench", "--rounds", 1, "--no-compile", "--out", place)
    assert code == 0
    assert "engine, batch 1" in out
    assert json.loads(place.read_text())["timings"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_terminal_without_greek_letters_is_no_trouble(encoding):
    done = subprocess.run(
        [sys.executable, "-m", "lenet5", "train", "--help"],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
    )
    assert done.returncode == 0


def test_output_that_nobody_reads_is_no_trouble():
    command = (
        f"{shlex.quote(sys.executable)} -m lenet5 train --help | true; exit ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
