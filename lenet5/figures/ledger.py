"""Records and verdicts as HTML: the page of results and the scoreboard of the cover.

Every record has a section whose anchor is its id, so that results.html#figure5 can be
linked from anywhere. Nothing here computes: means, intervals and verdicts are those of
`lenet5.results`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import isnan
from types import MappingProxyType

from lenet5.results.citing import bibtex, sentences
from lenet5.results.effects import Effect
from lenet5.results.records import Record
from lenet5.results.statistics import Interval, mean_interval
from lenet5.results.tables import number, runs, span
from lenet5.results.verdicts import Verdict, Word

PAGE = "results.html"
"""Where the ledger stands on the site."""

FILES = "results"
"""Where the records themselves do."""

SIGNS: dict[Word, str] = {
    "reproduced": "●",
    "partially reproduced": "◐",
    "not reproduced": "○",
    "cannot be reproduced": "–",
    "not run yet": "…",
}
"""A mark for each word of a verdict, so that none is told by its colour alone."""


@dataclass(frozen=True)
class Markup:
    """HTML for the page, and what a reader without HTML gets."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return f'<div class="ledger">{self.html}</div>'

    def __repr__(self) -> str:
        return self.text


def scoreboard(verdicts: Sequence[Verdict], of: str) -> Markup:
    """How many verdicts there are of each kind, each a link to the list of them.

    Args:
        verdicts: which.
        of: what they are about, as the title.
    """
    counts = Counter(one.word for one in verdicts)
    items = "".join(
        f'<li><a href="{PAGE}#{_slug(word)}"><strong>{counts[word]}</strong> {_chip(word)}</a></li>'
        for word in SIGNS
    )
    text = ", ".join(f"{counts[word]} {word}" for word in SIGNS)
    title = f'<p class="scoreboard-title">{escape(of)}</p>'
    return Markup(f'{title}<ul class="scoreboard" aria-label="{escape(of)}">{items}</ul>', text)


def beside(verdicts: Sequence[Verdict], linked: bool = True) -> Markup:
    """Claims with the paper's numbers and ours side by side.

    Args:
        verdicts: one line each.
        linked: whether a line names its record, and leads to it.
    """
    lines = "".join(_line(one, linked) for one in verdicts)
    text = "\n".join(
        f"{one.claim.states}: {_quantity(one.claim.value, one.claim.unit)}; "
        f"ours {_quantity(one.ours.mean, one.claim.unit)}, n = {one.n}: {one.word}"
        for one in verdicts
    )
    spread = any(one.n > 1 for one in verdicts)
    ours = "ours, mean and 95 % interval" if spread else "ours"
    head = ("claim", "the paper", ours, "verdict")
    return Markup(_table("Claims of the paper and what was found", head, lines), text)


def entry(
    record: Record,
    verdicts: Sequence[Verdict],
    effect: Effect | None = None,
    folded: bool = False,
) -> Markup:
    """All about one record: its claims, what it differs by, how to check and to cite it.

    Args:
        record: which.
        verdicts: of any records; those that this one answers are shown.
        effect: beside its baseline, if it has one.
        folded: whether how to run, to take and to cite it is closed at first.
    """
    own = [one for one in verdicts if one.experiment == record.id]
    parts = [_heading(record), f'<p class="facts">{_facts(record)}</p>']
    if len(own) > _MANY:
        parts.append(_sifted(own))
    elif own:
        parts.append(beside(own, linked=False).html)
    elif not record.counted:
        error = mean_interval(list(record.last().values()))
        where = escape(record.judged_on.part)
        parts.append(f"<p>Error on {where} images after the last pass: {_percent(error)}.</p>")
    if effect is not None:
        base = f'<a href="#{record.baseline}">{record.baseline}</a>'
        parts.append(
            f"<p>Beside {base}, in pairs of seeds, n = {effect.n}: {_from_baseline(effect)}, "
            f"{direction(effect)}.</p>"
        )
    rest = _command(record) + _more(record, own)
    parts.append(_folded(rest) if folded else rest)
    inside = "".join(parts)
    return Markup(f'<section class="record" id="{record.id}">{inside}</section>', record.title)


def brief(record: Record, effect: Effect | None = None) -> Markup:
    """The same in two lines, the rest folded away: for the many records of open choices."""
    error = mean_interval(list(record.last().values()))
    found = f"Held-out error <strong>{number(error.mean)} %</strong>"
    if not isnan(error.low):
        found += f" ({span(error)})"
    found += f", n = {len(record.runs)}"
    if effect is not None:
        found += f"; {_from_baseline(effect)}: {direction(effect)}"
    parts = [_heading(record), f"<p>{found}.</p>"]
    rest = f'<p class="facts">{_facts(record)}</p>{_command(record)}{_more(record, [])}'
    parts.append(_folded(rest))
    inside = "".join(parts)
    markup = f'<section class="record brief" id="{record.id}">{inside}</section>'
    return Markup(markup, f"{record.title}: {number(error.mean)} %")


