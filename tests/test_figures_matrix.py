"""Tables drawn as pictures hold the numbers of the tables."""

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from lenet5 import paper
from lenet5.figures import PALETTE, draw_matrix, draw_table


def written(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_table_i_has_60_marks_in_the_colours_of_its_groups():
    figure = draw_table(paper.table_1(), groups=(6, 6, 3, 1))
    colours = [p.get_facecolor() for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    marks = [6 * 3, 6 * 4, 3 * 4, 6]
    assert [colours.count(to_rgba(PALETTE[group])) for group in range(4)] == marks


def test_table_i_shows_the_sums_of_rows_and_columns():
    texts = written(draw_table(paper.table_1()))
    rows, columns = texts[1:12:2], texts[13::2]
    assert rows == ["10"] * 6
    assert columns == ["3"] * 6 + ["4"] * 9 + ["6"]


def test_a_matrix_writes_each_number_off_the_diagonal():
    values = np.array([[0, 7, 9], [7, 0, 8], [9, 8, 0]])
    texts = written(draw_matrix(values, "abc"))
    assert sorted(texts) == sorted(["a", "b", "c"] * 2 + ["7", "8", "9"] * 2)
