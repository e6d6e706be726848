"""What is read from data/paper/ is what the paper prints."""

import tomllib

import numpy as np
import pytest

from lenet5 import paper
from lenet5.experiments import counts, figure_5, figure_6
from lenet5.files import ROOT

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


def test_figure_6_ends_at_60000_with_and_without_distortions():
    sizes = paper.figure_6()
    assert sizes.training_images.tolist() == [15_000, 30_000, 60_000, 60_000]
    assert sizes.test_error_percent.tolist() == [1.68, 1.14, 0.94, 0.82]
    assert sizes.train_error_percent.tolist()[:3] == [0.05, 0.31, 0.35]
    assert sizes.train_error_percent.isna().tolist() == [False, False, False, True]


def test_figure_7_distorts_ten_training_images_ten_times():
    fits = paper.figure_7()
    assert len(fits) == 100
    assert (fits.groupby("train_index").size() == 10).all()
    sources = fits.train_index.drop_duplicates().tolist()
    assert sources == [359, 366, 339, 330, 336, 376, 331, 337, 333, 334]
    assert fits.rms_grey.max() < 2


def test_figure_13_has_six_kernels_of_25_weights():
    filters = paper.figure_13()
    assert filters.index.tolist() == list(range(6))
    assert filters.columns.tolist() == [f"w{i}{j}" for i in range(5) for j in range(5)] + ["bias"]
    assert filters.notna().all(axis=None)


def test_figures_9_to_12_compare_27_classifiers():
    rows = paper.comparison()
    assert len(rows) == 27
    assert rows.notna().sum().tolist() == [27, 9, 19, 19]
    assert rows.index.is_unique
    assert rows.index[0] == "Linear"
    assert rows.index[-1] == "[dist] Boosted LeNet-4"


# claims.toml


@pytest.mark.parametrize("claim", paper.claims().values(), ids=lambda claim: claim.id)
def test_claims_say_where_what_and_why(claim):
    assert claim.id == paper.claims()[claim.id].id
    assert claim.where.startswith(("Section ", "Figure ", "Table ", "Appendix "))
    assert claim.states[0].islower()
    assert claim.low <= claim.value <= claim.high
    assert claim.why.endswith(".")
    for text in (claim.note, claim.cannot):
        assert not text or text.endswith(".")
    for text in (claim.states, claim.why, claim.note, claim.cannot):
        assert "\n" not in text and "  " not in text


def test_claims_every_number_of_figures_9_to_12_is_one():
    ids = list(paper.claims())
    made = [n for n, identifier in enumerate(ids) if "figure9-" in identifier]
    assert len(made) == 27
    assert made[0] == len(tomllib.loads(text())) - 1  # they follow those that are listed
    assert len(ids) - made[0] == paper.comparison().notna().sum().sum()
    for name in ("figure9-linear", "figure9-deslant-linear", "figure9-dist-lenet-5",
                 "figure10-lenet-4-k-nn", "figure11-16x16-tangent-distance",
                 "figure12-40-pca-quadratic"):  # fmt: skip
        assert name in ids


def test_claims_every_id_that_an_experiment_names_exists():
    for module in (figure_5, figure_6, counts):
        for experiment in module.EXPERIMENTS:
            assert experiment.claims.keys() <= paper.claims().keys(), experiment.id


def test_claims_of_section_ii_b_are_architecture_csv():
    for layer, line in paper.architecture().iterrows():
        for what in ("maps", "parameters", "connections"):
            claim = paper.claims().get(f"{layer.lower()}-{what}")
            assert claim is None or claim.value == line[what], claim


def test_claims_of_figure_5_are_its_points():
    points = paper.figure_5()
    for number in (1, 5, 10):
        drawn = paper.claims()[f"figure5-test-pass-{number}"].value
        assert drawn == points.test_error_percent[number]
    assert paper.claims()["figure5-training-pass-1"].value == points.train_error_percent[1]
    assert paper.claims()["figure5-test-error"].value == points.test_error_percent[20]


def test_claims_of_figures_6_and_8_are_their_points():
    known, sizes = paper.claims(), paper.figure_6()
    for name, tail in (("test", [15000, 30000, 60000, "distorted"]),
                       ("train", [15000, 30000, 60000])):  # fmt: skip
        drawn = sizes[f"{name}_error_percent"].dropna().tolist()
        long = {"test": "test", "train": "training"}[name]
        assert [known[f"figure6-{long}-{end}"].value for end in tail] == drawn
    assert known["figure6-test-distorted"].value == len(paper.figure_8()) / 100
    assert known["figure8-first-half"].value == (paper.figure_8().index < 5000).sum()


