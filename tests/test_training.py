"""Section III-B: the readable trainer, against steps written out, and its checkpoints."""

import dataclasses

import pytest
import torch

from lenet5 import training
from lenet5.errors import LeNet5Error
from lenet5.evaluation import evaluate
from lenet5.run import (
    Samples,
    curvature_subset,
    make_loss,
    make_network,
    order_of_pass,
)
from lenet5.sdlm import curvature
from lenet5.settings import Settings
from lenet5.training import pass_in_pytorch, train

SETTINGS = Settings(seed=3, passes=3, curvature_samples=20)


def quiet(settings, samples, **more):
    return train(settings, samples, samples, progress=False, **more)


def same_weights(one, other):
    theirs = other.network.state_dict()
    return all(
        torch.equal(tensor, theirs[name]) for name, tensor in one.network.state_dict().items()
    )


def without_seconds(history):
    return [dataclasses.replace(line, seconds=0.0) for line in history]


def test_a_pass_is_one_update_after_each_sample(random_samples):
    """The trainer against equations (18) and (21) written out."""
    settings = dataclasses.replace(SETTINGS, passes=1)
    run = quiet(settings, random_samples)

    network, loss = make_network(settings), make_loss(settings)
    subset = curvature_subset(settings, 1, 40)
    h = curvature(network, loss, random_samples.images[subset], random_samples.labels[subset])
    errors = 0
    for index in order_of_pass(settings, 1, 40):
        image, label = random_samples.images[index][None], random_samples.labels[index][None]
        penalties = network(image)
        errors += int(penalties.argmin() != label)
        names, parameters = zip(*network.named_parameters(), strict=True)
        slopes = torch.autograd.grad(loss(penalties, label).sum(), parameters)
        with torch.no_grad():
            for name, parameter, slope in zip(names, parameters, slopes, strict=True):
                parameter -= 5e-4 / (0.02 + h[name]) * slope
    assert run.history[0].training_error == 100 * errors / 40
    for name, parameter in network.named_parameters():
        trained = dict(run.network.named_parameters())[name]
        assert torch.allclose(parameter, trained, rtol=1e-3, atol=1e-5), name


def test_it_learns(random_samples):
    run = quiet(Settings(passes=6, curvature_samples=40, penalty="half", j=10.0), random_samples)
    assert run.history[0].training_error > 30
    assert run.history[-1].training_loss < run.history[0].training_loss / 100
    assert evaluate(run.network, random_samples).error == 0


def test_history_follows_the_schedule(random_samples):
    history = quiet(SETTINGS, random_samples).history
    assert [line.number for line in history] == [1, 2, 3]
    assert [line.eta for line in history] == [5e-4, 5e-4, 2e-4]
    assert all(line.seconds > 0 for line in history)


def test_the_seed_decides_everything(random_samples):
    first, again = quiet(SETTINGS, random_samples), quiet(SETTINGS, random_samples)
    other = quiet(dataclasses.replace(SETTINGS, seed=4), random_samples)
    assert same_weights(first, again)
    assert without_seconds(first.history) == without_seconds(again.history)
    assert not same_weights(first, other)


@pytest.mark.parametrize("order", ["constant", "reshuffled"])
def test_a_cut_in_mid_pass_changes_no_bit(random_samples, tmp_path, order):
    settings = dataclasses.replace(SETTINGS, order=order)
    whole = quiet(settings, random_samples)
    calls = []

    def cut_in_third_pass(*args, **more):
        calls.append(1)
        if len(calls) == 3:
            pass_in_pytorch(args[0], args[1], random_samples, args[3][:5], *args[4:])
            raise KeyboardInterrupt
        return pass_in_pytorch(*args, **more)

    place = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KeyboardInterrupt):
        quiet(settings, random_samples, checkpoint=place, one_pass=cut_in_third_pass)
    resumed = quiet(settings, random_samples, checkpoint=place)
    assert same_weights(whole, resumed)
    assert without_seconds(whole.history) == without_seconds(resumed.history)


def test_a_finished_run_is_not_trained_again(random_samples, tmp_path):
    place = tmp_path / "checkpoint.safetensors"
    first = quiet(SETTINGS, random_samples, checkpoint=place)

    def never(*args, **more):
        raise AssertionError("it trained again")

    again = quiet(SETTINGS, random_samples, checkpoint=place, one_pass=never)
    assert same_weights(first, again)
    assert first.history == again.history


def test_a_finished_run_can_be_continued(random_samples, tmp_path):
    place = tmp_path / "checkpoint.safetensors"
    quiet(dataclasses.replace(SETTINGS, passes=1), random_samples, checkpoint=place)
    longer = quiet(SETTINGS, random_samples, checkpoint=place)
    assert same_weights(longer, quiet(SETTINGS, random_samples))


