"""Options that several commands share."""

import argparse
from pathlib import Path

DIRECTORY = Path("runs") / "lenet5"
"""Where `train` writes unless told."""


def add_weights(command: argparse.ArgumentParser) -> None:
    command.add_argument("--weights", type=Path, metavar="FILE",
                         default=DIRECTORY / "weights.safetensors",
                         help="a file that `train` wrote (default: %(default)s)")  # fmt: skip
