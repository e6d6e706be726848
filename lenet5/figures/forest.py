"""What one changed choice does, drawn: a row a choice, with the interval of its pairs."""

from collections.abc import Collection, Mapping, Sequence
from math import isnan

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import stdtr, stdtrit

from lenet5.figures.style import INK, PALETTE, new_figure
from lenet5.results.effects import Effect

_LOWER, _HIGHER = PALETTE[0], PALETTE[1]


def p_value(effect: Effect) -> float:
    """Of the paired t-test, two-sided: how often no difference at all would show this much."""
    mean, _, high = effect.difference
    if effect.n < 2:
        return float("nan")
    if high == mean:  # every pair has the same difference
        return 1.0 if mean == 0 else 0.0
    error = (high - mean) / stdtrit(effect.n - 1, 0.975)  # of the mean
    return float(2 * stdtr(effect.n - 1, -abs(mean) / error))


def holm(effects: Sequence[Effect], level: float = 0.05) -> set[str]:
    """Ids of the records that differ even if all are judged together, by Holm's rule.

    The chance that a single one of them is there by accident is `level` at most.
    """
    judged = sorted((p_value(one), one.record.id) for one in effects if one.n > 1)
    kept: set[str] = set()
    for place, (p, identifier) in enumerate(judged):
        if p > level / (len(judged) - place):
            break
        kept.add(identifier)
    return kept


def draw_forest(
    effects: Sequence[Effect],
    names: Mapping[str, str],
    strong: Collection[str] = (),
    reach: float = 0.7,
) -> Figure:
    """Paired differences in error, the largest on top; the line at 0 is the baseline.

    Args:
        effects: one row each.
        names: what to write before a row, by the id of its record; its title otherwise.
        strong: ids of the records that get a square: `holm(effects)`.
        reach: percentage points, where the axis ends. A difference beyond is an arrow
            with its number.
    """
    rows = sorted(effects, key=lambda one: one.difference.mean)
    figure, axes = new_figure(size=(5.6, 0.9 + 0.29 * len(rows)))
    axes.axvline(0, color=INK, linewidth=0.8)
    for y, one in enumerate(rows):
        mean, low, high = one.difference
        colour = (_HIGHER if mean > 0 else _LOWER) if one.carried else INK
        if abs(mean) > reach:
            _draw_beyond(axes, y, mean, reach, colour)
            continue
        if not isnan(low):
            axes.plot([max(low, -reach), min(high, reach)], [y, y], color=colour, linewidth=1.6)
        axes.plot(mean, y, "s" if one.record.id in strong else "o", color=colour,
                  markerfacecolor=colour if one.carried else "none", markersize=6)  # fmt: skip
    axes.set(xlim=(-reach, reach), ylim=(-0.7, len(rows) - 0.3),
             xlabel="difference in held-out error, percentage points")  # fmt: skip
    axes.set_yticks(range(len(rows)), [names.get(one.record.id, one.record.title) for one in rows])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    _draw_legend(figure, rows, strong)
    return figure


def _draw_beyond(axes: Axes, y: int, mean: float, reach: float, colour: str) -> None:
    """An arrow at the edge that the difference lies beyond, and the difference."""
    right = mean > 0
    edge = reach if right else -reach
    axes.plot(edge, y, ">" if right else "<", color=colour, markersize=7, clip_on=False)
    axes.annotate(f"{mean:+.1f}", (edge, y), xytext=(-8 if right else 8, 0), va="center",
                  textcoords="offset points", ha="right" if right else "left")  # fmt: skip


def _draw_legend(figure: Figure, rows: Sequence[Effect], strong: Collection[str]) -> None:
    """Of the marks that are there."""
    means = [one.difference.mean for one in rows if one.carried]
    marks = [
        ("o", _HIGHER, "higher error", any(mean > 0 for mean in means)),
        ("o", _LOWER, "lower error", any(mean < 0 for mean in means)),
        ("o", INK, "not told from 0", len(means) < len(rows)),
        ("s", INK, "square: even judged together", any(one.record.id in strong for one in rows)),
    ]
    handles = [
        Line2D([], [], marker=shape, color=colour, label=name,
               markerfacecolor="none" if name.startswith("not") else colour)
        for shape, colour, name, there in marks
        if there
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=10)
