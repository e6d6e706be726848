"""What an experiment costs, from what the runs of all records took."""

from collections.abc import Sequence

import numpy as np

from lenet5.experiments.counts import Count
from lenet5.experiments.experiment import Experiment
from lenet5.experiments.figure_9 import Row
from lenet5.results.records import Record


def minutes(experiment: Experiment | Row | Count, records: Sequence[Record], cores: int = 2) -> str:
    """Minutes for all runs of the experiment on so many cores, as text; "?" if none was run."""
    if isinstance(experiment, Count):
        return "0"
    if isinstance(experiment, Row):
        own = [run.seconds for one in records if one.id == experiment.id for run in one.runs]
        rounds = -(-len(experiment.runs()) // cores)
        return f"{np.median(own) * rounds / 60:.0f}" if own else "?"
    network = experiment.settings.network
    alike = [one for one in records if one.settings.get("network") == network]
    each = [run.seconds / _presentations(one) for one in alike for run in one.runs]
    if not each:
        return "?"
    rounds = -(-experiment.seeds // cores)
    seconds = float(np.median(each)) * experiment.presentations * rounds
    return f"{seconds / 60:.0f}"


def _presentations(record: Record) -> int:
    return record.settings["passes"] * record.learnt_from.images
