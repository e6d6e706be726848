"""Section III-B's distortions."""

import numpy as np
import pytest
import torch

from lenet5.distortion import BACKGROUND, FIGURE_7, IDENTITY, Distortion, distort
from lenet5.engine import kernels


@pytest.fixture
def images() -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.rand(60, 1, 32, 32, generator=draw) * 1.275 - 0.1


def by_hand(image, affine):
    """The definition, pixel by pixel, in double precision."""
    a, b, c, d, e = affine.tolist()
    pixels = np.pad(image.numpy().astype(float), 50, constant_values=BACKGROUND)
    result = np.empty(image.shape)
    for y, x in np.ndindex(*image.shape):
        column, row = a * x + b * y + c, d * y + e
        left, above = int(np.floor(column)), int(np.floor(row))
        right, below = column - left, row - above
        four = pixels[above + 50 : above + 52, left + 50 : left + 52]
        result[y, x] = np.array([1 - below, below]) @ four @ np.array([1 - right, right])
    return result


def in_the_engine(images, maps):
    result = np.empty((len(images), 32 * 32), np.float32)
    line = np.empty(36, np.float32)
    for image, affine, x in zip(images.numpy(), maps.numpy(), result, strict=True):
        kernels.take_distorted(image, affine, line, x)
    return torch.from_numpy(result).view_as(images)


def test_it_is_the_bilinear_map_of_figure_7(images):
    maps = Distortion(1).draw(3)
    for image, affine, result in zip(images, maps, distort(images[:3], maps), strict=False):
        np.testing.assert_allclose(result[0], by_hand(image[0], affine), atol=2e-5)


def test_the_engine_distorts_as_grid_sample_does(images):
    maps = Distortion(2).draw(60)
    exact = distort(images.double(), maps.double())
    torch.testing.assert_close(in_the_engine(images, maps).double(), exact, rtol=0, atol=2e-5)


def test_a_digit_pushed_out_of_the_frame_leaves_white(images):
    away = torch.tensor([[1.0, 0.0, 300.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0, -300.0]])
    assert (in_the_engine(images[:2], away) == BACKGROUND).all()
    torch.testing.assert_close(distort(images[:2], away), torch.full((2, 1, 32, 32), BACKGROUND))


def test_the_identity_changes_nothing(images):
    maps = torch.tensor(IDENTITY).expand(60, 5).contiguous()
    torch.testing.assert_close(in_the_engine(images, maps), images, rtol=0, atol=1e-6)
    torch.testing.assert_close(distort(images, maps), images, rtol=0, atol=1e-5)


def test_the_pivots_stay_where_they_are():
    """The bottom of the digit's box in y; its middle column, in the row of the shear, in x."""
    fixed = torch.tensor([[1.3, 0.05, 0.1, 0.0, 0.0]])
    a, b, c, d, e = Distortion(0).maps(fixed)[0]
    assert float(a * 15.5 + b * 18.5 + c) == pytest.approx(15.5, abs=1e-5)
    assert float(d * 26 + e) == pytest.approx(26, abs=1e-5)


def test_the_frame_of_28_is_the_middle_of_that_of_32():
    wide, narrow = Distortion(5).draw(4), Distortion(5, side=28).draw(4)
    column, row = 11.0, 7.0
    x = wide[:, 0] * (column + 2) + wide[:, 1] * (row + 2) + wide[:, 2]
    torch.testing.assert_close(
        narrow[:, 0] * column + narrow[:, 1] * row + narrow[:, 2], x - 2, rtol=0, atol=1e-5
    )


def test_draws_fill_the_ranges():
    a, b, _, d, _ = Distortion(3).draw(20_000).T
    r, u = (a + d) / 2, (a - d) / (a + d)
    for values, (low, high) in [(r, FIGURE_7.r), (u, FIGURE_7.u), (b / r, FIGURE_7.h)]:
        assert low - 1e-6 <= float(values.min()) < low + 0.001
        assert high - 0.001 < float(values.max()) <= high + 1e-6
        assert float(values.mean()) == pytest.approx((low + high) / 2, abs=0.01)


def test_a_draw_depends_on_seed_stream_and_place_alone():
    draws = Distortion(7).draw(100, stream=3)
    assert torch.equal(Distortion(7).draw(20, stream=3), draws[:20])
    assert not torch.equal(Distortion(7).draw(100, stream=4), draws)
    assert not torch.equal(Distortion(8).draw(100, stream=3), draws)


def test_a_fixed_set_is_the_images_and_nine_copies_of_each():
    maps = Distortion(1).enlarge(50, 9)
    assert maps.shape == (10, 50, 5)
    assert torch.equal(maps[0], torch.tensor(IDENTITY).expand(50, 5))
    assert len(maps.flatten(0, 1).unique(dim=0)) == 1 + 50 * 9
    assert torch.equal(maps, Distortion(1).enlarge(50, 9))
