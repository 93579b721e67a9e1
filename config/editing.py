"""Edit one thing of the shop as a form: its rows in the tables, their checks and their history.

A form turns into the lines of tables, so the editor, the wizard and files cannot disagree.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.sheets import SHOP
from journal.sheets import REMOVE, Line, Plan, Sheet, Table, apply, check
from journal.sheets.described import Row
from orders import catalogue
from orders.models import Product
from production.makeability import Examined, examine
from production.models import Operation

BLANK_ROWS = 2
MORE_ROWS = 5
MOST_BLANK = 200
# as many products are looked through for what a changed cell or calendar does to them
MOST_EXAMINED = 30


@dataclass(frozen=True)
class Thing:
    """What one edits on one page: the rows of `sheets` whose `column` names it."""

    code: str
    label: Promise
    many: Promise
    column: str
    sheets: tuple[str, ...]


THINGS = {
    thing.code: thing
    for thing in (
        Thing(
            "product",
            gettext_lazy("Product"),
            gettext_lazy("Products"),
            "product",
            ("products", "options", "rules", "boms", "routings"),
        ),
        Thing(
            "cell",
            gettext_lazy("Cell"),
            gettext_lazy("Cells"),
            "cell",
            ("cells", "machines", "changeovers"),
        ),
        Thing(
            "calendar",
            gettext_lazy("Calendar"),
            gettext_lazy("Calendars"),
            "calendar",
            ("calendars", "holidays"),
        ),
        Thing(
            "material",
            gettext_lazy("Material"),
            gettext_lazy("Materials"),
            "material",
            ("materials",),
        ),
    )
}


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


@dataclass(frozen=True)
class After:
    """How things would stand: which products were looked at, and what is wrong with them."""

    prices: tuple[tuple[str, Decimal, str], ...]
    examined: tuple[tuple[str, Examined], ...]

    @property
    def fine(self) -> bool:
        return all(one.makeable and not one.findings for _name, one in self.examined)


# What is there


def stored_rows(thing: Thing, name: str) -> dict[str, list[Row]]:
    """The rows of a thing by sheet, as they are now."""
    return {
        code: [row for row in SHOP.sheet(code).load().values() if _names(code, row, thing, name)]
        for code in thing.sheets
    }


def _names(code: str, row: Row, thing: Thing, name: str) -> bool:
    return SHOP.sheet(code).column(thing.column).kind.text(row[thing.column]) == name


def stamp(rows: Mapping[str, Sequence[Row]]) -> str:
    """Tells rows as they were shown from any other state of them."""
    told = {code: [SHOP.sheet(code).texts(row) for row in found] for code, found in rows.items()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def names_of(thing: Thing) -> list[tuple[str, str]]:
    """Every thing of a kind: what it is called in tables, and its name."""
    sheet = SHOP.sheet(thing.sheets[0])
    kind = sheet.column(thing.column).kind
    found: dict[str, str] = {}
    for row in sheet.load().values():
        found.setdefault(kind.text(row[thing.column]), row.get("name", ""))
    return sorted(found.items())


# The form


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


def as_tables(shown: Sequence[Part], thing: Thing) -> list[Table]:
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


def judge(shown: Sequence[Part], thing: Thing) -> Plan:
    """Check what was typed; what is wrong stands at its input, or at its row."""
    plan = check(SHOP, as_tables(shown, thing))
    rows = {(part.sheet.code, row.number): row for part in shown for row in part.rows}
    for problem in plan.problems:
        row = rows[problem.sheet, problem.line]
        cells = [cell for cell in row.cells if cell.column == problem.column and not cell.fixed]
        (cells[0].errors if cells else row.errors).append(problem.text)
    return plan


# What would be


def after(plan: Plan, thing: Thing, name: str, *, by: str, now: datetime) -> After:
    """Do what the plan says, look at the shop, and take it back.

    Raises `NotApplied` where it cannot be done.
    """
    with transaction.atomic():
        apply(SHOP, plan, at=now, by=by)
        found = _look(thing, name, now)
        transaction.set_rollback(True)
    return found


def _look(thing: Thing, name: str, now: datetime) -> After:
    touched = _touched(thing, name)
    sheets = catalogue.sheets(touched)
    prices = tuple(
        (sheet.name, catalogue.price_from(sheet, now.date()), sheet.currency)
        for sheet in sheets.values()
        if thing.code == "product"
    )
    examined = examine(touched, now=now)
    return After(prices, tuple((sheets[pk].name, one) for pk, one in sorted(examined.items())))


def _touched(thing: Thing, name: str) -> list[int]:
    """The products that a thing has to do with."""
    if thing.code == "product":
        return list(Product.objects.filter(sku=name).values_list("pk", flat=True))
    if thing.code == "material":
        return []
    by = {"cell": "work_center__code", "calendar": "work_center__calendar__name"}[thing.code]
    steps = Operation.objects.filter(**{by: name}, routing__product__listed=True)
    products = steps.order_by("routing__product").values_list("routing__product", flat=True)
    return list(products.distinct()[:MOST_EXAMINED])


def changes_in_words(plan: Plan) -> list[tuple[str, str, str]]:
    """(table, row, what) of everything that a plan changes."""
    told = []
    for change in plan.changes:
        what = _("removed") if change.after is None else in_words(change.fields)
        told.append((str(change.sheet.label), " / ".join(filter(None, change.key)), what))
    return told


def in_words(fields: Iterable[tuple[str, str, str]]) -> str:
    """(column, before, after) as people read it."""
    return "; ".join(
        f"{column_name(column)}: {old or '–'} → {new or '–'}" for column, old, new in fields
    )


def references(thing: Thing) -> dict[str, list[str]]:
    """What inputs may refer to, by sheet: offered while typing."""
    named = {
        column.refers
        for code in thing.sheets
        for column in SHOP.sheet(code).columns
        if column.refers and column.code != thing.column
    }
    found = {}
    for code in sorted(named):
        sheet = SHOP.sheet(code)
        found[code] = sorted({sheet.name_of(row)[0] for row in sheet.load().values()})
    return found


def column_name(code: str) -> str:
    """A column of a table as people say it; what has no other word is called as in files."""
    base = code.removesuffix("_zh_hans")
    name = str(COLUMNS.get(base, base))
    return f"{name} (中文)" if base != code else name


COLUMNS: dict[str, Promise] = {
    "active": gettext_lazy("Active"),
    "attributes": gettext_lazy("Attributes"),
    "batch_max": gettext_lazy("Pieces at once, at most"),
    "batch_min": gettext_lazy("Pieces at once, at least"),
    "calendar": gettext_lazy("Calendar"),
    "capabilities": gettext_lazy("What it can do"),
    "capability": gettext_lazy("What the machine must be able to do"),
    "cell": gettext_lazy("Cell"),
    "cost": gettext_lazy("Cost of one unit"),
    "currency": gettext_lazy("Currency"),
    "day": gettext_lazy("Day"),
    "default": gettext_lazy("Chosen at first"),
    "description": gettext_lazy("Description"),
    "end": gettext_lazy("End"),
    "external_ref": gettext_lazy("Number elsewhere"),
    "family": gettext_lazy("Family"),
    "from_family": gettext_lazy("From"),
    "good_percent": gettext_lazy("Good pieces, %"),
    "kind": gettext_lazy("Kind"),
    "lag_minutes": gettext_lazy("Rest afterwards, minutes"),
    "lead_days": gettext_lazy("Days until it comes"),
    "line": gettext_lazy("Line"),
    "listed": gettext_lazy("Shown in the shop"),
    "machine": gettext_lazy("Machine"),
    "make_policy": gettext_lazy("Made to order or to stock"),
    "material": gettext_lazy("Material"),
    "max_lag_minutes": gettext_lazy("Rest at most, minutes"),
    "maximum": gettext_lazy("Maximum"),
    "message": gettext_lazy("What customers are told"),
    "minimum": gettext_lazy("Minimum"),
    "minutes": gettext_lazy("Minutes"),
    "name": gettext_lazy("Name"),
    "option": gettext_lazy("Option"),
    "picture": gettext_lazy("Picture"),
    "position": gettext_lazy("Place in the order"),
    "price": gettext_lazy("Price"),
    "product": gettext_lazy("Product"),
    "quantity": gettext_lazy("Quantity"),
    "reason": gettext_lazy("Reason"),
    "required": gettext_lazy("Must be answered"),
    "rule": gettext_lazy("Rule"),
    "run_minutes": gettext_lazy("Minutes for one piece"),
    "safety_stock": gettext_lazy("Safety stock"),
    "scrap_percent": gettext_lazy("Waste, %"),
    "set_up_for": gettext_lazy("Set up for"),
    "setup_by": gettext_lazy("Set-up depends on"),
    "setup_minutes": gettext_lazy("Set-up, minutes"),
    "sold_from": gettext_lazy("Sold from"),
    "sold_until": gettext_lazy("Sold until"),
    "start": gettext_lazy("Start"),
    "step": gettext_lazy("Step"),
    "stock": gettext_lazy("Counted stock"),
    "teardown_minutes": gettext_lazy("Clearing, minutes"),
    "then": gettext_lazy("Then"),
    "to_family": gettext_lazy("To"),
    "unit": gettext_lazy("Unit"),
    "value": gettext_lazy("Answer"),
    "weekdays": gettext_lazy("Days of the week"),
    "when": gettext_lazy("When"),
}
