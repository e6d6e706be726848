"""`python -m lenet5 evaluate`."""

import argparse

from lenet5.cli.options import add_weights, weights_of


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "evaluate",
        help="error of trained weights on the test set",
        description="Error of trained weights on the test set, with its interval, and which "
        "digits are taken for which.",
    )
    add_weights(command)
    command.add_argument("--hold-out", action="store_true",
                         help="on the last 10,000 training images instead")  # fmt: skip
    command.set_defaults(command=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from lenet5 import mnist
    from lenet5.evaluation import evaluate
    from lenet5.inputs import inputs
    from lenet5.weights import load_network

    network, settings = load_network(weights_of(options))
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
