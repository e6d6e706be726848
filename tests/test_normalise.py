"""A picture is normalised as the database was (Section III-A)."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from torch import Tensor

from lenet5 import mnist
from lenet5.errors import LeNet5Error
from lenet5.normalise import normalise, read_picture

SIBLING = Path(__file__).resolve().parent.parent.parent / "shared" / "mnist"


@pytest.fixture(scope="module")
def digits(mnist_directory: Path) -> Tensor:
    return mnist.load(mnist_directory).training.first(100).images


def seven() -> Tensor:
    """A 7 drawn by hand, 20 rows tall, as the digits of the database are."""
    image = torch.zeros(28, 28)
    image[3:6, 8:20] = 255
    for row in range(6, 23):
        left = 17 - (row - 6) // 3
        image[row, left : left + 3] = 255
    return image.byte()


def picture(image: Tensor) -> Image.Image:
    return Image.fromarray(image.numpy())


def apart(one: Tensor, other: Tensor) -> float:
    """Mean absolute difference in grey levels of 255."""
    return (one.float() - other.float()).abs().mean().item()


def disguised(image: Tensor) -> Image.Image:
    """Ten times larger, dark blue on yellow, moved to a corner of a larger sheet."""
    large = picture(image).resize((280, 280), Image.Resampling.NEAREST)
    coloured = ImageOps.colorize(large, black=(250, 240, 120), white=(10, 10, 90))
    sheet = Image.new("RGB", (500, 400), (250, 240, 120))
    sheet.paste(coloured, (200, 30))
    return sheet


def test_iii_a_a_digit_of_the_database_is_normalised_already(digits: Tensor) -> None:
    differences = [apart(normalise(picture(image)), image) for image in digits]
    assert float(np.median(differences)) == 0
    assert np.mean(differences) < 1


def test_iii_a_a_digit_enlarged_inverted_coloured_and_moved_comes_back(digits: Tensor) -> None:
    differences = [apart(normalise(disguised(image)), image) for image in digits]
    assert np.mean(differences) < 3
    mirrored = [apart(normalise(disguised(image)), image.flip(1)) for image in digits]
    assert np.mean(mirrored) > 20, "the measure tells pictures apart"


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(28, 400),
    dark=st.booleans(),
    left=st.integers(0, 90),
    top=st.integers(0, 90),
    paper=st.integers(0, 90),
    ink=st.integers(130, 255),
)
def test_iii_a_size_polarity_place_and_contrast_do_not_matter(
    size: int, dark: bool, left: int, top: int, paper: int, ink: int
) -> None:
    image = seven()
    grey = (paper + (ink - paper) / 255 * image.float()).round().byte()
    shown = picture(grey).resize((size, size), Image.Resampling.BICUBIC)
    sheet = Image.new("L", (size + 90, size + 90), paper)
    sheet.paste(shown, (left, top))
    result = normalise(ImageOps.invert(sheet) if dark else sheet)
    assert result.max() == 255
    inked = result > 0
    for axis in 0, 1:
        lines = inked.any(axis).nonzero()
        assert lines[-1] - lines[0] + 1 <= 20
        profile = result.double().sum(axis)
        assert abs(profile @ torch.arange(28.0).double() / profile.sum() - 14) <= 0.51
    assert apart(result, normalise(picture(image))) < 14  # its mirror image is at 27


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "HSV", "I", "F"])
def test_iii_a_every_mode_gives_the_same(mode: str) -> None:
    image = picture(seven())
    if mode in ("P", "HSV"):
        image = image.convert("RGB")
    assert apart(normalise(image.convert(mode)), normalise(picture(seven()))) < 1


def test_iii_a_16_bits_give_the_same(tmp_path: Path) -> None:
    Image.fromarray(seven().numpy().astype(np.uint16) * 200).save(tmp_path / "seven.png")
    shown = read_picture(tmp_path / "seven.png")
    assert shown.mode.startswith("I")
    assert apart(normalise(shown), normalise(picture(seven()))) < 1


@pytest.mark.parametrize("ink", [(0, 0, 0), (255, 255, 255), (200, 30, 30)])
def test_iii_a_ink_on_a_transparent_sheet_is_seen_dark_or_light(ink: tuple[int, int, int]) -> None:
    for hidden in (0, 0, 0), (255, 255, 255):  # the colour under full transparency is no matter
        drawing = Image.new("RGBA", (28, 28), (*hidden, 0))
        drawing.paste(Image.new("RGBA", (28, 28), (*ink, 255)), mask=picture(seven()))
        assert apart(normalise(drawing), normalise(picture(seven()))) < 1


def test_iii_a_a_photograph_in_uneven_light_is_read() -> None:
    rng = np.random.default_rng(0)
    image = np.array(picture(seven()).resize((280, 280), Image.Resampling.BICUBIC), np.float64)
    rows, columns = np.mgrid[0:280, 0:280] / 280
    paper = 150 + 60 * columns + 30 * rows  # brighter by two fifths from corner to corner
    photograph = np.clip(paper * (1 - 0.7 * image / 255) + rng.normal(0, 5, (280, 280)), 0, 255)
    result = normalise(Image.fromarray(photograph.astype(np.uint8)))
    assert apart(result, normalise(picture(seven()))) < 8


def test_iii_a_a_wide_picture_keeps_its_proportions() -> None:
    sheet = torch.zeros(100, 300)
    sheet[40:60, 50:250] = 255
    result = normalise(picture(sheet.byte()))
    inked = (result > 0).nonzero()
    assert (inked.amax(0) - inked.amin(0) + 1).tolist() == [2, 20]
    assert (result[result > 0] == 255).all()


def test_iii_a_dust_is_left_out_and_a_line_of_one_pixel_is_not() -> None:
    sheet = torch.zeros(200, 200)
    sheet[40:140, 60] = 255
    clean = normalise(picture(sheet.byte()))
    assert (clean > 0).sum() == 20
    sheet[5, 5] = sheet[190, 100] = 255
    assert torch.equal(normalise(picture(sheet.byte())), clean)


def test_iii_a_the_thinnest_pen_leaves_full_ink() -> None:
    sheet = torch.zeros(600, 600)
    sheet[100:500, 299:302] = 255
    result = normalise(picture(sheet.byte()))
    assert result.max() == 255 and (result > 0).any(1).sum() == 20


# What cannot be read


@pytest.mark.parametrize(
    "blank",
    [
        Image.new("L", (28, 28), 255),
        Image.new("RGB", (300, 200), (90, 90, 90)),
        Image.new("RGBA", (50, 50), (0, 0, 0, 0)),
        Image.new("I;16", (50, 50), 1000),
        Image.new("F", (50, 50), 0.5),
        Image.new("1", (1, 1)),
        Image.fromarray(np.random.default_rng(0).normal(128, 3, (90, 90)).astype(np.uint8)),
        Image.fromarray(np.random.default_rng(0).normal(128, 30, (90, 90)).astype(np.uint8)),
        Image.fromarray(np.linspace(100, 200, 200)[None].repeat(200, 0).astype(np.uint8)),
    ],
    ids=["white", "grey", "transparent", "16 bits", "float", "1x1", "grain", "noise", "shade"],
)
def test_iii_a_a_blank_picture_is_an_error(blank: Image.Image) -> None:
    with pytest.raises(LeNet5Error, match="blank"):
        normalise(blank)


def test_iii_a_pixels_that_are_no_numbers_are_an_error() -> None:
    with pytest.raises(LeNet5Error, match="no numbers"):
        normalise(Image.fromarray(np.full((28, 28), np.nan, np.float32)))


def test_iii_a_a_picture_of_no_pixels_is_an_error() -> None:
    with pytest.raises(LeNet5Error, match="no pixels"):
        normalise(Image.new("L", (0, 5)))


def test_iii_a_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(LeNet5Error, match=r"none.png does not exist"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(LeNet5Error, match="is a folder"):
        read_picture(tmp_path)


def test_iii_a_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "digit.png"
    for form in "PNG", "JPEG", "TIFF", "GIF", "BMP":
        disguised(seven()).save(path, format=form)
        whole = path.read_bytes()
        assert read_picture(path).size == (500, 400)
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(LeNet5Error, match=r"digit.png is not a picture that can be read"):
            read_picture(path)
    for other in b"", b"not a picture", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n":
        path.write_bytes(other)
        with pytest.raises(LeNet5Error, match="is not a picture that can be read"):
            read_picture(path)


def test_iii_a_a_huge_picture_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.bmp"
    Image.new("L", (4, 4)).save(path)
    header = bytearray(path.read_bytes())
    header[18:26] = (20_000).to_bytes(4, "little") * 2  # the header announces 400 megapixels
    path.write_bytes(header)
    guard = Image.MAX_IMAGE_PIXELS
    with pytest.raises(LeNet5Error, match=r"bomb.bmp has 400 megapixels: scale it below 50"):
        read_picture(path)
    assert guard == Image.MAX_IMAGE_PIXELS


def test_iii_a_a_turned_photograph_is_set_upright(tmp_path: Path) -> None:
    turned = picture(seven()).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate by 270 degrees counterclockwise to show"
    turned.save(tmp_path / "turned.png", exif=exif)
    assert apart(normalise(read_picture(tmp_path / "turned.png")), normalise(picture(seven()))) < 1
