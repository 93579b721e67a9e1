"""What of an order log is here already, and how much was ever imported."""

from orders.importing.mapping import Mapping
from orders.importing.sorting import SortedLog
from orders.importing.writing import ImportReport
from orders.models import Customer, Order, OrderLine, Product, Return

AT_A_TIME = 800  # SQLite takes no more parameters


def known_orders(log: SortedLog, mapping: Mapping) -> int:
    """How many orders of the log are here. An order is written with all its lines or not at all."""
    refs = [mapping.order_prefix + invoice for invoice in log.sales["invoice"].unique()]
    portions = [refs[start : start + AT_A_TIME] for start in range(0, len(refs), AT_A_TIME)]
    return sum(Order.objects.filter(external_ref__in=portion).count() for portion in portions)


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
