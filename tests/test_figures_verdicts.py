"""Verdicts as the page shows them."""

import pytest

from lenet5.figures.verdicts import show_verdicts
from lenet5.paper import Claim
from lenet5.results.statistics import Interval
from lenet5.results.verdicts import Verdict

CLAIM = Claim(
    "an-error", "Section III-B", "test error", 0.95, "%", 0.85, 1.05, "It is so.", "A note."
)
NAN = float("nan")


def verdict(claim=CLAIM, experiment="figure5", n=20, ours=(1.034, 1.01, 1.06), word="reproduced"):
    return Verdict(claim, experiment, "error@20", n, Interval(*ours), word)


def markdown(*verdicts, **names):
    return show_verdicts(verdicts, names)._repr_markdown_()


def test_a_line_says_word_claim_and_both_numbers():
    assert markdown(verdict()).startswith(
        ":::{admonition} Reproduced: test error, 0.95 %; ours 1.03 %\n:class: tip dropdown\n"
    )


def test_inside_are_place_region_reason_n_interval_and_note():
    text = markdown(verdict())
    assert "Section III-B. Agreement is 0.85 to 1.05 %. It is so." in text
    assert "20 runs: 1.03 % on average, 95 % interval 1.01 to 1.06 %." in text
    assert 'href="results.html#figure5"' in text
    assert text.endswith("A note.\n:::")


@pytest.mark.parametrize(
    ("word", "colour"),
    [("partially reproduced", "warning"), ("not reproduced", "danger"), ("not run yet", "note")],
)
def test_each_word_has_its_colour(word, colour):
    assert f":class: {colour} dropdown" in markdown(verdict(word=word))


def test_two_records_of_one_claim_are_told_apart():
    both = [verdict(), verdict(experiment="other")]
    first, second = repr(show_verdicts(both, {"other": "with (8)"})).splitlines()
    assert first.endswith("; ours 1.03 %")
    assert second.endswith("; ours with (8) 1.03 %")


def test_one_run_has_no_interval():
    text = markdown(verdict(n=1, ours=(1.0, NAN, NAN)))
    assert "1 run: 1.00 %." in text
    assert "interval" not in text


def test_what_cannot_be_run_says_why():
    claim = Claim(
        "days", "Section III-B", "days", 2.5, "days", 2.0, 3.0, "2 to 3.", "", "No such machine."
    )
    text = markdown(verdict(claim, "", 0, (NAN, NAN, NAN), "cannot be reproduced"))
    assert "Cannot be reproduced: days, 2.5 days\n" in text
    assert text.endswith("Section III-B. No such machine.\n:::")


def test_small_numbers_are_written_out():
    claim = Claim("rate", "Section III-B", "rate", 7e-5, "", 4.67e-5, 1.05e-4, "About.")
    text = markdown(verdict(claim, ours=(8.9e-5, 8.8e-5, 9e-5)))
    assert "rate, 0.00007; ours 0.000089" in text
    assert "e-0" not in text
