"""The command line: `python -m lenet5 fetch | train | evaluate | predict`.

Exit codes: 0 done, 1 something is wrong that the message tells how to mend, 2 the
words of the command are off, 130 interrupted.
"""

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_type_hints

from lenet5.errors import LeNet5Error
from lenet5.settings import Settings

if TYPE_CHECKING:  # PyTorch takes a second to import; --help should not wait for it
    from lenet5.mnist import Digits
    from lenet5.run import Samples

_DEFAULT_DIRECTORY = Path("runs") / "lenet5"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = _parser().parse_args(arguments)
    warnings.showwarning = _one_line_warning  # type: ignore[assignment]
    try:
        options.command(options)
    except LeNet5Error as error:
        print(f"lenet5: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nlenet5: interrupted. The same command goes on from the last finished pass.",
              file=sys.stderr)  # fmt: skip
        return 130
    return 0


def _one_line_warning(message: Warning | str, *_: object) -> None:
    print(f"lenet5: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lenet5",
        description="LeNet-5 as it was published in 1998: fetch the digits, train, evaluate, "
        "and read a digit of your own.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_fetch(commands)
    _add_train(commands)
    _add_evaluate(commands)
    _add_predict(commands)
    return parser


# fetch ------------------------------------------------------------------------------------


def _add_fetch(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "fetch",
        help="download MNIST and verify it",
        description="Downloads MNIST into data/ and verifies its digests. LENET5_MNIST_MIRROR "
        "names another mirror, a file:// one too.",
    )
    command.set_defaults(command=_fetch)


def _fetch(_: argparse.Namespace) -> None:
    from lenet5 import mnist

    database = mnist.load()
    verified = ", digests verified" if database.complete else ""
    print(
        f"{database.source}: {len(database.training):,} training and {len(database.test):,} "
        f"test images{verified}."
    )


# train ------------------------------------------------------------------------------------


_SETTINGS_HELP = {
    "seed": "of the weights, the order and the curvature samples",
    "passes": "times through the training set",
    "loss": "equation (9), maximum a posteriori, or equation (8), mean squared error",
    "j": "penalty of the rubbish class in equation (9); the paper gives none",
    "init": "first weights in ±1/√F, or Appendix A's ±2.4/F, which diverges",
    "penalty": "factor before the sum of equation (7): 1 as printed, 1/2 or 1/84",
    "order": "one random order, as printed, or another before each pass",
    "mu": "μ of equation (21)",
    "curvature_seed": "where second derivatives start at F6",
    "curvature_samples": "images over which second derivatives are averaged",
}


def _add_train(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "train",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        help="train LeNet-5, one sample at a time",
        description="Trains LeNet-5 as Section III-B does. A checkpoint is written after each "
        "pass; the same command goes on from it.",
    )
    command.add_argument("--out", type=Path, default=_DEFAULT_DIRECTORY, metavar="DIR",
                         help="where checkpoint, history and weights go")  # fmt: skip
    command.add_argument("--images", type=int, metavar="N",
                         help="train on the first N images only")  # fmt: skip
    command.add_argument("--hold-out", action="store_true",
                         help="keep the last 10,000 training images for evaluation and leave the "
                         "test set alone: what any choice of settings must use")  # fmt: skip
    default = Settings()
    for name, text in _SETTINGS_HELP.items():
        value = getattr(default, name)
        command.add_argument(
            "--" + name.replace("_", "-"),
            type=type(value),
            default=value,
            choices=get_args(get_type_hints(Settings)[name]) or None,
            help=text,
        )
    command.set_defaults(command=_train)


def _train(options: argparse.Namespace) -> None:
    from lenet5 import mnist
    from lenet5.files import write_atomically
    from lenet5.training import train
    from lenet5.weights import save_network

    given = vars(options)
    settings = Settings(**{f.name: given[f.name] for f in fields(Settings) if f.name in given})
    database = mnist.load()
    digits = database.fitting if options.hold_out else database.training
    judged = database.held_out if options.hold_out else database.test
    if options.images is not None:
        digits = digits.first(options.images)
    name = "held-out" if options.hold_out else "test"
    print(f"Training on {len(digits)} images of {database.source}; "
          f"evaluation on the {len(judged)} {name} images.")  # fmt: skip
    run = train(
        settings,
        _samples(digits),
        _samples(judged),
        checkpoint=options.out / "checkpoint.safetensors",
    )
    history = {
        "settings": settings.as_dict(),
        "source": database.source,
        "digests": database.digests,
        "training_images": len(digits),
        "evaluated_on": name,
        "history": [asdict(line) for line in run.history],
    }
    write_atomically(options.out / "history.json", json.dumps(history, indent=1).encode() + b"\n")
    save_network(run.network, settings, options.out / "weights.safetensors")
    print(f"{name} error after pass {run.history[-1].number}: "
          f"{run.history[-1].evaluation_error:.2f} %")  # fmt: skip
    print(f"Weights: {options.out / 'weights.safetensors'}")


# evaluate ---------------------------------------------------------------------------------


def _add_weights(command: argparse.ArgumentParser) -> None:
    command.add_argument("--weights", type=Path, metavar="FILE",
                         default=_DEFAULT_DIRECTORY / "weights.safetensors",
                         help="a file that `train` wrote (default: %(default)s)")  # fmt: skip


def _add_evaluate(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "evaluate",
        help="error of trained weights on the test set",
        description="Error of trained weights on the test set, with its interval, and which "
        "digits are taken for which.",
    )
    _add_weights(command)
    command.add_argument("--hold-out", action="store_true",
                         help="on the last 10,000 training images instead")  # fmt: skip
    command.set_defaults(command=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from lenet5 import mnist
    from lenet5.evaluation import evaluate
    from lenet5.weights import load_network

    network, _ = load_network(options.weights)
    database = mnist.load()
    digits = database.held_out if options.hold_out else database.test
    result = evaluate(network, _samples(digits))
    low, high = result.interval()
    print(f"error {result.error:.2f} %  ({len(result.missed)} of {len(result.labels)} images of "
          f"{database.source}; 95 % interval {low:.2f} to {high:.2f} %)")  # fmt: skip
    print("\nDigit (row) answered as (column):\n")
    print("     " + "".join(f"{digit:>6d}" for digit in range(10)))
    for digit, row in enumerate(result.confusion().tolist()):
        print(f"{digit:>5d}" + "".join(f"{count or '.':>6}" for count in row))


# predict ----------------------------------------------------------------------------------


def _add_predict(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "predict",
        help="read a digit in an image file",
        description="Reads the digit in an image of any size, colour or polarity, after "
        "normalising it as the database was: into a 20x20 box, centred by its mass in 28x28.",
    )
    command.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    _add_weights(command)
    command.add_argument("--show", action="store_true", help="draw what the network saw")
    command.set_defaults(command=_predict)


def _predict(options: argparse.Namespace) -> None:
    import torch

    from lenet5 import mnist
    from lenet5.evaluation import penalties
    from lenet5.normalise import normalise, read_picture
    from lenet5.run import Samples
    from lenet5.weights import load_network

    network, _ = load_network(options.weights)
    for path in options.images:
        picture = read_picture(path)
        try:
            pixels = normalise(picture)
        except LeNet5Error as error:
            raise LeNet5Error(f"{path}: {error}") from error
        samples = Samples(mnist.regular(pixels[None]), torch.zeros(1, dtype=torch.int64))
        y = penalties(network, samples)[0]
        first, second = y.argsort()[:2].tolist()
        print(f"{path}: {first}  (penalty {y[first]:.1f}; next {second} at {y[second]:.1f})")
        if options.show:
            _draw(pixels.tolist())


def _draw(pixels: list[list[int]]) -> None:
    for row in pixels:
        print("    " + "".join(" ░▒▓█"[min(grey // 52, 4)] * 2 for grey in row).rstrip())


def _samples(digits: "Digits") -> "Samples":
    from lenet5 import mnist
    from lenet5.run import Samples

    return Samples(mnist.regular(digits.images), digits.labels)
