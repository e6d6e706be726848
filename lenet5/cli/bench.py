"""`python -m lenet5 bench`."""

import argparse
import json
from pathlib import Path

from lenet5.errors import LeNet5Error


def add(commands: argparse._SubParsersAction) -> None:
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
