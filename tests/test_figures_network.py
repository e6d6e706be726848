"""The picture of a whole network says what the network is."""

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from lenet5.figures import draw_network, show
from lenet5.layers import Convolution, EuclideanRBF, FullConnection, Subsampling
from lenet5.networks import LeNet5, Network


def written(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def small_network():
    """16x16 -> 4 maps of 12x12 -> 4 of 6x6 -> 30 units -> 5 units -> 3 classes."""
    return Network(
        {
            "H1": Convolution(torch.ones(1, 4, dtype=torch.bool)),
            "H2": Subsampling(4),
            "H3": FullConnection(144, 30),
            "H4": FullConnection(30, 5),
        },
        EuclideanRBF(torch.eye(3, 5)),
        input_shape=(1, 16, 16),
    )


def test_figure_2_names_every_layer_and_every_operation():
    assert written(draw_network(LeNet5())) == [
        "INPUT\n32x32",
        "C1: 6 maps\nof 28x28",
        "S2: 6 maps\nof 14x14",
        "C3: 16 maps\nof 10x10",
        "S4: 16 maps\nof 5x5",
        "C5: layer\nof 120",
        "F6: layer\nof 84",
        "OUTPUT\n10",
        "Convolutions",
        "Subsampling",
        "Convolutions",
        "Subsampling",
        "Convolutions",
        "Full\nconnection",
        "Gaussian\nconnections",
    ]


def test_one_square_a_map_and_one_strip_a_layer_of_units():
    axes = draw_network(LeNet5()).axes[0]
    squares = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(squares) == 1 + 6 + 6 + 16 + 16 + 3


def test_an_image_fills_every_map_with_its_own_pixels(random_lenet5, random_samples):
    axes = draw_network(random_lenet5, random_samples.images[0]).axes[0]
    shapes = [picture.get_array().shape for picture in axes.images]
    assert shapes[0] == (32, 32)
    assert shapes.count((28, 28)) == shapes.count((14, 14)) == 6
    assert shapes.count((10, 10)) == shapes.count((5, 5)) == 16
    assert shapes[-3:] == [(120, 1), (12, 7), (10, 1)]


@pytest.mark.parametrize("make", [LeNet5, small_network])
def test_everything_stays_on_the_page_and_no_label_covers_another(make):
    figure = draw_network(make())
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    page = figure.bbox
    for number, box in enumerate(boxes):
        assert page.x0 <= box.x0
        assert box.x1 <= page.x1
        assert page.y0 <= box.y0
        assert box.y1 <= page.y1
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def test_other_stacks_are_drawn_too():
    figure = draw_network(small_network(), torch.randn(1, 16, 16))
    assert "H3: layer\nof 30" in written(figure)
    assert "Subsampling" in written(figure)
    assert "<image" in show(figure, alt="A small network.").svg
