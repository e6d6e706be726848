"""The database and its three versions (Section III-A)."""

import shutil
import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lenet5 import idx, mnist
from lenet5.errors import LeNet5Error

SIBLING = Path(__file__).resolve().parent.parent.parent / "shared" / "mnist"


@pytest.fixture(scope="module")
def database(mnist_directory: Path) -> mnist.Database:
    return mnist.load(mnist_directory)


@pytest.fixture
def no_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(idx.MIRROR, (tmp_path / "nowhere").as_uri())
    monkeypatch.setattr(mnist, "_told", False)
    return tmp_path / "data"


@pytest.fixture
def subset(no_mirror: Path) -> mnist.Database:
    with pytest.warns(mnist.SubsetWarning):
        return mnist.load(no_mirror)


# The whole database


def test_iii_a_60000_to_train_and_10000_to_test(database: mnist.Database) -> None:
    assert len(database.training) == 60_000 and len(database.test) == 10_000
    assert database.complete and database.source == "MNIST"
    assert database.digests == idx.DIGESTS and len(database.digests) == 4
    assert database.training.labels.bincount().tolist() == [
        *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
    ]
    assert database.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    database.require_complete("a table")


def test_iii_a_digits_fit_a_box_of_20_and_lie_by_their_centre_of_mass(
    database: mnist.Database,
) -> None:
    images = database.training.images
    for axis in 1, 2:
        inked = (images > 0).any(3 - axis).byte()
        extent = 28 - inked.argmax(1) - inked.flip(1).argmax(1)
        assert extent.max() == 20
        profile = images.double().sum(3 - axis)
        centre = profile @ torch.arange(28.0).double() / profile.sum(1)
        assert (centre - 14).abs().max() < 0.53


def test_iii_a_the_held_out_are_the_last_10000_and_are_not_fitted(
    database: mnist.Database,
) -> None:
    assert len(database.fitting) == 50_000 and len(database.held_out) == 10_000
    both = torch.cat([database.fitting.images, database.held_out.images])
    assert torch.equal(both, database.training.images)


