"""What changes and columns are called by people."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from journal.sheets import Plan


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
    "step": pgettext_lazy("of a routing, or between two numbers", "Step"),
    "stock": gettext_lazy("Counted stock"),
    "teardown_minutes": gettext_lazy("Clearing, minutes"),
    "then": gettext_lazy("Then"),
    "to_family": gettext_lazy("To"),
    "unit": gettext_lazy("Unit"),
    "value": gettext_lazy("Answer"),
    "weekdays": gettext_lazy("Days of the week"),
    "when": pgettext_lazy("a condition", "When"),
}
