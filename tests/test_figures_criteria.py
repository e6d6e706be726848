"""Section II-C's pictures draw what they are given."""

import numpy as np
import pandas as pd

from lenet5.figures import show
from lenet5.figures.criteria import COLLAPSE_STYLES, draw_collapse, draw_pushes


def test_pushes_on_the_desired_class_and_on_a_wrong_one():
    penalties = np.linspace(0, 40, 9)
    figure = draw_pushes(penalties, {"(8)": (np.ones(9), np.zeros(9))})
    desired, wrong = figure.axes
    assert desired.lines[0].get_ydata().tolist() == [1] * 9
    assert wrong.lines[0].get_ydata().tolist() == [0] * 9


def test_a_line_is_the_mean_over_the_seeds_and_absent_runs_are_left_out():
    run = next(iter(COLLAPSE_STYLES))
    lines = [
        {"run": run, "seed": seed, "pass": p, "distance": 10 + seed, "loss": 1 / p, "error": 9 / p}
        for seed in (0, 2)
        for p in (1, 2)
    ]
    figure = draw_collapse(pd.DataFrame(lines))
    distance = figure.axes[0].lines
    assert len(distance) == 1
    assert distance[0].get_ydata().tolist() == [11, 11]
    assert run in show(figure, alt="One run.").svg
