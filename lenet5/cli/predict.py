"""`python -m lenet5 predict`."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lenet5.cli.options import add_weights, weights_of
from lenet5.errors import LeNet5Error
from lenet5.settings import Settings

if TYPE_CHECKING:
    from lenet5.networks import Network


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "predict",
        help="read a digit in an image file",
        description="Reads the digit in an image of any size, colour or polarity, after "
        "normalising it as the database was: into a 20x20 box, centred by its mass in 28x28.",
    )
    command.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    add_weights(command)
    command.add_argument("--show", action="store_true", help="draw what the network saw")
    command.set_defaults(command=_predict)


def _predict(options: argparse.Namespace) -> None:
    from lenet5.weights import load_network

    network, settings = load_network(weights_of(options))
    failed = 0
    for path in options.images:
        try:
            _predict_one(path, network, settings, options.show)
        except LeNet5Error as error:
            failed += 1
            if len(options.images) == 1:
                raise
            print(f"lenet5: {error}", file=sys.stderr)
    if failed:
        raise LeNet5Error(f"{failed} of {len(options.images)} images could not be read.")


def _predict_one(path: Path, network: "Network", settings: Settings, show: bool) -> None:
    import torch

    from lenet5.evaluation import penalties
    from lenet5.inputs import inputs
    from lenet5.mnist import Digits
    from lenet5.normalise import normalise, read_picture

    picture = read_picture(path)
    try:
        pixels = normalise(picture)
    except LeNet5Error as error:
        raise LeNet5Error(f"{path}: {error}") from error
    digit = Digits(pixels[None], torch.zeros(1, dtype=torch.int64))
    y = penalties(network, inputs(digit, settings.network))[0]
    first, second = y.argsort()[:2].tolist()
    print(f"{path}: {first}  (penalty {y[first]:.3g}; next {second} at {y[second]:.3g}; "
          "smaller is surer)")  # fmt: skip
    if show:
        _draw(pixels.tolist())


def _draw(pixels: list[list[int]]) -> None:
    for row in pixels:
        print("    " + "".join(" ░▒▓█"[min(grey // 52, 4)] * 2 for grey in row).rstrip())
