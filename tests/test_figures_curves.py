"""Figures 5 and 6 draw the records that they are given, beside the paper's points."""

import dataclasses

import pytest
from made_up import entry, record

from lenet5 import paper
from lenet5.figures import draw_history, show
from lenet5.figures.curves import draw_sizes, draw_test_error
from lenet5.run import Pass

HISTORY = [Pass(1, 5e-4, 4.0, 1.0, 2.5, 9.0), Pass(2, 5e-4, 3.0, 0.8, 2.0, 9.0)]
TWO = record(runs=[entry(1, error=1.0), entry(2, error=2.0)])


def lines_of(figure):
    return {line.get_label(): line for line in figure.axes[0].lines}


def band_of(figure, number=0):
    """Lower and upper edge of a band after the last pass."""
    corners = figure.axes[0].collections[number].get_paths()[0].vertices
    last = corners[corners[:, 0] == corners[:, 0].max(), 1]
    return last.min(), last.max()


def test_figure_5_shows_means_ranges_and_all_21_points():
    figure = draw_history(TWO, paper.figure_5())
    lines = lines_of(figure)
    assert lines["test, 2 runs"].get_ydata().tolist() == [9.0, 1.5]
    assert lines["training, 2 runs"].get_ydata().tolist() == [8.0, 0.5]
    assert len(lines["test, the paper"].get_xdata()) == 21
    assert band_of(figure) == (1.0, 2.0)


def test_figure_5_with_one_more_run():
    lines = lines_of(draw_history(TWO, paper.figure_5(), HISTORY))
    assert lines["this build"].get_ydata().tolist() == [2.5, 2.0]
    assert lines["_"].get_ydata().tolist() == [4.0, 3.0]


def test_the_end_alone_has_the_interval_of_the_mean():
    figure = draw_test_error({"(9)": TWO}, paper.figure_5(), first=2)
    lines = lines_of(figure)
    assert lines["(9), 2 runs"].get_ydata().tolist() == [1.5]
    assert lines["the paper"].get_xdata().tolist() == list(range(2, 22))
    assert band_of(figure) == pytest.approx((1.5 - 0.5 * 12.706, 1.5 + 0.5 * 12.706), rel=1e-3)


def test_figure_6_shows_ours_the_papers_and_what_distortions_do():
    single = dataclasses.replace(TWO, runs=TWO.runs[:1])  # has no interval
    figure = draw_sizes({15_000: single, 60_000: TWO}, {"distorted": TWO}, paper.figure_6())
    axes = figure.axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert {"test, ours", "training, ours", "test, distorted, ours"} <= set(labels)
    ours = next(bars for bars in axes.containers if bars.get_label() == "test, ours")
    assert ours.lines[0].get_xdata().tolist() == [15_000, 60_000]
    assert ours.lines[0].get_ydata().tolist() == [1.0, 1.5]
    lines = lines_of(figure)
    assert lines["test, the paper"].get_ydata().tolist() == [1.68, 1.14, 0.94]
    assert lines["test, distorted, the paper"].get_ydata().tolist() == [0.82]
    assert "15" in show(figure, alt="x").svg
