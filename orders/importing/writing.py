"""Write a sorted log: whole invoices in short transactions; what is there already stays as it is.

Imported history gets no transitions: nobody has to react to what happened elsewhere long ago.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
from django.db import models, transaction

from orders.importing.earlier import match_earlier
from orders.importing.items import Items, write_items
from orders.importing.mapping import Mapping
from orders.importing.sorting import SortedLog
from orders.models import Customer, Order, OrderLine, Return

LINES_A_TRANSACTION = 800
CENT = Decimal("0.01")

Progress = Callable[[int], None]


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


def write_log(
    log: SortedLog, mapping: Mapping, *, open_since: date | None, now: datetime, progress: Progress
) -> ImportReport:
    """Write families, products, customers, orders and returns.

    Orders placed on or after `open_since` are still to be made; earlier ones are history. A line
    that is added to an order stands as the order does. A kill at any moment leaves whole invoices;
    the next import goes on from there.
    """
    report = ImportReport()
    items = write_items(log, mapping, now)
    report.products, report.variants = items.new_products, items.new_variants
    customers = _customers(log, mapping, now, report)
    open_from = mapping.begin(open_since) if open_since else None
    for part in _whole_invoices(log.sales):
        _write_orders(part, mapping, items, customers, open_from, report)
        progress(len(part))
    _write_returns(log, mapping, items, customers, report)
    progress(len(log.returns))
    return report


def _customers(
    log: SortedLog, mapping: Mapping, now: datetime, report: ImportReport
) -> dict[str, int]:
    seen = pd.concat([log.sales, log.returns]).sort_values("at", kind="stable")
    first = seen[seen["customer"] != ""].groupby("customer").first()
    prefix = mapping.order_prefix
    refs = [prefix + number for number in first.index]
    known = _ids(Customer, "external_ref", refs)
    new = [
        Customer(
            external_ref=prefix + row.Index,
            name=f"Customer {row.Index}",
            country=row.country[:60],
            created_at=row.at.to_pydatetime(),
        )
        for row in _rows(first)
        if prefix + row.Index not in known
    ]
    with transaction.atomic():
        Customer.objects.bulk_create(new, batch_size=500)
    report.customers = len(new)
    return _ids(Customer, "external_ref", refs)


def _whole_invoices(sales: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Cut the sales where an invoice ends, about `LINES_A_TRANSACTION` lines at a time."""
    order = sales["invoice"].map({name: i for i, name in enumerate(sales["invoice"].unique())})
    by_invoice = sales.iloc[order.argsort(kind="stable")]
    sizes = by_invoice.groupby("invoice", sort=False).size().cumsum()
    start = 0
    for end in sizes:
        if end - start >= LINES_A_TRANSACTION or end == len(by_invoice):
            yield by_invoice.iloc[start:end]
            start = end


def _write_orders(
    part: pd.DataFrame,
    mapping: Mapping,
    items: Items,
    customers: dict[str, int],
    open_from: datetime | None,
    report: ImportReport,
) -> None:
    prefix = mapping.order_prefix
    with transaction.atomic():
        known_lines = _ids(OrderLine, "external_ref", [prefix + ref for ref in part["ref"]])
        part = part[~(prefix + part["ref"]).isin(list(known_lines))]
        if part.empty:
            return
        orders = _orders(part, mapping, customers, open_from, report)
        lines = [_line(row, mapping, items, *orders[prefix + row.invoice]) for row in _rows(part)]
        OrderLine.objects.bulk_create(lines, batch_size=500)
    report.lines += len(lines)
    report.open_lines += sum(line.status == OrderLine.Status.PROMISED for line in lines)


