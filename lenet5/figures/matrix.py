"""Small tables as pictures: Table I, and distances between codes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lenet5.figures.style import INK, PALETTE, bare, new_figure


def draw_table(table: Bool[Any, "sources maps"], groups: Sequence[int] = ()) -> Figure:
    """A connection table as Table I prints it, with the sum of each row and column.

    Args:
        table: whether source map s (row) feeds map m (column).
        groups: how many columns, one after the other, belong together; a colour each.
    """
    marks = np.asarray(table)
    sources, maps = marks.shape
    colours = [PALETTE[g % 6] for g, n in enumerate(groups or (maps,)) for _ in range(n)]
    figure, axes = new_figure(size=(5.6, 5.6 * (sources + 2.6) / (maps + 2.6)))
    bare(axes).set(xlim=(-1.3, maps + 1.3), ylim=(sources + 1.3, -1.3), aspect="equal")
    for row in range(sources):
        for column in range(maps):
            box = (column + 0.04, row + 0.04)
            axes.add_patch(Rectangle(box, 0.92, 0.92, linewidth=0, facecolor=INK, alpha=0.06))
            if marks[row, column]:
                axes.add_patch(Rectangle(box, 0.92, 0.92, linewidth=0, facecolor=colours[column]))
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 10}
    for row in range(sources):
        axes.text(-0.6, row + 0.5, str(row), **style)
        axes.text(maps + 0.6, row + 0.5, str(marks[row].sum()), weight="bold", **style)
    for column in range(maps):
        axes.text(column + 0.5, -0.6, str(column), **style)
        axes.text(column + 0.5, sources + 0.6, str(marks[:, column].sum()), weight="bold", **style)
    return figure


def draw_matrix(values: Any, labels: Sequence[str], side: float = 0.36) -> Figure:
    """A square table of whole numbers; the smaller off the diagonal, the stronger its colour.

    Args:
        values: array (n, n).
        labels: of rows and columns.
        side: inches a cell.
    """
    numbers = np.asarray(values)
    n = len(numbers)
    figure, axes = new_figure(size=(side * (n + 1), side * (n + 1)))
    bare(axes).set(xlim=(-1, n), ylim=(n, -1), aspect="equal")
    others = numbers[~np.eye(n, dtype=bool)]
    low, high = others.min(), others.max()
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 10.5}
    for row in range(n):
        axes.text(-0.5, row + 0.5, labels[row], weight="bold", **style)
        axes.text(row + 0.5, -0.5, labels[row], weight="bold", **style)
        for column in range(n):
            if row == column:
                continue
            value = numbers[row, column]
            alpha = 0.05 + 0.55 * float((high - value) / max(high - low, 1))
            place = (column + 0.03, row + 0.03)
            axes.add_patch(Rectangle(place, 0.94, 0.94, fc=PALETTE[0], lw=0, alpha=alpha))
            axes.text(column + 0.5, row + 0.5, str(value), **style)
    return figure