def listed(word: Word, verdicts: Sequence[Verdict], folded: bool = True) -> Markup:
    """All claims with one word, each with its place in the paper and where to look.

    Args:
        word: the verdict.
        verdicts: of any word; those with this one are shown.
        folded: whether the list is closed at first. A link to its anchor opens it.
    """
    chosen = [one for one in verdicts if one.word == word]
    items = "".join(f"<li>{_in_list(one)}</li>" for one in chosen) or "<li>None.</li>"
    inside = f'<ul class="claims" id="{_slug(word)}">{items}</ul>'
    summary = f"<summary>{_chip(word)} ({len(chosen)})</summary>"
    opening = "<details>" if folded else "<details open>"
    text = "\n".join(one.claim.states for one in chosen)
    return Markup(f"{opening}{summary}{inside}</details>", text)


def joined(parts: Iterable[Markup]) -> Markup:
    """Several after each other, as one; of none, a word to say so."""
    each = list(parts) or [Markup("<p>No record yet.</p>", "No record yet.")]
    return Markup("".join(one.html for one in each), "\n\n".join(one.text for one in each))


def differences(
    effects: Sequence[Effect], names: Mapping[str, str] = MappingProxyType({})
) -> Markup:
    """Changed choices beside their baseline, one line each.

    Args:
        effects: of the records.
        names: what to call a choice, by the id of its record; the record's title otherwise.
    """
    if not effects:
        return Markup("<p>Not run yet.</p>", "Not run yet.")
    lines, text = [], []
    for one in effects:
        name = names.get(one.record.id, one.record.title)
        error, unlike = one.error, one.difference
        lines.append(
            f'<tr><th scope="row"><a href="{PAGE}#{one.record.id}">{escape(name)}</a>'
            f"<small>n = {one.n}</small></th>"
            f"<td>{number(error.mean)} %<small>{span(error)}</small></td>"
            f"<td>{signed(unlike.mean)}<small>{_signed_span(unlike)}</small></td>"
            f"<td>{direction(one)}</td></tr>"
        )
        text.append(f"{name}: {number(error.mean)} %, {signed(unlike.mean)}, {direction(one)}")
    head = ("instead", "error", "difference", "in short")
    return Markup(_table("What other choices do", head, "".join(lines)), "\n".join(text))


def direction(effect: Effect) -> str:
    """What the interval of the pairs says: a higher error, a lower one, or neither."""
    if not effect.carried:
        return "no clear difference"
    return "a higher error" if effect.difference.mean > 0 else "a lower error"


def signed(value: float) -> str:
    """A difference with its sign, in percentage points."""
    return f"{value:+.2f}".replace("-", "−")


def _slug(word: str) -> str:
    return word.replace(" ", "-")


def _chip(word: Word) -> str:
    sign = f'<span class="sign" aria-hidden="true">{SIGNS[word]}</span>'
    return f'<span class="verdict {_slug(word)}">{sign}{word}</span>'


def _number(value: float, unit: str) -> str:
    """As `number`, but for fractions, of which the page shows as many digits as matter."""
    power = ""
    if isnan(value) or unit.startswith("%"):
        digits = number(value, unit)
    elif value == round(value) or abs(value) >= 1000:
        digits = f"{value:,.0f}"
    else:
        digits, _, power = f"{value:.6g}".partition("e")
        if len(digits.lstrip("-0.").replace(".", "")) > 4 and abs(value - round(value)) > 1e-3:
            digits, _, power = f"{value:.3g}".partition("e")
    written = f"{digits}·10<sup>{int(power)}</sup>" if power else digits
    return written.replace("-", "−")


def _quantity(value: float, unit: str) -> str:
    if isnan(value) or not unit:
        return _number(value, unit)
    space = "\N{NO-BREAK SPACE}" if len(unit) < 3 else " "
    return f"{_number(value, unit)}{space}{escape(unit)}"


def _bounds(interval: Interval, unit: str) -> str:
    """Of an interval; of none, or of one that is a point, nothing."""
    low, high = _number(interval.low, unit), _number(interval.high, unit)
    return "" if isnan(interval.low) or low == high else f"{low} to {high}"


_MANY = 15  # claims of one record, above which those that agree are folded away


def _sifted(own: Sequence[Verdict]) -> str:
    """What does not agree, and below it, folded away, what does."""
    agree = [one for one in own if one.word == "reproduced"]
    others = [one for one in own if one.word != "reproduced"]
    shown = beside(others, linked=False).html if others else ""
    folded = beside(agree, linked=False).html
    summary = f"{_chip('reproduced')}: {len(agree)} of {len(own)}"
    return f"{shown}<details><summary>{summary}</summary>{folded}</details>"


