"""The book: its frame, built for real from one page in a copy of the project."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import jsonschema
import made_up
import pandas as pd
import pytest
import yaml

from lenet5.experiments import EXPERIMENTS
from lenet5.files import ROOT
from lenet5.paper import claims
from lenet5.results import records

BOOK = ROOT / "book"
PAGES = sorted(path.stem for path in BOOK.glob("*.md"))

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A page

Mathematics: $x^2$.

"""

PAGE = (
    HEADER
    + """
```{code-cell} python
from lenet5 import layers, paper
from lenet5.figures import draw_codes, show
print("amplitude", layers.A)
show(draw_codes(paper.digit_codes(), list("0123456789")), alt="ten codes")
```

```{code-cell} python
:tags: [remove-stderr]
import sys
print("a progress bar", file=sys.stderr)
```
"""
)

LEDGER = (
    HEADER
    + """
```{code-cell} python
from lenet5.figures import ledger
from lenet5.results import records
from lenet5.results.verdicts import verdicts

known = records.read_all()
judged = verdicts(known)
ledger.joined([ledger.scoreboard(judged, "All"), *(ledger.entry(one, judged) for one in known)])
```
"""
)


@pytest.fixture(scope="module")
def project(tmp_path_factory, mnist_directory) -> Path:
    """A copy of the project with a book of two pages and two records."""
    copy = tmp_path_factory.mktemp("project")
    for part in ("lenet5", "book", "data/paper"):
        leave = shutil.ignore_patterns("_build", "__pycache__", "*.md")
        shutil.copytree(ROOT / part, copy / part, ignore=leave)
    for name in ("trial", "trial-2"):
        records.add(made_up.record(1, 2, 3, id=name), copy / "data" / "results")
    toc = "format: jb-book\nroot: index\nchapters:\n- file: results\n"
    (copy / "book" / "_toc.yml").write_text(toc)
    (copy / "book" / "index.md").write_text(PAGE)
    (copy / "book" / "results.md").write_text(LEDGER)
    return copy


def build(project, mnist_directory, **environment):
    """Builds as book/build.py does; gives exit code and what was printed."""
    done = subprocess.run(
        [sys.executable, str(project / "book" / "build.py")],
        env=os.environ
        | {
            "PYTHONPATH": str(project),
            "LENET5_DATA": str(mnist_directory),
        }
        | environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(project, mnist_directory) -> Path:
    code, printed = build(project, mnist_directory)
    assert code == 0, printed[-3000:]
    assert (project / "book" / "_build" / "html" / "index.html").as_uri() in printed
    return project / "book" / "_build" / "html"


def test_the_page_shows_its_output(site):
    page = (site / "index.html").read_text()
    assert "amplitude 1.7159" in page
    assert 'aria-label="ten codes"' in page


def test_the_site_asks_no_other_host(site):
    """Scripts, styles, pictures and letters all come with the site."""
    for page in site.rglob("*.html"):
        text = page.read_text()
        loads = re.findall(r"<(?:script|img|link|iframe)[^>]*(?:src|href)=\"(https?:[^\"]+)", text)
        assert loads == [], page
        assert "unpkg" not in text
        assert "cdn.jsdelivr" not in text
    assert re.search(r'src="[^"]*mathjax/[^"]*\.js', (site / "index.html").read_text())
    styles = "".join(path.read_text(errors="ignore") for path in site.rglob("*.css"))
    assert not re.search(r"url\([\"']?https?:", styles)


def test_the_executed_notebook_can_be_taken_away(site):
    page = (site / "index.html").read_text()
    assert "_sources/index.ipynb" in page
    notebook = json.loads((site / "_sources" / "index.ipynb").read_text())
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    assert any("amplitude 1.7159" in "".join(output.get("text", [])) for output in outputs)
    assert "a progress bar" not in json.dumps(outputs)


def test_the_records_are_published_as_they_are(site, project):
    for name in ("trial", "trial-2"):
        published = (site / "results" / f"{name}.json").read_bytes()
        assert published == (project / "data" / "results" / f"{name}.json").read_bytes()
        schema = json.loads((site / "results" / "schema.json").read_text())
        jsonschema.validate(json.loads(published), schema)


def test_all_verdicts_and_all_numbers_are_published(site):
    together = json.loads((site / "results" / "results.json").read_text())
    assert [one["id"] for one in together["records"]] == ["trial-2", "trial"]
    tried = [one for one in together["verdicts"] if one["record"]]
    assert {(one["claim"], one["record"], one["n"]) for one in tried} == {
        ("figure5-test-error", "trial", 3),
        ("figure5-test-error", "trial-2", 3),
    }
    table = pd.read_csv(site / "results" / "results.csv")
    errors = table.query("experiment == 'trial' and quantity == 'error' and `pass` == 2")
    assert errors.value.tolist() == [1.0, 1.0, 1.0]


def test_every_link_of_the_ledger_leads_somewhere(site):
    page = (site / "results.html").read_text()
    inside = page[page.index('class="ledger"') :]
    inside = inside[: inside.index("</article>")]
    links = set(re.findall(r'href="([^"]*)"', inside))
    assert {"results/trial.json", "results.html#reproduced", "#trial"} <= links
    for file in (link for link in links if link.startswith("results/")):
        assert (site / file).exists(), file
    assert 'id="trial"' in inside and 'id="trial-2"' in inside


def test_light_and_dark(site):
    page = (site / "index.html").read_text()
    assert 'data-default-mode="auto"' in page or 'data-mode="auto"' in page


def test_a_change_in_the_module_executes_the_page_anew(site, project, mnist_directory):
    layers = project / "lenet5" / "layers.py"
    before = layers.read_text()
    layers.write_text(before.replace("A = 1.7159", "A = 1.5"))
    try:
        code, printed = build(project, mnist_directory)
        assert code == 0, printed[-3000:]
        assert "amplitude 1.5" in (site / "index.html").read_text()
    finally:
        layers.write_text(before)


def test_without_a_change_nothing_is_executed_again(site, project, mnist_directory):
    build(project, mnist_directory)
    _, printed = build(project, mnist_directory)
    assert "Executing notebook" not in printed


TROUBLES = {
    "missing-key": ("A number: {glue:text}`nowhere`.", "'nowhere'"),
    "exception": ("```{code-cell} python\n1 / 0\n```", "ZeroDivisionError"),
    "error-stream": ("```{code-cell} python\nimport sys; sys.stderr.write('x')\n```", "stderr"),
    "dead-link": ("[Nowhere](no-such-page.md)", "no-such-page"),
}


def test_trouble_on_any_page_fails_the_build_and_is_named(project, mnist_directory, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("_build"))
    toc = "format: jb-book\nroot: index\nchapters:\n"
    for name, (text, _) in TROUBLES.items():
        (copy / "book" / f"{name}.md").write_text(HEADER + text + "\n")
        toc += f"- file: {name}\n"
    (copy / "book" / "_toc.yml").write_text(toc)
    record = copy / "data" / "results" / "trial.json"
    record.write_text(record.read_text().replace('"error": [9.0, 1.0]', '"error": [9.0, 0.5]'))
    code, printed = build(copy, mnist_directory)
    assert code == 1
    assert "trial.json was edited by hand" in printed
    for name, (_, said) in TROUBLES.items():
        warnings = [line for line in printed.splitlines() if f"{name}.md" in line]
        assert any("WARNING" in line or "ERROR" in line for line in warnings), name
        assert said in printed


def test_the_subset_marks_every_page(project, mnist_directory, tmp_path):
    """Built without MNIST, the book says so on top."""
    copy = tmp_path / "copy"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("_build"))
    (copy / "book" / "index.md").write_text(PAGE)
    nowhere = {"LENET5_DATA": str(tmp_path / "none"), "LENET5_MNIST_MIRROR": "file:///nowhere/"}
    code, printed = build(copy, mnist_directory, **nowhere)
    assert code == 0, printed[-3000:]
    assert "5,000 digits" in printed
    assert (
        "built from 5,000 digits" in (copy / "book" / "_build" / "html" / "index.html").read_text()
    )


