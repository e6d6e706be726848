"""What the networks and the database count, against what the paper says of them."""

import json

import jsonschema
import pytest

from lenet5 import mnist, paper
from lenet5.errors import LeNet5Error
from lenet5.experiments.counts import EXPERIMENTS
from lenet5.results import records
from lenet5.results.verdicts import judge

NOT_REPRODUCED = {
    "architecture": {
        "trainable-layers": 6,  # the seventh, the output, is fixed
        "lenet4-parameters": 51_098,  # 120 units that see all maps: 48,120 by themselves
        "lenet4-connections": 302_306,  # the same 48,120
        "figure11-lenet-4": 302.306,
        "figure12-lenet-4": 51.098,
        "figure11-lenet-5": 340.908,  # Section II-B's own number
    },
    "database": {
        "input-variance": 0.123132,  # out of reach of two levels 1.275 apart
        "figure4-test-images": 0,  # all are training images
    },
}
"""What the paper states and a count contradicts, with the count."""


@pytest.fixture(scope="module")
def counted(mnist_directory):
    database = mnist.load(mnist_directory)
    return {one.id: one.record(database) for one in EXPERIMENTS}


@pytest.mark.parametrize("one", EXPERIMENTS, ids=lambda one: one.id)
def test_each_claim_has_its_count(one, counted):
    (run,) = counted[one.id].runs
    for identifier, name in one.claims.items():
        assert isinstance(run.value(name), int | float), identifier


@pytest.mark.parametrize("one", EXPERIMENTS, ids=lambda one: one.id)
def test_sections_ii_and_iii_counts_are_the_papers_but_for_these(one, counted):
    known, record = paper.claims(), counted[one.id]
    contradicted = {}
    for identifier, name in one.claims.items():
        (value,) = record.values(name).values()
        word = judge(known[identifier], [value], record.seedless)
        assert word in ("reproduced", "not reproduced")
        if word == "not reproduced":
            contradicted[identifier] = value
    assert contradicted == NOT_REPRODUCED[one.id]


def test_section_ii_b_totals_are_sums_of_layers(counted):
    (run,) = counted["architecture"].runs
    layers = ("C1", "S2", "C3", "S4", "C5", "F6", "output")
    assert sum(run.value(f"{layer}_parameters") for layer in layers) == 60_000
    assert sum(run.value(f"{layer}_connections") for layer in layers) == 340_908


def test_appendix_a_sharpest_bend_is_where_calculus_puts_it(counted):
    """f'' of A tanh(Sa) is largest where tanh² = 1/3."""
    (run,) = counted["architecture"].runs
    assert run.value("sharpest_bend") == pytest.approx(0.98772, abs=2e-4)


def test_the_records_keep_to_the_schema_and_no_seed_changes_them(counted):
    for record in counted.values():
        assert record.counted
        jsonschema.validate(json.loads(record.text()), records.schema())
        assert [run.seed for run in record.runs] == [0]


def test_counting_again_counts_the_same(counted, mnist_directory):
    database = mnist.load(mnist_directory)
    for one in EXPERIMENTS:
        assert one.record(database).runs[0].values == counted[one.id].runs[0].values


@pytest.mark.parametrize("one", EXPERIMENTS, ids=lambda one: one.id)
def test_no_record_is_made_of_the_subset(one):
    with pytest.raises(LeNet5Error, match="takes all of MNIST"):
        one.record(mnist._subset())
