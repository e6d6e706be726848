"""What the paper states, read from `data/paper/`.

Numbers, tables and figures of LeCun, Bottou, Bengio and Haffner (1998), as
data. Ours is only what counts as agreement with a number, and why: what a run
finds never stands in these files.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

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


@cache
def claims() -> dict[str, Claim]:
    """Every claim by its id: those of claims.toml in its order, then Figures 9 to 12."""
    return claims_of((_PAPER / "claims.toml").read_text(encoding="utf-8"))


def claims_of(text: str) -> dict[str, Claim]:
    """The claims of a text like claims.toml, whose keys data/paper/README.md explains.

    Raises:
        ValueError: a claim is wrong, with its id and what is wrong with it.
    """
    tables = tomllib.loads(text)
    compared = _compared(tables.pop("comparison", {}))
    listed = [*(_claim(identifier, entry) for identifier, entry in tables.items()), *compared]
    known = {claim.id: claim for claim in listed}
    if len(known) < len(listed):
        raise ValueError("Figures 9 to 12 make a claim of an id that claims.toml has already.")
    return known


_EXACT = "A count is equal or it is not."


def _claim(identifier: str, entry: dict[str, Any]) -> Claim:
    """The claim of one table: its region, or none where the number is exact."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", identifier):
        raise ValueError(f"{identifier}: an id is of small letters, digits and hyphens.")
    _require_keys(
        identifier,
        entry,
        required={"where", "states", "value"},
        optional={"unit", "within", "low", "high", "why", "note", "cannot"},
    )
    low, high = _region(identifier, entry)
    return Claim(
        id=identifier,
        where=entry["where"],
        states=entry["states"],
        value=float(entry["value"]),
        unit=entry.get("unit", ""),
        low=low,
        high=high,
        why=entry.get("why", _EXACT).strip(),
        note=entry.get("note", "").strip(),
        cannot=entry.get("cannot", "").strip(),
    )


def _region(identifier: str, entry: dict[str, Any]) -> tuple[float, float]:
    """Where agreement with a claim begins and ends."""
    value, given = float(entry["value"]), entry.keys() & {"within", "low", "high"}
    if given == {"within"}:
        low, high = round(value - entry["within"], 9), round(value + entry["within"], 9)
    elif given == {"low", "high"}:
        low, high = float(entry["low"]), float(entry["high"])
    elif not given:
        low = high = value
    else:
        raise ValueError(f"{identifier}: give `within`, or `low` and `high`, or none of them.")
    if not low <= value <= high:
        raise ValueError(f"{identifier}: {value} is not between {low} and {high}.")
    if given and not entry.get("why"):
        raise ValueError(f"{identifier}: say why agreement is that wide.")
    return low, high


def _require_keys(name: str, table: dict[str, Any], required: set[str], optional: set[str]) -> None:
    if missing := required - table.keys():
        raise ValueError(f"{name}: {', '.join(sorted(missing))} is missing.")
    if unknown := table.keys() - required - optional:
        raise ValueError(f"{name}: {', '.join(sorted(unknown))} means nothing here.")


def _compared(rules: dict[str, Any]) -> list[Claim]:
    """A claim for each number of Figures 9 to 12, figure by figure, as the rule of each says."""
    rows, notes = comparison(), rules.pop("notes", {})
    found: list[Claim] = []
    for figure, rule in rules.items():
        _require_keys(
            f"comparison.{figure}",
            rule,
            required={"where", "column", "states", "unit", "why"},
            optional={"within", "part", "error"},
        )
        drawn = rows[rows[rule["column"]].notna()]
        found.extend(_cell(figure, rule, str(name), row, notes) for name, row in drawn.iterrows())
    slugs, ids = {_slug(name) for name in rows.index}, {claim.id for claim in found}
    if unknown := notes.keys() - slugs - ids:
        raise ValueError(f"comparison.notes: there is no {', '.join(sorted(unknown))}.")
    return found


def _cell(
    figure: str, rule: dict[str, Any], name: str, row: pd.Series, notes: dict[str, str]
) -> Claim:
    """What one figure says of one classifier, with the notes on both and on the classifier."""
    identifier = f"{figure}-{_slug(name)}"
    told = [notes[key].strip() for key in (_slug(name), identifier) if key in notes]
    entry = {key: rule[key] for key in ("where", "unit", "why")}
    entry |= {"states": f"{rule['states']}, {name}", "value": row[rule["column"]]}
    return _claim(identifier, entry | {"within": _width(rule, row), "note": " ".join(told)})


def _width(rule: dict[str, Any], row: pd.Series) -> float:
    """Half the width of agreement, as the rule of a figure says of one of its numbers."""
    value = row[rule["column"]]
    price = value / (row["fig9_test_error_percent"] - 0.5)  # rejections for a point of error
    part, error = rule.get("part", 0) * value, rule.get("error", 0) * price
    return float(round(rule.get("within", 0) + part + error, 2))


def _slug(name: str) -> str:
    """A name in small letters, digits and hyphens: "[dist] LeNet-5" is dist-lenet-5."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


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


def figure_6() -> pd.DataFrame:
    """Figure 6: test and training error in percent by the size of the training set, ±0.01.

    Read off the vector drawing. The last row is the hollow square, for which no
    training error is drawn.
    """
    return pd.read_csv(_PAPER / "figure06_sizes.csv")


def figure_7() -> pd.DataFrame:
    """Figure 7: how each of its 100 images is a distorted training image, row by row.

    The pixel in column x and row y is taken from column
    a (x - 15.5 - tx) + b (y - 15.5 - ty) + 15.5 and row d (y - 15.5 - ty) + 15.5, bilinear.
    Fitted to the figure's bitmaps; `rms_grey` is what is left, in levels of 255.
    """
    return pd.read_csv(_PAPER / "figure07_fits.csv")


def figure_8() -> pd.DataFrame:
    """Figure 8: which 82 test images the network erred on, their labels and its answers.

    The network is the LeNet-5 that was trained with distortions.
    """
    return pd.read_csv(_PAPER / "figure08_errors.csv", index_col="test_index")


def figure_13() -> pd.DataFrame:
    """Figure 13: the kernels and biases of C1 in the network whose states it shows.

    Column wij is row i and column j of the kernel. Fitted to the states that are drawn,
    of a network trained with noise.
    """
    return pd.read_csv(_PAPER / "figure13_c1_filters.csv", index_col="map")


def comparison() -> pd.DataFrame:
    """Figures 9 to 12: error, rejection, multiply-adds and memory of 27 classifiers.

    As labelled in Figure 9, from top to bottom; NaN where a figure has no bar.
    """
    return pd.read_csv(_PAPER / "figures09-12_comparison.csv", index_col="classifier")