def _orders(
    part: pd.DataFrame,
    mapping: Mapping,
    customers: dict[str, int],
    open_from: datetime | None,
    report: ImportReport,
) -> dict[str, tuple[int, bool]]:
    """The key of each order, and whether it is still to be made."""
    first = part.groupby("invoice", sort=False).first()
    refs = [mapping.order_prefix + str(invoice) for invoice in first.index]
    known = _ids(Order, "external_ref", refs)
    new = [
        Order(
            number=ref,
            external_ref=ref,
            source=Order.Source.IMPORT,
            status=(Order.Status.CONFIRMED if _is_open(row.at, open_from) else Order.Status.CLOSED),
            customer_id=customers.get(mapping.order_prefix + row.customer),
            currency=row.currency,
            created_at=row.at.to_pydatetime(),
            placed_at=row.at.to_pydatetime(),
        )
        for ref, row in zip(refs, _rows(first), strict=True)
        if ref not in known
    ]
    Order.objects.bulk_create(new, batch_size=500)
    report.orders += len(new)
    written = known | {str(order.external_ref): order.pk for order in new}
    ended = Order.objects.filter(pk__in=written.values(), status__in=Order.OVER)
    over = set(ended.values_list("pk", flat=True))
    return {ref: (pk, pk not in over) for ref, pk in written.items()}


def _line(row: Any, mapping: Mapping, items: Items, order_id: int, is_open: bool) -> OrderLine:
    wanted = (row.at + timedelta(days=mapping.lead_days)).date()
    return OrderLine(
        order_id=order_id,
        position=row.ordinal,
        external_ref=mapping.order_prefix + row.ref,
        configuration_id=items.configurations[row.item],
        quantity=row.quantity,
        unit_price=Decimal(str(row.price)).quantize(CENT),
        status=OrderLine.Status.PROMISED if is_open else OrderLine.Status.DELIVERED,
        requested_date=wanted,
        committed_date=wanted if is_open else None,
    )


def _is_open(at: pd.Timestamp, open_from: datetime | None) -> bool:
    return open_from is not None and at >= open_from


def _write_returns(
    log: SortedLog,
    mapping: Mapping,
    items: Items,
    customers: dict[str, int],
    report: ImportReport,
) -> None:
    """First those whose sale is in the file: what they leave of sales is there for the others."""
    prefix = mapping.order_prefix
    refs = prefix + log.returns["ref"]
    new = log.returns[~refs.isin(list(_ids(Return, "external_ref", list(refs))))]
    sold = _ids(OrderLine, "external_ref", [prefix + ref for ref in log.matches.values()])
    matches = {ref: sold[prefix + sale] for ref, sale in log.matches.items()}
    inside = new["ref"].isin(list(matches))
    by_key = new.assign(
        customer=(prefix + new["customer"]).map(customers).where(new["customer"] != ""),
        item=new["item"].map(items.configurations),
    )
    _write_some_returns(new[inside], matches, mapping, items, customers)
    others = by_key[~inside].dropna(subset=["customer"]).astype({"customer": "int64"})
    matches |= match_earlier(others)
    _write_some_returns(new[~inside], matches, mapping, items, customers)
    report.returns = len(new)


def _write_some_returns(
    returns: pd.DataFrame,
    matches: dict[str, int],
    mapping: Mapping,
    items: Items,
    customers: dict[str, int],
) -> None:
    prefix = mapping.order_prefix
    new = [
        Return(
            line_id=matches.get(row.ref),
            external_ref=prefix + row.ref,
            product_id=items.products[row.item],
            customer_id=customers.get(prefix + row.customer),
            quantity=row.quantity,
            at=row.at.to_pydatetime(),
            reason="Cancelled in the imported log",
        )
        for row in _rows(returns)
    ]
    for start in range(0, len(new), LINES_A_TRANSACTION):
        with transaction.atomic():
            Return.objects.bulk_create(new[start : start + LINES_A_TRANSACTION], batch_size=500)


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """Rows as named tuples; their fields have the types of the columns, which stubs cannot know."""
    return iter(table.itertuples())


def _ids(model: type[models.Model], field: str, values: list[str]) -> dict[str, int]:
    """Primary keys by a unique text field, asked in portions that SQLite's parameters allow."""
    found: dict[str, int] = {}
    for start in range(0, len(values), 800):
        rows = model._default_manager.filter(**{f"{field}__in": values[start : start + 800]})
        found.update(rows.values_list(field, "pk"))
    return found
