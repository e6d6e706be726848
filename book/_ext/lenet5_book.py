"""What Jupyter Book does not do by itself: fresh outputs, a banner, files to take away.

Jupyter Book's cache of executed pages is keyed on their cells alone, so a change
in the module that they import would leave old outputs in place. Here the cache's
name is a digest of everything that a page can depend on. MyST-NB makes that name
part of Sphinx's environment, so that a change also makes Sphinx read all pages again.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

from lenet5 import mnist
from lenet5.files import ROOT
from lenet5.results import records
from lenet5.results.tables import summary, tidy
from lenet5.results.verdicts import verdicts

_EXECUTES = ("torch", "torchvision", "numpy", "pandas", "matplotlib", "seaborn", "myst-nb")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", _name_cache)
    app.connect("config-inited", _add_banner)
    app.connect("html-page-context", _offer_notebook, priority=400)  # before the theme's buttons
    app.connect("build-finished", _copy_notebooks)
    app.connect("build-finished", _publish_results)
    return {"parallel_read_safe": True}


def _name_cache(app: Sphinx, config: Config) -> None:
    caches = Path(app.outdir).parent / ".executed"
    current = caches / dependencies_digest()
    for old in caches.glob("*"):
        if old != current:
            shutil.rmtree(old)
    current.mkdir(parents=True, exist_ok=True)
    config.nb_execution_cache_path = str(current)


def dependencies_digest() -> str:
    """Of the module, the data and the libraries that a page's outputs depend on."""
    sha = hashlib.sha256()
    for path in _dependencies():
        sha.update(str(path.relative_to(ROOT)).encode() + b"\0")
        sha.update(path.read_bytes())
    for package in _EXECUTES:
        sha.update(f"{package} {version(package)}\0".encode())
    return sha.hexdigest()[:16]


def _dependencies() -> Iterator[Path]:
    yield from sorted((ROOT / "lenet5").rglob("*.py"))
    # The archives beside the extracted database say nothing that it does not; hidden files
    # are the locks of who writes a record.
    files = (p for p in (ROOT / "data").rglob("*") if p.is_file())
    yield from sorted(p for p in files if p.suffix != ".gz" and not p.name.startswith("."))


def _add_banner(app: Sphinx, config: Config) -> None:
    if not mnist.load().complete:
        config.html_theme_options = config.html_theme_options | {
            "announcement": "This copy was built from 5,000 digits, because MNIST could not be "
            "fetched. Its numbers are not results: build it again with the whole database."
        }


def _offer_notebook(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    if doctree is not None and _executed(app, page).exists():
        context["ipynb_source"] = f"{page}.ipynb"  # the theme's download button links to it


def _copy_notebooks(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    for page in app.env.found_docs:
        if _executed(app, page).exists():
            notebook = json.loads(_executed(app, page).read_text())
            _drop_hidden_streams(notebook)
            target = Path(app.outdir) / "_sources" / f"{page}.ipynb"
            target.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


def _drop_hidden_streams(notebook: dict) -> None:
    """Takes out the progress bars that the page leaves out, some hundreds of lines."""
    for cell in notebook["cells"]:
        if "remove-stderr" in cell["metadata"].get("tags", []):
            cell["outputs"] = [o for o in cell["outputs"] if o.get("name") != "stderr"]


def _publish_results(app: Sphinx, error: Exception | None) -> None:
    """Puts the records beside the pages, under results/, and all of them as one JSON and CSV."""
    if error is not None or app.builder.format != "html":
        return
    known = records.read_all()  # refuses what was edited by hand
    place = Path(app.outdir) / "results"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for record in known:
        shutil.copyfile(records.path_of(record.id), place / f"{record.id}.json")
    together = json.dumps(summary(known, verdicts(known)), indent=1, ensure_ascii=False)
    (place / "results.json").write_text(together + "\n", encoding="utf-8")
    schema = json.dumps(records.schema(), indent=2, ensure_ascii=False)
    (place / "schema.json").write_text(schema + "\n", encoding="utf-8")
    tidy(known).to_csv(place / "results.csv", index=False)


def _executed(app: Sphinx, page: str) -> Path:
    return Path(app.outdir).parent / "jupyter_execute" / f"{page}.ipynb"
