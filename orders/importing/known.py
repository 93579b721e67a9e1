"""What of an order log is here already, and how much was ever imported."""

from datetime import datetime

from django.db.models import Q, QuerySet

from orders.importing.mapping import Mapping
from orders.importing.sorting import SortedLog
from orders.importing.writing import ImportReport
from orders.models import Customer, Order, OrderLine, Product, Return

AT_A_TIME = 800  # SQLite takes no more parameters


def known_orders(log: SortedLog, mapping: Mapping) -> int:
    """How many orders of the log are here. An order is written with all its lines or not at all."""
    return len(currencies_here(list(log.sales["invoice"].unique()), mapping))


def currencies_here(invoices: list[str], mapping: Mapping) -> dict[str, str]:
    """Of the invoices that are here as orders, the currency of each."""
    refs = [mapping.order_prefix + invoice for invoice in invoices]
    found: dict[str, str] = {}
    for start in range(0, len(refs), AT_A_TIME):
        rows = Order.objects.filter(external_ref__in=refs[start : start + AT_A_TIME])
        for ref, currency in rows.values_list("external_ref", "currency"):
            found[str(ref).removeprefix(mapping.order_prefix)] = currency
    return found


def too_late(refs: list[str], mapping: Mapping, open_from: datetime | None) -> set[str]:
    """Of lines, those that are not here although their order is, and is over: cancelled, or closed
    although it was placed since `open_from`, so that the line would be left to be made."""
    ended = Q(status=Order.Status.CANCELLED)
    if open_from:
        ended |= Q(status=Order.Status.CLOSED, placed_at__gte=open_from)
    of_order: dict[str, list[str]] = {}
    for ref in refs:
        of_order.setdefault(mapping.order_prefix + ref.rpartition(":")[0], []).append(ref)
    over = _external_refs(Order.objects.filter(ended), list(of_order))
    wanted = [mapping.order_prefix + ref for order in over for ref in of_order[order]]
    missing = set(wanted) - _external_refs(OrderLine.objects.all(), wanted)
    return {ref.removeprefix(mapping.order_prefix) for ref in missing}


def _external_refs(rows: QuerySet[Order] | QuerySet[OrderLine], refs: list[str]) -> set[str]:
    """Which of `refs` are among the rows."""
    found: set[str] = set()
    for start in range(0, len(refs), AT_A_TIME):
        part = rows.filter(external_ref__in=refs[start : start + AT_A_TIME])
        found.update(map(str, part.values_list("external_ref", flat=True)))
    return found


def imported_rows() -> ImportReport:
    """How many rows came from other systems so far. What an import added, however often it was
    interrupted, is the difference between after and before."""
    return ImportReport(
        products=Product.objects.filter(external_ref__isnull=False).count(),
        customers=Customer.objects.filter(external_ref__isnull=False).count(),
        orders=Order.objects.filter(external_ref__isnull=False).count(),
        lines=OrderLine.objects.filter(external_ref__isnull=False).count(),
        returns=Return.objects.filter(external_ref__isnull=False).count(),
    )
