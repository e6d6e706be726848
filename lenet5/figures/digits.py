"""Pictures of digits, of feature maps and of the codes of Figure 3."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lenet5.figures.style import INK, bare, new_figure
from lenet5.paper import CODE_COLUMNS, CODE_ROWS


def draw_digits(
    images: Any, columns: int = 10, titles: Sequence[str] = (), side: float = 0.52
) -> Figure:
    """Images row by row, ink black on white as in Figure 4.

    Args:
        images: array or tensor (n, rows, columns) or (n, 1, rows, columns).
        titles: one above each, if any.
        side: inches a picture.
    """
    pictures = np.asarray(images).reshape(len(images), *images.shape[-2:])
    low, high = float(pictures.min()), float(pictures.max())
    return _grid(pictures, columns, titles, side, cmap="gray_r", vmin=low, vmax=high)


def draw_maps(
    maps: Any, columns: int = 8, titles: Sequence[str] = (), side: float = 0.62
) -> Figure:
    """States of feature maps, or kernels: purple below zero, orange above, white at zero.

    Args:
        maps: array or tensor (n, rows, columns).
    """
    pictures = np.asarray(maps)
    limit = float(np.abs(pictures).max()) or 1.0
    return _grid(pictures, columns, titles, side, cmap="PuOr_r", vmin=-limit, vmax=limit)


def draw_codes(codes: Any, labels: Sequence[str], columns: int = 10) -> Figure:
    """Target codes as 7x12 pictures, as in Figure 3.

    Args:
        codes: array or tensor (n, 84) of ±1, or of states of F6 between.
    """
    pictures = np.asarray(codes).reshape(-1, CODE_ROWS, CODE_COLUMNS)
    paper = pictures.min()  # a margin of it, or ink at the edge is lost on a dark page
    pictures = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), constant_values=paper)
    return draw_digits(pictures, columns, labels, side=0.5)


def _grid(
    pictures: np.ndarray, columns: int, titles: Sequence[str], side: float, **shades: Any
) -> Figure:
    rows = -(-len(pictures) // columns)
    size = (columns * (side + 0.04), rows * (side + (0.22 if titles else 0.04)))
    figure, axes = new_figure(rows, columns, size, squeeze=False)
    for place in axes.flat:
        bare(place)
    # Without interpolation each pixel stays one pixel of the page's file.
    for index, (picture, place) in enumerate(zip(pictures, axes.flat, strict=False)):
        place.imshow(picture, interpolation="none", **shades)
        height, width = picture.shape
        frame = {"edgecolor": INK, "linewidth": 0.4, "fill": False, "alpha": 0.35}
        place.add_patch(Rectangle((-0.5, -0.5), width, height, **frame))
        if titles:
            place.set_title(titles[index], fontsize=10, loc="center", pad=3)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    return figure
