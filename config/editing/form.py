"""Rows of tables as inputs: what is there, what was typed, and what is wrong with it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

from config.editing.things import Thing
from config.sheets import SHOP
from journal.sheets import REMOVE, Line, Plan, Sheet, Table, check
from journal.sheets.described import Row

BLANK_ROWS = 2
MORE_ROWS = 5
MOST_BLANK = 200


@dataclass
class Cell:
    """One input. `fixed`: it tells the row from others and stays."""

    column: str
    name: str
    text: str
    fixed: bool = False
    # what the page is about stands in its title, not in every row
    told: bool = False
    choices: tuple[tuple[str, str | Promise], ...] = ()
    references: str = ""
    errors: list[str] = field(default_factory=list)


@dataclass
class FormRow:
    """One row of a sheet as inputs; `stored`: it is in the shop already.

    Its `mark` names its inputs wherever it stands, so that what was typed stays with its row when
    others come and go.
    """

    number: int
    mark: str
    cells: list[Cell]
    stored: bool
    removed: bool = False
    errors: list[str] = field(default_factory=list)


@dataclass
class Part:
    """The rows of one sheet on the page of a thing."""

    sheet: Sheet
    rows: list[FormRow]
    may_change: bool

    @property
    def blank(self) -> int:
        return sum(not row.stored for row in self.rows)

    @property
    def single(self) -> bool:
        """Whether the thing itself is the one row."""
        return len(self.sheet.keys) == 1 and len(self.rows) == 1

    @property
    def grows(self) -> bool:
        """Whether there can be more rows than one."""
        return self.may_change and not self.single

    @property
    def columns(self) -> list[str]:
        return [cell.column for cell in self.rows[0].cells if not cell.told] if self.rows else []


def stamp(rows: Mapping[str, Sequence[Row]]) -> str:
    """Tells rows as they were shown from any other state of them."""
    told = {code: [SHOP.sheet(code).texts(row) for row in found] for code, found in rows.items()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def parts(
    thing: Thing,
    name: str,
    rows: Mapping[str, Sequence[Row]],
    typed: Mapping[str, str] | None,
    may_change: Iterable[str],
) -> list[Part]:
    """The page of a thing: its rows and some blank ones, or what was typed into them."""
    allowed = set(may_change)
    return [
        _part(SHOP.sheet(code), thing, name, rows[code], typed, may_change=code in allowed)
        for code in thing.sheets
    ]


def _part(
    sheet: Sheet,
    thing: Thing,
    name: str,
    rows: Sequence[Row],
    typed: Mapping[str, str] | None,
    *,
    may_change: bool,
) -> Part:
    single = sheet.keys == (thing.column,)
    blank = 0 if not may_change or (single and rows) else 1 if single else BLANK_ROWS
    if typed is not None and blank and not single:
        blank = blank_rows(typed, sheet.code)
    shown = []
    for number in range(len(rows) + blank):
        stored = number < len(rows)
        texts = sheet.texts(rows[number] if stored else None) | {thing.column: name}
        shown.append(_row(sheet, thing, number, texts, typed, stored=stored))
    return Part(sheet, shown, may_change)


def blank_rows(typed: Mapping[str, str], sheet: str) -> int:
    """How many blank rows a form ended with."""
    said = typed.get(f"{sheet}-blank", "")
    return min(int(said), MOST_BLANK) if said.isdecimal() else BLANK_ROWS


def _row(
    sheet: Sheet,
    thing: Thing,
    number: int,
    texts: dict[str, str],
    typed: Mapping[str, str] | None,
    *,
    stored: bool,
) -> FormRow:
    mark = _mark(sheet, texts) if stored else f"new{number}"
    cells = []
    for column in sheet.columns:
        name = f"{sheet.code}-{mark}-{column.code}"
        fixed = column.code == thing.column or (stored and column.code in sheet.keys)
        known = texts[column.code]
        text = known if typed is None or fixed else typed.get(name, known)
        told = column.code == thing.column
        cells.append(Cell(column.code, name, text, fixed, told, column.kind.choices, column.refers))
    removed = typed is not None and bool(typed.get(f"{sheet.code}-{mark}-{REMOVE}"))
    return FormRow(number, mark, cells, stored, removed)


def _mark(sheet: Sheet, texts: Mapping[str, str]) -> str:
    key = json.dumps([texts[code] for code in sheet.keys])
    return hashlib.sha256(key.encode()).hexdigest()[:10]


def as_tables(shown: Sequence[Part]) -> list[Table]:
    """The form as the lines of tables; blank rows and what one may not change are left out."""
    return [
        Table(
            part.sheet,
            str(part.sheet.label),
            tuple(column.code for column in part.sheet.columns),
            [
                Line(row.number, {cell.column: cell.text for cell in row.cells} | _gone(row))
                for row in part.rows
                if row.stored or not _blank(row)
            ],
        )
        for part in shown
        if part.may_change
    ]


def _gone(row: FormRow) -> dict[str, str]:
    return {REMOVE: "yes"} if row.removed else {}


def _blank(row: FormRow) -> bool:
    return not any(cell.text.strip() for cell in row.cells if not cell.fixed)


def judge(shown: Sequence[Part]) -> Plan:
    """Check what was typed; what is wrong stands at its input, or at its row."""
    plan = check(SHOP, as_tables(shown))
    rows = {(part.sheet.code, row.number): row for part in shown for row in part.rows}
    for problem in plan.problems:
        row = rows[problem.sheet, problem.line]
        cells = [cell for cell in row.cells if cell.column == problem.column and not cell.fixed]
        (cells[0].errors if cells else row.errors).append(problem.text)
    return plan
