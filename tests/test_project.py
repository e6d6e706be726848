"""What stands around the module: requirements, README's commands, the layout."""

import ast
import re
import shlex
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lenet5 import __version__, cli
from lenet5.files import ROOT
from lenet5.results.records import read_all
from lenet5.results.verdicts import Verdict, verdicts

FLOORS = [
    {"errors"},
    {"files", "settings", "provenance"},
    {"paper", "idx", "distortion", "losses"},
    {"results"},
    {"mnist", "tensors"},
    {"normalise", "layers"},
    {"networks"},
    {"rivals", "sdlm"},
    {"run"},
    {"inputs"},
    {"weights", "evaluation"},
    {"checkpoint", "export"},
    {"training"},
    {"engine"},
    {"bench", "workers"},
    {"many"},
    {"classifiers"},
    {"experiments"},
    {"figures"},
    {"cli"},
    {"__init__", "__main__"},
]
"""A module imports only from floors above it in this list, or from its own."""


def requirements(name):
    lines = (ROOT / name).read_text().splitlines()
    return [Requirement(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]


def test_the_lock_pins_every_direct_dependency_within_its_bounds():
    pinned = {canonicalize_name(r.name): r.specifier for r in requirements("requirements.lock")}
    for needed in requirements("requirements.txt"):
        (pin,) = pinned[canonicalize_name(needed.name)]
        assert pin.operator == "=="
        assert needed.specifier.contains(pin.version), needed


def test_jupyter_book_stays_below_2():
    (book,) = [r for r in requirements("requirements.txt") if r.name == "jupyter-book"]
    assert not book.specifier.contains("2.0.0")


COMMANDS = sorted(
    {
        line.split("#")[0].strip()
        for path in [ROOT / "README.md", *(ROOT / "book").glob("*.md")]
        for line in path.read_text().splitlines()
        if line.startswith("python -m lenet5")
    }
)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_shown_anywhere_are_understood(command):
    words = shlex.split(command)[3:]
    assert callable(cli.parser().parse_args(words).command)


def test_readme_shows_the_commands_of_every_day():
    shown = {shlex.split(command)[3] for command in COMMANDS}
    assert {"fetch", "train", "evaluate", "predict"} <= shown


HEADLINES = {
    "figure5-test-error": "figure5",
    "figure5-training-error": "figure5",
    "figure5-test-pass-1": "figure5",
    "figure6-test-15000": "figure6-15000",
    "figure6-test-30000": "figure6-30000",
    "figure6-training-15000": "figure6-15000",
    "figure6-test-distorted": "figure6-distorted",
}


def headline(verdict: Verdict) -> str:
    """A line of README's table, as the records have it."""
    claim, ours = verdict.claim, verdict.ours
    return (
        f"| {claim.states} ({claim.where}) | {claim.value:.2f} % | {ours.mean:.2f} % "
        f"({ours.low:.2f} to {ours.high:.2f}, {verdict.n} seeds) | {verdict.word} |"
    )


def test_readmes_numbers_are_those_of_the_records():
    found = {(one.claim.id, one.experiment): one for one in verdicts(read_all())}
    table = [headline(found[key]) for key in HEADLINES.items()]
    assert "\n".join(table) in (ROOT / "README.md").read_text()


def test_readmes_files_exist():
    readme = (ROOT / "README.md").read_text()
    for path in re.findall(r"`((?:book|lenet5|data|tests)/[\w./-]*)`", readme):
        assert path == "data/MNIST/" or (ROOT / path).exists(), path
    for path in re.findall(r"\]\(([\w./-]+\.png)\)", readme):
        assert (ROOT / path).exists(), path


def test_make_has_the_targets_that_are_named():
    makefile = (ROOT / "Makefile").read_text()
    text = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    for target in set(re.findall(r"^make (\w+)", text, flags=re.M)):
        assert re.search(rf"^{target}:", makefile, flags=re.M), target


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == __version__ == citation["version"]


def test_citation_names_the_paper_and_the_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license"} <= citation.keys()
    assert citation["references"][0]["year"] == 1998


def floor_of(module):
    return next(i for i, floor in enumerate(FLOORS) if module.split(".")[1] in floor)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "lenet5").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_floors_only_look_down(path):
    own = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lenet5"):
            names = (
                [f"lenet5.{a.name}" for a in node.names]
                if node.module == "lenet5"
                else [node.module]
            )
        for name in names:
            if name != "lenet5.__version__":
                assert floor_of(name) <= floor_of(".".join(own)), f"{path.name} imports {name}"
