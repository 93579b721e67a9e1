"""CSV: every cell as the text it was; a line with too few or many fields is marked, not lost."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, cast

import pandas as pd
from django.utils.translation import gettext_noop as _

from journal.tables.decoding import Text, WithoutNul, examine, opened_text
from journal.tables.sources import Source, UnreadableFile

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SAMPLE_RECORDS = 50


def find_text(path: Path, encoding: str = "") -> Source:
    """The table of a CSV file: encoding, delimiter and header. Reads every byte once."""
    text = examine(path, encoding)
    delimiter, header = _layout(path, text.encoding)
    source = Source(
        path=path,
        kind="csv",
        header=header,
        said=f"CSV, {text.name}, separated by {DELIMITERS[delimiter]}",
        notes=tuple(_notes(text)),
        encoding=text.encoding,
        example=text.example,
        delimiter=delimiter,
        newlines=text.newlines,
        ends=text.ends,
        nul=text.nul,
    )
    if not text.ends:
        _refuse_half_line(source)
    return source


def read_text(source: Source, columns: dict[str, str]) -> pd.DataFrame:
    """The columns `{ours: theirs}` as text, with `line` and with `fault` ("" = none)."""
    places = {ours: source.position(theirs) for ours, theirs in columns.items()}
    last, beyond = len(source.header) - 1, len(source.header)
    cells = _cells(source, {*places.values(), last, beyond})
    regular = (
        not source.nul
        and source.newlines + (not source.ends) == len(cells) + 1
        and not (cells[str(last)] == "").any()
        and (cells[str(beyond)] == "").all()
    )
    table = cells[[str(place) for place in places.values()]].set_axis(list(places), axis=1)
    if regular:
        return table.assign(line=range(2, len(table) + 2), fault="")
    lines, faults = _records(source)
    if len(lines) != len(table):
        raise UnreadableFile(
            _("%(file)s is no table: its quotation marks do not close where they should."),
            file=source.path.name,
        )
    return table.assign(line=lines, fault=faults)


def _cells(source: Source, places: set[int]) -> pd.DataFrame:
    """The columns at these places, named by them. One place beyond the header is empty in a
    regular file: pandas pads every line to the width of its header."""
    names = map(str, range(len(source.header) + 1))
    try:
        with _readable(source) as file:
            next(row for row in _rows(file, source) if not _blank(row))
            return pd.read_csv(
                cast("IO[str]", Headed(file, source.delimiter.join(names))),
                sep=source.delimiter,
                usecols=[str(place) for place in sorted(places)],
                index_col=False,
                dtype=str,
                keep_default_na=False,
            )
    except pd.errors.ParserError as error:
        lines, _faults = _records(source)
        raise UnreadableFile(
            _("%(file)s is no table: a quotation mark in line %(line)d does not close."),
            file=source.path.name,
            line=lines[-1],
        ) from error


def sample_text(source: Source, rows: int) -> list[list[str]]:
    with _readable(source) as file:
        records = (row for row in _rows(file, source) if not _blank(row))
        return list(islice(records, 1, rows + 1))


@contextmanager
def _readable(source: Source) -> Iterator[IO[str] | WithoutNul]:
    with opened_text(source.path, source.encoding) as file:
        yield WithoutNul(file) if source.nul else file


class Headed:
    """A file whose header was read already, under another header."""

    def __init__(self, file: "IO[str] | WithoutNul", header: str) -> None:
        self.file = file
        self.header = header + "\n"

    def read(self, size: int = -1) -> str:
        header, self.header = self.header, ""
        return header or self.file.read(size)

    def __iter__(self) -> Iterator[str]:
        yield self.header
        yield from self.file


def _rows(file: "IO[str] | WithoutNul", source: Source) -> Iterator[list[str]]:
    return csv.reader(file, delimiter=source.delimiter)


def _layout(path: Path, encoding: str) -> tuple[str, tuple[str, ...]]:
    """The delimiter that cuts the first lines into equally many fields, and the header."""
    with opened_text(path, encoding) as file:
        head = list(islice(file, SAMPLE_RECORDS))
    if not "".join(head).strip():
        raise UnreadableFile(_("%(file)s is empty."), file=path.name)
    layouts = [(_agreement(head, delimiter), delimiter) for delimiter in DELIMITERS]
    (fields, _agreeing), delimiter = max(layouts, key=lambda layout: layout[0])
    if fields < 2:
        raise UnreadableFile(
            _("%(file)s is no table: its first line has no commas, semicolons or tabs."),
            file=path.name,
        )
    return delimiter, tuple(name.strip() for name in _header(head, delimiter))


def _agreement(head: list[str], delimiter: str) -> tuple[int, int]:
    """(number of fields of the header, of records that have as many); few fields count as none."""
    sizes = [len(row) for row in csv.reader(head, delimiter=delimiter) if not _blank(row)]
    agreeing = sum(size == sizes[0] for size in sizes)
    return (sizes[0] if agreeing > 1 or len(sizes) == 1 else min(sizes[0], 2), agreeing)


def _header(head: list[str], delimiter: str) -> list[str]:
    return next(row for row in csv.reader(head, delimiter=delimiter) if not _blank(row))


def _blank(row: list[str]) -> bool:
    return len(row) <= 1 and not "".join(row).strip()


def _notes(text: Text) -> Iterator[str]:
    if text.example:
        yield (
            f"The encoding {text.name} is a guess. A line reads: {text.example} "
            "If that is wrong, name the right one with --encoding."
        )
    if not text.ends:
        yield "The last line has no line end: check that the file is whole."
    if text.nul:
        yield "The file holds NUL bytes; lines with one are refused."


def _refuse_half_line(source: Source) -> None:
    lines, faults = _records(source)
    if faults and faults[-1] == "short_line":
        raise UnreadableFile(
            _(
                "%(file)s is cut short: line %(line)d, the last one, has too few fields. "
                "Export it again."
            ),
            file=source.path.name,
            line=lines[-1],
        )


def _records(source: Source) -> tuple[list[int], list[str]]:
    """For each record the line on which it begins, and its fault."""
    width = len(source.header)
    lines: list[int] = []
    faults: list[str] = []
    try:
        with _readable(source) as file:
            reader = csv.reader(file, delimiter=source.delimiter)
            begins = 1
            for row in reader:
                if not _blank(row):
                    lines.append(begins)
                    faults.append(_fault(row, width, nul=source.nul))
                begins = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFile(
            _(
                "%(file)s is no table from line %(line)d on: %(error)s. "
                "A quotation mark there does not close."
            ),
            file=source.path.name,
            line=begins,
            error=str(error),
        ) from error
    return lines[1:], faults[1:]


def _fault(row: list[str], width: int, *, nul: bool) -> str:
    if nul and "\ufffd" in "".join(row):
        return "nul_byte"
    if len(row) < width:
        return "short_line"
    return "long_line" if any(row[width:]) else ""
