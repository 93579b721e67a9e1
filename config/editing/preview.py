"""How things would stand after a plan: prices, and whether what can be chosen can be made."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from config.editing.things import Thing
from config.sheets import SHOP
from journal.sheets import Plan, apply
from orders import catalogue
from orders.models import Product
from production.makeability import Examined, examine
from production.models import Operation

# as many products are looked through for what a changed cell or calendar does to them
MOST_EXAMINED = 30


@dataclass(frozen=True)
class After:
    """How things would stand: which products were looked at, and what is wrong with them."""

    prices: tuple[tuple[str, Decimal, str], ...]
    examined: tuple[tuple[str, Examined], ...]

    @property
    def fine(self) -> bool:
        return all(one.makeable and not one.findings for _name, one in self.examined)


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
