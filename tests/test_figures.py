"""Figures: alternative text, the page's colours, nothing from outside."""

import re

import pandas as pd
import pytest
import torch
from made_up import record

from lenet5 import paper
from lenet5.figures import draw_codes, draw_digits, draw_history, draw_maps, new_figure, show, table


def figures():
    return {
        "codes": draw_codes(paper.digit_codes(), [str(digit) for digit in range(10)]),
        "digits": draw_digits(torch.rand(7, 1, 28, 28), columns=4, titles=list("abcdefg")),
        "maps": draw_maps(torch.randn(6, 5, 5)),
        "history": draw_history(record(1, 2), paper.figure_5()),
    }


@pytest.mark.parametrize("name", ["codes", "digits", "maps", "history"])
def test_each_figure_is_an_svg_with_alternative_text(name):
    markup = show(figures()[name], alt='What is "seen" < there', caption="A caption")._repr_html_()
    assert markup.count("<svg") == 1
    assert 'aria-label="What is &quot;seen&quot; &lt; there"' in markup
    assert "<figcaption>A caption</figcaption>" in markup
    assert "currentColor" in markup


@pytest.mark.parametrize("name", ["codes", "digits", "maps", "history"])
def test_it_shrinks_with_the_page(name):
    opening = re.search(r"<svg[^>]*>", show(figures()[name], alt="x").svg)[0]
    assert "viewBox" in opening
    assert not re.search(r'\b(width|height)="', opening)
    assert "width: " in opening


def test_black_takes_the_colour_of_the_page():
    svg = show(figures()["history"], alt="x").svg
    assert "#010203" not in svg
    assert "#000000" not in svg


def test_a_figure_without_alternative_text_is_refused():
    figure, _ = new_figure()
    with pytest.raises(ValueError, match="alternative text"):
        show(figure, alt=" ")


def test_the_same_figure_is_the_same_in_every_build():
    assert show(figures()["history"], alt="x").svg == show(figures()["history"], alt="x").svg


def test_two_figures_of_a_page_share_no_identifier():
    first, second = (show(figures()["history"], alt=alt).svg for alt in ("one", "two"))

    def clips(svg):
        return set(re.findall(r'<clipPath id="([^"]+)"', svg))

    assert clips(first)
    assert not clips(first) & clips(second)


def test_a_table_has_one_header_row_and_its_index_in_it():
    frame = pd.DataFrame({"error": [0.951, 12.0]}, index=pd.Index(["a", "b"], name="net"))
    markup = table(frame, error="{:.2f}")._repr_html_()
    assert re.findall(r"<th>(.*?)</th>", markup) == ["net", "error"]
    assert re.findall(r"<td>(.*?)</td>", markup) == ["a", "0.95", "b", "12.00"]
