"""Weights in files: what is saved comes back, and nothing else does."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

from lenet5.errors import LeNet5Error
from lenet5.run import make_network
from lenet5.settings import Settings
from lenet5.weights import load_network, save_network

SETTINGS = Settings(seed=9, penalty="half", loss="mse")


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_network(make_network(SETTINGS), SETTINGS, path)
    return path


def test_what_is_saved_comes_back(saved, random_samples):
    network, settings = load_network(saved)
    assert settings == SETTINGS
    expected = make_network(SETTINGS)(random_samples.images)
    assert torch.equal(network(random_samples.images), expected)


def test_about_240_kilobytes(saved):
    assert 240_000 < saved.stat().st_size < 250_000


def test_a_missing_file_names_itself_and_the_cure(tmp_path):
    with pytest.raises(LeNet5Error, match=r"nothing\.safetensors .*python -m lenet5 train"):
        load_network(tmp_path / "nothing.safetensors")


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(LeNet5Error, match="cannot be read"):
        load_network(tmp_path)


@pytest.mark.parametrize("kept", [0, 5, 100, 100_000])
def test_a_truncated_file_is_refused(saved, kept):
    saved.write_bytes(saved.read_bytes()[:kept])
    with pytest.raises(LeNet5Error, match=r"weights\.safetensors is damaged"):
        load_network(saved)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_is_refused_unopened(tmp_path, protocol):
    path = tmp_path / "evil.pt"
    path.write_bytes(pickle.dumps({"w": 1}, protocol=protocol))
    with pytest.raises(LeNet5Error, match="pickle"):
        load_network(path)


def test_a_torch_save_file_is_refused(tmp_path):
    path = tmp_path / "model.pt"
    torch.save({"w": torch.ones(2)}, path)
    with pytest.raises(LeNet5Error, match="pickle"):
        load_network(path)


def test_another_architecture_is_refused_with_the_first_difference(saved):
    from lenet5.tensors import WEIGHTS, read_tensors, write_tensors

    tensors, header = read_tensors(saved, WEIGHTS)
    tensors["F6.weights"] = torch.zeros(10, 120)
    write_tensors(saved, tensors, WEIGHTS, header)
    with pytest.raises(LeNet5Error, match=r"F6\.weights is \(10, 120\) there and \(84, 120\)"):
        load_network(saved)


def test_somebody_elses_safetensors_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"w": torch.ones(2)}, path)
    with pytest.raises(LeNet5Error, match="not of this project's"):
        load_network(path)


def test_settings_of_another_version_are_refused(saved):
    from lenet5.tensors import WEIGHTS, read_tensors, write_tensors

    tensors, header = read_tensors(saved, WEIGHTS)
    header["settings"]["momentum"] = 0.9
    write_tensors(saved, tensors, WEIGHTS, header)
    with pytest.raises(LeNet5Error, match="another version"):
        load_network(saved)


def test_a_damaged_header_is_refused(saved):
    from lenet5.tensors import WEIGHTS, read_tensors

    tensors, _ = read_tensors(saved, WEIGHTS)
    save_file(tensors, saved, {"kind": WEIGHTS, "header": "{"})
    with pytest.raises(LeNet5Error, match="damaged header"):
        load_network(saved)


def test_a_checkpoint_is_not_taken_for_weights(tmp_path, random_samples):
    from lenet5.training import train

    place = tmp_path / "checkpoint.safetensors"
    train(Settings(passes=1), random_samples, checkpoint=place, progress=False)
    with pytest.raises(LeNet5Error, match=r"another kind \(lenet5 checkpoint"):
        load_network(place)
