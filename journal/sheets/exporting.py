"""Sheets as files: what comes out goes in again unchanged, and works nothing out in between."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from xlsxwriter import Workbook as Book
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from journal.lists.exporting import BYTE_ORDER_MARK, is_risky
from journal.sheets.described import Column, Sheet

_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
_WIDTH = 18


def as_csv(sheet: Sheet) -> str:
    paper = io.StringIO()
    writer = csv.writer(paper, lineterminator="\n")
    writer.writerow(column.code for column in sheet.columns)
    for row in sheet.load().values():
        writer.writerow(_guarded(column, row[column.code]) for column in sheet.columns)
    return BYTE_ORDER_MARK + paper.getvalue()


def _guarded(column: Column, value: Any) -> str:
    """A text with an apostrophe before it is never worked out; one that has such already gets
    one more, so that reading takes away exactly what was added."""
    text = column.kind.text(value)
    is_text = not column.kind.is_number
    return f"'{text}" if is_text and is_risky(text.lstrip("'")) else text


def as_xlsx(sheets: Iterable[Sheet]) -> bytes:
    """One tab for each sheet."""
    file = io.BytesIO()
    with Book(file, _OPTIONS) as book:
        looks = {
            "bold": book.add_format({"bold": True}),
            "quoted": book.add_format({"quote_prefix": True}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for sheet in sheets:
            _fill(book.add_worksheet(sheet.code), sheet, looks)
    return file.getvalue()


def _fill(page: Worksheet, sheet: Sheet, looks: dict[str, Format]) -> None:
    page.freeze_panes(1, 0)
    page.set_column(0, len(sheet.columns) - 1, _WIDTH)
    for place, column in enumerate(sheet.columns):
        page.write_string(0, place, column.code, looks["bold"])
    for number, row in enumerate(sheet.load().values(), start=1):
        for place, column in enumerate(sheet.columns):
            _write(page, number, place, column, row[column.code], looks)


def _write(
    page: Worksheet, number: int, place: int, column: Column, value: Any, looks: dict[str, Format]
) -> None:
    text = column.kind.text(value)
    if not text:
        return
    if isinstance(value, int | Decimal) and column.kind.is_number:
        page.write_number(number, place, float(text))
    elif isinstance(value, date):
        page.write_datetime(number, place, value, looks["day"])
    else:
        page.write_string(number, place, text, looks["quoted"] if is_risky(text) else None)
