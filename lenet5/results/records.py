"""Records: one JSON file an experiment in `data/results/`.

A record says what was run (`settings`, images), what ran it (`computed_by`), and what
came out, run by run. It carries a digest of itself, so that a number changed by hand is
noticed. `schema.json`, beside this file, defines every field.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from filelock import FileLock, Timeout

from lenet5.errors import LeNet5Error
from lenet5.files import ROOT, write_atomically

DIRECTORY = ROOT / "data" / "results"
"""Where the records are that the book is made of."""

_KIND = "lenet5 result, version 1"
_SCHEMA = Path(__file__).parent / "schema.json"
_PATIENCE = 60.0  # seconds for another writer to finish


@dataclass(frozen=True)
class Entry:
    """One run of a record. Errors are percent, `seconds` those of one core.

    Attributes:
        seed: of the run, from 1; 0 where no seed changes anything.
        computed_by: a key of the record's `computed_by`.
        finished: the day, as in 2026-11-22.
        seconds: training and evaluation.
        values: numbers by name.
        curves: by name, one number a pass.
        missed: index and answer of each image that the network gets wrong at the end.
        weights: SHA-256 of them.
    """

    seed: int
    computed_by: str
    finished: str
    seconds: int | float
    values: dict[str, int | float] = field(default_factory=dict)
    curves: dict[str, list[int | float]] = field(default_factory=dict)
    missed: list[tuple[int, int]] = field(default_factory=list)
    weights: str = ""

    def value(self, name: str) -> float:
        """A number by name; "test_error@20" is a curve's after pass 20.

        Raises:
            LeNet5Error: the run has no such number.
        """
        curve, at, number = name.partition("@")
        try:
            return float(self.curves[curve][int(number) - 1] if at else self.values[name])
        except (KeyError, IndexError, ValueError) as error:
            raise LeNet5Error(f"The run of seed {self.seed} has no {name}.") from error


@dataclass(frozen=True)
class Images:
    """The first so many images of a part of the database."""

    part: str
    images: int


@dataclass(frozen=True)
class Record:
    """An experiment and its runs, in the order of their seeds. See `schema.json`."""

    id: str
    title: str
    claims: dict[str, str]
    baseline: str
    settings: dict[str, Any]
    learnt_from: Images
    judged_on: Images
    chosen: str
    data: dict[str, str]
    computed_by: dict[str, dict[str, str]] = field(default_factory=dict)
    runs: list[Entry] = field(default_factory=list)

    def values(self, name: str) -> dict[int, float]:
        """One number of every run, by seed."""
        return {run.seed: run.value(name) for run in self.runs}

    def last(self, curve: str = "error") -> dict[int, float]:
        """A curve's last value in every run, by seed."""
        return {run.seed: float(run.curves[curve][-1]) for run in self.runs}

    @property
    def counted(self) -> bool:
        """Whether its numbers were counted, not trained: no seed can change them."""
        return not self.settings

    @property
    def seedless(self) -> bool:
        """Whether no seed can change its numbers: its one run has seed 0."""
        return [run.seed for run in self.runs] == [0]

    @property
    def digest(self) -> str:
        """SHA-256 of all that the record says."""
        text = json.dumps(self._content(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def _content(self) -> dict[str, Any]:
        return json.loads(json.dumps({"kind": _KIND, **asdict(self)}))

    def text(self) -> str:
        """The record as it stands in its file: one line a run's list."""
        runs = [json.dumps(asdict(run), ensure_ascii=False) for run in self.runs]
        content = self._content() | {"runs": [], "digest": self.digest}
        frame = json.dumps(content, indent=1, ensure_ascii=False)
        return frame.replace('"runs": []', '"runs": [\n  ' + ",\n  ".join(runs) + "\n ]") + "\n"


def path_of(identifier: str, directory: Path = DIRECTORY) -> Path:
    """Where the record of an experiment is, or will be."""
    return directory / f"{identifier}.json"


def read(path: Path) -> Record:
    """The record in a file.

    Raises:
        LeNet5Error: there is none, or it is damaged, edited by hand, or of another kind.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LeNet5Error(
            f"There is no record {path} ({error.strerror}): "
            f"`python -m lenet5 reproduce {path.stem}` makes it."
        ) from error
    except ValueError as error:
        raise LeNet5Error(
            f"{path} is damaged ({error}): restore it, or delete it and reproduce it."
        ) from error
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        raise LeNet5Error(f"{path} is not a result of this project: move it elsewhere.")
    try:
        jsonschema.validate(content, schema())
    except jsonschema.ValidationError as error:
        where = "/".join(map(str, error.absolute_path)) or "the record"
        raise LeNet5Error(
            f"{path} does not keep to the schema ({where}: {error.message[:200]}): restore it."
        ) from error
    said = content.pop("digest")
    record = _from_content(content)
    if said != record.digest:
        raise LeNet5Error(
            f"{path} was edited by hand (its digest is {record.digest[:8]}…, it says "
            f"{said[:8]}…): restore it, or delete it and reproduce it."
        )
    if record.id != path.stem:
        raise LeNet5Error(f"{path} holds the record {record.id}: give the file its name back.")
    return record


def read_all(directory: Path = DIRECTORY) -> list[Record]:
    """All the records of a directory, by their names.

    Raises:
        LeNet5Error: one of them is refused.
    """
    return [read(path) for path in sorted(directory.glob("*.json"))]


def seeds_done(record: Record, directory: Path = DIRECTORY) -> set[int]:
    """The seeds of which the experiment's file has a run.

    Raises:
        LeNet5Error: the file holds another experiment, or is refused.
    """
    path = path_of(record.id, directory)
    return {run.seed for run in _same(read(path), record, path).runs} if path.exists() else set()


def add(record: Record, directory: Path = DIRECTORY) -> Record:
    """Adds the runs of a record to its file, and returns what then stands there.

    Runs that the file has already stay as they are. Two processes may add at once: each
    waits for the other.

    Raises:
        LeNet5Error: the file holds another experiment, is refused, or cannot be written.
    """
    path = path_of(record.id, directory)
    lock = path.with_name(f".{path.name}.lock")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with FileLock(lock, timeout=_PATIENCE):
            merged = _merged(read(path), record, path) if path.exists() else record
            write_atomically(path, merged.text().encode())
    except Timeout as error:
        raise LeNet5Error(f"Another process has held {lock} for a minute: end it.") from error
    except OSError as error:
        raise LeNet5Error(f"{path} cannot be written ({error.strerror}).") from error
    return merged


def _same(there: Record, new: Record, path: Path) -> Record:
    names = ("baseline", "settings", "learnt_from", "judged_on", "data")
    odd = [name for name in names if getattr(there, name) != getattr(new, name)]
    if odd:
        raise LeNet5Error(
            f"{path} holds another experiment (it differs in {', '.join(odd)}): move it away to "
            "begin anew."
        )
    return there


def _merged(there: Record, new: Record, path: Path) -> Record:
    runs = {run.seed: run for run in [*new.runs, *_same(there, new, path).runs]}  # those stay
    ordered = [runs[seed] for seed in sorted(runs)]
    origins = there.computed_by | new.computed_by
    used = {run.computed_by: origins[run.computed_by] for run in ordered}
    return Record(**{**vars(new), "computed_by": used, "runs": ordered})


def _from_content(content: dict[str, Any]) -> Record:
    fields = {name: value for name, value in content.items() if name != "kind"}
    fields["learnt_from"] = Images(**fields["learnt_from"])
    fields["judged_on"] = Images(**fields["judged_on"])
    fields["runs"] = [
        Entry(**{**run, "missed": [tuple(pair) for pair in run["missed"]]})
        for run in fields["runs"]
    ]
    return Record(**fields)


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a record."""
    return json.loads(_SCHEMA.read_text(encoding="utf-8"))


def name_of(computed_by: dict[str, str]) -> str:
    """A name for what computed a run: the first eight digits of its digest."""
    return hashlib.sha256(json.dumps(computed_by, sort_keys=True).encode()).hexdigest()[:8]
