"""Read an order log from CSV, Excel or Parquet: what a cell holds, nothing guessed or dropped."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import ParseError

import pandas as pd

from orders.importing.columnar import find_columns, read_columns, sample_columns
from orders.importing.mapping import COLUMNS, Mapping
from orders.importing.sources import Source, UnreadableFile
from orders.importing.texts import find_text, read_text, sample_text
from orders.importing.workbooks import find_tables, read_sheet, sample_sheet

SAMPLE_ROWS = 1000

READERS = {"csv": read_text, "xlsx": read_sheet, "parquet": read_columns}
SAMPLERS = {"csv": sample_text, "xlsx": sample_sheet, "parquet": sample_columns}


def find_sources(path: Path, *, sheet: str = "", encoding: str = "") -> list[Source]:
    """The tables that the file may hold: one, or in a workbook one for each row that may be a
    header. What the file is, its first bytes say, not its name."""
    with _named_errors(path):
        with path.open("rb") as file:
            head = file.read(4)
        if head == b"PK\x03\x04":
            return find_tables(path, sheet)
        if head == b"PAR1":
            return [find_columns(path)]
        if head == b"\xd0\xcf\x11\xe0":
            raise UnreadableFile(
                f"{path.name} is an old or a protected Excel file. Save it as .xlsx, unprotected."
            )
        return [find_text(path, encoding)]


def read_header(path: Path) -> list[str]:
    return list(find_sources(path)[0].header)


def find_source(path: Path, mapping: Mapping, *, sheet: str = "", encoding: str = "") -> Source:
    """The first table of the file with all columns of the mapping."""
    sources = find_sources(
        path, sheet=sheet or mapping.sheet, encoding=encoding or mapping.encoding
    )
    fitting = (source for source in sources if mapping.fits(source.header))
    if source := next(fitting, None):
        return source
    closest = min(sources, key=lambda source: len(mapping.missing(source.header)))
    missing = ", ".join(mapping.missing(closest.header))
    raise UnreadableFile(
        f"{path.name} lacks the column {missing}. It has {', '.join(closest.header)}."
    )


def read_log(path: Path, mapping: Mapping, *, source: Source | None = None) -> pd.DataFrame:
    """The whole log, one row a line, under our column names, every cell as the text it was.

    Adds `line`, where the record begins in the file (the header is line 1), `fault`, why its
    cells cannot be trusted ("" = they can), and for typed cells `quantity_value`, `price_value`
    and `at_value`. Raises `UnreadableFile` where the file is damaged or lacks a column.
    """
    source = source or find_source(path, mapping)
    with _named_errors(path):
        table = READERS[source.kind](source, mapping.columns)
    absent = {name: "" for name in COLUMNS if name not in mapping.columns}
    table = table.assign(**absent)
    return table[[*COLUMNS, *(name for name in table.columns if name not in COLUMNS)]]


def read_sample(source: Source) -> list[list[str]]:
    """The first rows as text, for a guess at what the columns mean."""
    with _named_errors(source.path):
        return SAMPLERS[source.kind](source, SAMPLE_ROWS)


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except pd.errors.ParserError as error:
        raise UnreadableFile(f"{path.name} is no table: {str(error).strip()}.") from error
    except pd.errors.EmptyDataError as error:
        raise UnreadableFile(f"{path.name} is empty.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error, zipfile.BadZipFile, ParseError) as error:
        raise UnreadableFile(f"{path.name} is cut short or damaged: {error}.") from error
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from error
