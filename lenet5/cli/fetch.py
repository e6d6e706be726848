"""`python -m lenet5 fetch`."""

import argparse


def add(commands: argparse._SubParsersAction) -> None:
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
