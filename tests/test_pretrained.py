"""The weights that come with the book: what they are, what their card says, how they load."""

import hashlib
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from lenet5 import cli, mnist
from lenet5.errors import LeNet5Error
from lenet5.evaluation import evaluate
from lenet5.experiments import experiment
from lenet5.export import to_onnx
from lenet5.files import ROOT
from lenet5.inputs import inputs
from lenet5.networks import LeNet5
from lenet5.results import records
from lenet5.run import make_network
from lenet5.settings import Settings
from lenet5.tensors import PRETRAINED, WEIGHTS, read_tensors, write_tensors
from lenet5.weights import digest_of, load_network, save_network

CARD = (PRETRAINED.parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def recorded():
    """The run in the record that the weights come from."""
    runs = records.read(records.path_of("figure6-distorted")).runs
    return next(run for run in runs if run.seed == 1)


@pytest.fixture
def copied(tmp_path):
    return shutil.copy(PRETRAINED, tmp_path / "copy.safetensors")


# The weights and their card


def test_they_are_those_of_the_record(recorded):
    assert digest_of(LeNet5.from_pretrained()) == recorded.weights


def test_they_are_of_the_first_seed_of_their_experiment():
    assert load_network(PRETRAINED)[1] == experiment("figure6-distorted").runs()[0]


def test_the_commands_on_the_card_make_them():
    commands = re.findall(r"^python -m lenet5 (.*)$", CARD, flags=re.M)
    reproduce, train = (vars(cli.parser().parse_args(shlex.split(words))) for words in commands)
    assert reproduce["ids"] == ["figure6-distorted"]
    given = Settings(**{name: train[name] for name in Settings().as_dict()})
    assert given == load_network(PRETRAINED)[1]


def test_the_error_on_the_card_is_that_of_the_record(recorded):
    said = re.search(r"gets (\d+) of the ([\d,]+) test images of MNIST wrong, ([\d.]+) %", CARD)
    missed, images, error = said.groups()
    assert int(missed) == len(recorded.missed)
    assert int(images.replace(",", "")) == 10_000
    assert float(error) == recorded.value("error@20") == int(missed) / 100


def test_the_digests_on_the_card():
    assert re.findall(r"`([0-9a-f]{64})`", CARD) == [
        hashlib.sha256(PRETRAINED.read_bytes()).hexdigest(),
        digest_of(LeNet5.from_pretrained()),
    ]


def test_the_tensors_and_parameters_on_the_card():
    said = dict(re.findall(r"^\| `(\w+\.\w+)` \| ([\dx ]+?) \|", CARD, flags=re.M))
    network = LeNet5.from_pretrained()
    tensors = network.state_dict()
    assert said == {name: " x ".join(map(str, t.shape)) for name, t in tensors.items()}
    assert f"| {sum(p.numel() for p in network.parameters()):,} |" in CARD


def test_the_code_on_the_card(tmp_path, monkeypatch, mnist_directory):
    (tmp_path / "data").mkdir()
    shutil.copytree(PRETRAINED.parent, tmp_path / "data" / "weights")
    shutil.copy(ROOT / "hubconf.py", tmp_path)
    (tmp_path / "lenet5.onnx").write_bytes(to_onnx(*load_network(PRETRAINED)))
    picture = mnist.load(mnist_directory).test.images[0].numpy()
    Image.fromarray(picture).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LENET5_DATA", str(mnist_directory))
    names, answers = {}, []
    for block in re.findall(r"^```python\n(.*?)^```", CARD, flags=re.M | re.S):
        names.pop("network", None)
        exec(block, names)
        if "network" in names:
            names["answers"] = names["network"].classify(names["images"])
        if "answers" in names:
            answers.append(np.asarray(names["answers"]).tolist())
    assert len(answers) == 4
    assert all(one == answers[0] for one in answers)
    assert np.mean(np.array(answers[0]) != names["digits"].numpy()) < 0.05


# from_pretrained


def test_they_read_digits(mnist_directory):
    few = inputs(mnist.load(mnist_directory).test.first(2000))
    network = LeNet5.from_pretrained()
    with torch.no_grad():
        assert network(few.images[:3]).shape == (3, 10)
    assert evaluate(network, few).error < 2


def test_from_pretrained_takes_other_files_of_lenet5(tmp_path):
    settings = Settings(penalty="half", codes="one_of_ten", c3="full")
    save_network(make_network(settings), settings, tmp_path / "mine.safetensors")
    network = LeNet5.from_pretrained(tmp_path / "mine.safetensors")
    assert digest_of(network) == digest_of(make_network(settings))
    assert network.output.scale == 0.5


def test_a_missing_file_names_itself(tmp_path):
    with pytest.raises(LeNet5Error, match=r"none\.safetensors cannot be read"):
        LeNet5.from_pretrained(tmp_path / "none.safetensors")


@pytest.mark.parametrize("kept", [0, 100, 200_000])
def test_a_damaged_file_is_refused(copied, kept):
    copied.write_bytes(copied.read_bytes()[:kept])
    with pytest.raises(LeNet5Error, match=r"copy\.safetensors is damaged"):
        LeNet5.from_pretrained(copied)


def test_another_network_is_refused(tmp_path):
    settings = Settings(network="lenet1")
    save_network(make_network(settings), settings, tmp_path / "lenet1.safetensors")
    with pytest.raises(LeNet5Error, match=r"holds a lenet1: load it with `load_network`"):
        LeNet5.from_pretrained(tmp_path / "lenet1.safetensors")


def without_settings(tensors, header):
    del header["settings"]


def of_another_version(tensors, header):
    header["settings"]["momentum"] = 0.9


def of_other_shapes(tensors, header):
    tensors["F6.weights"] = torch.zeros(10, 120)


@pytest.mark.parametrize("spoil", [without_settings, of_another_version, of_other_shapes])
def test_a_file_that_does_not_fit_is_refused(copied, spoil):
    tensors, header = read_tensors(copied, WEIGHTS)
    spoil(tensors, header)
    write_tensors(copied, tensors, WEIGHTS, header)
    with pytest.raises(LeNet5Error, match=r"copy\.safetensors"):
        LeNet5.from_pretrained(copied)


# torch.hub


def hub(**options):
    return torch.hub.load(str(ROOT), "lenet5", source="local", **options)


def test_torch_hub_loads_them():
    assert digest_of(hub()) == digest_of(LeNet5.from_pretrained())


def test_torch_hub_without_them_draws_first_weights():
    draws = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        draws.append(digest_of(hub(pretrained=False)))
    assert draws[0] == draws[1] != draws[2]


def test_torch_hub_needs_nothing_that_it_does_not_name():
    code = (
        "import importlib, sys, hubconf\n"
        "for name in [*hubconf.dependencies, 'safetensors.torch']: importlib.import_module(name)\n"
        "before = {*sys.modules}\n"
        "hubconf.lenet5()\n"
        "new = {name.split('.')[0] for name in {*sys.modules} - before}\n"
        "print(new - sys.stdlib_module_names - {'lenet5', *hubconf.dependencies})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
