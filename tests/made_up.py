"""Records that nobody ran, for tests."""

import dataclasses

from lenet5.results import records
from lenet5.results.records import Entry, Images, Record

ORIGIN = {"lenet5": "0.0.0", "code": "0" * 16}
NAME = records.name_of(ORIGIN)


def entry(seed: int, error: float = 1.0) -> Entry:
    curves = {"error": [9.0, error], "training_error": [8.0, 0.5], "training_loss": [1.0, 0.1]}
    return Entry(seed, NAME, "2026-11-22", 3.5, {"settled_after": 2}, curves, [(7, 3)], "ab")


def record(*seeds: int, **changes) -> Record:
    whole = Record(
        id="trial",
        title="A trial",
        claims={"figure5-test-error": "error@2"},
        baseline="",
        settings={"passes": 2},
        learnt_from=Images("training", 60_000),
        judged_on=Images("test", 10_000),
        chosen="not at all",
        data={"images": "cd"},
        computed_by={NAME: ORIGIN},
        runs=[entry(seed) for seed in seeds],
    )
    return dataclasses.replace(whole, **changes)