@pytest.mark.parametrize(
    ("identifier", "other_side"),
    [
        ("c3-connections", "156,000"),
        ("total-connections", "345,308"),
        ("figure9-28x28-500-150-10", "1000-150"),
        ("figure9-dist-28x28-500-150-10", "1000-150"),
        ("figure11-28x28-500-150-10", "1000-150"),
        ("figure12-28x28-500-150-10", "1000-150"),
        ("svm-regular", "1.1 %"),
        ("figure9-svm-poly-4", "1.4 %"),
        ("rs-svm", "1 %"),
        ("figure9-rs-svm-poly-5", "1.1 %"),
        ("v-svm", "0.8 %"),
        ("figure9-dist-v-svm-poly-9", "1.0 %"),
        ("figure12-dist-v-svm-poly-9", "poly 5"),
        ("rs-svm-cost", "340,908"),
        ("figure11-lenet-5", "345,308"),
        ("figure11-pairwise", "35"),
        ("figure12-pairwise", "36"),
        ("figure11-16x16-tangent-distance", "25,000"),
        ("figure12-16x16-tangent-distance", "20,000"),
        ("figure4-test-images", "training images"),
        ("lenet4-parameters", "48,120"),
        ("lenet4-connections", "120 units"),
        ("figure11-lenet-4", "lenet4-parameters"),
        ("figure12-lenet-4", "lenet4-parameters"),
        ("trainable-layers", "fixed"),
        ("figure5-test-error", "21 points"),
        ("figure5-training-error", "0.36 %"),
        ("figure5-test-pass-1", "21 points"),
        ("figure6-test-60000", "0.95 %"),
        ("figure6-test-distorted", "0.8 %"),
        ("figure8-first-half", "0.8 %"),
        ("figure9-lenet-5", "0.94 %"),
        ("figure9-dist-lenet-5", "0.82 %"),
        ("input-variance", "0.41"),
    ],
)
def test_claims_that_the_paper_contradicts_itself_in_say_so(identifier, other_side):
    assert other_side in paper.claims()[identifier].note


def test_claims_that_need_nist_cannot_be_reproduced():
    untested = {claim.id for claim in paper.claims().values() if claim.cannot}
    assert {"sd1-images", "sd1-writers", "training-days"} <= untested
    assert not any(identifier.startswith("figure") for identifier in untested)


def text():
    return (ROOT / "data" / "paper" / "claims.toml").read_text(encoding="utf-8")


GOOD = """
[a-count]
where = "Section I"
states = "a count"
value = 3
"""


def test_claims_a_count_agrees_with_itself_alone():
    claim = paper.claims_of(GOOD)["a-count"]
    assert (claim.low, claim.value, claim.high, claim.unit) == (3, 3, 3, "")
    assert claim.why == "A count is equal or it is not."


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (GOOD + 'colour = "red"', "a-count: colour means nothing"),
        (GOOD.replace("states", "state"), "a-count: states is missing"),
        (GOOD.replace("value = 3", ""), "a-count: value is missing"),
        (GOOD.replace("a-count", "A_Count"), "A_Count: an id"),
        (GOOD + 'low = 5\nhigh = 1\nwhy = "So."', "not between"),
        (GOOD + 'low = 4\nhigh = 5\nwhy = "So."', "not between"),
        (GOOD + 'within = -1\nwhy = "So."', "not between"),
        (GOOD.replace("3", "nan"), "not between"),
        (GOOD + 'low = 2\nwhy = "So."', "`within`"),
        (GOOD + 'within = 1\nlow = 2\nhigh = 4\nwhy = "So."', "`within`"),
        (GOOD + "within = 1", "say why"),
    ],
)
def test_claims_that_make_no_sense_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        paper.claims_of(wrong)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("part = 0.05", "share = 0.05", "comparison.figure11: share means nothing"),
        ('column = "fig9_', 'columns = "fig9_', "comparison.figure9: column is missing"),
        ("figure11-lenet-5 =", "figure11-lenet-6 =", "there is no figure11-lenet-6"),
        ("[input-size]", "[figure9-linear]", "has already"),
    ],
)
def test_claims_of_figures_9_to_12_that_make_no_sense_are_refused(old, new, said):
    assert old in text()
    with pytest.raises(ValueError, match=said):
        paper.claims_of(text().replace(old, new))


def test_figure_10_agreement_is_what_a_tenth_of_a_point_of_error_costs():
    """LeNet-4: 1.8 % rejected take the error from 1.1 to 0.5 %, 3 for each point of error."""
    claim = paper.claims()["figure10-lenet-4"]
    assert (claim.low, claim.high) == pytest.approx((1.8 - 0.3 - 0.05, 1.8 + 0.3 + 0.05))


def test_figure_11_agreement_is_5_percent_and_rounding():
    claim = paper.claims()["figure11-lenet-5"]
    assert (claim.low, claim.high) == pytest.approx((401 * 0.95 - 0.5, 401 * 1.05 + 0.5))
