"""Tables for the page: one header row, numbers to the right."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Table:
    """A data frame as a notebook shows it; its index is the first column."""

    frame: pd.DataFrame
    formats: Mapping[str, str]

    def _repr_html_(self) -> str:
        frame = self.frame.copy()
        for column, form in self.formats.items():
            frame[column] = ["" if pd.isna(v) else form.format(v) for v in frame[column]]
        if frame.index.name is not None:
            frame = frame.reset_index()
        indexed = not isinstance(frame.index, pd.RangeIndex)
        return frame.to_html(index=indexed, border=0, na_rep="", justify="left")

    def __repr__(self) -> str:
        return repr(self.frame)


def table(frame: pd.DataFrame, **formats: str) -> Table:
    """The frame for the page.

    Args:
        formats: for some columns, how a value is written: `error="{:.2f}"`.
    """
    return Table(frame, formats)
