"""How things would stand after a plan: prices, and whether what can be chosen can be made."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet

from config.editing import things
from config.sheets import SHOP
from journal.sheets import Plan, apply
from orders import catalogue
from orders.models import Product
from production.makeability import Examined, examine
from production.models import Operation

# as many products are looked through for what a plan does to them
MOST_EXAMINED = 30


@dataclass(frozen=True)
class After:
    """How things would stand: which products were looked at, and what is wrong with them."""

    prices: tuple[tuple[str, Decimal, str], ...]
    examined: tuple[tuple[str, Examined], ...]

    @property
    def fine(self) -> bool:
        return all(one.makeable and not one.findings for _name, one in self.examined)


def after(plan: Plan, *, by: str, now: datetime) -> After:
    """Do what the plan says, look at the shop, and take it back.

    Raises `NotApplied` where it cannot be done.
    """
    with transaction.atomic():
        apply(SHOP, plan, at=now, by=by)
        found = _look(plan, now)
        transaction.set_rollback(True)
    return found


def _look(plan: Plan, now: datetime) -> After:
    named = things.named_in(plan)
    priced = set(_products(named["product"])[:MOST_EXAMINED])
    makers = _makers(named["cell"], named["calendar"])
    touched = [*priced, *[pk for pk in makers[:MOST_EXAMINED] if pk not in priced]]
    touched = touched[:MOST_EXAMINED]
    sheets = catalogue.sheets(touched)
    prices = tuple(
        (sheet.name, catalogue.price_from(sheet, now.date()), sheet.currency)
        for pk, sheet in sheets.items()
        if pk in priced
    )
    examined = examine(touched, now=now)
    return After(prices, tuple((sheets[pk].name, one) for pk, one in sorted(examined.items())))


def _products(names: set[str]) -> "QuerySet[Product, int]":
    return Product.objects.filter(sku__in=names).order_by("pk").values_list("pk", flat=True)


def _makers(cells: set[str], calendars: set[str]) -> "QuerySet[Operation, int]":
    """The products that are made in some cells, or in the hours of some calendars."""
    there = Q(work_center__code__in=cells) | Q(work_center__calendar__name__in=calendars)
    steps = Operation.objects.filter(there, routing__product__listed=True)
    products = steps.order_by("routing__product").values_list("routing__product", flat=True)
    return products.distinct()
