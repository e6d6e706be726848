"""How to cite a record."""

from lenet5 import __version__
from lenet5.results.records import Record
from lenet5.results.tables import number, runs, span
from lenet5.results.verdicts import Verdict

_AUTHOR = "The LeNet-5 book contributors"


def bibtex(record: Record) -> str:
    """An entry for the record, with its digest."""
    made_of = f"Record {record.id}, {runs(len(record.runs))}, SHA-256 {record.digest}"
    return "\n".join(
        [
            f"@misc{{lenet5book-{record.id},",
            f"  author  = {{{{{_AUTHOR}}}}},",
            f"  title   = {{{{The LeNet-5 book: {record.title}}}}},",
            f"  year    = {{{_last_day(record)[:4]}}},",
            f"  version = {{{__version__}}},",
            f"  note    = {{{made_of}}},",
            "}",
        ]
    )


def sentences(record: Record, verdicts: list[Verdict]) -> list[str]:
    """What the record found, in a plain sentence for each claim that it answers."""
    source = (
        f"The LeNet-5 book {__version__}, record {record.id}, {_last_day(record)}, "
        f"SHA-256 {record.digest[:16]}"
    )
    return [f"{_finding(one)} ({source})." for one in verdicts if one.experiment == record.id]


def _finding(verdict: Verdict) -> str:
    claim, ours = verdict.claim, verdict.ours
    what = (
        claim.states
        if claim.states.startswith("f(")
        else claim.states[0].upper() + claim.states[1:]
    )
    found = f"{what}: {number(ours.mean, claim.unit)} {claim.unit}".rstrip()
    if verdict.n > 1:
        found += (
            f", the mean of {verdict.n} runs (95 % t-interval {span(ours, claim.unit)}); "
            f"the paper: {number(claim.value, claim.unit)}"
        )
    else:
        found += f"; the paper: {number(claim.value, claim.unit)}"
    return f"{found}; {verdict.word}"


def _last_day(record: Record) -> str:
    return max(run.finished for run in record.runs)
