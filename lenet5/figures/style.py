"""One look for every figure, on light pages and dark, wide screens and phones.

A figure goes into the page as SVG. What matplotlib would draw in black takes
the colour of the text around it instead, so it needs no second version for the
dark page; its letters are letters, which a reader can select and a search finds.

Importing this module sets matplotlib's defaults.
"""

import html
import io
import re
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#010203"
"""Drawn in this colour, a line takes that of the page's text."""

PALETTE = ("#0284c7", "#e07b00", "#12a37f", "#d6479a", "#8b6cf0", "#c8a200")
"""Six colours that differ for colour-blind readers and show on white and near-black."""

_STYLE = {
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(color=PALETTE),
    "font.size": 11,
    "font.family": "sans-serif",
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "image.interpolation": "none",
    "svg.fonttype": "none",
}
mpl.rcParams.update(_STYLE)


def new_figure(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = (5.6, 3.4), **more: Any
) -> tuple[Figure, Any]:
    """A figure and its axes, as `plt.subplots` gives them, in the book's style.

    Args:
        size: width and height in inches. 5.6 wide keeps letters readable on a phone.
    """
    figure = Figure(figsize=size)
    return figure, figure.subplots(rows, columns, **more)


def bare(axes: Axes) -> Axes:
    """Takes ticks and frame away: for pictures."""
    axes.set_axis_off()
    return axes


@dataclass(frozen=True)
class Picture:
    """A drawn figure with its alternative text, as a notebook shows it."""

    svg: str
    alt: str
    caption: str = ""

    def _repr_html_(self) -> str:
        caption = f"<figcaption>{self.caption}</figcaption>" if self.caption else ""
        return f'<figure class="drawn">{self.svg}{caption}</figure>'

    def __repr__(self) -> str:  # what a reader without HTML gets
        return f"Picture: {self.alt}"


def show(figure: Figure, alt: str, caption: str = "") -> Picture:
    """The figure as SVG for the page.

    Args:
        alt: what is to be seen, for who cannot see it. Required.
        caption: shown below, HTML allowed.
    """
    if not alt.strip():
        raise ValueError("A figure needs alternative text.")
    file = io.StringIO()
    # A salt of its own keeps the identifiers of two figures of a page apart, and the
    # same figure the same in every build.
    with mpl.rc_context({"svg.hashsalt": alt}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return Picture(_inline(file.getvalue(), alt), alt, caption)


def _inline(svg: str, alt: str) -> str:
    """The <svg> element alone, scalable, named, in the colours of the page."""
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = svg.replace(INK, "currentColor")
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)  # the page's own letters
    width = re.search(r'width="([\d.]+)pt"', svg)
    assert width is not None
    opening = (
        f'<svg role="img" aria-label="{html.escape(alt, quote=True)}" '
        f'style="width: {float(width[1]) * 4 / 3:.0f}px"'
    )
    svg = re.sub(r'^<svg(.*?) height="[\d.]+pt"', r"<svg\1", svg, count=1, flags=re.S)
    svg = re.sub(r' width="[\d.]+pt"', "", svg, count=1)
    return re.sub(r"\n\s*", "\n", svg.replace("<svg", opening, 1))
