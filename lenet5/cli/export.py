"""`python -m lenet5 export`."""

import argparse
from pathlib import Path

from lenet5.cli.options import add_weights, weights_of


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "export",
        help="write trained weights as an ONNX file",
        description="Writes a trained network as an ONNX file, which runs where there is no "
        "PyTorch (needs the extra `onnx`).",
    )
    add_weights(command)
    command.add_argument("--out", type=Path, default=Path("lenet5.onnx"), metavar="FILE",
                         help="where it goes (default: %(default)s)")  # fmt: skip
    command.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> None:
    from lenet5.export import to_onnx
    from lenet5.files import write_atomically
    from lenet5.weights import load_network

    content = to_onnx(*load_network(weights_of(options)))
    write_atomically(options.out, content)
    print(f"ONNX: {options.out}, {len(content):,} bytes")
