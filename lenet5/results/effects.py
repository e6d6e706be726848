"""What one changed choice does: pairs of runs with the same seed."""

from collections.abc import Sequence
from typing import NamedTuple

from lenet5.results.records import Record
from lenet5.results.statistics import Interval, mean_interval


class Effect(NamedTuple):
    """A record beside its baseline. Errors and differences are percentage points.

    Attributes:
        record: with the changed choice.
        n: seeds that both have run.
        error: of the record, after the last pass, over those seeds.
        difference: record minus baseline, seed by seed.
    """

    record: Record
    n: int
    error: Interval
    difference: Interval

    @property
    def carried(self) -> bool:
        """Whether the runs carry a difference: the interval of the pairs leaves out 0."""
        return self.difference.low > 0 or self.difference.high < 0


def effect(record: Record, baseline: Record) -> Effect:
    """The effect of the record's choice on the error after the last pass."""
    ours, theirs = record.last(), baseline.last()
    seeds = sorted(ours.keys() & theirs.keys())
    errors = [ours[seed] for seed in seeds]
    differences = [ours[seed] - theirs[seed] for seed in seeds]
    return Effect(record, len(seeds), mean_interval(errors), mean_interval(differences))


def effects(records: Sequence[Record]) -> list[Effect]:
    """One for each record whose baseline is there too."""
    known = {record.id: record for record in records}
    return [effect(one, known[one.baseline]) for one in records if one.baseline in known]
