"""The two criteria of Section II-C, drawn."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure

from lenet5.figures.style import INK, PALETTE, new_figure

_Curve = Float[np.ndarray, " points"]


def draw_pushes(penalties: _Curve, pushes: Mapping[str, tuple[_Curve, _Curve]]) -> Figure:
    """dE/dy as the penalty of the desired class, and that of a wrong one, varies.

    Args:
        penalties: where they are taken.
        pushes: of each criterion, by its name: on the desired class, on the wrong one.
    """
    figure, axes = new_figure(1, 2, (5.6, 3.5), sharey=True)
    colours = (INK, *PALETTE)
    for (name, two), colour, style in zip(
        pushes.items(), colours, ("-", "-", "--", "-."), strict=False
    ):
        for place, values in zip(axes, two, strict=True):
            place.plot(penalties, values, style, color=colour, label=name)
    for place, title, letter in zip(axes, ("desired class", "a wrong class"), "Di", strict=True):
        place.axhline(0, color=INK, alpha=0.35, linewidth=0.8)
        place.set(title=title, xlabel=f"penalty $y_{letter}$", ylim=(-1.1, 1.1))
        place.set_xlim(penalties[0], penalties[-1])
    axes[0].set_ylabel("gradient $dE/dy$")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


COLLAPSE_STYLES = {
    "(8), fixed codes": (INK, "-"),
    "(8), adaptive codes": (PALETTE[1], "--"),
    "(8), fast codes": (PALETTE[1], "-"),
    "(9), adaptive codes": (PALETTE[0], "--"),
    "(9), fast codes": (PALETTE[0], "-"),
    "(8), then (9)": (PALETTE[3], "-"),
}
"""Colour and stroke of each line of the picture: orange is (8), blue (9)."""


def draw_collapse(history: pd.DataFrame) -> Figure:
    """Distance between the codes, loss and error, pass by pass; the band spans the seeds.

    Args:
        history: one line a run and pass, with columns `run` (a key of
            `COLLAPSE_STYLES`), `seed`, `pass`, `distance`, `loss` and `error`.
    """
    figure, axes = new_figure(3, 1, (5.6, 7.4), sharex=True)
    for run, (colour, style) in COLLAPSE_STYLES.items():
        lines = history[history["run"] == run]
        if lines.empty:
            continue
        for place, column in zip(axes, ("distance", "loss", "error"), strict=True):
            over_seeds = lines.groupby("pass")[column]
            mean = over_seeds.mean()
            place.fill_between(
                mean.index, over_seeds.min(), over_seeds.max(), color=colour, alpha=0.2, linewidth=0
            )
            place.plot(mean.index, mean, style, color=colour, marker=".", label=run)
    axes[0].set(ylim=(0, None), title="mean distance between two codes")
    axes[1].set(yscale="log", title="mean loss in the pass")
    axes[2].set(ylim=(0, None), title="error on held-out digits, percent", xlabel="pass")
    for place in axes:
        place.grid(axis="y")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
