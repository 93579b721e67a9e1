"""Excel workbooks (.xlsx): the table of a sheet, and the cells that only seem to hold a value."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from django.utils.translation import gettext_noop as _
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils import range_boundaries
from openpyxl.utils.datetime import from_excel

from journal.tables.sources import Source, UnreadableFile
from journal.tables.typed import as_text, typed_table

HEADER_WITHIN = 20
CHUNK = 1 << 20
# an XML element that is cut by a chunk's end is found in the next one
OVERLAP = 200
MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+\d+:[A-Z]+\d+)"')
FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
# 1954 to 2119: a number of this size in a date column is Excel's count of days
SERIALS = range(20_000, 80_000)


def find_tables(path: Path, sheet: str = "") -> list[Source]:
    """Every row of every sheet that may be a header, in order; of one sheet where it is named."""
    with closing(_workbook(path)) as book:
        names = [each.title for each in book.worksheets]
        if sheet and sheet not in names:
            raise UnreadableFile(
                _("%(file)s has no sheet “%(sheet)s”; it has %(sheets)s."),
                file=path.name,
                sheet=sheet,
                sheets=", ".join(names),
            )
        wanted = [sheet] if sheet else names
        found = [
            _source(path, name, row, header, names)
            for name in wanted
            for row, header in _headers(book[name])
        ]
    if not found:
        raise UnreadableFile(_("%(file)s is empty: no sheet has a header."), file=path.name)
    return found


def read_sheet(source: Source, columns: dict[str, str]) -> pd.DataFrame:
    """The columns `{ours: theirs}` with `line`, the row in the sheet, and `fault`."""
    places = {ours: source.position(theirs) for ours, theirs in columns.items()}
    merged, formulas = _scan(source)
    _refuse_merged(source, merged, set(places.values()))
    values: dict[str, list[Any]] = {ours: [] for ours in places}
    lines: list[int] = []
    picked = list(places.values())
    with closing(_workbook(source.path)) as book:
        for line, row in _rows(book[source.sheet], source.header_row + 1):
            cells = [row[place] if place < len(row) else None for place in picked]
            if any(cell is not None for cell in cells):
                lines.append(line)
                for column, cell in zip(values.values(), cells, strict=True):
                    column.append(cell)
        if "at" in values:
            values["at"] = [_day(cell, book.epoch) for cell in values["at"]]
    faults = _faults(values, lines, _unvalued(source, set(picked)) if formulas else set())
    return typed_table(values, lines, faults)


def sample_sheet(source: Source, rows: int) -> list[list[str]]:
    with closing(_workbook(source.path)) as book:
        body = _rows(book[source.sheet], source.header_row + 1)
        return [[as_text(cell) for cell in row] for _, row in islice(body, rows)]


def _workbook(path: Path, *, values: bool = True) -> Any:
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=values)
    except KeyError as error:
        raise UnreadableFile(
            _("%(file)s is a ZIP archive but no workbook. Unpack it and import the file in it."),
            file=path.name,
        ) from error


def _rows(sheet: Any, first: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
    # the size that a sheet states of itself may be wrong; its cells are not
    sheet.reset_dimensions()
    return enumerate(sheet.iter_rows(min_row=first, values_only=True), start=first)


def _headers(sheet: Any) -> Iterator[tuple[int, tuple[str, ...]]]:
    for row, cells in islice(_rows(sheet, 1), HEADER_WITHIN):
        texts = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
        if len(texts) > 1:
            yield row, tuple(as_text(cell).strip() for cell in cells)


def _source(path: Path, sheet: str, row: int, header: tuple[str, ...], names: list[str]) -> Source:
    others = [name for name in names if name != sheet]
    said = f"Excel workbook, sheet “{sheet}”, header in row {row}"
    notes = (f"Other sheets were not read: {', '.join(others)}.",) if others else ()
    return Source(path, "xlsx", header, said, notes, sheet=sheet, header_row=row)


def _day(cell: Any, epoch: Any) -> Any:
    is_serial = isinstance(cell, int | float) and int(cell) in SERIALS
    return from_excel(cell, epoch) if is_serial else cell


def _faults(values: dict[str, list[Any]], lines: list[int], unvalued: set[int]) -> list[str]:
    faults = ["formula_without_value" if line in unvalued else "" for line in lines]
    for column in values.values():
        for i, cell in enumerate(column):
            if cell in ERROR_CODES and not faults[i]:
                faults[i] = "cell_error"
    return faults


def _refuse_merged(source: Source, merged: list[str], places: set[int]) -> None:
    """A merged cell has its value in its first row only; for which rows it is meant, none says."""
    bad = []
    for area in merged:
        left, _top, right, bottom = range_boundaries(area)
        if bottom > source.header_row and places & set(range(left - 1, right)):
            bad.append(area)
    if bad:
        raise UnreadableFile(
            _(
                "%(file)s, sheet “%(sheet)s”, has merged cells: %(cells)s. "
                "Unmerge them and give every line its own value."
            ),
            file=source.path.name,
            sheet=source.sheet,
            cells=", ".join(bad[:5]) + (f" … ({len(bad)})" if len(bad) > 5 else ""),
        )


def _scan(source: Source) -> tuple[list[str], bool]:
    """The merged areas of a sheet and whether it has formulas: openpyxl tells neither while it
    streams."""
    merged: dict[str, None] = {}
    formulas, tail = False, b""
    with closing(_workbook(source.path)) as book:
        part = book[source.sheet]._worksheet_path
    with zipfile.ZipFile(source.path) as archive, archive.open(part) as file:
        while chunk := file.read(CHUNK):
            window = tail + chunk
            formulas = formulas or bool(FORMULA.search(window))
            merged |= {area.decode(): None for area in MERGED.findall(window)}
            tail = window[-OVERLAP:]
    return list(merged), formulas


def _unvalued(source: Source, places: set[int]) -> set[int]:
    """Rows with a formula in one of the columns whose result was never calculated and saved."""
    with (
        closing(_workbook(source.path)) as valued,
        closing(_workbook(source.path, values=False)) as written,
    ):
        pairs = zip(_rows(valued[source.sheet], 1), _rows(written[source.sheet], 1), strict=True)
        return {
            line
            for (line, values), (_, formulas) in pairs
            if any(
                values[place] is None and formulas[place] is not None
                for place in places
                if place < min(len(values), len(formulas))
            )
        }
