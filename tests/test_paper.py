"""What is read from data/paper/ is what the paper prints."""

import numpy as np

from lenet5 import paper

COLUMNS_OF_TABLE_I = "012 123 234 345 045 015 0123 1234 2345 0345 0145 0125 0134 1245 0235 012345"


def test_table_i_is_exact():
    columns = ["".join(str(s) for s in np.flatnonzero(column)) for column in paper.table_1().T]
    assert " ".join(columns) == COLUMNS_OF_TABLE_I


def test_table_i_each_s2_map_feeds_exactly_10_c3_maps():
    assert paper.table_1().sum(1).tolist() == [10] * 6


def test_figure_3_has_96_codes_of_plus_and_minus_one():
    assert len(paper.codes()) == 96
    assert list(paper.codes()) == [chr(code) for code in range(32, 128)]
    for bitmap in paper.codes().values():
        assert bitmap.shape == (12, 7)
        assert set(np.unique(bitmap)) <= {-1, 1}


def test_figure_3_a_seven_looks_like_a_seven():
    drawn = ["".join(".#"[int(pixel > 0)] for pixel in row) for row in paper.codes()["7"]]
    assert drawn == [
        "#######",
        ".....##",
        ".....##",
        "....##.",
        "...##..",
        "...##..",
        "..##...",
        "..##...",
        "..##...",
        "..##...",
        ".......",
        ".......",
    ]


def test_figure_3_distances_between_digits():
    codes = paper.digit_codes().astype(int)
    distances = (codes[:, None] != codes[None]).sum(2)
    pairs = distances[np.triu_indices(10, 1)]
    assert (pairs.min(), pairs.max()) == (12, 50)
    assert distances[6, 8] == 12
    assert distances[0, 4] == distances[8, 9] == 18


def test_figure_4_has_100_training_images():
    samples = paper.figure_4()
    assert len(samples) == 100
    assert samples.train_index.is_unique
    assert samples.train_index.between(0, 59_999).all()
    assert samples.loc[0].tolist() == [30105, 3]


def test_figure_5_has_21_points_and_ends_at_0_95():
    curves = paper.figure_5()
    assert curves.index.tolist() == list(range(1, 22))
    assert curves.test_error_percent.iloc[-1] == 0.95
    assert curves.train_error_percent.iloc[18] == 0.36


def test_figure_8_has_82_errors_of_the_test_set():
    errors = paper.figure_8()
    assert len(errors) == 82
    assert errors.index.is_unique
    assert errors.index.is_monotonic_increasing
    assert (errors.index.min(), errors.index.max()) == (247, 9904)
    assert (errors.true != errors.answer).all()
    assert errors.isin(range(10)).all(axis=None)
    assert errors.loc[247].tolist() == [4, 6]


def test_section_ii_b_totals():
    printed = paper.architecture()
    assert printed.parameters.sum() == 60_000
    assert printed.connections.sum() == 340_908


def test_section_ii_b_says_what_is_derived():
    notes = paper.architecture().note
    assert list(notes.index[notes.str.startswith("derived", na=False)]) == ["F6", "output"]
