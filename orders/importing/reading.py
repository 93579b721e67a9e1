"""Read a CSV log as text: nothing is guessed, nothing is converted, nothing is dropped."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pandas as pd

from orders.importing.mapping import COLUMNS, Mapping


class UnreadableFile(Exception):
    """The file cannot be read as a table; nothing was imported."""


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
                yield file
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                yield file
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path.name} is not UTF-8 text. Save it as CSV UTF-8.") from error
    except (pd.errors.EmptyDataError, StopIteration) as error:
        raise UnreadableFile(f"{path.name} is empty.") from error
    except pd.errors.ParserError as error:
        raise UnreadableFile(f"{path.name} is no table: {str(error).strip()}.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableFile(f"{path.name} is cut short or damaged: {error}.") from error
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from error


def read_header(path: Path) -> list[str]:
    with _opened(path) as file:
        return [str(name) for name in pd.read_csv(file, nrows=0, dtype=str).columns]


def read_log(path: Path, mapping: Mapping) -> pd.DataFrame:
    """The whole log, one row a line, under our column names, every cell as the text it was.

    Adds `line`, the number of the record in the file (the header is record 1).
    Raises `UnreadableFile` where the file is damaged or lacks a column.
    """
    header = read_header(path)
    missing = [name for name in mapping.columns.values() if name not in header]
    if missing:
        raise UnreadableFile(f"{path.name} lacks the column {', '.join(missing)}.")
    with _opened(path) as file:
        table = pd.read_csv(
            file, usecols=list(mapping.columns.values()), dtype=str, keep_default_na=False
        )
    names = {theirs: ours for ours, theirs in mapping.columns.items()}
    table = table.rename(columns=names)[list(COLUMNS)]
    table["line"] = range(2, len(table) + 2)
    return table
