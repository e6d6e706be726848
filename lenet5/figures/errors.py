"""Images that networks miss, as in Figure 8."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int64
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lenet5.figures.style import INK, PALETTE, bare, new_figure

_LINE = 0.165  # inches a line of letters


def draw_misses(
    images: Any,
    above: Sequence[str],
    below: Sequence[str],
    marked: Collection[int] = (),
    columns: int = 10,
    side: float = 0.5,
) -> Figure:
    """Images row by row, ink black on white, with a line of letters above and one below each.

    Args:
        images: array or tensor (n, rows, columns).
        above: what stands above each.
        below: and below.
        marked: positions whose letters are coloured.
        columns: images a row.
        side: inches an image.
    """
    pictures = np.asarray(images)
    rows = -(-len(pictures) // columns)
    wide, high = side + 0.06, side + 2 * _LINE + 0.18
    figure, axes = new_figure(size=(columns * wide, rows * high))
    figure.set_layout_engine("none")
    bare(axes).set_position((0, 0, 1, 1))
    shades: dict[str, Any] = {"cmap": "gray_r", "vmin": pictures.min(), "vmax": pictures.max()}
    style: dict[str, Any] = {"ha": "center", "fontsize": 10}
    figure.suppressComposite = True  # each image keeps its own pixels
    for number, (picture, over, under) in enumerate(zip(pictures, above, below, strict=True)):
        row, column = divmod(number, columns)
        x, y = column * wide + 0.03, (rows - row) * high - _LINE - 0.04
        axes.imshow(picture, extent=(x, x + side, y - side, y), interpolation="none", **shades)
        frame = {"edgecolor": INK, "linewidth": 0.4, "fill": False, "alpha": 0.35}
        axes.add_patch(Rectangle((x, y - side), side, side, **frame))
        colour = PALETTE[1] if number in marked else INK
        axes.text(x + side / 2, y + 0.03, over, va="bottom", color=colour, **style)
        axes.text(x + side / 2, y - side - 0.03, under, va="top", color=colour, **style)
    axes.set(xlim=(0, columns * wide), ylim=(0, rows * high), aspect="auto")
    return figure


def draw_times_missed(
    times: Int64[np.ndarray, " images"], theirs: Collection[int], runs: int
) -> Figure:
    """How many images are missed by one run, by two, ... by all of them.

    Bars are divided: the lower part counts images that another network misses too. Where
    no run misses an image, that part alone is drawn, for the other would dwarf the rest.

    Args:
        times: how many runs miss each image.
        theirs: the images that the other network misses.
        runs: how many there are.
    """
    both = np.bincount(times[list(theirs)], minlength=runs + 1)
    ours = np.bincount(times, minlength=runs + 1) - both
    ours[0] = 0
    figure, axes = new_figure(size=(5.6, 3.2))
    places = np.arange(runs + 1)
    axes.bar(places, both, color=PALETTE[1], width=0.8, label="the paper's network misses it too")
    axes.bar(places, ours, bottom=both, color=PALETTE[0], width=0.8, label="it does not")
    axes.set(xlabel=f"missed by how many of our {runs} runs", ylabel="test images")
    axes.set_xticks(range(0, runs + 1, max(1, runs // 10)))
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.legend()
    return figure
