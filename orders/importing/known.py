"""What of an order log is here already, and how much was ever imported."""

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
