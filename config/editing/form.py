"""Rows of tables as inputs: what is there, what was typed, and what is wrong with it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

from config.editing.things import Thing
from config.sheets import SHOP
from journal.sheets import REMOVE, Line, Plan, Sheet, Table, check
from journal.sheets.described import Key, Row

BLANK_ROWS = 2
MORE_ROWS = 5
MOST_BLANK = 200
# more names than a browser lists while one types
MOST_OFFERED = 1_000


@dataclass
class Cell:
    """One input. `fixed`: it tells the row from others and stays."""

    column: str
    name: str
    text: str
    fixed: bool = False
    # it stands in the title of the page or of the row, not in a column of its own
    told: bool = False
    # it means nothing in this row, and nothing would be lost without it
    idle: bool = False
    choices: tuple[tuple[str, str | Promise], ...] = ()
    references: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def has_lines(self) -> bool:
        """An input of one line would lose the ends of the others."""
        return "\n" in self.text


@dataclass
class FormRow:
    """One row of a sheet as inputs; `stored`: it is in the shop already.

    Its `mark` names its inputs wherever it stands, so that what was typed stays with its row when
    others come and go.
    """

    number: int
    mark: str
    key: Key
    cells: list[Cell]
    stored: bool
    # what it is called beside the title of the page
    title: str = ""
    removed: bool = False
    errors: list[str] = field(default_factory=list)


@dataclass
class Part:
    """Rows of one sheet on a page; `single`: the page is about one row; `titled`: each row has its
    title before it, instead of columns that tell it from others."""

    sheet: Sheet
    rows: list[FormRow]
    may_change: bool
    single: bool
    titled: bool

    @property
    def blank(self) -> int:
        return sum(not row.stored for row in self.rows)

    @property
    def grows(self) -> bool:
        """Whether there can be more rows than one."""
        return self.may_change and not self.single

    @property
    def keys(self) -> str:
        """The rows that are there, for the form to say which ones it is about."""
        return json.dumps([row.key for row in self.rows if row.stored], ensure_ascii=False)

    @property
    def columns(self) -> list[str]:
        return [cell.column for cell in self.rows[0].cells if not cell.told] if self.rows else []


@dataclass(frozen=True)
class _Asked:
    """A sheet on a page, what the page has `given` in every row, and what was typed into it."""

    sheet: Sheet
    given: Mapping[str, str]
    typed: Mapping[str, str] | None
    titled: bool

    def row(self, number: int, known: Row | None) -> FormRow:
        """What is known of a row, or what was typed into it."""
        sheet, stored = self.sheet, known is not None
        texts = {**sheet.texts(known), **self.given}
        mark = mark_of(sheet, texts) if stored else f"new{number}"
        prefix = f"{sheet.code}-{mark}-"
        fixed = {*self.given, *(sheet.keys if stored else ())}
        typed = self.typed or {}
        texts |= {c: typed.get(prefix + c, text) for c, text in texts.items() if c not in fixed}
        idle = self._idle(texts)
        told = {*self.given, *(sheet.keys if self.titled else ())}
        title = [texts[c] for c in sheet.keys if stored and c not in self.given]
        cells = [
            Cell(
                column.code,
                prefix + column.code,
                texts[column.code],
                fixed=column.code in fixed,
                told=column.code in told,
                idle=column.code in idle,
                choices=column.kind.choices,
                references=column.refers,
            )
            for column in sheet.columns
        ]
        removed = bool(typed.get(prefix + REMOVE))
        key = tuple(texts[code] for code in sheet.keys)
        named = " / ".join(filter(None, title))
        return FormRow(number, mark, key, cells, stored, named, removed)

    def _idle(self, texts: Mapping[str, str]) -> set[str]:
        usual = self.sheet.texts(self.sheet.blank())
        return {c for c in self.sheet.idle(texts) if texts[c].strip() in ("", usual[c])}


def parts(
    thing: Thing,
    name: str,
    rows: Mapping[str, Sequence[Row]],
    typed: Mapping[str, str] | None,
    may_change: Iterable[str],
) -> list[Part]:
    """The page of a thing: its rows and some blank ones, or what was typed into them."""
    allowed, given = set(may_change), {thing.column: name}
    return [
        part(SHOP.sheet(code), rows[code], typed, may_change=code in allowed, given=given)
        for code in thing.sheets
    ]


def part(
    sheet: Sheet,
    rows: Sequence[Row],
    typed: Mapping[str, str] | None,
    *,
    may_change: bool,
    given: Mapping[str, str],
    blank: int = BLANK_ROWS,
) -> Part:
    """Rows of one sheet, and so many blank ones where a form does not say how many."""
    single = set(sheet.keys) <= set(given)
    if not may_change:
        blank = 0
    elif single:
        blank = 0 if rows else 1
    elif typed is not None:
        blank = blank_rows(typed, sheet.code, blank)
    titled = not given and not blank
    asked = _Asked(sheet, given, typed, titled)
    shown = [asked.row(number, row) for number, row in enumerate([*rows, *[None] * blank])]
    return Part(sheet, shown, may_change, single, titled)


def blank_rows(typed: Mapping[str, str], sheet: str, otherwise: int) -> int:
    """How many blank rows a form ended with."""
    said = typed.get(f"{sheet}-blank", "")
    return min(int(said), MOST_BLANK) if said.isdecimal() and len(said) < 10 else otherwise


def with_more(typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed, with more blank rows where they were asked for."""
    grown = dict(typed)
    if sheet := grown.get("more"):
        grown[f"{sheet}-blank"] = str(blank_rows(typed, sheet, 0) + MORE_ROWS)
    return grown


