"""Rows of the database as frames."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd


def framed(rows: Iterable[Sequence[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """A frame of `columns` {name: type} from database rows, in pieces that fit the memory."""
    pieces = [_piece(chunk, columns) for chunk in _batches(rows, 50_000)]
    if not pieces:
        return _piece([], columns)
    return pd.concat(pieces, ignore_index=True) if len(pieces) > 1 else pieces[0]


def _batches(rows: Iterable[Sequence[Any]], size: int) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def _piece(rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pd.DataFrame(
        {
            name: _column(values, kind)
            for (name, kind), values in zip(columns.items(), by_column, strict=True)
        }
    )


def _column(values: Sequence[Any], kind: str) -> Any:
    if kind == "time":
        naive = [value.replace(tzinfo=None) for value in values]
        return pd.Series(np.array(naive, dtype="datetime64[us]")).dt.tz_localize("UTC")
    if kind == "day":
        return pd.Series(np.array(values, dtype="datetime64[D]").astype("datetime64[us]"))
    if kind == "text":
        return pd.Series(np.array(values, dtype=object), dtype=object)
    if kind == "Int64":
        return pd.array(list(values), dtype="Int64")
    return np.array(values, dtype=kind)
