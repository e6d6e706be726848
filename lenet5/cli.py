"""The command line: `python -m lenet5 fetch | train | evaluate | predict | bench`.

Exit codes: 0 done, 1 something is wrong that the message tells how to mend, 2 the
words of the command are off, 130 interrupted.
"""

import argparse
import io
import json
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_type_hints

from lenet5 import __version__
from lenet5.errors import LeNet5Error
from lenet5.settings import Settings

if TYPE_CHECKING:  # PyTorch takes a second to import; --help should not wait for it
    from lenet5.many import Trainer
    from lenet5.networks import Network
    from lenet5.run import Samples

_DEFAULT_DIRECTORY = Path("runs") / "lenet5"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without η or √ gets a "?"
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    warnings.showwarning = _one_line_warning  # type: ignore[assignment]
    try:
        options.command(options)
        sys.stdout.flush()
    except LeNet5Error as error:
        print(f"lenet5: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nlenet5: interrupted. {options.after_interrupt}", file=sys.stderr)
        return 130
    except OSError as error:  # of standard output: all other files are dealt with where they are
        return _without_output(error)
    return 0


def _without_output(error: OSError) -> int:
    """Whoever read our output has gone (`| head`), or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at exit
    if isinstance(error, BrokenPipeError):
        return 0
    print(f"lenet5: the output cannot be written ({error.strerror}).", file=sys.stderr)
    return 1


def _one_line_warning(message: Warning | str, *_: object) -> None:
    print(f"lenet5: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lenet5",
        allow_abbrev=False,
        description="LeNet-5 as it was published in 1998: fetch the digits, train, evaluate, "
        "and read a digit of your own.",
    )
    parser.add_argument("--version", action="version", version=f"lenet5 {__version__}")
    parser.set_defaults(after_interrupt="Nothing was changed.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_fetch(commands)
    _add_train(commands)
    _add_evaluate(commands)
    _add_predict(commands)
    _add_bench(commands)
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
    "network": "which of Section III's; numbers are the hidden units of a perceptron",
    "seed": "of the weights, the order and the curvature samples",
    "passes": "times through the training set",
    "loss": "equation (9), maximum a posteriori, or equation (8), mean squared error",
    "j": "penalty of the rubbish class in equation (9); the paper gives none",
    "init": "first weights in ±1/√F, or Appendix A's ±2.4/F",
    "penalty": "factor before the sum of equation (7): 1 as printed, 1/2 or 1/84",
    "codes": "what F6 is compared with: Figure 3's pictures, or +1 for the class and -1 for others",
    "trainable_codes": "let the output codes adapt",
    "c3": "which maps of S2 feed which of C3",
    "squash_subsampling": "squash the sums of S2 and S4, as printed",
    "order": "one random order, as printed, or another before each pass",
    "distortion": "none, nine fixed copies of each image as in the paper, or fresh ones",
    "ranges": "how far distortions go: as in Figure 7, or less than half as far",
    "rates": "rates from second derivatives before each pass, before the first, or one for all",
    "mu": "μ of equation (21)",
    "curvature_seed": "where second derivatives start at F6",
    "curvature_samples": "images over which second derivatives are averaged",
    "coefficient_curvature": "inputs of a sub-sampling coefficient: their sum, or each of the four",
}


def _add_train(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "train",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        help="train LeNet-5, one sample at a time",
        description="Trains LeNet-5 as Section III-B does. A checkpoint is written after each "
        "pass; the same command goes on from it.",
    )
    command.add_argument("--trainer", choices=("engine", "pytorch"), default="engine",
                         help="the fused loop, or the readable one, far slower")  # fmt: skip
    command.add_argument("--seeds", type=int, default=1, metavar="N",
                         help="train N networks, from seed, seed + 1, ..., each in a folder of "
                         "its own")  # fmt: skip
    command.add_argument("--jobs", type=int, metavar="J",
                         help="how many to train at once; one a core unless told")  # fmt: skip
    command.add_argument("--cluster", metavar="URL",
                         help="train on the Dask cluster whose scheduler is at tcp://host:port "
                         "(needs the extra `cluster`)")  # fmt: skip
    command.add_argument("--out", type=Path, default=_DEFAULT_DIRECTORY, metavar="DIR",
                         help="where checkpoint, history and weights go")  # fmt: skip
    command.add_argument("--images", type=int, metavar="N",
                         help="train on the first N images only")  # fmt: skip
    command.add_argument("--hold-out", action="store_true",
                         help="keep the last 10,000 training images for evaluation and leave the "
                         "test set alone: what any choice of settings must use")  # fmt: skip
    default = Settings()
    for name, text in _SETTINGS_HELP.items():
        value, flag = getattr(default, name), "--" + name.replace("_", "-")
        if isinstance(value, bool):
            kind = argparse.BooleanOptionalAction
            command.add_argument(flag, action=kind, default=value, help=text)
        else:
            choices = get_args(get_type_hints(Settings)[name]) or None
            command.add_argument(flag, type=type(value), default=value, choices=choices, help=text)
    command.set_defaults(
        command=_train,
        after_interrupt="The same command goes on after the last pass that was finished.",
    )


def _train(options: argparse.Namespace) -> None:
    from lenet5 import engine, mnist, training
    from lenet5.files import write_atomically
    from lenet5.inputs import inputs
    from lenet5.weights import save_network

    given = vars(options)
    settings = Settings(**{f.name: given[f.name] for f in fields(Settings) if f.name in given})
    database = mnist.load()
    digits = database.fitting if options.hold_out else database.training
    judged = database.held_out if options.hold_out else database.test
    if options.images is not None:
        digits = digits.first(options.images)
    name = "held-out" if options.hold_out else "test"
    print(f"Training on {len(digits):,} images of {database.source}; "
          f"evaluation on the {len(judged):,} {name} images.")  # fmt: skip
    trainer: Trainer = engine.train if options.trainer == "engine" else training.train
    samples = inputs(digits, settings.network), inputs(judged, settings.network)
    if options.seeds != 1 or options.cluster:
        _train_seeds(options, settings, trainer, *samples)
        return
    run = trainer(
        settings,
        *samples,
        checkpoint=options.out / "checkpoint.safetensors",
    )
    history = {
        "settings": settings.as_dict(),
        "trainer": options.trainer,
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


def _train_seeds(
    options: argparse.Namespace,
    settings: Settings,
    trainer: "Trainer",
    training: "Samples",
    judged: "Samples",
) -> None:
    from lenet5.many import table, train_many

    if options.seeds < 1:
        raise LeNet5Error(f"The number of seeds must be 1 or more, not {options.seeds}.")
    each = [replace(settings, seed=settings.seed + k) for k in range(options.seeds)]
    runs = train_many(each, training, judged, options.out, jobs=options.jobs,
                      cluster=options.cluster, trainer=trainer)  # fmt: skip
    print(table(runs))
    print(f"Weights: {options.out / 'seed-*' / 'weights.safetensors'}")


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
    from lenet5.inputs import inputs
    from lenet5.weights import load_network

    network, settings = load_network(options.weights)
    database = mnist.load()
    digits = database.held_out if options.hold_out else database.test
    result = evaluate(network, inputs(digits, settings.network))
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
    from lenet5.weights import load_network

    network, settings = load_network(options.weights)
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


# bench ------------------------------------------------------------------------------------


def _add_bench(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "bench",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        help="how long one training sample takes, way by way",
        description="Times PyTorch and the engine on the same samples, in turn, and prints "
        "medians, spread and ratios. Takes some minutes; best on an idle machine.",
    )
    command.add_argument("--rounds", type=int, default=5, help="how often each way is timed")
    command.add_argument("--no-compile", action="store_true",
                         help="leave torch.compile out")  # fmt: skip
    command.add_argument("--out", type=Path, default=Path("runs") / "bench.json", metavar="FILE",
                         help="where the numbers go, as JSON")  # fmt: skip
    command.set_defaults(command=_bench)


def _bench(options: argparse.Namespace) -> None:
    from lenet5 import mnist
    from lenet5.bench import run_bench, table
    from lenet5.files import write_atomically
    from lenet5.inputs import inputs

    if options.rounds < 1:
        raise LeNet5Error(f"--rounds must be 1 or more, not {options.rounds}.")
    samples = inputs(mnist.load().training.first(2000))
    result = run_bench(
        samples, rounds=options.rounds, compiled=not options.no_compile, progress=True
    )
    print(table(result))
    write_atomically(options.out, json.dumps(result, indent=1).encode() + b"\n")
    print(f"Numbers: {options.out}")
