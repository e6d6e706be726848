"""Section II-A's pictures draw what they are given."""

import numpy as np

from lenet5.figures import show
from lenet5.figures.blocks import draw_paths, draw_shift, draw_squash


def test_an_input_its_kernel_and_its_map_stand_in_one_line():
    image, kernel, feature_map = np.zeros((32, 32)), np.eye(5), np.ones((28, 28))
    figure = draw_shift([(image, kernel, feature_map)] * 2, ["a", "b"])
    first = figure.axes[:3]
    assert [place.get_title(loc="center") for place in first] == ["input", "kernel", "feature map"]
    assert [place.images[0].get_array().shape for place in first] == [(32, 32), (5, 5), (28, 28)]
    assert figure.axes[3].get_ylabel() == "b"


def test_a_function_is_drawn_with_its_derivatives():
    a = np.linspace(-3, 3, 31)
    figure = draw_squash(a, {"$f$": np.tanh(a), "$f'$": 1 - np.tanh(a) ** 2})
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["$f$", "$f'$"]


def test_every_point_of_a_path_is_inside_the_picture():
    path = np.array([[4.0, -2.0], [1.0, 1.0], [0.0, 0.0]])
    figure = draw_paths({"bowl": np.diag([9.0, 0.1])}, {"bowl": {"one": path, "two": path / 2}})
    left, right = figure.axes[0].get_xlim()
    assert left < -4 < 4 < right
    assert "one" in show(figure, alt="Two paths.").svg
