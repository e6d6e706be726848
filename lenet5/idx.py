"""The four archives of the database: fetched, verified, read.

MNIST is distributed as four gzipped files in the IDX format, which is Lush's:
a big-endian header (a magic number, then one 32-bit length a dimension) and the
bytes, row after row. torchvision fetches, verifies (MD5) and extracts them; this
module adds what it leaves out: the extracted files are verified too, nothing is
ever left half done, and every fault becomes one sentence.
"""

import hashlib
import math
import os
import shutil
import socket
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from http.client import HTTPException
from io import StringIO
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlparse
from urllib.request import url2pathname

import torch
import torchvision
from jaxtyping import Int64, UInt8
from torch import Tensor
from torchvision.datasets.utils import check_integrity

from lenet5.errors import LeNet5Error

DIGESTS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the four extracted files, as `sha256sum` prints it."""

ARCHIVES: dict[str, str] = dict(torchvision.datasets.MNIST.resources)
"""MD5 of the four archives, as torchvision knows them."""

MIRROR = "LENET5_MNIST_MIRROR"
TIMEOUT = 10.0  # seconds without a byte before a mirror counts as silent
AGAIN = "delete it and run again to fetch it anew"


class NoMirrorAnswers(Exception):
    """No archive could be had; the message says why. Never seen by a user."""


# Reading


def read_images(path: Path) -> UInt8[Tensor, "n 28 28"]:
    """The images of an IDX file, 0 background to 255 ink.

    Raises:
        LeNet5Error: `path` is missing, cut short, or holds something else.
    """
    (rows, columns), body = _read(path, magic=2051, dimensions=3)
    if (rows, columns) != (28, 28):
        raise LeNet5Error(f"{path} holds {rows}x{columns} images, not 28x28: {AGAIN}.")
    return body.view(-1, 28, 28)


def read_labels(path: Path) -> Int64[Tensor, " n"]:
    """The labels of an IDX file, 0 to 9. Raises as `read_images` does."""
    _, body = _read(path, magic=2049, dimensions=1)
    if len(body) and body.max() > 9:
        raise LeNet5Error(f"{path} holds the label {int(body.max())}, above 9: {AGAIN}.")
    return body.long()


def _read(path: Path, magic: int, dimensions: int) -> tuple[tuple[int, ...], UInt8[Tensor, " _"]]:
    """The lengths after the first, and the bytes after the header."""
    try:
        data = bytearray(path.read_bytes())
    except OSError as error:
        raise LeNet5Error(f"{path} cannot be read ({error.strerror}): {AGAIN}.") from error
    header = 4 * (1 + dimensions)
    if len(data) < header:
        raise LeNet5Error(f"{path} ends after {len(data)} bytes, inside its header: {AGAIN}.")
    found, n, *lengths = struct.unpack_from(f">{1 + dimensions}I", data)
    if found != magic:
        raise LeNet5Error(f"{path} starts with {found}, not the magic number {magic}: {AGAIN}.")
    expected = header + math.prod([n, *lengths])
    if n == 0 or len(data) != expected:
        raise LeNet5Error(
            f"{path} has {len(data):,} bytes where its header announces {expected:,}: {AGAIN}."
        )
    return tuple(lengths), torch.frombuffer(data, dtype=torch.uint8, offset=header)


def read_pair(raw: Path, which: str) -> tuple[UInt8[Tensor, "n 28 28"], Int64[Tensor, " n"]]:
    """The images of a set, "train" or "t10k", and their labels, as many as images."""
    images, labels = raw / f"{which}-images-idx3-ubyte", raw / f"{which}-labels-idx1-ubyte"
    pictures, classes = read_images(images), read_labels(labels)
    if len(pictures) != len(classes):
        raise LeNet5Error(
            f"{images} holds {len(pictures):,} images and {labels} {len(classes):,} labels: "
            "delete both and run again to fetch them anew."
        )
    return pictures, classes


def verify(path: Path) -> None:
    """Raises LeNet5Error unless `path` is, bit for bit, the file of MNIST of that name."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise LeNet5Error(f"{path} cannot be read ({error.strerror}): {AGAIN}.") from error
    if found != DIGESTS[path.name]:
        raise LeNet5Error(f"{path} is not the file of MNIST (its SHA-256 differs): {AGAIN}.")


