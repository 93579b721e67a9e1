"""How many rows an import added, and how many ever came from other systems."""

from dataclasses import dataclass, fields

from orders.models import Customer, Order, OrderLine, Product, Return


@dataclass
class ImportReport:
    """How many rows the import added; a second import of the same file adds none."""

    products: int = 0
    variants: int = 0
    customers: int = 0
    orders: int = 0
    lines: int = 0
    returns: int = 0
    open_lines: int = 0

    @property
    def changed(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


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
