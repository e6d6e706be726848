"""Numbers in the book's prose: from a cell, or the paper's own with the paper named beside them.

Of what a page says outside its cells, every decimal number and every percentage is looked
at. It may stand there if the paper states it and the paragraph says so, or if it is one of
a short list. Anything else comes from a record or a cell, by `glue`.
"""

import csv
import re
from functools import cache

import pytest

from lenet5 import paper
from lenet5.files import ROOT

BOOK = ROOT / "book"
PAGES = sorted(path.stem for path in BOOK.glob("*.md"))

CONSTANTS = {
    "1.7159": "A of the squashing function, Appendix A",
    "2.4": "bound of the first weights, Appendix A",
    "0.1": "background of the input, II-B, and the paper's ± of a test error, Figure 9",
    "1.175": "ink of the input, II-B",
    "0.02": "μ, Section III-B",
    "0.0005": "η of passes 1 and 2, Section III-B; with 0.0002 to 0.00001 after them",
    "0.0002": "η of passes 3 to 5",
    "0.0001": "η of passes 6 to 8",
    "0.00005": "η of passes 9 to 12",
    "0.00001": "η of passes 13 to 20",
    "0.00007": "the smallest rate, Appendix C",
    "0.8 %": "test error with distortions as the text of III-B rounds it",
}
"""What the paper states, but for its claims and the numbers of its figures."""

NOT_ABOUT_RESULTS = {
    "3.11": "the version of Python that is needed",
    "95 %": "of an interval",
    "5 %": "level of a test",
    "90 %": "the error of guessing among ten",
}
"""Decimals and percentages of our own that no run can change."""

NAMES_THE_PAPER = re.compile(
    r"\b(paper|authors|Section|Appendix|Figure|Table|equation|printed?|prints|quotes?)\b", re.I
)
NUMBER = re.compile(r"(?<![\w.,^{/])(\d[\d,]*\.\d+|\d[\d,]*(?=\s?%))(\s?%)?(?!\.?\d)")


def prose(page: str) -> list[str]:
    """What a page says in its own words, paragraph by paragraph."""
    page = re.sub(r"\A---\n.*?\n---\n", "", page, flags=re.S)
    page = re.sub(r"^(`{3,})[^\n]*\n.*?^\1\s*$", "", page, flags=re.S | re.M)  # cells, listings
    page = re.sub(r"^:{3,}\{(\w+)\}", "", page, flags=re.M)
    page = re.sub(r"^:[\w-]+:.*$", "", page, flags=re.M)  # a directive's options
    page = re.sub(r"\$\$.*?\$\$|\\begin\{.*?\\end\{\w+\*?\}", "", page, flags=re.S)
    page = re.sub(r"\$[^$\n]*(?:\n[^$\n]+)?\$", "", page)
    page = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`", "", page)  # roles, code
    page = re.sub(r"\]\([^)]*\)|<[^>]*>", "]", page)  # where links lead
    return [paragraph for paragraph in re.split(r"\n\s*\n|\n(?=[-|] )", page) if paragraph.strip()]


def typed(page: str) -> list[tuple[str, str]]:
    """Each decimal or percentage of the prose with its paragraph."""
    return [
        (match[1].replace(",", "") + (" %" if match[2] else ""), paragraph)
        for paragraph in prose(page)
        for match in NUMBER.finditer(paragraph)
    ]


@cache
def stated() -> set[float]:
    """Every number of the paper's claims, figures and tables."""
    numbers = {claim.value for claim in paper.claims().values()}
    for path in (ROOT / "data" / "paper").glob("*.csv"):
        rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        cells = (cell for row in rows for cell in row)
        numbers |= {float(cell) for cell in cells if re.fullmatch(r"-?\d+(\.\d+)?", cell)}
    return numbers


def of_our_own(page: str) -> list[str]:
    """The numbers that a page must not type."""
    return [
        f"{number} in: {' '.join(paragraph.split())[:90]}"
        for number, paragraph in typed(page)
        if number not in NOT_ABOUT_RESULTS
        and not (
            NAMES_THE_PAPER.search(paragraph)
            and (
                number in CONSTANTS
                or number.removesuffix(" %") in CONSTANTS
                or float(number.removesuffix(" %")) in stated()
            )
        )
    ]


@pytest.mark.parametrize("page", PAGES)
def test_no_number_of_ours_is_typed_in_prose(page):
    assert of_our_own((BOOK / f"{page}.md").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Our network errs on 0.87 % of the images.",
        "Ours errs on 12 %.",
        "The loss ends at 3.1416.",
        "| run | 1.04 |",
        ":::{admonition} Verdict: reproduced\n:class: tip\nThe paper: 0.95 %. Ours: 1.0312 %.\n:::",
        "- a point\n- another, 0.123 %",
        "It errs on 0.95 %.",
    ],
)
def test_a_typed_number_is_found(text):
    assert of_our_own(text)


@pytest.mark.parametrize(
    "text",
    [
        "The paper reports 0.95 %.",
        "Ours errs on {glue:text}`x:.2f` % of them.",
        "With $A = 1.23$ and `Settings(j=0.3)` it learns.",
        "$$\nx = 0.123\n$$",
        "```{code-cell} python\nx = 0.123\n```",
        "[Here](page-1.23.html) are 60,000 images, in 20 passes.",
        "Python 3.11 or later; 95 % of the intervals.",
        "The squashing function of Appendix A has A = 1.7159.",
    ],
)
def test_the_papers_numbers_code_and_formulas_may_stand(text):
    assert of_our_own(text) == []


def test_no_exception_is_left_over():
    """What no page types any more is taken out of the list."""
    pages = [(BOOK / f"{page}.md").read_text(encoding="utf-8") for page in PAGES]
    assert set(NOT_ABOUT_RESULTS) <= {number for page in pages for number, _ in typed(page)}
