"""What the paper states, read from `data/paper/`.

Numbers, tables and figures of LeCun, Bottou, Bengio and Haffner (1998), as
data. Nothing here is ours: what a run finds never stands in these files.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int8

from lenet5.files import ROOT

_PAPER = ROOT / "data" / "paper"

CODE_ROWS, CODE_COLUMNS = 12, 7
"""The bitmaps of Figure 3 are 7 wide and 12 high: 84, the size of F6."""


@cache
def table_1() -> Bool[np.ndarray, "6 16"]:
    """Table I: whether map s of S2 (row) feeds map m of C3 (column)."""
    lines = (_PAPER / "table1_c3_connections.txt").read_text().splitlines()[1:]
    return np.array([[mark == "X" for mark in line.split()[1:]] for line in lines])


@cache
def codes() -> dict[str, Int8[np.ndarray, "12 7"]]:
    """Figure 3: a bitmap for each character of printable ASCII, +1 ink and -1 paper.

    The file gives two hexadecimal digits a row, of which the low seven bits
    are the pixels, the leftmost highest.
    """
    words = (_PAPER / "figure03_rbf_codes.txt").read_text().split()
    names = {"SP": " ", "DEL": "\x7f"}
    bitmaps = {}
    for name, digits in zip(words[::2], words[1::2], strict=True):
        rows = np.frombuffer(bytes.fromhex(digits), dtype=np.uint8)
        bits = np.unpackbits(rows[:, None], axis=1)[:, 8 - CODE_COLUMNS :]
        bitmaps[names.get(name, name)] = (2 * bits.astype(np.int8) - 1).astype(np.int8)
    return bitmaps


def digit_codes() -> Int8[np.ndarray, "10 84"]:
    """The ten target codes of the output layer, row i for digit i."""
    return np.stack([codes()[str(digit)].ravel() for digit in range(10)])


@dataclass(frozen=True)
class Claim:
    """A number that the paper states, and what counts as agreement.

    Attributes:
        id: names it everywhere.
        where: section, figure, table or equation.
        states: what the number is, in a few words.
        value: the number.
        unit: of it; "" for a count.
        low: agreement begins here,
        high: and ends here.
        why: why there.
        note: where the paper contradicts itself, or anything else to know.
        cannot: why no run here could test it; "" if one can.
    """

    id: str
    where: str
    states: str
    value: float
    unit: str
    low: float
    high: float
    why: str
    note: str = ""
    cannot: str = ""


def architecture() -> pd.DataFrame:
    """Section II-B: maps, sizes, parameters and connections of each layer.

    As printed, but for F6's connections and the output's counts: these are
    derived from the layers, and the column `note` says so.
    """
    return pd.read_csv(_PAPER / "architecture.csv", index_col="layer")


def figure_4() -> pd.DataFrame:
    """Figure 4: which 100 training images it shows, row by row, and their labels."""
    return pd.read_csv(_PAPER / "figure04_samples.csv", index_col="position")


def figure_5() -> pd.DataFrame:
    """Figure 5: training and test error in percent after each pass, ±0.02.

    Read off the vector drawing of the authors' preprint. It has 21 points,
    though the text says 20 passes.
    """
    return pd.read_csv(_PAPER / "figure05_curves.csv", index_col="pass")


def figure_8() -> pd.DataFrame:
    """Figure 8: which 82 test images the network erred on, their labels and its answers.

    The network is the LeNet-5 that was trained with distortions.
    """
    return pd.read_csv(_PAPER / "figure08_errors.csv", index_col="test_index")
