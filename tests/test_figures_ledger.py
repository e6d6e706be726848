"""The ledger: every record with its claims, an address, a file and a citation."""

import dataclasses
import re
from html import unescape
from html.parser import HTMLParser

import made_up
import pytest

from lenet5.figures import ledger
from lenet5.paper import Claim, claims
from lenet5.results.effects import effect
from lenet5.results.statistics import Interval
from lenet5.results.verdicts import Verdict, verdicts

RECORD = made_up.record(1, 2, 3)
VERDICTS = verdicts([RECORD])


class Balance(HTMLParser):
    """Fails where a tag is closed that was not open."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked(markup):
    html = markup._repr_html_()
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    return html


def text_of(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_scoreboard_counts_every_verdict_once_and_links_to_its_list():
    html = checked(ledger.scoreboard(VERDICTS, "All"))
    counts = [int(n) for n in re.findall(r"<strong>(\d+)</strong>", html)]
    assert sum(counts) == len(VERDICTS)
    lists = checked(ledger.joined(ledger.listed(word, VERDICTS) for word in ledger.SIGNS))
    for anchor in re.findall(r'href="results.html#([\w-]+)"', html):
        assert f'id="{anchor}"' in lists


def test_each_word_has_a_sign_of_its_own():
    """Nothing is told by colour alone, and no sign is read out."""
    assert len(set(ledger.SIGNS.values())) == len(ledger.SIGNS)
    html = checked(ledger.scoreboard(VERDICTS, "All"))
    assert html.count('aria-hidden="true"') == len(ledger.SIGNS)


def test_an_entry_has_all_that_is_needed_to_check_and_to_cite():
    html = checked(ledger.entry(RECORD, VERDICTS))
    assert '<section class="record" id="trial">' in html
    assert 'href="results/trial.json" download' in html
    assert "python -m lenet5 reproduce trial" in html
    assert "@misc{lenet5book-trial," in html and RECORD.digest in html
    claim = claims()["figure5-test-error"]
    said = text_of(html)
    for part in (claim.states, "0.95 %", "1.00 %", "3 runs", "60,000 training images", claim.where):
        assert part in said, part
    assert claim.why.rstrip(".") in said.replace("&quot;", '"')


def test_what_is_folded_is_there_all_the_same():
    html = checked(ledger.entry(RECORD, VERDICTS, folded=True))
    shown, folded = html.split("<summary>Run it, take it, cite it</summary>")
    assert "0.95 %" in text_of(shown) and "reproduce trial" not in shown
    assert "reproduce trial" in folded and "@misc" in folded


def test_no_records_are_said_to_be_none():
    assert "No record yet" in checked(ledger.joined([]))


def test_a_record_without_claims_shows_its_error_and_what_differs():
    other = made_up.record(1, 2, 3, id="other", claims={}, baseline="trial")
    runs = [made_up.entry(seed, 1.2 + seed / 100) for seed in (1, 2, 3)]
    other = dataclasses.replace(other, runs=runs)
    said = text_of(checked(ledger.entry(other, VERDICTS, effect(other, RECORD))))
    assert "Error on test images after the last pass: 1.22 %" in said
    assert "n = 3: +0.22 points (+0.20 to +0.24), a higher error" in said
    brief = checked(ledger.brief(other, effect(other, RECORD)))
    assert 'id="other"' in brief and "results/other.json" in brief
    assert "+0.22 points" in text_of(brief)


def test_of_many_claims_those_that_agree_are_folded_away():
    nan = float("nan")
    agreeing = [
        Verdict(Claim(f"c{i}", "II-B", f"number {i:.0f}", i, "", i, i, "exact"), "trial", "x", 1,
                Interval(i, nan, nan), "reproduced")
        for i in map(float, range(20))
    ]  # fmt: skip
    odd = dataclasses.replace(agreeing[0], word="not reproduced")
    html = checked(ledger.entry(RECORD, [*agreeing[1:], odd]))
    shown, folded = html.split("<details>", 1)
    assert "number 0" in shown and "number 1<" not in shown
    assert "19 of 20" in text_of(folded)


def test_tables_have_headers_and_scroll_in_a_box_of_their_own():
    html = checked(ledger.beside(VERDICTS))
    assert '<div class="scroll" role="region"' in html and 'tabindex="0"' in html
    assert html.count('scope="col"') == 4
    assert html.count('scope="row"') == len(VERDICTS)


def test_what_cannot_be_reproduced_says_why():
    said = text_of(checked(ledger.listed("cannot be reproduced", VERDICTS)))
    reasons = [claim.cannot for claim in claims().values() if claim.cannot]
    assert reasons and all(reason in said for reason in reasons)


def test_a_list_may_be_empty():
    assert "None." in checked(ledger.listed("not reproduced", []))


def test_choices_beside_their_baseline():
    other = made_up.record(1, 2, 3, id="other", title="An <other> choice", baseline="trial")
    html = checked(ledger.differences([effect(other, RECORD)]))
    assert 'href="results.html#other"' in html
    assert "An &lt;other&gt; choice" in html
    assert "no clear difference" in html
    assert "shorter" in checked(ledger.differences([effect(other, RECORD)], {"other": "shorter"}))
    assert "Not run yet" in checked(ledger.differences([]))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.95, "%", "0.95\N{NO-BREAK SPACE}%"),
        (24_000.6, "", "24,001"),
        (60_000.0, "", "60,000"),
        (7e-5, "", "7·10<sup>−5</sup>"),
        (1.175, "", "1.175"),
        (-0.1, "", "−0.1"),
        (-1.0, "", "−1"),
        (0.00895123, "", "0.00895"),
        (0.99997, "", "0.99997"),
        (4.01, "thousand", "4.01 thousand"),
        (float("nan"), "%", "–"),
    ],
)
def test_numbers_keep_the_digits_that_matter(value, unit, text):
    assert ledger._quantity(value, unit) == text


def test_without_html_the_text_stands_alone():
    assert "figure" not in repr(ledger.scoreboard(VERDICTS, "All"))
    assert "not run yet" in repr(ledger.scoreboard(VERDICTS, "All"))
