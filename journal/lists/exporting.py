"""A list as a file: exactly the rows that were found, in their order, for a spreadsheet.

Rows are fetched a thousand at a time, so a file of a million rows needs little memory. A text
that a spreadsheet would take for a formula stays a text.
"""

import csv
import io
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.utils import timezone, translation
from xlsxwriter import Workbook

from journal.lists.described import Column, Listing, Value

AT_A_TIME = 1000
MOST_ROWS = 100_000  # of an XLSX file, which is ready only when its last row is
A_SHEET = 1_048_576  # rows; where Excel itself ends
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads Chinese as Latin letters
# what a spreadsheet takes for the beginning of a formula, full-width signs included
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
A_PIECE = 64 * 1024
CENTS = Decimal("0.01")
FORMATS = {
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "money": "#,##0.00",
    "number": "0",
}
WIDTHS = {"date": 12, "moment": 17, "money": 12, "number": 10, "text": 24, "links": 24}


class TooManyRows(Exception):
    """More rows than one XLSX file gets."""


@dataclass(frozen=True)
class Export:
    """What goes into a file, and how its reader reads: language and time zone of the request."""

    listing: Listing[Any]
    ids: Sequence[int]
    now: datetime
    language: str
    zone: str

    def header(self) -> list[str]:
        with translation.override(self.language):
            return [self._heading(column) for column in self.listing.columns]

    def _heading(self, column: Column[Any]) -> str:
        return f"{column.header} ({self.zone})" if column.kind == "moment" else str(column.header)

    def chunks(self) -> Iterator[list[list[Value]]]:
        """Rows of plain values, some at a time."""
        for start in range(0, len(self.ids), AT_A_TIME):
            with translation.override(self.language), timezone.override(self.zone):
                rows = self.listing.fetch(self.ids[start : start + AT_A_TIME], self.now)
                ready = [[_plain(one, row) for one in self.listing.columns] for row in rows]
            yield ready


class Streamed(StreamingHttpResponse):
    """Sends pieces as they come, under WSGI and ASGI alike; Django alone would collect them all."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = iter(self)
        following = sync_to_async(lambda: next(pieces, None))
        while (piece := await following()) is not None:
            yield piece


def as_csv(export: Export) -> Streamed:
    answer = Streamed(_csv(export), content_type="text/csv; charset=utf-8")
    return _named(answer, export, "csv")


def as_xlsx(export: Export) -> Streamed:
    """Raises `TooManyRows`."""
    if len(export.ids) > MOST_ROWS:
        raise TooManyRows
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _named(Streamed(_pieces(_workbook(export)), content_type=kind), export, "xlsx")


def _named(answer: Streamed, export: Export, ending: str) -> Streamed:
    name = f"{export.listing.name}-{timezone.localdate(export.now).isoformat()}.{ending}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _plain(column: Column[Any], row: Any) -> Value:
    """The value of a cell as a file holds it: words for codes, times of the zone."""
    if column.word is not None:
        return str(column.word(row))
    if column.links is not None:
        return ", ".join(link.text for link in column.links(row))
    value = column.value(row)
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None, microsecond=0)
    if column.kind == "money" and isinstance(value, Decimal):
        return value.quantize(CENTS)
    return value


def is_risky(value: object) -> bool:
    """A spreadsheet that opens this text would work it out."""
    return isinstance(value, str) and value.startswith(FORMULAS)


# CSV


def _csv(export: Export) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _lines([export.header()])
    for rows in export.chunks():
        yield _lines(rows)


def _lines(rows: Sequence[Sequence[Value]]) -> str:
    paper = io.StringIO()
    csv.writer(paper).writerows([_safe(value) for value in row] for row in rows)
    return paper.getvalue()


def _safe(value: Value) -> Value:
    """CSV knows no kinds: an apostrophe tells the spreadsheet that what follows is a text."""
    return f"'{value}" if is_risky(value) else value


# XLSX


def _workbook(export: Export) -> "tempfile._TemporaryFileWrapper[bytes]":
    """A finished workbook in a file that goes when it is closed."""
    file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115  # closed by who reads it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file.name, options) as book:
        _Sheet(book, export).fill()
    file.seek(0)
    return file


class _Sheet:
    """Writes one export into one sheet, from the top down."""

    def __init__(self, book: Workbook, export: Export) -> None:
        self.export = export
        self.columns = export.listing.columns
        self.sheet = book.add_worksheet(export.listing.name)
        self.bold = book.add_format({"bold": True})
        self.quoted = book.add_format({"quote_prefix": True})
        self.formats = {
            kind: book.add_format({"num_format": shown}) for kind, shown in FORMATS.items()
        }

    def fill(self) -> None:
        self.sheet.freeze_panes(1, 0)
        for place, column in enumerate(self.columns):
            self.sheet.set_column(place, place, WIDTHS.get(column.kind, 16))
        for place, heading in enumerate(self.export.header()):
            self.sheet.write_string(0, place, heading, self.bold)
        rows = (row for chunk in self.export.chunks() for row in chunk)
        for number, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                self._write(number, place, value)

    def _write(self, number: int, place: int, value: Value) -> None:
        shown = self.formats.get(self.columns[place].kind)
        if value is None or value == "":
            return
        if isinstance(value, str):
            self.sheet.write_string(number, place, value, self.quoted if is_risky(value) else None)
        elif isinstance(value, int | float | Decimal):
            self.sheet.write_number(number, place, value, shown)
        else:
            self.sheet.write_datetime(number, place, value, shown)


def _pieces(file: "tempfile._TemporaryFileWrapper[bytes]") -> Iterator[bytes]:
    with file:
        while piece := file.read(A_PIECE):
            yield piece