def test_a_checkpoint_of_another_run_is_refused_and_kept(random_samples, tmp_path):
    place = tmp_path / "checkpoint.safetensors"
    quiet(SETTINGS, random_samples, checkpoint=place)
    before = place.read_bytes()
    with pytest.raises(LeNet5Error, match=r"differs in j, 1\.0 there and 2\.0 here\)"):
        quiet(dataclasses.replace(SETTINGS, j=2.0), random_samples, checkpoint=place)
    fewer = Samples(random_samples.images[:30], random_samples.labels[:30])
    with pytest.raises(LeNet5Error, match="the training samples"):
        quiet(SETTINGS, fewer, checkpoint=place)
    assert place.read_bytes() == before


def test_a_truncated_checkpoint_is_named(random_samples, tmp_path):
    place = tmp_path / "checkpoint.safetensors"
    quiet(SETTINGS, random_samples, checkpoint=place)
    place.write_bytes(place.read_bytes()[:5000])
    with pytest.raises(LeNet5Error, match=r"checkpoint\.safetensors is damaged"):
        quiet(SETTINGS, random_samples, checkpoint=place)


def test_a_diverging_run_says_so_and_keeps_the_last_good_pass(random_samples, tmp_path):
    place = tmp_path / "checkpoint.safetensors"

    def diverges_in_second_pass(*args, **more):
        tally = pass_in_pytorch(*args, **more)
        return tally if not place.exists() else training.Tally(tally.errors, float("nan"))

    with pytest.raises(LeNet5Error, match=r"diverged in pass 2 .*keeps pass 1"):
        quiet(SETTINGS, random_samples, checkpoint=place, one_pass=diverges_in_second_pass)
    assert (
        len(
            quiet(dataclasses.replace(SETTINGS, passes=1), random_samples, checkpoint=place).history
        )
        == 1
    )


def test_a_full_disk_keeps_the_checkpoint_before(random_samples, tmp_path, monkeypatch):
    place = tmp_path / "checkpoint.safetensors"
    quiet(dataclasses.replace(SETTINGS, passes=1), random_samples, checkpoint=place)
    before = place.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lenet5.files.os.fsync", full)
    with pytest.raises(LeNet5Error, match="No space left"):
        quiet(SETTINGS, random_samples, checkpoint=place)
    assert place.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [place.name]


def test_no_thread_count_leaks(random_samples):
    torch.set_num_threads(2)
    quiet(dataclasses.replace(SETTINGS, passes=1), random_samples)
    assert torch.get_num_threads() == 2


def test_progress_names_the_pass(random_samples, capsys):
    train(dataclasses.replace(SETTINGS, passes=1), random_samples, random_samples)
    captured = capsys.readouterr()
    assert "pass  1" in captured.out
    assert "pass 1/1" in captured.err


def test_a_checkpoint_judged_on_other_samples_is_refused(random_samples, tmp_path):
    """Held-out errors must never be taken for test errors."""
    place = tmp_path / "checkpoint.safetensors"
    quiet(SETTINGS, random_samples, checkpoint=place)
    others = Samples(random_samples.images[:30], random_samples.labels[:30])
    with pytest.raises(LeNet5Error, match="the evaluation samples"):
        train(SETTINGS, random_samples, others, checkpoint=place, progress=False)


def test_fewer_passes_than_there_are_is_refused(random_samples, tmp_path):
    place = tmp_path / "checkpoint.safetensors"
    quiet(SETTINGS, random_samples, checkpoint=place)
    with pytest.raises(LeNet5Error, match="has 3 passes already, and 2 were asked for"):
        quiet(dataclasses.replace(SETTINGS, passes=2), random_samples, checkpoint=place)


def test_a_place_that_cannot_be_written_is_found_before_the_first_pass(random_samples, tmp_path):
    (tmp_path / "file").write_bytes(b"")

    def never(*args, **more):
        raise AssertionError("it trained first")

    with pytest.raises(LeNet5Error, match="cannot be written"):
        quiet(SETTINGS, random_samples, checkpoint=tmp_path / "file" / "c", one_pass=never)


def test_a_pass_is_kept_before_it_is_told(random_samples, tmp_path, monkeypatch):
    place = tmp_path / "checkpoint.safetensors"

    def closed(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr("lenet5.training.tqdm.write", closed)
    with pytest.raises(BrokenPipeError):
        train(SETTINGS, random_samples, checkpoint=place)
    assert place.exists()
