"""Fill an empty shop with the demo, whole or not at all.

The plant carries a working title until the last row is written: a seeding that was killed is seen
by it, its rows are removed, and the next one begins anew.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from config import roles
from config.demo import logins, writing
from config.demo.catalogue import write_catalogue, write_floor
from config.demo.history import draw
from config.demo.products import FAMILIES, SKUS
from config.demo.truth import Truth
from journal.models import Transition
from orders.catalogue import ProductSheet, sheets
from orders.models import (
    Address,
    AvailabilityPeriod,
    BehaviourEvent,
    Configuration,
    Consent,
    Customer,
    Invoice,
    Order,
    Product,
    ProductFamily,
    Return,
    Shipment,
)
from production.models import (
    Calendar,
    Job,
    Material,
    Operator,
    Plant,
    StockMove,
    Terminal,
    WorkCenter,
    WorkOrder,
)

PLANT = "Lumen & Oak"
UNFINISHED = "Lumen & Oak (being set up)"
ROWS = 1000  # removed in one short transaction


class NotEmpty(Exception):
    """The shop holds other data than the demo's; nothing was changed."""


@dataclass(frozen=True)
class Seeded:
    """What was written."""

    products: int
    customers: int
    orders: int
    lines: int
    events: int


Watch = Callable[[int], Callable[[int], None]]


def is_here() -> bool:
    """Whether the demo shop stands, complete."""
    return Plant.objects.filter(name=PLANT).exists()


def seed(
    anchor: date, number: int = 0, *, scale: float = 1.0, weeks: int | None = None, watch: Watch
) -> Seeded | None:
    """Seed the demo shop; None where it stands already. Raises `NotEmpty`.

    The same anchor, number and size give the same rows. `watch` is told how much there is to
    write and returns what counts it.
    """
    if is_here():
        return None
    remove_leftovers()
    _refuse_other_data()
    truth = Truth(anchor, number, scale) if weeks is None else Truth(anchor, number, scale, weeks)
    plant = Plant.objects.create(name=UNFINISHED, time_zone=settings.PLANT_TIME_ZONE)
    write_catalogue(truth)
    write_floor(truth, plant)
    by_sku = {sheet.sku: sheet for sheet in _sheets()}
    history = draw(truth, by_sku)
    writing.write(history, by_sku, watch(writing.size(history)))
    with transaction.atomic():
        roles.ensure()
        logins.make_people()
        Plant.objects.filter(name=UNFINISHED).update(name=PLANT)
    return Seeded(
        products=len(SKUS),
        customers=len(history.buyers),
        orders=len(history.sales),
        lines=sum(len(sale.lines) for sale in history.sales),
        events=len(history.signals),
    )


def _sheets() -> Iterator[ProductSheet]:
    yield from sheets().values()


def _refuse_other_data() -> None:
    for rows, what in (
        (Product.objects.all(), "products"),
        (Order.objects.all(), "orders"),
        (Customer.objects.all(), "customers"),
        (WorkCenter.objects.all(), "work centers"),
        (Material.objects.all(), "materials"),
        (logins.taken(), "people with the names of the demo's logins"),
    ):
        if rows.exists():
            raise NotEmpty(
                f"This shop already has {what}. The demo fills an empty shop only; "
                "set DATA_DIR (or DATABASE_URL) to another place. Nothing was changed."
            )


# After a seeding that was killed


def remove_leftovers() -> bool:
    """Remove what an unfinished seeding left; True where there was some.

    Raises `NotEmpty` where somebody has put other data between.
    """
    if not Plant.objects.filter(name=UNFINISHED).exists():
        return False
    _refuse_mixed_data()
    for rows in _leftovers():
        _remove(rows)
    with transaction.atomic():  # last, so that a removal that is killed is taken up again
        Plant.objects.filter(name=UNFINISHED).delete()
        Calendar.objects.annotate(used=Count("workcenter")).filter(used=0).delete()
    return True


def _refuse_mixed_data() -> None:
    for rows, what in (
        (Product.objects.exclude(sku__in=SKUS), "products"),
        (Order.objects.exclude(_ours()), "orders"),
        (Customer.objects.exclude(_ours()), "customers"),
        (WorkOrder.objects.all(), "work orders"),
        (Job.objects.all(), "jobs"),
        (Transition.objects.all(), "a history of changes"),
        (Plant.objects.exclude(name=UNFINISHED), "another plant"),
    ):
        if rows.exists():
            raise NotEmpty(
                f"The demo shop is half made, and this shop has {what} besides. Set DATA_DIR "
                "(or DATABASE_URL) to another place. Nothing was changed."
            )


def _ours() -> Q:
    """External references of other systems are refused, and so are rows without one."""
    return Q(external_ref__startswith="demo-")


def _leftovers() -> Iterator["QuerySet[Any]"]:
    """Leaves first, so that nothing that is referred to goes before who refers to it."""
    yield BehaviourEvent.objects.all()
    yield Consent.objects.all()
    yield Return.objects.all()
    yield Shipment.objects.all()
    yield Invoice.objects.all()
    yield Order.objects.all()  # with lines and promises
    yield Address.objects.all()
    yield Customer.objects.all()
    yield Configuration.objects.all()
    yield AvailabilityPeriod.objects.all()
    yield Product.objects.all()  # with questions, rules, routing and bill of material
    yield ProductFamily.objects.filter(code__in=[family.code for family in FAMILIES])
    yield StockMove.objects.all()
    yield Material.objects.all()
    yield Terminal.objects.all()
    yield Operator.objects.all()
    yield WorkCenter.objects.all()


def _remove(rows: "QuerySet[Any]") -> None:
    while keys := list(rows.values_list("pk", flat=True)[:ROWS]):
        with transaction.atomic():
            rows.model._default_manager.filter(pk__in=keys).delete()
