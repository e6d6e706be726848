"""`python -m lenet5 cite`."""

import argparse


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "cite",
        help="how to cite a record",
        description="Prints a BibTeX entry for a record, and what it found in plain sentences.",
    )
    command.add_argument("id", metavar="ID")
    command.set_defaults(command=_cite)


def _cite(options: argparse.Namespace) -> None:
    from lenet5.results import records
    from lenet5.results.citing import bibtex, sentences
    from lenet5.results.verdicts import verdicts

    record = records.read(records.path_of(options.id))
    print(bibtex(record))
    for sentence in sentences(record, verdicts([record])):
        print(f"\n{sentence}")
