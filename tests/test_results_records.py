"""Records: written whole, refused when damaged, and never losing a run."""

import dataclasses
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import jsonschema
import pytest
from made_up import NAME, ORIGIN, entry, record

from lenet5.errors import LeNet5Error
from lenet5.files import ROOT
from lenet5.results import records
from lenet5.results.records import Images


def test_what_is_written_is_read_again(tmp_path):
    records.add(record(1, 2), tmp_path)
    assert records.read(tmp_path / "trial.json") == record(1, 2)


def test_runs_are_added_in_the_order_of_their_seeds(tmp_path):
    records.add(record(3), tmp_path)
    records.add(record(1), tmp_path)
    assert [run.seed for run in records.read(tmp_path / "trial.json").runs] == [1, 3]


def test_a_run_that_is_there_stays_as_it_is(tmp_path):
    records.add(record(1), tmp_path)
    records.add(record(runs=[entry(1, error=5.0)]), tmp_path)
    assert records.read(tmp_path / "trial.json").values("error@2") == {1: 1.0}


def test_values_by_name_and_by_pass():
    assert entry(1).value("error@1") == 9.0
    assert entry(1).value("settled_after") == 2
    for wrong in ("error@3", "error@x", "nothing", "nothing@1"):
        with pytest.raises(LeNet5Error, match=wrong):
            entry(1).value(wrong)


def add_one(seed: int, directory: Path) -> None:
    records.add(record(seed), directory)


def test_two_writers_at_once_lose_nothing(tmp_path):
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(add_one, range(12), [tmp_path] * 12))
    assert [run.seed for run in records.read(tmp_path / "trial.json").runs] == list(range(12))


def changed(path: Path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "damaged"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "damaged"),
        (lambda path: path.write_text("[]"), "not a result"),
        (lambda path: changed(path, kind="another"), "not a result"),
        (lambda path: changed(path, runs=[]), "schema"),
        (lambda path: changed(path, mine=1), "schema"),
        (lambda path: changed(path, title="A better title"), "edited by hand"),
        (lambda path: path.write_text(path.read_text().replace("9.0, 1.0", "9.0, 0.9")), "edited"),
    ],
)
def test_a_damaged_edited_or_foreign_record_is_refused_and_named(tmp_path, damage, told):
    records.add(record(1), tmp_path)
    damage(tmp_path / "trial.json")
    with pytest.raises(LeNet5Error, match=told) as refusal:
        records.read_all(tmp_path)
    assert "trial.json" in str(refusal.value)
    before = (tmp_path / "trial.json").read_bytes()
    with pytest.raises(LeNet5Error, match=told):  # and nothing is added to it
        records.add(record(2), tmp_path)
    assert (tmp_path / "trial.json").read_bytes() == before


def test_a_record_under_another_name_is_refused(tmp_path):
    records.add(record(1), tmp_path)
    (tmp_path / "trial.json").rename(tmp_path / "other.json")
    with pytest.raises(LeNet5Error, match="holds the record trial"):
        records.read(tmp_path / "other.json")


def test_a_missing_record_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(LeNet5Error, match="reproduce figure5"):
        records.read(tmp_path / "figure5.json")


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"passes": 3}},
        {"learnt_from": Images("training", 5)},
        {"data": {"images": "ef"}},
        {"baseline": "figure5"},
    ],
)
def test_different_settings_make_another_record(tmp_path, changes):
    records.add(record(1), tmp_path)
    (name,) = changes
    with pytest.raises(LeNet5Error, match=f"differs in {name}"):
        records.add(record(2, **changes), tmp_path)
    with pytest.raises(LeNet5Error, match=f"differs in {name}"):
        records.seeds_done(record(**changes), tmp_path)
    assert records.seeds_done(record(), tmp_path) == {1}


def test_who_computed_what_is_kept_once(tmp_path):
    other = {"lenet5": "0.0.1"}
    name = records.name_of(other)
    late = dataclasses.replace(entry(2), computed_by=name)
    records.add(record(1), tmp_path)
    merged = records.add(record(runs=[late], computed_by={name: other}), tmp_path)
    assert merged.computed_by == {NAME: ORIGIN, name: other}


def test_the_digest_is_as_the_schema_says(tmp_path):
    """SHA-256 of the rest, sorted and without spaces: whoever has Python can check it."""
    import hashlib

    records.add(record(1, 2), tmp_path)
    content = json.loads((tmp_path / "trial.json").read_text())
    said = content.pop("digest")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == said


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(records.schema())


@pytest.mark.parametrize("path", sorted(records.DIRECTORY.glob("*.json")), ids=lambda p: p.stem)
def test_the_committed_records_are_in_order(path):
    one = records.read(path)
    assert path.read_text() == one.text(), "as this version would write it"
    assert {run.computed_by for run in one.runs} == one.computed_by.keys()
    for quantity in one.claims.values():
        assert len(one.values(quantity)) == len(one.runs)
    for run in one.runs:
        if "passes" in one.settings:
            assert all(len(curve) == one.settings["passes"] for curve in run.curves.values())
            assert round(100 * len(run.missed) / one.judged_on.images, 4) == run.curves["error"][-1]
            assert "processor" in one.computed_by[run.computed_by]


def test_data_readme_defines_every_field():
    text = (ROOT / "data" / "README.md").read_text()
    schema = records.schema()
    for name in [*schema["properties"], *schema["properties"]["runs"]["items"]["properties"]]:
        assert f"`{name}`" in text, name
    used = {
        name
        for one in records.read_all()
        if not one.counted
        for run in one.runs
        for name in [*run.values, *run.curves]
    }
    for name in used:
        assert f"`{name}`" in text, name
