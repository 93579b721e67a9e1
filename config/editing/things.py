"""What one edits on one page: a product, a cell, a calendar or a material, with all its rows."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from config.sheets import SHOP
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
