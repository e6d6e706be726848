"""reproduce, results, verify and cite as a user meets them, on the committed records."""

import re

import pandas as pd
import pytest

from lenet5 import cli
from lenet5.experiments import EXPERIMENTS
from lenet5.experiments.verify import Check
from lenet5.results import records
from lenet5.results.statistics import mean_interval


@pytest.fixture
def run(capsys):
    def command(*words):
        code = cli.main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def figure5():
    return records.read(records.path_of("figure5"))


def test_results_shows_the_headlines_beside_the_paper(run, figure5):
    code, out, _ = run("results")
    assert code == 0
    mean, low, high = mean_interval(list(figure5.values("error@20").values()))
    bounds = f"{low:.2f} to {high:.2f}"
    assert re.search(rf"^figure5-test-error +0\.95 % +{mean:.2f} +{bounds} +\w+", out, re.M)
    assert f"({len(figure5.runs)} runs)" in out
    for headline in ("figure6-test-15000", "figure6-test-30000", "figure6-test-distorted"):
        assert headline in out


def test_results_of_one_record_and_of_a_family(run):
    code, out, _ = run("results", "figure6")
    assert code == 0
    assert "figure6-test-15000" in out
    assert "figure5-settled" not in out
    code, out, _ = run("results", "open-")
    assert code == 0
    assert "open-as-printed" in out


def test_results_export_has_every_number_of_every_run(run, tmp_path, figure5):
    code, out, _ = run("results", "--export", tmp_path / "all.csv")
    table = pd.read_csv(tmp_path / "all.csv")
    assert code == 0
    assert f"{len(table):,} numbers" in out
    errors = table[(table.experiment == "figure5") & (table.quantity == "error")]
    last = errors[errors["pass"] == 20].set_index("seed").value
    assert last.to_dict() == figure5.values("error@20")
    answers = table[(table.experiment == "figure5") & (table.quantity == "answer")]
    assert len(answers) == sum(len(one.missed) for one in figure5.runs)


def test_cite_gives_an_entry_and_a_sentence(run, figure5):
    code, out, _ = run("cite", "figure5")
    assert code == 0
    assert out.startswith("@misc{lenet5book-figure5,")
    assert figure5.digest in out
    assert out.count("{") == out.count("}")
    (sentence,) = [
        line for line in out.splitlines() if "the paper: 0.95" in line and "20 p" in line
    ]
    assert f"the mean of {len(figure5.runs)} runs (95 % t-interval" in sentence
    assert figure5.digest[:16] in sentence


def test_reproduce_lists_every_experiment_with_its_cost(run):
    code, out, _ = run("reproduce", "--list")
    assert code == 0
    lines = {line.split()[0]: line.split() for line in out.splitlines()[1:]}
    assert lines.keys() == EXPERIMENTS.keys()
    assert all(words[1:3] == [words[3], "of"] or words[2] == "of" for words in lines.values())
    assert all(words[4].isdigit() for words in lines.values())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["reproduce"], "--list"),
        (["reproduce", "figur5"], "Did you mean figure5"),
        (["reproduce", "figure5", "--seeds", "0"], "1 or more"),
        (["results", "nothing"], "no record nothing"),
        (["verify", "nothing"], "no experiment nothing"),
        (["verify", "figure5", "--runs", "99"], "1 to"),
        (["cite", "nothing"], "no record"),
    ],
)
def test_errors_are_one_sentence_that_names_the_cure(run, words, told):
    code, out, err = run(*words)
    assert code == 1
    assert not out
    assert told in err
    assert err.count("\n") == 1


def test_reproduce_passes_its_options_on(run, monkeypatch, figure5):
    given = {}

    def reproduce(one, **options):
        given.update(options, id=one.id)
        return figure5

    monkeypatch.setattr("lenet5.experiments.reproduce.reproduce", reproduce)
    code, out, _ = run("reproduce", "figure5", "--seeds", 3, "--jobs", 2)
    assert code == 0
    assert given == {"id": "figure5", "seeds": range(1, 4), "jobs": 2, "cluster": None}
    assert "figure5-test-error" in out


def test_verify_exits_1_when_a_record_is_contradicted(run, monkeypatch):
    good = Check(3, 1.0, 1.0, "identical", "the same weights, to the bit")
    bad = good._replace(word="contradicts", ours=9.0)
    for check, code in ((good, 0), (bad, 1)):
        monkeypatch.setattr("lenet5.experiments.verify.verify", lambda *_, c=check, **__: [c])
        assert run("verify", "figure5")[0] == code
