"""Error against passes, as in Figure 5."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from lenet5.figures.style import PALETTE, new_figure
from lenet5.run import Pass


def draw_history(history: Sequence[Pass], printed: pd.DataFrame, top: float = 5.0) -> Figure:
    """A run's errors beside the points of the paper's Figure 5.

    Args:
        history: our run; lines.
        printed: `paper.figure_5()`; open circles.
        top: where the axis ends, in percent.
    """
    figure, axes = new_figure(size=(5.6, 3.6))
    passes = [line.number for line in history]
    for colour, ours, theirs, name in (
        (PALETTE[0], "evaluation_error", "test_error_percent", "test"),
        (PALETTE[1], "training_error", "train_error_percent", "training"),
    ):
        points = printed[theirs]
        axes.plot(points.index, points, "o", color=colour, markerfacecolor="none", markersize=5,
                  label=f"{name}, the paper")  # fmt: skip
        axes.plot(passes, [getattr(line, ours) for line in history], "-", color=colour,
                  marker=".", label=f"{name}, this run")  # fmt: skip
    axes.set(xlim=(0, 21.5), ylim=(0, top), xlabel="pass through the training set",
             ylabel="error, percent")  # fmt: skip
    axes.set_xticks(range(0, 21, 4))
    axes.grid(axis="y")
    axes.legend()
    return figure
