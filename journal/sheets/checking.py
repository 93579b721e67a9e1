"""What an import would do: every row held against what there is, and nothing written."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from journal.sheets.described import (
    FEW,
    REMOVE,
    Book,
    Change,
    Key,
    Row,
    Sheet,
    Workbook,
    unknown,
)
from journal.sheets.kinds import BadCell, decimal_sign, yes_no
from journal.sheets.reading import FAULTS, Line, Table

_YES_NO = yes_no()


@dataclass(frozen=True)
class Problem:
    """One bad cell, or a bad row where `column` is empty; `text` says what to do."""

    sheet: str
    origin: str
    line: int
    column: str
    text: str

    def __str__(self) -> str:
        place = _("%(file)s, line %(line)d") % {"file": self.origin, "line": self.line}
        column = _(", column %(column)s") % {"column": self.column} if self.column else ""
        return f"{place}{column}: {self.text}"


@dataclass
class Planned:
    """What would become of the rows of one sheet."""

    sheet: Sheet
    created: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    removed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    refused: int = 0

    @property
    def changes(self) -> list[Change]:
        return [*self.created, *self.changed, *self.removed]


@dataclass
class Plan:
    """What an import would do. `digest` tells one such answer from any other."""

    sheets: list[Planned]
    problems: list[Problem]
    said: list[str] = field(default_factory=list)

    @property
    def changes(self) -> list[Change]:
        return [change for planned in self.sheets for change in planned.changes]

    @property
    def is_clean(self) -> bool:
        return not self.problems

    @property
    def digest(self) -> str:
        told = [[one.sheet.code, one.key, *one.told] for one in self.changes]
        text = json.dumps([told, [str(problem) for problem in self.problems]], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def check(workbook: Workbook, tables: Sequence[Table]) -> Plan:
    """Hold tables against the shop, as it is now.

    1 read every cell, 2 find what differs, 3 look for what rows name, 4 ask each sheet what else
    is wrong. The number of queries does not grow with the rows; a few rows are read by themselves.
    """
    checking = _Checking(workbook)
    for table in tables:
        checking.take(table)
    checking.judge()
    said = [f"{table.origin}: {table.said}" for table in tables if table.said]
    said += [f"{table.origin}: {note}" for table in tables for note in table.notes]
    return checking.plan(said)


class _Checking:
    def __init__(self, workbook: Workbook) -> None:
        self.book = Book(workbook)
        self.workbook = workbook
        self.sheets: dict[str, Planned] = {}
        self.problems: list[Problem] = []
        self.seen: dict[tuple[str, Key], str] = {}

    # 1 and 2: read, and find what differs

    def take(self, table: Table) -> None:
        planned = self.sheets.setdefault(table.sheet.code, Planned(table.sheet))
        sign = decimal_sign(_numbers(table))
        self._expect(table, sign)
        for line in table.lines:
            if change := self._read(table, line, sign):
                self._plan(planned, change)

    def _expect(self, table: Table, sign: str) -> None:
        """Read the rows of the shop that a table speaks of."""
        sheet, lines = table.sheet, table.lines
        if len(lines) > FEW:
            self.book.current(sheet.code)
            return
        told = [_values(sheet, _only_keys(sheet, line), sign) for line in lines if not line.fault]
        keys = [
            sheet.key_of({**sheet.blank(), **given})
            for given, bad in told
            if not _keyless(sheet, given, bad)
        ]
        self.book.expect(sheet.code, keys)

    def _read(self, table: Table, line: Line, sign: str) -> Change | None:
        """What the line wants; None where nobody knows of which row it speaks."""
        sheet = table.sheet
        if line.fault:
            self._lose(table, line, {"": _(FAULTS[line.fault])})
            return None
        given, bad = _values(sheet, line, sign)
        if keyless := _keyless(sheet, given, bad):
            self._lose(table, line, keyless | bad)
            return None
        key = sheet.key_of({**sheet.blank(), **given})
        if first := self.seen.get((sheet.code, key)):
            text = _("The row “%(key)s” stands twice; first in %(first)s. Keep one of them.")
            self._lose(table, line, {"": text % {"key": " / ".join(key), "first": first}})
            return None
        self.seen[sheet.code, key] = _("%(file)s, line %(line)d") % {
            "file": table.origin,
            "line": line.number,
        }
        before = self.book.row(sheet.code, key)
        for column, text in (_missing(sheet, line, given, before) | bad).items():
            self._note(table, line, column, text)
            self.book.refused.add((sheet.code, key))
        after = None
        if not given.get(REMOVE):
            after = sheet.settle(_merged(sheet, given, before), self.book)
        return Change(sheet, key, before, after, line.number, table.origin)

    def _plan(self, planned: Planned, change: Change) -> None:
        self.book.plan(change.sheet.code, change.key, change.after)
        if (change.sheet.code, change.key) in self.book.refused:
            planned.refused += 1
        elif not change.fields:
            planned.unchanged += 1
        elif change.before is None:
            planned.created.append(change)
        else:
            (planned.changed if change.after is not None else planned.removed).append(change)

    # 3 and 4: what else is wrong

    def judge(self) -> None:
        for planned in self.sheets.values():
            sheet, there = planned.sheet, [*planned.created, *planned.changed]
            self._expect_named(sheet, there)
            for change in there:
                self._look_up(change)
            whole = [change for change in there if not self._is_refused(change)]
            for fault in sheet.faults(whole, self.book):
                self._find(fault.change, fault.column, fault.text)
            self._guard(sheet, planned.removed)
        for planned in self.sheets.values():
            self._sort_out(planned)

    def _expect_named(self, sheet: Sheet, changes: Sequence[Change]) -> None:
        for column in sheet.columns:
            if column.refers and self.workbook.sheet(column.refers).called_by_key:
                texts = {column.kind.text(change.row[column.code]) for change in changes}
                self.book.expect(column.refers, [(text,) for text in texts if text])

    def _look_up(self, change: Change) -> None:
        for column in change.sheet.columns:
            text = column.kind.text(change.row[column.code])
            if not column.refers or not text or self.book.knows(column.refers, (text,)):
                continue
            self._find(change, column.code, unknown(self.workbook.sheet(column.refers), text))

    def _guard(self, sheet: Sheet, removed: Sequence[Change]) -> None:
        """Rows that others name, or that are in use, stay."""
        if not removed:
            return
        named = self._named(sheet.code)
        for change in removed:
            name = sheet.name_of(change.row)
            if name in named and not self.book.knows(sheet.code, name):
                text = _("It is named in the sheet %(sheet)s, row “%(row)s”. Change that first.")
                other, key = named[name]
                self._find(change, REMOVE, text % {"sheet": other, "row": " / ".join(key)})
        for fault in sheet.kept(removed, self.book):
            self._find(fault.change, fault.column, fault.text)

    def _named(self, code: str) -> dict[Key, tuple[str, Key]]:
        """What the rows that would be there name in a sheet, and an example of who does."""
        return {
            name: (sheet.code, key)
            for sheet in self.workbook.naming(code)
            for key, row in self.book.planned(sheet.code).items()
            for target, name in sheet.mentions(row, self.book)
            if target == code
        }

    def _sort_out(self, planned: Planned) -> None:
        for changes in (planned.created, planned.changed, planned.removed):
            good = [change for change in changes if not self._is_refused(change)]
            planned.refused += len(changes) - len(good)
            changes[:] = good

    def _is_refused(self, change: Change) -> bool:
        return (change.sheet.code, change.key) in self.book.refused

    # Naming what is wrong

    def _find(self, change: Change, column: str, text: str) -> None:
        self.problems.append(Problem(change.sheet.code, change.origin, change.line, column, text))
        self.book.refused.add((change.sheet.code, change.key))

    def _note(self, table: Table, line: Line, column: str, text: str) -> None:
        self.problems.append(Problem(table.sheet.code, table.origin, line.number, column, text))

    def _lose(self, table: Table, line: Line, bad: Mapping[str, str]) -> None:
        """A row of which nobody knows which one it is."""
        self.sheets[table.sheet.code].refused += 1
        for column, text in bad.items():
            self._note(table, line, column, text)

    def plan(self, said: list[str]) -> Plan:
        order = {sheet.code: place for place, sheet in enumerate(self.workbook.sheets)}
        problems = sorted(self.problems, key=lambda one: (order[one.sheet], one.origin, one.line))
        return Plan(list(self.sheets.values()), problems, said)


def _numbers(table: Table) -> Iterator[str]:
    columns = [c.code for c in table.sheet.columns if c.kind.is_number and c.code in table.columns]
    return (line.cells[code] for line in table.lines for code in columns if line.cells.get(code))


def _values(sheet: Sheet, line: Line, sign: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What the cells hold, and what is wrong with those that cannot be read."""
    given: dict[str, Any] = {}
    bad: dict[str, str] = {}
    for code, cell in line.cells.items():
        kind = _YES_NO if code == REMOVE else sheet.column(code).kind
        try:
            value = kind.read(cell, sign) if cell else None
            given[code] = sheet.column(code).default if not cell and code in sheet.keys else value
        except BadCell as error:
            bad[code] = str(error)
    return given, bad


