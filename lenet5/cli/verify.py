"""`python -m lenet5 verify`."""

import argparse

from lenet5.errors import LeNet5Error


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "verify",
        help="run a part of a record again and compare",
        description="Trains some runs of a record again, drawn at random, and compares: the "
        "same weights to the bit, or an error where one more seed's is to be expected.",
    )
    command.add_argument("id", metavar="ID")
    command.add_argument("--runs", type=int, default=1, metavar="N",
                         help="how many (default: %(default)s)")  # fmt: skip
    command.add_argument("--jobs", type=int, metavar="J",
                         help="how many at once; one a core unless told")  # fmt: skip
    command.set_defaults(command=_verify)


def _verify(options: argparse.Namespace) -> None:
    from lenet5.experiments import experiment
    from lenet5.experiments.verify import verify
    from lenet5.results.tables import aligned

    checks = verify(experiment(options.id), runs=options.runs, jobs=options.jobs)
    rows = [["seed", "record", "again", "", ""]]
    for one in checks:
        rows.append([str(one.seed), f"{one.theirs:g}", f"{one.ours:g}", one.word, one.why])
    print(aligned(rows, right={0, 1, 2}))
    if any(one.word == "contradicts" for one in checks):
        raise LeNet5Error(f"The record {options.id} is contradicted: see the lines above.")
