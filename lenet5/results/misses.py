"""Which images networks miss, as in Figure 8: how often, and how far two networks agree.

What a network misses is a mapping from the image's index to the wrong answer, as
`Entry.missed` has it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from lenet5.results.records import Record

Misses = Mapping[int, int]
"""Index of each missed image -> the answer given."""


def misses(record: Record) -> list[Misses]:
    """What each run of the record misses."""
    return [dict(run.missed) for run in record.runs]


def times_missed(record: Record) -> Int64[np.ndarray, " images"]:
    """For each image of the set that the record is judged on, how many of its runs miss it."""
    times = np.zeros(record.judged_on.images, np.int64)
    for one in misses(record):
        times[list(one)] += 1
    return times


def usual_answer(record: Record, image: int) -> int:
    """The wrong answer that most of the runs that miss the image give; the smaller of two."""
    answers = Counter(one[image] for one in misses(record) if image in one)
    return min(answers, key=lambda answer: (-answers[answer], answer))


class Overlap(NamedTuple):
    """Two networks side by side.

    Attributes:
        shared: how many images both miss.
        same: to how many of these both give the same wrong answer.
    """

    shared: int
    same: int


def overlap(first: Misses, second: Misses) -> Overlap:
    """What two networks both miss."""
    shared = first.keys() & second.keys()
    return Overlap(len(shared), sum(first[image] == second[image] for image in shared))


def between(runs: Sequence[Misses]) -> list[Overlap]:
    """Each pair of runs."""
    return [overlap(first, second) for first, second in combinations(runs, 2)]


def share_found_again(network: Misses, others: Sequence[Misses]) -> float:
    """Which part of a network's misses another network misses too, on average over the others.

    Hard images are hard for every network. What a network's misses have in common with
    those of some others is therefore to be held against what each of these has in common
    with the rest, and not against chance.
    """
    shared = [overlap(network, other).shared for other in others]
    return float(np.mean(shared)) / len(network)


def shares_found_again(runs: Sequence[Misses]) -> list[float]:
    """`share_found_again` of each run among the other ones."""
    return [
        share_found_again(one, [*runs[:number], *runs[number + 1 :]])
        for number, one in enumerate(runs)
    ]


def expected_by_chance(first: int, second: int, images: int) -> float:
    """How many images two networks would both miss if each missed so many at random."""
    return first * second / images


def chance_of_sharing(at_least: int, first: int, second: int, images: int) -> float:
    """The probability that they share at least so many (hypergeometric), exact."""
    ways = sum(
        comb(first, k) * comb(images - first, second - k)
        for k in range(at_least, min(first, second) + 1)
    )
    return ways / comb(images, second)