def _only_keys(sheet: Sheet, line: Line) -> Line:
    return Line(line.number, {code: line.cells[code] for code in sheet.keys if code in line.cells})


def _keyless(sheet: Sheet, given: Mapping[str, Any], bad: Mapping[str, str]) -> dict[str, str]:
    """The key cells that are empty; one with a default may be."""
    return {
        code: bad.get(code) or _("This cell tells the row from all others. Fill it in.")
        for code in sheet.keys
        if code in bad or (given.get(code) is None and sheet.column(code).default is None)
    }


def _missing(
    sheet: Sheet, line: Line, given: Mapping[str, Any], before: Row | None
) -> dict[str, str]:
    """Cells that a row needs and lacks; a row that goes needs none, and what the shop lacks
    itself is not asked for."""
    if given.get(REMOVE):
        return {}
    lacking = {code for code, text in sheet.texts(before).items() if before and not text}
    lacking |= line.lacking
    return {
        column.code: _("This cell is needed. Fill it in.")
        for column in sheet.columns
        if column.required and column.code not in lacking
        if (column.code in given or before is None) and given.get(column.code) in (None, "", [])
    }


def _merged(sheet: Sheet, given: dict[str, Any], before: Row | None) -> Row:
    row = dict(before or sheet.blank())
    for column in sheet.columns:
        if column.code not in given or (before is not None and column.first_only):
            continue
        value = given[column.code]
        if value is None and not (before is not None and column.blank_keeps):
            value = column.empty
        elif value is None:
            continue
        row[column.code] = value
    return row
