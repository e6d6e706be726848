"""The forest plot of the open questions."""

import dataclasses
import math

import made_up
import pytest
from scipy import stats

from lenet5.figures import INK, PALETTE, show
from lenet5.figures.forest import draw_forest, holm, p_value
from lenet5.results.effects import effect

BASE = made_up.record(1, 2, 3, 4, 5)


def changed(name, *differences):
    """The effect of a record whose errors differ from the baseline's by so much, seed by seed."""
    runs = [made_up.entry(seed, 1.0 + d) for seed, d in enumerate(differences, 1)]
    return effect(dataclasses.replace(BASE, id=name, title=f"Title of {name}", runs=runs), BASE)


WORSE = changed("worse", 0.30, 0.31, 0.29, 0.30, 0.32)
BETTER = changed("better", -0.1, -0.2, -0.15, -0.02, -0.2)
NEITHER = changed("neither", 0.1, -0.2, 0.15, -0.02, 0.03)
FAR = changed("far", 80.0, 81.0, 79.0, 83.0, 80.5)


def test_p_is_that_of_the_paired_t_test():
    differences = [-0.1, -0.2, -0.15, -0.02, -0.2]
    assert p_value(BETTER) == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)


def test_p_of_one_pair_and_of_equal_pairs():
    assert math.isnan(p_value(changed("one", 0.1)))
    assert p_value(changed("same", 0.25, 0.25, 0.25)) == 0
    assert p_value(changed("none", 0.0, 0.0, 0.0)) == 1


def test_holm_keeps_what_differs_even_beside_the_others():
    """With twenty more that differ in nothing, a lead of its own does not stand any more."""
    assert BETTER.carried
    assert holm([WORSE, BETTER, NEITHER]) == {"worse", "better"}
    nothing = [changed(f"nothing-{i}", 0.1, -0.1, 0.05, -0.05, 0.0) for i in range(20)]
    assert holm([WORSE, BETTER, *nothing]) == {"worse"}


def test_rows_are_sorted_and_named():
    axes = draw_forest([NEITHER, WORSE, BETTER], {"worse": "Worse"}).axes[0]
    named = [label.get_text() for label in axes.get_yticklabels()]
    assert named == ["Title of better", "Title of neither", "Worse"]


def marks(axes):
    """Row -> the mark of its mean."""
    return {round(line.get_ydata()[0]): line for line in axes.lines if len(line.get_xdata()) == 1}


def test_filled_if_the_runs_carry_it_and_square_if_even_together():
    axes = draw_forest([NEITHER, WORSE, BETTER], {}, strong={"worse"}).axes[0]
    better, neither, worse = (marks(axes)[row] for row in range(3))
    assert (better.get_marker(), neither.get_marker(), worse.get_marker()) == ("o", "o", "s")
    assert neither.get_markerfacecolor() == "none" and neither.get_color() == INK
    assert worse.get_markerfacecolor() == PALETTE[1]
    assert better.get_markerfacecolor() == PALETTE[0]


def test_a_row_beyond_the_axis_is_an_arrow_with_its_number():
    axes = draw_forest([WORSE, FAR], {}, reach=0.7).axes[0]
    assert marks(axes)[1].get_marker() == ">"
    assert [text.get_text() for text in axes.texts] == ["+80.7"]
    assert axes.get_xlim() == (-0.7, 0.7)


def test_an_interval_beyond_the_axis_is_cut_there():
    wide = changed("wide", 2.0, -1.5, 1.0, -1.0, 0.2)
    axes = draw_forest([wide], {}, reach=0.7).axes[0]
    (stroke,) = [line for line in axes.lines if list(line.get_ydata()) == [0, 0]]
    assert list(stroke.get_xdata()) == [-0.7, 0.7]


def test_the_legend_has_what_is_there():
    (legend,) = draw_forest([WORSE, NEITHER], {}).legends
    named = [text.get_text() for text in legend.get_texts()]
    assert named == ["higher error", "not told from 0"]


def test_it_can_be_shown():
    assert "Title of worse" in show(draw_forest([WORSE], {}), alt="One row.").svg
