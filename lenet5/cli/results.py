"""`python -m lenet5 results`."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lenet5.errors import LeNet5Error

if TYPE_CHECKING:
    from lenet5.results.records import Record


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "results",
        help="what was found, beside what the paper states",
        description="Prints the records of data/results/: each claim of the paper with our mean, "
        "its interval and the verdict, and what each open choice changes.",
    )
    command.add_argument("id", nargs="?", metavar="ID",
                         help="one record, or all whose names begin like this")  # fmt: skip
    command.add_argument("--export", type=Path, metavar="FILE",
                         help="write every number of every run to a CSV file")  # fmt: skip
    command.set_defaults(command=_results)


def _results(options: argparse.Namespace) -> None:
    from lenet5.results import records
    from lenet5.results.tables import tidy

    everything = records.read_all()
    chosen = _begin_with(options.id, everything)
    if options.export:
        from lenet5.files import write_atomically

        table = tidy(chosen)
        write_atomically(options.export, table.to_csv(index=False).encode())
        print(f"{len(table):,} numbers of {len(chosen)} records: {options.export}")
        return
    print(told(chosen, everything))


def _begin_with(start: str | None, everything: "list[Record]") -> "list[Record]":
    chosen = [one for one in everything if one.id.startswith(start or "")]
    if not chosen:
        raise LeNet5Error(
            f"There is no record {start}: `python -m lenet5 reproduce --list` names all."
            if start
            else "There are no records yet: `python -m lenet5 reproduce figure5` makes one."
        )
    return chosen


def told(chosen: "Sequence[Record]", everything: "Sequence[Record]") -> str:
    """Claims and effects of some records, and how many verdicts of each kind.

    Args:
        chosen: which.
        everything: all records, their baselines among them.
    """
    from lenet5.results.effects import effects
    from lenet5.results.tables import claims_table, counts_line, effects_table
    from lenet5.results.verdicts import verdicts

    found = verdicts(chosen)
    answering = sorted(
        (one for one in chosen if one.claims), key=lambda one: (one.counted, one.baseline, one.id)
    )
    long = len(chosen) > 1
    parts = [
        counts_line(one, found) if one.counted and long else claims_table(one, found)
        for one in answering
    ]
    names = {record.id for record in chosen}
    changed = [one for one in effects(everything) if one.record.id in names]
    if changed:
        parts.append(effects_table(changed))
    parts += [
        f"{one.id}: {one.title} ({len(one.runs)} runs), a baseline of others"
        for one in chosen
        if not one.claims and not one.baseline
    ]
    words = Counter(one.word for one in found if one.experiment)
    if words:
        parts.append(", ".join(f"{n} {word}" for word, n in words.most_common()) + ".")
    return "\n\n".join(parts)