# Fetching


def fetch(raw: Path) -> None:
    """Puts the four files, extracted, and their archives into the folder `raw`.

    Archives that stand there already are used and not fetched again. All the work is
    done in a neighbouring folder: on any error `raw` is left as it was.

    Raises:
        NoMirrorAnswers: neither `LENET5_MNIST_MIRROR` nor, where it is not set, any of
            torchvision's mirrors has the archives.
        LeNet5Error: the folder cannot be written, the disk is full, or the mirror that
            was named is not a URL or serves something else than MNIST.
    """
    mirror = named_mirror()
    try:
        raw.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=raw.parent) as folder:
            staging = Path(folder) / "MNIST" / "raw"  # torchvision's own layout
            staging.mkdir(parents=True)
            _copy_right_archives(raw, staging)
            if mirror and urlparse(mirror).scheme == "file":
                _copy_from_mirror(mirror, staging)
            _download(Path(folder), mirror)
            raw.mkdir(exist_ok=True)
            for name in [*ARCHIVES, *DIGESTS]:
                os.replace(staging / name, raw / name)
    except OSError as error:
        raise LeNet5Error(
            f"MNIST cannot be stored in {raw} ({error.strerror or error}): make room there, mend "
            "its permissions, or name another folder in LENET5_DATA; nothing there was changed."
        ) from error


def named_mirror() -> str | None:
    """The mirror that the environment names, with its slash; None where it names none.

    Raises:
        LeNet5Error: it is not a URL that can be fetched from.
    """
    mirror = os.environ.get(MIRROR, "").strip()
    if not mirror:
        return None
    if urlparse(mirror).scheme not in ("http", "https", "file"):
        raise LeNet5Error(f"{MIRROR}={mirror} is no URL: write http://, https:// or file:///.")
    return mirror if mirror.endswith("/") else mirror + "/"


def _copy_right_archives(source: Path, staging: Path) -> None:
    for name, md5 in ARCHIVES.items():
        if check_integrity(source / name, md5):
            shutil.copyfile(source / name, staging / name)


def _copy_from_mirror(mirror: str, staging: Path) -> None:
    """A mirror on this disk: torchvision's downloader opens no file:// address."""
    source = Path(url2pathname(urlparse(mirror).path))
    _copy_right_archives(source, staging)
    for name in ARCHIVES:
        if not (staging / name).exists():
            if (source / name).exists():
                raise LeNet5Error(_wrong_archive(mirror, name))
            raise NoMirrorAnswers(f"{mirror}{name} does not exist")


def _wrong_archive(mirror: str, name: str) -> str:
    return (
        f"{mirror}{name} is not the archive of MNIST (its MD5 differs, or it was cut short): "
        f"mend that mirror, name another in {MIRROR}, or unset it to use torchvision's."
    )


def _download(root: Path, mirror: str | None) -> None:
    """Lets torchvision fetch what is missing under `root`, verify it and extract it."""

    class MNIST(torchvision.datasets.MNIST):  # its name is that of the folder
        mirrors = [mirror] if mirror else torchvision.datasets.MNIST.mirrors

    staging = root / "MNIST" / "raw"
    if any(not (staging / name).exists() for name in ARCHIVES):
        print(f"Downloading MNIST (11 MB) from {mirror or MNIST.mirrors[0]}", file=sys.stderr)
    try:
        with _patience(TIMEOUT), _bars_only_at_a_terminal():
            MNIST(root=root, download=True)
    except (RuntimeError, URLError, ConnectionError, TimeoutError, HTTPException) as error:
        for name, md5 in ARCHIVES.items():
            # torchvision says "corrupted" and "no answer" in the same RuntimeError
            arrived = isinstance(error, RuntimeError) and (staging / name).exists()
            if mirror and arrived and not check_integrity(staging / name, md5):
                raise LeNet5Error(_wrong_archive(mirror, name)) from error
        raise NoMirrorAnswers(" ".join(str(error).split())) from error


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """torchvision sets no time limit, and a silent mirror would hold it for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextmanager
def _bars_only_at_a_terminal() -> Iterator[None]:
    """torchvision's progress bars fill a log or a notebook with hundreds of lines."""
    if sys.stderr.isatty():
        yield
    else:
        with redirect_stderr(StringIO()):
            yield
