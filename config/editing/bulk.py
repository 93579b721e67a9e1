"""Change one column of all rows that a search finds, by one rule.

A wish turns into the lines of a table, so its checks, its history and its undo are those of files
and of the editor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from journal.sheets import Column, Line, Plan, Sheet, Table
from journal.sheets.described import Row

SET, PERCENT, ADD, EMPTY = "set", "percent", "add", "empty"
WAYS: dict[str, Promise] = {
    SET: gettext_lazy("Set to this value"),
    PERCENT: gettext_lazy("Raise by so many percent (lower with a minus)"),
    ADD: gettext_lazy("Add so much (take off with a minus)"),
    EMPTY: gettext_lazy("Empty the cell"),
}
RECKONED = (PERCENT, ADD)


@dataclass(frozen=True)
class Wish:
    """What shall become of a column; `amount` belongs to the ways that reckon."""

    column: str
    way: str
    text: str = ""
    amount: Decimal = Decimal(0)


def changeable(sheet: Sheet) -> list[Column]:
    """The columns that many rows may change: not what tells them apart, nor what stays."""
    return [one for one in sheet.columns if one.code not in sheet.keys and not one.first_only]


def ways(column: Column) -> dict[str, Promise]:
    """What can be done to a column: only numbers are reckoned with, needed cells stay filled."""
    keeps = column.required or column.blank_keeps
    return {
        way: label
        for way, label in WAYS.items()
        if (way not in RECKONED or column.kind.is_number) and not (way == EMPTY and keeps)
    }


def without(sheet: Sheet, rows: Iterable[Row], column: Column) -> int:
    """In how many rows the column means nothing."""
    return sum(column.code in sheet.idle(sheet.texts(row)) for row in rows)


def table(sheet: Sheet, rows: Sequence[Row], wish: Wish) -> Table:
    """The wish as the lines of a table: what tells the rows apart, and the new cell."""
    columns = (*sheet.keys, wish.column)
    lines = [
        Line(number, {code: texts[code] for code in sheet.keys} | {wish.column: cell})
        for number, (texts, cell) in enumerate(_cells(sheet, rows, wish), start=1)
    ]
    return Table(sheet, str(sheet.label), columns, lines)


def refused(plan: Plan, asked: Table) -> list[tuple[str, str]]:
    """Which rows cannot be changed, and why."""
    cells = {line.number: line.cells for line in asked.lines}
    keys = asked.sheet.keys
    return [
        (" / ".join(filter(None, (cells[one.line][code] for code in keys))), one.text)
        for one in plan.problems
    ]


def _cells(sheet: Sheet, rows: Iterable[Row], wish: Wish) -> Iterable[tuple[dict[str, str], str]]:
    """The cells of each row that has the column, and what the wished one becomes."""
    kind = sheet.column(wish.column).kind
    for row in rows:
        texts, value = sheet.texts(row), row[wish.column]
        if wish.column in sheet.idle(texts):
            continue
        if wish.way not in RECKONED:
            yield texts, wish.text
        elif value is not None:  # a row without a number keeps none
            yield texts, kind.text(_reckoned(Decimal(value), wish, kind.places))


def _reckoned(known: Decimal, wish: Wish, places: int) -> Decimal:
    """Rounded half up to the decimals that the column has."""
    change = wish.amount if wish.way == ADD else known * wish.amount / 100
    return (known + change).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
