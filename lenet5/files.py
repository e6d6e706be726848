"""Writing files so that a cut never leaves half of one."""

import os
import tempfile
from pathlib import Path

from lenet5.errors import LeNet5Error

ROOT = Path(__file__).resolve().parent.parent
"""The top of the project: `book/`, `data/` and `lenet5/` stand here."""


def write_atomically(path: Path, data: bytes) -> None:
    """Puts `data` at `path`, whole or not at all.

    The bytes go to a neighbour first, reach the disk, and take the name in one
    step: a full disk, Ctrl-C or a power cut leaves what was there before.

    Raises:
        LeNet5Error: the directory cannot be made or written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise LeNet5Error(_sentence(path, error)) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())  # mkstemp's 0600 would hide results from others
        os.replace(name, path)
    except OSError as error:
        raise LeNet5Error(_sentence(path, error)) from error
    finally:
        Path(name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sentence(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return (
        f"{path} cannot be written ({reason}): make room there, mend its permissions, "
        "or name another place; what stood there before is untouched."
    )