# The chapters themselves, without building them -------------------------------------------


def test_every_chapter_is_in_the_table_of_contents():
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text())
    listed = [toc["root"]] + [c["file"] for part in toc["parts"] for c in part["chapters"]]
    assert sorted(listed) == PAGES


def test_links_to_records_and_verdicts_from_other_pages_have_a_target():
    """results.html#... is made when the book is built: Sphinx does not check it."""
    lists = {"reproduced", "partially-reproduced", "not-reproduced", "cannot-be-reproduced"}
    known = EXPERIMENTS.keys() | lists | {"not-run-yet"}
    for path in BOOK.glob("*.md"):
        for anchor in re.findall(r"results\.html#([\w-]+)", path.read_text()):
            assert anchor in known, f"{path.name}: {anchor}"


def test_every_record_is_of_an_experiment_and_every_claim_of_the_paper():
    for record in records.read_all():
        assert record.id in EXPERIMENTS
        assert record.claims.keys() <= claims().keys()


@pytest.mark.parametrize("page", PAGES)
def test_every_chapter_but_the_cover_ends_in_verdicts(page):
    text = (BOOK / f"{page}.md").read_text()
    if page in ("index", "results"):  # which count them, and list them
        return
    verdicts = re.findall(r"^:+\{admonition\} Verdict: (.*)$", text, flags=re.M)
    assert verdicts or "show_verdicts(" in text
    decided_by_the_run = r"\{glue:text\}`"
    allowed = rf"(reproduced|partially|not reproduced|cannot be reproduced)\b|{decided_by_the_run}"
    assert all(re.match(allowed, verdict) for verdict in verdicts), verdicts


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_of_a_chapter_has_alternative_text(page):
    text = (BOOK / f"{page}.md").read_text()
    for call in re.findall(r"^show\((.*?)^\)|^show\((.*)\)$", text, flags=re.M | re.S):
        assert "alt=" in "".join(call)
    assert "plt.show" not in text


def test_the_command_of_the_environment_is_there():
    assert (Path(sysconfig.get_path("scripts")) / "jupyter-book").exists()
