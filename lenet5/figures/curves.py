"""Error against passes, as in Figure 5, and against images, as in Figure 6."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lenet5.figures.style import INK, PALETTE, new_figure
from lenet5.results.records import Record
from lenet5.results.statistics import mean_interval
from lenet5.results.tables import runs
from lenet5.run import Pass

_TEST, _TRAINING, _THIRD, _FOURTH = PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[3]


def draw_history(
    record: Record, printed: pd.DataFrame, history: Sequence[Pass] = (), top: float = 5.0
) -> Figure:
    """The runs of a record beside the points of the paper's Figure 5.

    Args:
        record: lines are means over its runs, bands their range.
        printed: `paper.figure_5()`; open circles.
        history: one more run, if any; thin lines.
        top: where the axis ends, in percent.
    """
    figure, axes = new_figure(size=(5.6, 3.8))
    for colour, ours, theirs, name in (
        (_TEST, "error", "test_error_percent", "test"),
        (_TRAINING, "training_error", "train_error_percent", "training"),
    ):
        curves = curves_of(record, ours)
        passes = np.arange(1, curves.shape[1] + 1)
        low, high = curves.min(0), curves.max(0)
        axes.fill_between(passes, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.plot(passes, curves.mean(0), color=colour, label=f"{name}, {runs(len(record.runs))}")
        _circles(axes, printed[theirs], colour, f"{name}, the paper")
    passes_of_one = [line.number for line in history]
    for one, name in (("evaluation_error", "this build"), ("training_error", "_")):
        errors = [getattr(line, one) for line in history]
        axes.plot(passes_of_one, errors, color=INK, linewidth=0.8, label=name)
    _over_passes(axes, "error, percent")
    axes.set_xlim(0, 21.5)
    axes.set_ylim(0, top)
    axes.legend()
    return figure


def draw_test_error(records: Mapping[str, Record], printed: pd.DataFrame, first: int = 4) -> Figure:
    """The test error alone, near its end: several records, and the paper's Figure 5.

    Args:
        records: by the name of each; lines are means, bands their 95 % t-intervals.
        printed: `paper.figure_5()`.
        first: the pass that the picture begins with.
    """
    figure, axes = new_figure(size=(5.6, 3.2))
    for (name, record), colour in zip(records.items(), (_TEST, _FOURTH, _THIRD), strict=False):
        curves = curves_of(record, "error")[:, first - 1 :]
        passes = np.arange(first, first + curves.shape[1])
        mean, low, high = np.array([mean_interval(list(errors)) for errors in curves.T]).T
        axes.fill_between(passes, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.plot(passes, mean, color=colour, label=f"{name}, {runs(len(record.runs))}")
    _circles(axes, printed.test_error_percent.loc[first:], INK, "the paper")
    _over_passes(axes, "test error, percent")
    axes.legend()
    return figure


def draw_sizes(
    records: Mapping[int, Record], distorted: Mapping[str, Record], printed: pd.DataFrame
) -> Figure:
    """Errors after the last pass against the number of training images, as in Figure 6.

    Args:
        records: by the number of images; means with their 95 % t-intervals.
        distorted: of 60,000 images and distorted ones, by the name of each.
        printed: `paper.figure_6()`; open marks.
    """
    figure, axes = new_figure(size=(5.6, 4.4))
    plain = printed[printed.distortions == "none"]
    for colour, ours, theirs, name in (
        (_TEST, "error", "test_error_percent", "test"),
        (_TRAINING, "training_error", "train_error_percent", "training"),
    ):
        _bars(axes, list(records), list(records.values()), ours, colour, "o-", f"{name}, ours")
        points = plain.set_index("training_images")[theirs]
        _circles(axes, points, colour, f"{name}, the paper", size=7.0)
    for (name, record), colour, mark, shift in zip(
        distorted.items(), (_THIRD, _FOURTH), "sD", (2000, 4000), strict=False
    ):
        _bars(axes, [60_000 + shift], [record], "error", colour, mark, f"test, {name}, ours")
    hollow = printed[printed.distortions != "none"].set_index("training_images")
    axes.plot(hollow.index, hollow.test_error_percent, "s", color=_THIRD, markerfacecolor="none",
              markersize=7, label="test, distorted, the paper")  # fmt: skip
    axes.set(xlim=(0, 70_000), ylim=(0, None), xlabel="training images (thousands)",
             ylabel="error, percent")  # fmt: skip
    axes.set_xticks(sorted(records), [f"{images // 1000}" for images in sorted(records)])
    axes.grid(axis="y")
    marks = dict(sorted(zip(*reversed(axes.get_legend_handles_labels()), strict=True)))
    figure.legend(marks.values(), marks.keys(), loc="outside lower center", ncols=2)
    return figure


def curves_of(record: Record, name: str) -> Float[np.ndarray, "runs passes"]:
    """A curve of every run."""
    return np.array([run.curves[name] for run in record.runs])


def _circles(axes: Axes, points: pd.Series, colour: str, label: str, size: float = 5.0) -> None:
    axes.plot(points.index, points, "o", color=colour, markerfacecolor="none", markersize=size,
              label=label)  # fmt: skip


def _bars(
    axes: Axes,
    images: Sequence[int],
    records: Sequence[Record],
    curve: str,
    colour: str,
    mark: str,
    label: str,
) -> None:
    ends = [mean_interval(list(record.last(curve).values())) for record in records]
    means = [end.mean for end in ends]
    half = [0.0 if np.isnan(end.low) else end.high - end.mean for end in ends]
    axes.errorbar(images, means, half, fmt=mark, color=colour, capsize=3, markersize=5,
                  label=label)  # fmt: skip


def _over_passes(axes: Axes, name: str) -> None:
    axes.set(xlabel="pass through the training set", ylabel=name)
    axes.set_xticks(range(0, 21, 4))
    axes.grid(axis="y")
