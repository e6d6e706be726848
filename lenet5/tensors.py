"""Tensors in files: safetensors, which hold numbers and no code, with a JSON header."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lenet5.errors import LeNet5Error
from lenet5.files import ROOT, write_atomically
from lenet5.settings import Settings

WEIGHTS = "lenet5 weights, version 1"
"""The kind of file that holds a trained network."""

PRETRAINED = ROOT / "data" / "weights" / "lenet5.safetensors"
"""The network that comes with the book; see data/weights/README.md."""


def write_tensors(path: Path, tensors: dict[str, Tensor], kind: str, header: dict) -> None:
    """A safetensors file with a JSON header, written atomically."""
    contiguous = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    metadata = {"kind": kind, "header": json.dumps(header)}
    write_atomically(path, save(contiguous, metadata))


def read_tensors(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_tensors` wrote.

    Raises:
        LeNet5Error: the file is missing, damaged, a pickle or not of this kind.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(8)
    except OSError as error:
        raise LeNet5Error(
            f"{path} cannot be read ({error.strerror}): name a file that "
            "`python -m lenet5 train` wrote."
        ) from error
    if start[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise LeNet5Error(
            f"{path} is a pickle, which could run any code when opened: name a safetensors "
            "file, as `python -m lenet5 train` writes them."
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise LeNet5Error(
            f"{path} is damaged or no safetensors file ({error}): fetch or train it again."
        ) from error
    found = metadata.get("kind", "")
    if found != kind:
        what = f"of another kind ({found})" if "lenet5" in found else "not of this project's"
        raise LeNet5Error(f"{path} is a safetensors file, but {what}: here belong {kind}.")
    try:
        return tensors, json.loads(metadata["header"])
    except (KeyError, json.JSONDecodeError) as error:
        raise LeNet5Error(f"{path} has a damaged header: fetch or train it again.") from error


def settings_from(header: dict[str, Any], path: Path) -> Settings:
    """The settings in the header of file `path`.

    Raises:
        LeNet5Error: they are not settings of this version.
    """
    try:
        return Settings(**header["settings"])
    except (KeyError, TypeError, LeNet5Error) as error:
        raise LeNet5Error(
            f"{path} was written by another version ({error}): train again, or use the version "
            "that wrote it."
        ) from error
