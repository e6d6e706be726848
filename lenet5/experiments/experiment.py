"""What an experiment is: one set of settings, trained from several seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import torch

from lenet5.engine import penalties_in_engine
from lenet5.evaluation import evaluate
from lenet5.inputs import inputs
from lenet5.mnist import Database
from lenet5.results.records import Entry, Images, Record, name_of
from lenet5.run import Run, Samples, curvature_subset, make_loss, make_network
from lenet5.sdlm import curvature
from lenet5.settings import Settings, published_eta
from lenet5.weights import digest_of

CHOSEN = (
    "Loss, j and penalty: on the last 10,000 training images, without the test set, in a "
    "first round of runs (data/held_out.csv) that the records open-* repeat with five seeds each. "
    "All else: as printed, or as Settings says."
)


@dataclass(frozen=True)
class Experiment:
    """What is run, and which claims of the paper it answers.

    Attributes:
        id: names the record too.
        title: one line.
        settings: of every run, but for the seed.
        claims: id of a claim -> the number of a run that answers it; see `Entry.value`.
        seeds: how many runs; their seeds are 1, 2, ...
        images: only the first so many of the training images.
        hold_out: learn from the first 50,000 training images and judge on the last
            10,000: what every choice of settings must use.
        baseline: the experiment that it differs from in one choice, if any. Their runs
            are paired by seed.
        chosen: how the settings were chosen.
    """

    id: str
    title: str
    settings: Settings = Settings()  # noqa: RUF009 (frozen)
    claims: Mapping[str, str] = field(default_factory=dict)
    seeds: int = 5
    images: int | None = None
    hold_out: bool = False
    baseline: str | None = None
    chosen: str = CHOSEN

    def runs(self, seeds: Sequence[int] | None = None) -> list[Settings]:
        """The settings of each run; of the experiment's own number of seeds unless told."""
        wanted = range(1, self.seeds + 1) if seeds is None else seeds
        return [replace(self.settings, seed=seed) for seed in wanted]

    def samples(self, database: Database) -> tuple[Samples, Samples]:
        """What the runs learn from, and what they are judged on."""
        training = database.fitting if self.hold_out else database.training
        judged = database.held_out if self.hold_out else database.test
        if self.images is not None:
            training = training.first(self.images)
        return inputs(training, self.settings.network), inputs(judged, self.settings.network)

    @property
    def presentations(self) -> int:
        """Images that one run presents."""
        images = self.images or (50_000 if self.hold_out else 60_000)
        return self.settings.passes * images

    def frame(self, database: Database, training: Samples, judged: Samples) -> Record:
        """The record without its runs."""
        settings = self.settings.as_dict()
        del settings["seed"]
        part = "fitting" if self.hold_out else "training"
        return Record(
            id=self.id,
            title=self.title,
            claims=dict(self.claims),
            baseline=self.baseline or "",
            settings=settings,
            learnt_from=Images(part, len(training.labels)),
            judged_on=Images("held-out" if self.hold_out else "test", len(judged.labels)),
            chosen=self.chosen,
            data=dict(database.digests),
        )


def entry(run: Run, training: Samples, judged: Samples) -> Entry:
    """What a record keeps of a run."""
    result = evaluate(run.network, judged, penalties_in_engine)
    missed = result.missed.tolist()
    errors = [line.evaluation_error for line in run.history if line.evaluation_error is not None]
    return Entry(
        seed=run.settings.seed,
        computed_by=name_of(run.computed_by),
        finished=datetime.now(UTC).date().isoformat(),
        seconds=round(sum(line.seconds for line in run.history), 1),
        values={
            **_rates_of_pass_1(run, training),
            "settled_after": settled_after(errors),
            "missed_of_first_5000": sum(index < 5000 for index in missed),
            **({"code_distance": _code_distance(run)} if run.settings.trainable_codes else {}),
        },
        curves={
            "error": [round(error, 4) for error in errors],
            "training_error": [round(line.training_error, 4) for line in run.history],
            "training_loss": [float(f"{line.training_loss:.5g}") for line in run.history],
        },
        missed=[(index, int(result.answers[index])) for index in missed],
        weights=digest_of(run.network),
    )


def settled_after(errors: Sequence[float], within: float = 0.1) -> int:
    """The first pass after which the error stays within 0.1 points of where it ends."""
    far = [n for n, error in enumerate(errors, 1) if abs(error - errors[-1]) > within]
    return far[-1] + 1 if far else 1


def _rates_of_pass_1(run: Run, training: Samples) -> dict[str, float]:
    """The smallest and the largest of the rates that Section III-B calls effective."""
    settings = run.settings
    some = curvature_subset(settings, 1, len(training.labels))
    images, labels = training.images[some], training.labels[some]
    network, loss = make_network(settings), make_loss(settings)
    h = curvature(network, loss, images, labels, settings.curvature_seed)
    rates = published_eta(1) / (settings.mu + torch.cat([part.flatten() for part in h.values()]))
    return {
        "smallest_rate": float(f"{rates.min():.4g}"),
        "largest_rate": float(f"{rates.max():.4g}"),
    }


def _code_distance(run: Run) -> float:
    """The mean distance between two output codes: 0 if all of them have become one."""
    return round(torch.nn.functional.pdist(run.network.output.codes.detach()).mean().item(), 4)
