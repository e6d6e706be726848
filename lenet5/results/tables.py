"""Records and verdicts as text, as a tidy table, and as one file for the site."""

from collections.abc import Collection, Iterator, Sequence
from math import isnan
from typing import Any

import pandas as pd

from lenet5.results.effects import Effect
from lenet5.results.records import Record
from lenet5.results.statistics import Interval
from lenet5.results.verdicts import Verdict


def number(value: float, unit: str = "%") -> str:
    """A number as its unit asks: percent with two decimals, counts with commas."""
    if isnan(value):
        return "–"
    if unit.startswith("%"):
        return f"{value:.2f}"
    if value == round(value):
        return f"{value:,.0f}"
    if value == round(value, 3):
        return f"{value:,.7g}"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"


def span(interval: Interval, unit: str = "%") -> str:
    """The bounds of an interval."""
    if isnan(interval.low):
        return "–"
    return f"{number(interval.low, unit)} to {number(interval.high, unit)}"


def runs(n: int) -> str:
    """So many runs, in words."""
    return f"{n} run" + ("s" if n > 1 else "")


def claims_table(record: Record, verdicts: Sequence[Verdict]) -> str:
    """The record's title, and one line a claim: the paper's number, ours, the verdict."""
    head = ["", "paper", "ours", "95 % interval", "verdict"]
    rows = [
        [
            one.claim.id,
            f"{number(one.claim.value, one.claim.unit)} {one.claim.unit}".rstrip(),
            number(one.ours.mean, one.claim.unit),
            span(one.ours, one.claim.unit),
            one.word,
        ]
        for one in verdicts
        if one.experiment == record.id
    ]
    return f"{record.id}: {record.title} ({runs(len(record.runs))})\n" + aligned(
        [head, *rows], right={1, 2}
    )


def counts_line(record: Record, verdicts: Sequence[Verdict]) -> str:
    """How many of a counted record's claims are as the paper prints them."""
    words = [one.word for one in verdicts if one.experiment == record.id]
    equal = words.count("reproduced")
    return (
        f"{record.id}: {equal} of {len(words)} counts are the paper's "
        f"(`python -m lenet5 results {record.id}` has them all)"
    )


def effects_table(effects: Sequence[Effect]) -> str:
    """One line a choice: its error, and the difference from the baseline in pairs of seeds."""
    head = ["", "n", "error", "95 % interval", "difference", "95 % interval", ""]
    rows = [
        [
            one.record.id,
            str(one.n),
            number(one.error.mean),
            span(one.error),
            f"{one.difference.mean:+.2f}",
            "–"
            if isnan(one.difference.low)
            else f"{one.difference.low:+.2f} to {one.difference.high:+.2f}",
            f"{one.record.title} (against {one.record.baseline})",
        ]
        for one in effects
    ]
    return "Errors in percent, differences in pairs of seeds\n" + aligned(
        [head, *rows], right={1, 2, 4}
    )


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Rows of words under each other, two spaces between columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            word.rjust(width) if column in right else word.ljust(width)
            for column, (word, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """Every number of every run, one a line.

    Columns: experiment, seed, quantity, pass (of a curve), image (index of a missed image,
    of which the value is the answer), value.
    """
    columns = ["experiment", "seed", "quantity", "pass", "image", "value"]
    table = pd.DataFrame(_numbers(records), columns=columns)
    return table.astype({"pass": "Int64", "image": "Int64"})


def _numbers(records: Sequence[Record]) -> Iterator[tuple[Any, ...]]:
    for record in records:
        for run in record.runs:
            name = record.id, run.seed
            yield *name, "seconds", None, None, run.seconds
            for quantity, value in run.values.items():
                yield *name, quantity, None, None, value
            for quantity, curve in run.curves.items():
                for number_, value in enumerate(curve, 1):
                    yield *name, quantity, number_, None, value
            for image, answer in run.missed:
                yield *name, "answer", None, image, answer


def summary(records: Sequence[Record], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Records and verdicts as plain data, for `results.json` on the site."""
    return {
        "records": [
            {"id": one.id, "title": one.title, "runs": len(one.runs), "sha256": one.digest}
            for one in records
        ],
        "verdicts": [
            {
                "claim": one.claim.id,
                "where": one.claim.where,
                "states": one.claim.states,
                "unit": one.claim.unit,
                "paper": one.claim.value,
                "agreement": [one.claim.low, one.claim.high],
                "record": one.experiment or None,
                "n": one.n,
                "ours": _finite(one.ours.mean),
                "interval": [_finite(one.ours.low), _finite(one.ours.high)],
                "verdict": one.word,
            }
            for one in verdicts
        ],
    }


def _finite(value: float) -> float | None:
    return None if isnan(value) else round(value, 6)
