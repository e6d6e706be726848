"""What the runs of a record say about a claim of the paper.

The rule is the same for all claims. Each names a region of agreement, and why it is that
wide (data/paper/claims.toml). The 95 % t-interval of our mean over the seeds then lies

    inside the region                     reproduced
    across its edge                       partially reproduced
    outside                               not reproduced

A number that no seed can change is reproduced or not; one run of something that a seed
can change is never more than partially reproduced. A claim that no run here could test
says so itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lenet5.paper import Claim, claims
from lenet5.results.records import Record
from lenet5.results.statistics import Interval, mean_interval

Word = Literal[
    "reproduced", "partially reproduced", "not reproduced", "cannot be reproduced", "not run yet"
]


_UNITS_OF_SIZES = ("thousand", "MB")


@dataclass(frozen=True)
class Verdict:
    """A claim, our number beside it, and the word that follows.

    Attributes:
        claim: what the paper states.
        experiment: id of the record, or "" where nothing answers the claim.
        quantity: which number of each run was taken.
        n: how many runs.
        ours: mean and interval over them; NaN where there are none.
        word: the verdict.
        counted: whether it is a size, which follows from the description: not trained.
    """

    claim: Claim
    experiment: str
    quantity: str
    n: int
    ours: Interval
    word: Word
    counted: bool = False

    @property
    def difference(self) -> float:
        """Ours minus the paper's."""
        return self.ours.mean - self.claim.value


def judge(claim: Claim, values: Sequence[float], seedless: bool = False) -> Word:
    """The verdict on a claim.

    Args:
        claim: what the paper states.
        values: our number, run by run.
        seedless: whether it was counted or fitted without a draw, so that no seed changes it.
    """
    if claim.cannot:
        return "cannot be reproduced"
    if not values:
        return "not run yet"
    mean, low, high = mean_interval(values)
    if seedless:
        return "reproduced" if claim.low <= mean <= claim.high else "not reproduced"
    if len(values) == 1:
        return "partially reproduced" if claim.low <= mean <= claim.high else "not reproduced"
    if claim.low <= low and high <= claim.high:
        return "reproduced"
    if high < claim.low or claim.high < low:
        return "not reproduced"
    return "partially reproduced"


def verdicts(records: Sequence[Record]) -> list[Verdict]:
    """A verdict for each claim and record that answers it, in the order of the claims.

    Of several records that answer a claim, those that vary another come last.
    """
    known, found = claims(), []
    records = sorted(records, key=lambda record: (record.baseline != "", record.id))
    for identifier, claim in known.items():
        size = claim.unit in _UNITS_OF_SIZES
        answers = [record for record in records if identifier in record.claims]
        for record in answers:
            quantity = record.claims[identifier]
            values = list(record.values(quantity).values())
            word = judge(claim, values, record.seedless)
            interval = mean_interval(values)
            counted = size or record.counted
            found.append(Verdict(claim, record.id, quantity, len(values), interval, word, counted))
        if not answers:
            none = Interval(*[float("nan")] * 3)
            found.append(Verdict(claim, "", "", 0, none, judge(claim, []), size))
    return found
