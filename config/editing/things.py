"""What one edits on one page: a product, a cell, a calendar or a material, with all its rows."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from config.sheets import SHOP
from journal.sheets import Plan
from journal.sheets.described import Row


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


def stored_rows(thing: Thing, name: str) -> dict[str, list[Row]]:
    """The rows of a thing by sheet, as they are now."""
    return {
        code: [row for row in SHOP.sheet(code).load().values() if _names(code, row, thing, name)]
        for code in thing.sheets
    }


def _names(code: str, row: Row, thing: Thing, name: str) -> bool:
    return SHOP.sheet(code).column(thing.column).kind.text(row[thing.column]) == name


def names_of(thing: Thing) -> list[tuple[str, str]]:
    """Every thing of a kind: what it is called in tables, and its name."""
    sheet = SHOP.sheet(thing.sheets[0])
    kind = sheet.column(thing.column).kind
    found: dict[str, str] = {}
    for row in sheet.load().values():
        found.setdefault(kind.text(row[thing.column]), row.get("name", ""))
    return sorted(found.items())


def named_in(plan: Plan) -> dict[str, set[str]]:
    """The things that a plan changes, as they are and as they would be, by their kind."""
    found: dict[str, set[str]] = {code: set() for code in THINGS}
    for change in plan.changes:
        for thing in THINGS.values():
            if change.sheet.code in thing.sheets:
                kind = change.sheet.column(thing.column).kind
                rows = [row for row in (change.before, change.after) if row is not None]
                found[thing.code].update(kind.text(row[thing.column]) for row in rows)
    return found