def stamp(rows: Mapping[str, Sequence[Row]]) -> str:
    """Tells rows as they were shown from any other state of them."""
    told = {code: [SHOP.sheet(code).texts(row) for row in found] for code, found in rows.items()}
    return _short(told, 16)


def mark_of(sheet: Sheet, texts: Mapping[str, str]) -> str:
    """What the inputs of a row that is there are named after."""
    return _short([texts[code] for code in sheet.keys], 10)


def _short(told: object, length: int) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:length]


def references(shown: Sequence[Part]) -> dict[str, list[str]]:
    """What inputs may refer to, by sheet: offered while typing."""
    cells = [cell for part in shown if part.may_change for row in part.rows for cell in row.cells]
    found = {}
    for code in sorted({cell.references for cell in cells if cell.references and not cell.fixed}):
        sheet = SHOP.sheet(code)
        if sheet.called_by_key and sheet.count() > MOST_OFFERED:
            continue
        names = {sheet.name_of(row)[0] for row in sheet.load().values()}
        if len(names) <= MOST_OFFERED:
            found[code] = sorted(names)
    return found


def problems(shown: Sequence[Part], plan: Plan) -> list[tuple[str, str, str]]:
    """(row, column, what) of everything that is wrong."""
    titles = {(part.sheet.code, row.number): row.title for part in shown for row in part.rows}
    return [(titles[one.sheet, one.line], one.column, one.text) for one in plan.problems]


def judge(shown: Sequence[Part]) -> Plan:
    """Check what was typed; what is wrong stands at its input, or at its row."""
    plan = check(SHOP, [_table(part) for part in shown if part.may_change])
    rows = {(part.sheet.code, row.number): row for part in shown for row in part.rows}
    for problem in plan.problems:
        row = rows[problem.sheet, problem.line]
        cells = [cell for cell in row.cells if cell.column == problem.column and not cell.fixed]
        (cells[0].errors if cells else row.errors).append(problem.text)
    return plan


def _table(part: Part) -> Table:
    """The rows as the lines of a table; blank ones are left out."""
    sheet = part.sheet
    columns = tuple(column.code for column in sheet.columns)
    lines = [_line(row) for row in part.rows if row.stored or not _is_blank(row)]
    return Table(sheet, str(sheet.label), columns, lines)


def _line(row: FormRow) -> Line:
    gone = {REMOVE: "yes"} if row.removed else {}
    return Line(row.number, {cell.column: cell.text for cell in row.cells} | gone)


def _is_blank(row: FormRow) -> bool:
    return not any(cell.text.strip() for cell in row.cells if not cell.fixed)