def _percent(interval: Interval) -> str:
    bounds = "" if isnan(interval.low) else f" (95 % interval {span(interval)})"
    return f"{number(interval.mean)} %{bounds}"


def _table(caption: str, head: Sequence[str], body: str) -> str:
    columns = "".join(f'<th scope="col">{word}</th>' for word in head)
    return (
        f'<div class="scroll" role="region" aria-label="{caption}" tabindex="0"><table>'
        f'<caption class="unseen">{caption}</caption>'
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _line(one: Verdict, linked: bool) -> str:
    claim = one.claim
    where = escape(claim.where)
    if linked and one.experiment:
        where += f' · <a href="{PAGE}#{one.experiment}">{one.experiment}</a>'
        where += f", n = {one.n}" if one.n > 1 else ""
    ours = _quantity(one.ours.mean, claim.unit)
    if bounds := _bounds(one.ours, claim.unit):
        ours += f"<small>{bounds}</small>"
    return (
        f'<tr><th scope="row">{escape(claim.states)}<small>{where}</small></th>'
        f"<td>{_quantity(claim.value, claim.unit)}</td><td>{ours}</td>"
        f"<td>{_chip(one.word)}</td></tr>"
    )


def _in_list(one: Verdict) -> str:
    claim = one.claim
    said = f"{escape(claim.states)}: {_quantity(claim.value, claim.unit)}"
    said += f" <small>({escape(claim.where)})</small>"
    if one.experiment:
        link = f'<a href="#{one.experiment}">{one.experiment}</a>'
        said += f"; {link}: {_quantity(one.ours.mean, claim.unit)}"
        if bounds := _bounds(one.ours, claim.unit):
            said += f" ({bounds}), n = {one.n}"
    if claim.cannot:
        said += f". {escape(claim.cannot)}"
    return said


def _heading(record: Record) -> str:
    link = f'<a class="headerlink" href="#{record.id}" title="Link to this record">#</a>'
    return f"<h3>{escape(record.title)}{link}</h3>"


def _facts(record: Record) -> str:
    parts = [f"<code>{record.id}</code>"]
    if not record.counted:
        learnt, judged = record.learnt_from, record.judged_on
        minutes = sum(run.seconds for run in record.runs) / 60
        parts += [
            f"{runs(len(record.runs))}, {_minutes(minutes)} of one core in all",
            f"learnt from {learnt.images:,} {escape(learnt.part)} images, judged on "
            f"{judged.images:,} {escape(judged.part)} images",
        ]
    else:
        parts.append("counted, so that no seed can change it")
    return " · ".join(parts)


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return "less than a minute"
    return "1 minute" if round(minutes) == 1 else f"{minutes:,.0f} minutes"


def _from_baseline(effect: Effect) -> str:
    bounds = _signed_span(effect.difference)
    inside = f" ({bounds})" if bounds else ""
    return f"{signed(effect.difference.mean)} points{inside}"


def _signed_span(interval: Interval) -> str:
    return "" if isnan(interval.low) else f"{signed(interval.low)} to {signed(interval.high)}"


def _command(record: Record) -> str:
    return _block(f"python -m lenet5 reproduce {record.id}")


def _folded(rest: str) -> str:
    return f"<details><summary>Run it, take it, cite it</summary>{rest}</details>"


def _block(text: str) -> str:
    return f'<div class="highlight"><pre>{escape(text)}</pre></div>'


def _more(record: Record, own: Sequence[Verdict]) -> str:
    file = f"{record.id}.json"
    said = "".join(f"<p>{escape(line)}</p>" for line in sentences(record, list(own)))
    parts = [
        f'<p><a href="{FILES}/{file}" download>{file}</a></p>',
        f"<details><summary>Cite</summary>{_block(bibtex(record))}{said}</details>",
    ]
    if own:
        rules = "".join(f"<li>{_rule(one)}</li>" for one in own)
        parts.append(
            f"<details><summary>What counts as agreement</summary><ul>{rules}</ul></details>"
        )
    if record.chosen:
        parts.append(
            f"<details><summary>How the settings were chosen</summary>"
            f"<p>{escape(record.chosen)}</p></details>"
        )
    return f'<div class="more">{"".join(parts)}</div>'


def _rule(one: Verdict) -> str:
    claim = one.claim
    unit = claim.unit
    if claim.low == claim.high:
        region = f"exactly {_quantity(claim.low, unit)}"
    else:
        region = f"from {_quantity(claim.low, unit)} to {_quantity(claim.high, unit)}"
    parts = [f"{escape(claim.states)}: {region}", escape(claim.why), escape(claim.note)]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."
