"""The command line: one file a command, and `main`, which puts them together.

PyTorch takes a second to import, and --help should not wait for it: each command imports
what it needs when it runs.

Exit codes: 0 done, 1 something is wrong that the message tells how to mend, 2 the
words of the command are off, 130 interrupted.
"""

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence

from lenet5 import __version__
from lenet5.cli import (
    bench,
    cite,
    evaluate,
    export,
    fetch,
    predict,
    reproduce,
    results,
    train,
    verify,
)
from lenet5.errors import LeNet5Error

_COMMANDS = (fetch, train, evaluate, predict, export, bench, reproduce, results, verify, cite)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without η or √ gets a "?"
            stream.reconfigure(errors="replace")
    options = parser().parse_args(arguments)
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


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(
        prog="python -m lenet5",
        allow_abbrev=False,
        description="LeNet-5 as it was published in 1998: fetch the digits, train, evaluate, "
        "and read a digit of your own.",
    )
    parser.add_argument("--version", action="version", version=f"lenet5 {__version__}")
    parser.set_defaults(after_interrupt="Nothing was changed.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add(commands)
    return parser