def test_iii_a_what_is_there_is_verified_and_never_fetched_again(
    mnist_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(raw: Path) -> None:
        raise AssertionError("fetched again")

    monkeypatch.setattr(idx, "fetch", fetch)
    monkeypatch.setenv("LENET5_DATA", str(mnist_directory))
    assert mnist.load().complete


def test_iii_a_one_changed_pixel_is_found_and_left_alone(
    mnist_directory: Path, tmp_path: Path
) -> None:
    shutil.copytree(mnist_directory / "MNIST", tmp_path / "MNIST")
    path = tmp_path / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    with pytest.raises(
        LeNet5Error, match=r"t10k-images-idx3-ubyte is not the file of MNIST.*delete"
    ):
        mnist.load(tmp_path)
    assert path.read_bytes() == data
    path.unlink()  # the cure; the archives beside it still stand
    assert mnist.load(tmp_path).complete


def test_iii_a_digits_are_sliced_and_counted() -> None:
    images = torch.arange(5 * 784).view(5, 28, 28).byte()
    digits = mnist.Digits(images, torch.arange(5))
    assert len(digits) == 5
    assert digits[1:3].labels.tolist() == [1, 2]
    assert digits[torch.tensor([4, 0])].labels.tolist() == [4, 0]
    assert torch.equal(digits[torch.tensor([4, 0])].images, images[[4, 0]])
    assert digits.first(5).labels.tolist() == [0, 1, 2, 3, 4]
    for n in 0, -1, 6:
        with pytest.raises(LeNet5Error, match="ask for 1 to 5"):
            digits.first(n)


# Where no mirror answers


def test_iii_a_the_subset_is_5000_digits_of_the_training_set(
    subset: mnist.Database, database: mnist.Database
) -> None:
    assert subset.training.labels.bincount().tolist() == [400] * 10
    assert subset.test.labels.bincount().tolist() == [100] * 10
    assert len(subset.fitting) == 3334 and len(subset.held_out) == 666
    known = {
        (image.numpy().tobytes(), int(label))
        for image, label in zip(database.training.images, database.training.labels, strict=True)
    }
    taken = {
        (image.numpy().tobytes(), int(label))
        for digits in (subset.training, subset.test)
        for image, label in zip(digits.images, digits.labels, strict=True)
    }
    assert len(taken) == 5000 and taken <= known


def test_iii_a_the_subset_is_fixed_and_shuffled(subset: mnist.Database) -> None:
    assert subset.training.labels[:10].tolist() == [6, 3, 9, 3, 1, 7, 8, 2, 9, 4]
    assert subset.digests["training images"].startswith("9af4b76bf8340134")
    assert subset.digests["test images"].startswith("2ca310f06738ac62")
    assert len(set(subset.digests.values())) == 4


def test_iii_a_no_result_is_published_from_the_subset(subset: mnist.Database) -> None:
    assert not subset.complete
    with pytest.raises(LeNet5Error, match=r"Figure 5 takes all of MNIST.*LENET5_MNIST_MIRROR"):
        subset.require_complete("Figure 5")


def test_iii_a_the_subset_is_announced_once(no_mirror: Path) -> None:
    with pytest.warns(mnist.SubsetWarning, match=r"nowhere.* does not exist.*5,000 digits"):
        mnist.load(no_mirror)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not mnist.load(no_mirror).complete


def test_iii_a_a_folder_that_cannot_be_written_is_no_reason_for_the_subset(
    no_mirror: Path,
) -> None:
    no_mirror.write_text("a file")
    with pytest.raises(LeNet5Error, match="cannot be stored"):
        mnist.load(no_mirror)


# The three versions


def bars(*tops: float, bottom: float | None = None, width: int = 4) -> Tensor:
    """White bars of 16 rows, one an image, whose left edge runs from `top` to `bottom`."""
    images = torch.zeros(len(tops), 28, 28)
    for image, top in zip(images, tops, strict=True):
        for row in range(6, 22):
            end = top if bottom is None else bottom
            left = round(top + (end - top) * (row - 6) / 15)
            image[row, left : left + width] = 255
    return images.byte()


def grey(version: Tensor) -> Tensor:
    """Back to 0 .. 255."""
    return (version.squeeze(1) + 0.1) / 1.275 * 255


def test_iii_a_the_regular_version_is_padded_and_never_resized() -> None:
    images = torch.randint(0, 256, (7, 28, 28), generator=torch.Generator().manual_seed(0)).byte()
    images[0, 0, 0], images[0, 0, 1] = 0, 255
    version = mnist.regular(images)
    assert version.shape == (7, 1, 32, 32)
    torch.testing.assert_close(grey(version)[:, 2:30, 2:30], images.float())
    assert version[0, 0, 2, 2] == pytest.approx(-0.1) and version[0, 0, 2, 3] == pytest.approx(
        1.175
    )
    version[:, :, 2:30, 2:30] = -0.1
    assert (version == version.new_tensor(-0.1)).all(), "the frame is background"


def test_ii_b_the_input_has_a_mean_near_0_and_a_variance_of_an_eighth(
    database: mnist.Database,
) -> None:
    version = mnist.regular(database.training.images)
    assert version.mean() == pytest.approx(0.028, abs=5e-4)
    assert version.var() == pytest.approx(0.123, abs=5e-4), "the paper: roughly 1"


def test_iii_a_an_upright_bar_is_copied_by_deslanting() -> None:
    images = bars(4, 12, 15, 20)
    expected = torch.zeros(20, 20)
    expected[2:18, 8:12] = 255
    assert mnist.slant(images).tolist() == [0, 0, 0, 0]
    torch.testing.assert_close(grey(mnist.deslanted(images)), expected.expand(4, 20, 20))


@pytest.mark.parametrize(("top", "bottom"), [(16, 8), (8, 16), (19, 4)])
def test_iii_a_a_slanted_bar_becomes_vertical(top: int, bottom: int) -> None:
    image = bars(top, bottom=bottom)
    assert mnist.slant(image).item() == pytest.approx((bottom - top) / 15, abs=0.03)
    version = grey(mnist.deslanted(image))[0]
    rows = version[version.sum(1) > 0]
    centres = rows @ torch.arange(20.0) / rows.sum(1)
    assert len(rows) == 16
    assert (centres - 9.5).abs().max() < 0.6, "each line had been rounded to a pixel"
    assert version.sum() == pytest.approx(image.sum().item(), rel=1e-4)


def test_iii_a_after_deslanting_the_mixed_moment_is_nearly_zero(database: mnist.Database) -> None:
    images = database.training.first(2000).images
    before, after = mnist.slant(images), grey(mnist.deslanted(images))
    again = mnist.slant(torch.nn.functional.pad(after, (4, 4, 4, 4)).round().byte())
    assert before.abs().mean() > 0.2
    assert again.abs().mean() < 0.03
    assert again.abs().quantile(0.99) < 0.15


def test_iii_a_the_crops_keep_the_ink(database: mnist.Database) -> None:
    images = database.training.images
    ink = images.double().sum()
    assert grey(mnist.deslanted(images).double()).sum() / ink == pytest.approx(0.998, abs=5e-4)
    assert grey(mnist.reduced(images).double()).sum() * (20 / 16) ** 2 / ink == pytest.approx(1)


def test_iii_a_blank_and_flat_images_give_no_nan() -> None:
    images = torch.zeros(4, 28, 28).byte()
    images[1, 14, 4:24] = 255  # a single line has no slant
    images[2, 3, 3] = 255
    images[3] = 255  # more than 20x20 can hold
    assert mnist.slant(images).tolist() == [0, 0, 0, 0]
    deslanted, reduced = mnist.deslanted(images), mnist.reduced(images)
    assert deslanted.isfinite().all() and reduced.isfinite().all()
    assert (grey(deslanted)[0].abs() < 1e-4).all() and (grey(reduced)[0].abs() < 1e-4).all()
    assert grey(deslanted)[1:3].sum((1, 2)).tolist() == pytest.approx([20 * 255, 255], rel=1e-4)
    assert (grey(deslanted)[3] > 254.9).all() and (grey(reduced)[3] > 254.9).all()


def test_iii_a_16x16_are_averages_of_the_20x20_box() -> None:
    image = torch.zeros(1, 28, 28)
    image[0, 4:24, 4:24] = 200
    image[0, 4, 4] = 0
    version = grey(mnist.reduced(image.byte()))[0]
    assert version[1:, 1:].sub(200).abs().max() < 1e-2
    # The first pixel of 16 covers 1.25 x 1.25 of the 20, 1 x 1 of them blank.
    assert version[0, 0] == pytest.approx(200 * (1.25**2 - 1) / 1.25**2, rel=1e-4)
    assert mnist.reduced(image.byte()).shape == (1, 1, 16, 16)


def test_iii_a_averaging_weighs_by_area() -> None:
    matrix = mnist.averaging(20, 16)
    torch.testing.assert_close(matrix.sum(1), torch.ones(16))
    torch.testing.assert_close(matrix.sum(0), torch.full((20,), 0.8))
    assert matrix[0, :3].tolist() == pytest.approx([0.8, 0.2, 0])


def test_iii_a_more_images_than_a_chunk_keep_their_order(database: mnist.Database) -> None:
    images = database.training.first(5003).images
    assert torch.equal(mnist.deslanted(images)[4998:], mnist.deslanted(images[4998:]))
    assert mnist.reduced(images[:0]).shape == (0, 1, 16, 16)
