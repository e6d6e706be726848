"""Options that several commands share."""

import argparse
import sys
from pathlib import Path

DIRECTORY = Path("runs") / "lenet5"
"""Where `train` writes unless told."""

_TRAINED = DIRECTORY / "weights.safetensors"


def add_weights(command: argparse.ArgumentParser) -> None:
    command.add_argument("--weights", type=Path, metavar="FILE",
                         help=f"a file that `train` wrote (default: {_TRAINED}, or the weights "
                         "that come with the book where that is not there)")  # fmt: skip


def weights_of(options: argparse.Namespace) -> Path:
    """The file that `--weights` names, or else its default."""
    if options.weights is not None:
        return options.weights
    if _TRAINED.exists():
        return _TRAINED
    from lenet5.tensors import PRETRAINED

    print(f"lenet5: {_TRAINED} is not there; using the weights that come with the book, "
          f"{PRETRAINED}.", file=sys.stderr)  # fmt: skip
    return PRETRAINED
