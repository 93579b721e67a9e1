"""What a file is, its first bytes say; which tables it may hold, and what their cells hold."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import ParseError

import pandas as pd
from django.utils.translation import gettext_noop as _

from journal.tables.columnar import find_columns, read_columns, sample_columns
from journal.tables.sources import Source, UnreadableFile
from journal.tables.texts import find_text, read_text, sample_text
from journal.tables.workbooks import find_tables, read_sheet, sample_sheet

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
                _("%(file)s is an old or a protected Excel file. Save it as .xlsx, unprotected."),
                file=path.name,
            )
        return [find_text(path, encoding)]


def read_table(source: Source, columns: dict[str, str]) -> pd.DataFrame:
    """The table under our names, `{ours: the file's}`: every cell as the text it was.

    Adds `line`, where the record begins in the file (the header is line 1), `fault`, why its
    cells cannot be trusted ("" = they can), and for typed cells `<name>_value`. Raises
    `UnreadableFile` where the file is damaged or has a column twice.
    """
    with _named_errors(source.path):
        return READERS[source.kind](source, columns)


def read_sample(source: Source) -> list[list[str]]:
    """The first rows as text, for a guess at what the columns mean."""
    with _named_errors(source.path):
        return SAMPLERS[source.kind](source, SAMPLE_ROWS)


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except pd.errors.ParserError as error:
        raise UnreadableFile(
            _("%(file)s is no table: %(error)s."), file=path.name, error=str(error).strip()
        ) from error
    except pd.errors.EmptyDataError as error:
        raise UnreadableFile(_("%(file)s is empty."), file=path.name) from error
    except (gzip.BadGzipFile, EOFError, zlib.error, zipfile.BadZipFile, ParseError) as error:
        raise UnreadableFile(
            _("%(file)s is cut short or damaged: %(error)s."), file=path.name, error=str(error)
        ) from error
    except OSError as error:
        raise UnreadableFile(
            _("%(file)s cannot be read: %(error)s."), file=str(path), error=str(error.strerror)
        ) from error
