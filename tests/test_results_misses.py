"""What networks miss: counted, and compared in pairs."""

import dataclasses
import random

import pytest
from made_up import entry, record

from lenet5.results import misses
from lenet5.results.records import Images

FIRST, SECOND, THIRD = {1: 7, 2: 5}, {2: 5, 3: 0}, {2: 4, 1: 7, 9: 6}


def of(*networks):
    runs = [
        dataclasses.replace(entry(seed), missed=sorted(network.items()))
        for seed, network in enumerate(networks, 1)
    ]
    return record(runs=runs, judged_on=Images("test", 10))


def test_how_many_runs_miss_each_image():
    times = misses.times_missed(of(FIRST, SECOND, THIRD))
    assert times.tolist() == [0, 2, 3, 1, 0, 0, 0, 0, 0, 1]


def test_the_usual_answer_is_the_commonest_and_the_smaller_of_two():
    assert misses.usual_answer(of(FIRST, SECOND, THIRD), 2) == 5
    assert misses.usual_answer(of({2: 5}, {2: 4}), 2) == 4


def test_what_two_networks_share():
    assert misses.overlap(FIRST, THIRD) == (2, 1)  # images 1 and 2; at 2 the answers differ
    assert misses.between([FIRST, SECOND, THIRD]) == [(1, 1), (2, 1), (1, 0)]


def test_the_part_that_others_find_again():
    assert misses.share_found_again(FIRST, [SECOND, THIRD]) == pytest.approx((1 + 2) / 2 / 2)
    assert misses.shares_found_again([FIRST, SECOND, THIRD]) == pytest.approx([3 / 4, 2 / 4, 3 / 6])


def test_chance_is_a_probability():
    assert misses.chance_of_sharing(0, 4, 5, 20) == pytest.approx(1)
    assert misses.chance_of_sharing(5, 4, 5, 20) == 0
    assert misses.chance_of_sharing(1, 1, 1, 10) == pytest.approx(0.1)


def test_chance_is_what_random_sets_do():
    draw, trials = random.Random(3), 4000
    shared = [len({*draw.sample(range(20), 6)} & {*range(5)}) for _ in range(trials)]
    expected = misses.expected_by_chance(6, 5, 20)
    assert sum(shared) / trials == pytest.approx(expected, abs=0.06)
    often = sum(one >= 3 for one in shared) / trials
    assert often == pytest.approx(misses.chance_of_sharing(3, 6, 5, 20), abs=0.02)


def test_chance_of_many_is_tiny_and_not_zero():
    assert 0 < misses.chance_of_sharing(40, 82, 82, 10_000) < 1e-50
