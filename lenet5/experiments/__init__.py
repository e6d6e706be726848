"""One file a figure of the paper: what is run, with which settings, which claim it answers."""

import difflib

from lenet5.errors import LeNet5Error
from lenet5.experiments import counts, figure_5, figure_6, figure_9, open_questions
from lenet5.experiments.counts import Count
from lenet5.experiments.experiment import Experiment
from lenet5.experiments.figure_9 import Row

EXPERIMENTS: dict[str, Experiment | Row | Count] = {
    experiment.id: experiment
    for part in (figure_5, figure_6, figure_9, open_questions, counts)
    for experiment in part.EXPERIMENTS
}
"""All of them, by id."""


def experiment(identifier: str) -> Experiment | Row | Count:
    """The experiment of that id.

    Raises:
        LeNet5Error: there is none.
    """
    try:
        return EXPERIMENTS[identifier]
    except KeyError as error:
        near = difflib.get_close_matches(identifier, EXPERIMENTS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise LeNet5Error(
            f"There is no experiment {identifier}.{hint} `python -m lenet5 reproduce --list` "
            "names them all."
        ) from error
