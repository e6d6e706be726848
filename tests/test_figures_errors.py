"""Figure 8's pictures: every image with its letters, every count in its bar."""

import numpy as np
import torch
from matplotlib.colors import to_hex

from lenet5.figures import INK, PALETTE, show
from lenet5.figures.errors import draw_misses, draw_times_missed


def test_each_image_has_a_line_above_and_one_below():
    images = torch.randint(0, 256, (5, 28, 28), dtype=torch.uint8)
    figure = draw_misses(images, list("abcde"), list("12345"), marked=[3], columns=2)
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == list("a1b2c3d4e5")
    colours = [to_hex(text.get_color()) for text in axes.texts]
    assert colours == [INK] * 6 + [PALETTE[1]] * 2 + [INK] * 2
    assert len(axes.images) == 5
    assert show(figure, alt="x").svg.count("<image") == 5


def test_rows_are_filled_from_the_top_left():
    figure = draw_misses(torch.rand(3, 4, 4), list("abc"), list("123"), columns=2)
    left, _, foot, _ = zip(*(image.get_extent() for image in figure.axes[0].images), strict=True)
    assert left[0] == left[2] < left[1]
    assert foot[0] == foot[1] > foot[2]


def test_bars_count_images_by_how_many_runs_miss_them():
    times = np.array([0, 0, 0, 1, 1, 2, 0, 2, 2])
    figure = draw_times_missed(times, [0, 4, 5, 7], runs=2)
    too, not_theirs = figure.axes[0].containers
    assert [bar.get_height() for bar in too] == [1, 1, 2]
    assert [bar.get_height() for bar in not_theirs] == [0, 1, 1]  # at 0 only the others' are drawn
    assert [bar.get_y() for bar in not_theirs] == [1, 1, 2]
    assert "our 2 runs" in show(figure, alt="x").svg
