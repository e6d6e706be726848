"""Figures 9 to 12: the classifiers of Section III-C that are no multilayer networks.

Each is fitted to the 60,000 training images and judged on the test set: the error is for
Figure 9, what must be rejected for Figure 10, and what was learned is counted for Figures 11
and 12. What the paper leaves open was chosen by `choose`, which never sees the test set.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, Int64
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from lenet5 import mnist
from lenet5.classifiers import (
    Classifier,
    Linear,
    NearestNeighbours,
    PairwiseLinear,
    PCAQuadratic,
    RBFNetwork,
)
from lenet5.classifiers.rejection import rejection
from lenet5.mnist import Database, Digits
from lenet5.provenance import provenance
from lenet5.results.records import Entry, Images, Record, name_of

Version = Literal["regular", "deslanted"]


@dataclass(frozen=True)
class Row:
    """A classifier of Figure 9, and which claims of the paper it answers.

    Attributes:
        id: names the record too.
        title: one line.
        make: the classifier for a seed, not fitted yet.
        version: of the database; regular images are of 28x28 pixels, deslanted of 20x20.
        claims: id of a claim -> name of the number that answers it.
        seeds: how many runs, of seeds 1, 2, ...; or 0: no seed can change it, and it is
            run once.
        tried: what `choose` tries, by parameter.
        chosen: how the parameters were chosen.
    """

    id: str
    title: str
    make: Callable[[int], Classifier]
    version: Version
    claims: Mapping[str, str] = field(default_factory=dict)
    seeds: int = 0
    tried: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    chosen: str = ""

    def runs(self) -> Sequence[int]:
        """The seed of each run; 0 where there is none, as with what is counted."""
        return range(1, self.seeds + 1) if self.seeds else [0]

    def frame(self, database: Database) -> Record:
        """The record without its runs."""
        return Record(
            id=self.id,
            title=self.title,
            claims=dict(self.claims),
            baseline="",
            settings=self.settings(),
            learnt_from=Images("training", len(database.training)),
            judged_on=Images("test", len(database.test)),
            chosen=self.chosen,
            data=dict(database.digests),
        )

    def record(self, database: Database, seed: int = 0) -> Record:
        """The record of one run.

        Raises:
            LeNet5Error: the database is not complete.
        """
        database.require_complete(f"The record {self.id}")
        by = provenance()
        runs = [entry(self, database, seed, name_of(by))]
        return replace(self.frame(database), computed_by={name_of(by): by}, runs=runs)

    def settings(self) -> dict[str, Any]:
        """Every choice but the seed."""
        classifier = self.make(0)
        parameters = classifier.get_params()
        parameters.pop("random_state", None)
        name = type(classifier).__name__
        return {"estimator": name, "version": self.version, **parameters}


def entry(row: Row, database: Database, seed: int, by: str) -> Entry:
    """Fits the classifier and judges it: one run of the row, on one core."""
    start = time.perf_counter()
    X, y = samples(database.training, row.version)
    tested, labels = samples(database.test, row.version)
    with threadpool_limits(1):  # sums are then the same to the bit on any number of cores
        classifier = row.make(seed).fit(X, y)
        scores = classifier.decision_function(tested)
    answers = scores.argmax(1)
    missed = np.flatnonzero(answers != labels)
    error = 100 * len(missed) / len(labels)
    rejected = rejection(scores, labels).rejected_for(0.5)
    return Entry(
        seed=seed,
        computed_by=by,
        finished=datetime.now(UTC).date().isoformat(),
        seconds=round(time.perf_counter() - start, 1),
        values={
            "error": round(error, 4),
            **({} if rejected is None else {"rejected_for_half_percent": round(rejected, 4)}),
            "thousand_macs": classifier.multiply_accumulates() / 1000,
            "thousand_variables": classifier.variables() / 1000,
        },
        curves={"error": [round(error, 4)]},
        missed=[(int(index), int(answers[index])) for index in missed],
        weights=classifier.digest(),
    )


def samples(
    digits: Digits, version: Version
) -> tuple[Float32[np.ndarray, "samples pixels"], Int64[np.ndarray, " samples"]]:
    """The digits as these classifiers take them: a row of pixels an image; and the labels."""
    if version == "deslanted":
        images = mnist.deslanted(digits.images)
    else:
        images = mnist.regular(digits.images)[:, :, 2:-2, 2:-2]
    return images.flatten(1).numpy(), digits.labels.numpy()


def choose(row: Row, database: Database) -> list[tuple[dict[str, Any], float]]:
    """All settings that the row tries, each with its held-out error in percent, least first.

    Each is fitted to the first 50,000 training images and judged on the last 10,000.
    """
    X, y = samples(database.training, row.version)
    part = np.full(len(y), -1)  # never judged on
    part[len(database.fitting) :] = 0
    search = GridSearchCV(row.make(1), dict(row.tried), cv=PredefinedSplit(part), refit=False)
    found = search.fit(X, y).cv_results_
    errors = [round(100 * (1 - float(right)), 2) for right in found["mean_test_score"]]
    return sorted(zip(found["params"], errors, strict=True), key=lambda pair: pair[1])


_ALPHAS = [1.0, 10.0, 100.0, 1e3, 1e4]
_CHOSEN = "Error on held-out digits, the last 10,000, after a fit to the first 50,000: "


def _answers(slug: str) -> dict[str, str]:
    """The claims of Figures 11 and 12 that a row of that name answers."""
    return {f"figure11-{slug}": "thousand_macs", f"figure12-{slug}": "thousand_variables"}


EXPERIMENTS = [
    Row(
        "figure9-linear",
        "Linear classifier on regular images",
        make=lambda _: Linear(1e3),
        version="regular",
        claims={"figure9-linear": "error"},
        tried={"alpha": _ALPHAS},
        chosen=_CHOSEN + "12.80 % with alpha 1,000; 13.42, 13.28, 13.20 and 13.33 % with 1, 10, "
        "100 and 10,000.",
    ),
    Row(
        "figure9-deslant-linear",
        "Linear classifier on deslanted images",
        make=lambda _: Linear(1e3),
        version="deslanted",
        claims={"figure9-deslant-linear": "error", **_answers("linear")},
        tried={"alpha": _ALPHAS},
        chosen=_CHOSEN + "8.73 % with alpha 1,000; 8.81, 8.83, 8.77 and 9.05 % with 1, 10, 100 and "
        "10,000.",
    ),
    Row(
        "figure9-pairwise",
        "Pairwise linear classifier on regular images",
        make=lambda _: PairwiseLinear(1.0, "threshold"),
        version="regular",
        claims={"figure9-pairwise": "error", **_answers("pairwise")},
        tried={"units": ["linear", "squashed", "threshold"], "alpha": _ALPHAS},
        chosen=_CHOSEN + "6.80 % with threshold units and alpha 1; with squashed units 11.28 % at "
        "best (alpha 100), with linear ones 14.31 % (alpha 10,000).",
    ),
    Row(
        "figure9-k-nn",
        "Nearest neighbours on regular images",
        make=lambda _: NearestNeighbours(3),
        version="regular",
        claims={"figure9-k-nn-euclidean": "error"},
        tried={"n_neighbors": [1, 3, 5, 7, 9]},
        chosen=_CHOSEN + "2.62 % with k = 3; 2.88, 2.81, 2.78 and 2.96 % with k = 1, 5, 7 and 9.",
    ),
    Row(
        "figure9-deslant-k-nn",
        "Three nearest neighbours on deslanted images",
        make=lambda _: NearestNeighbours(3),
        version="deslanted",
        claims={
            "figure9-deslant-k-nn-euclidean": "error",
            "figure10-deslant-k-nn-euclidean": "rejected_for_half_percent",
            **_answers("deslant-k-nn-euclidean"),
        },
        chosen="k = 3 is the paper's. " + _CHOSEN + "1.58 %.",
    ),
    Row(
        "figure9-quadratic",
        "Quadratic classifier of 40 principal components of regular images",
        make=lambda _: PCAQuadratic(),
        version="regular",
        claims={"figure9-40-pca-quadratic": "error", **_answers("40-pca-quadratic")},
        tried={"beside": ["components", "squares"], "alpha": _ALPHAS},
        chosen=_CHOSEN + "3.45 % with the components themselves beside their 780 products, 3.96 % "
        "with their squares; alpha up to 100 makes no difference.",
    ),
    Row(
        "figure9-rbf",
        "1,000 RBF units and a linear classifier on regular images",
        make=lambda seed: RBFNetwork(width=5.0, alpha=1e-3, random_state=seed),
        version="regular",
        claims={"figure9-1000-rbf-linear": "error", **_answers("1000-rbf-linear")},
        seeds=5,
        tried={"width": [4.0, 5.0, 6.0, 7.0, 8.0], "alpha": [1e-5, 1e-4, 1e-3, 1e-2]},
        chosen=_CHOSEN + "2.82 % with width 5 and alpha 0.001; 2.94, 2.83, 2.86 and 2.93 % with "
        "widths 4, 6, 7 and 8; alpha from 0.00001 to 0.01 changes at most 0.03 points.",
    ),
]
