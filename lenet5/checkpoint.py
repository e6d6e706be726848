"""A run in a file after each pass, so that a cut costs one pass at most.

Nothing random need be kept: every draw follows from the seed and the number of
the pass (`lenet5.run.generator`).
"""

from dataclasses import asdict
from pathlib import Path

from lenet5.errors import LeNet5Error
from lenet5.files import write_atomically
from lenet5.run import Pass, Run, Samples
from lenet5.tensors import read_tensors, write_tensors
from lenet5.weights import fill, settings_from

_KIND = "lenet5 checkpoint, version 1"
FILE_NAME = "checkpoint.safetensors"
"""What it is called in the folder of a run."""


class Checkpoint:
    """The file of one run: its settings, its history, its weights.

    Args:
        path: where it is, or will be.
        training: what the run learns from.
        evaluation: what it is judged on.
    """

    def __init__(self, path: Path, training: Samples, evaluation: Samples | None) -> None:
        self.path = path
        self.samples = {
            "the training samples": training.digest(),
            "the evaluation samples": evaluation.digest() if evaluation else None,
        }

    def probe(self) -> None:
        """Finds out now, not after the first pass, whether the place can be written.

        Raises:
            LeNet5Error: it cannot.
        """
        trial = self.path.with_name(f".{self.path.name}.trial")
        write_atomically(trial, b"")
        trial.unlink(missing_ok=True)  # another process may have been as quick

    def save(self, run: Run) -> None:
        """Writes the run as it stands, whole or not at all.

        Raises:
            LeNet5Error: it cannot be written; what stood there before is untouched.
        """
        header = {
            "settings": run.settings.as_dict(),
            "samples": self.samples,
            "history": [asdict(line) for line in run.history],
        }
        write_tensors(self.path, run.network.state_dict(), _KIND, header)

    def resume(self, run: Run) -> None:
        """Gives the run the weights and the history of the file, if there is one.

        Raises:
            LeNet5Error: the file is damaged, of another run, or further than this one goes.
        """
        if not self.path.exists():
            return
        try:
            tensors, header = read_tensors(self.path, _KIND)
        except LeNet5Error as error:
            raise LeNet5Error(f"{error} To begin anew, delete it.") from error
        self._refuse_other_runs(run, header)
        fill(run.network, tensors, self.path)
        run.history = [Pass(**line) for line in header["history"]]

    def _refuse_other_runs(self, run: Run, header: dict) -> None:
        theirs, ours = settings_from(header, self.path).as_dict(), run.settings.as_dict()
        del theirs["passes"], ours["passes"]  # a finished run may be continued
        differing = [
            f"{name}, {theirs[name]} there and {ours[name]} here"
            for name in ours
            if ours[name] != theirs[name]
        ]
        differing += [
            name for name in self.samples if header["samples"][name] != self.samples[name]
        ]
        if differing:
            raise LeNet5Error(
                f"{self.path} is a checkpoint of another run (it differs in "
                f"{'; '.join(differing)}): name another directory, or delete it to begin anew."
            )
        if len(header["history"]) > run.settings.passes:
            raise LeNet5Error(
                f"{self.path} has {len(header['history'])} passes already, and "
                f"{run.settings.passes} were asked for: ask for more, or name another directory."
            )
