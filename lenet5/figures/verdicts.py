"""Verdicts as a page shows them: one line each, which opens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from lenet5.figures.ledger import PAGE
from lenet5.results.tables import number, runs
from lenet5.results.verdicts import Verdict

_COLOURS = {
    "reproduced": "tip",
    "partially reproduced": "warning",
    "not reproduced": "danger",
    "cannot be reproduced": "note",
    "not run yet": "note",
}


@dataclass(frozen=True)
class Verdicts:
    """Some verdicts as a notebook shows them, as admonitions in MyST Markdown."""

    verdicts: Sequence[Verdict]
    names: Mapping[str, str]

    def _repr_markdown_(self) -> str:
        return "\n\n".join(_admonition(one, self.names) for one in self.verdicts)

    def __repr__(self) -> str:  # what a reader without Markdown gets
        return "\n".join(_title(one, self.names) for one in self.verdicts)


def show_verdicts(verdicts: Sequence[Verdict], names: Mapping[str, str] | None = None) -> Verdicts:
    """One admonition a verdict, in the colour of its word; the grounds are inside.

    The cell's header must say how its Markdown is read: under `mystnb`,
    `markdown_format: myst`.

    Args:
        verdicts: in the order of the page.
        names: by the id of a record, what tells it from another that answers the same claim.
    """
    return Verdicts(verdicts, names or {})


def _title(verdict: Verdict, names: Mapping[str, str]) -> str:
    claim, name = verdict.claim, names.get(verdict.experiment, "")
    title = f"{verdict.word.capitalize()}: {claim.states}, {_measure(claim.value, claim.unit)}"
    if isnan(verdict.ours.mean):
        return title
    ours = f"ours {name}".strip()
    return f"{title}; {ours} {_measure(verdict.ours.mean, claim.unit)}"


def _admonition(verdict: Verdict, names: Mapping[str, str]) -> str:
    claim = verdict.claim
    parts = [f"{claim.where}. {claim.cannot}"]
    if verdict.n:
        parts = [f"{claim.where}. Agreement is {_region(verdict)}. {claim.why}", _found(verdict)]
    text = "\n\n".join(part.strip() for part in [*parts, claim.note] if part)
    head = f":::{{admonition}} {_title(verdict, names)}"
    return f"{head}\n:class: {_COLOURS[verdict.word]} dropdown\n\n{text}\n:::"


def _region(verdict: Verdict) -> str:
    claim = verdict.claim
    if claim.low == claim.high:
        return _measure(claim.low, claim.unit)
    return f"{_number(claim.low, claim.unit)} to {_measure(claim.high, claim.unit)}"


def _found(verdict: Verdict) -> str:
    """Our number with n and interval, and the record that it comes from."""
    unit, ours = verdict.claim.unit, verdict.ours
    link = f'<a href="{PAGE}#{verdict.experiment}">{verdict.experiment}</a>'
    source = f"Record {link}, {runs(verdict.n)}"
    if verdict.n == 1:
        return f"{source}: {_measure(ours.mean, unit)}."
    bounds = f"{_number(ours.low, unit)} to {_measure(ours.high, unit)}"
    return f"{source}: {_measure(ours.mean, unit)} on average, 95 % interval {bounds}."


def _measure(value: float, unit: str) -> str:
    return f"{_number(value, unit)} {unit}".rstrip()


def _number(value: float, unit: str) -> str:
    """As in the tables, but 0.00007 for 7e-05."""
    if value != 0 and abs(value) < 0.001 and not unit.startswith("%"):
        return np.format_float_positional(value, precision=2, fractional=False, trim="-")
    return number(value, unit)
