"""Write a sorted log: whole invoices in short transactions; what is there already stays as it is.

Imported history gets no transitions: nobody has to react to what happened elsewhere long ago.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from django.db import models, transaction

from journal.loading import load
from orders.importing.cells import each, listed
from orders.importing.counting import ImportReport
from orders.importing.earlier import match_earlier
from orders.importing.invoices import Columns, Invoices, read_invoices, standing
from orders.importing.items import Items, write_items
from orders.importing.known import Known, keys_of, named_rows
from orders.importing.mapping import Mapping
from orders.importing.sorting import SortedLog
from orders.models import Customer, Order, OrderLine, Return

LINES_A_TRANSACTION = 1000

Progress = Callable[[int], None]


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
    customers = _customers(log, mapping, report)
    new = _not_here(log.sales, mapping)
    if len(new) < len(log.sales):
        progress(len(log.sales) - len(new))
    open_from = mapping.begin(open_since) if open_since else None
    invoices = read_invoices(new, mapping, items, customers, open_from)
    for part in invoices.cut(LINES_A_TRANSACTION):
        _write_orders(part, report)
        progress(len(part))
    _write_returns(log, mapping, items, customers, report)
    progress(len(log.returns))
    return report


def _not_here(sales: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    """Asked once for the whole log: only one import runs at a time."""
    refs = listed(sales["ref"])
    here = Known(mapping).lines(refs)
    return sales[~_in(refs, here)] if here else sales


def _customers(log: SortedLog, mapping: Mapping, report: ImportReport) -> dict[str, int]:
    needed = ["customer", "at", "country"]
    seen = pd.concat([log.sales[needed], log.returns[needed]]).sort_values("at", kind="stable")
    first = seen[seen["customer"] != ""].drop_duplicates("customer").sort_values("customer")
    refs = [mapping.order_prefix + number for number in first["customer"]]
    new = first[~_in(refs, keys_of(Customer, refs))]
    columns = {
        "external_ref": [mapping.order_prefix + number for number in new["customer"]],
        "name": [f"Customer {number}" for number in new["customer"]],
        "country": [country[:60] for country in new["country"]],
        "created_at": [at.to_pydatetime() for at in new["at"]],
    }
    report.customers = _load_in_parts(Customer, columns)
    return keys_of(Customer, refs)


def _write_orders(part: Invoices, report: ImportReport) -> None:
    with transaction.atomic():
        stands = _orders(part, report)
        own = standing(part, [is_open for _pk, is_open in stands])
        order_ids = part.for_lines([pk for pk, _is_open in stands])
        report.lines += load(OrderLine, {**part.lines, **own, "order_id": order_ids})
    report.open_lines += own["status"].count(OrderLine.Status.PROMISED)


def _orders(part: Invoices, report: ImportReport) -> list[tuple[int, bool]]:
    """The key of each order, and whether it is still to be made."""
    refs = part.orders["external_ref"]
    here = {ref for (ref,) in named_rows(Order, refs)}
    new = [place for place, ref in enumerate(refs) if ref not in here]
    columns = {name: [cells[place] for place in new] for name, cells in part.orders.items()}
    report.orders += load(Order, columns, source=Order.Source.IMPORT)
    stands = {ref: (pk, status) for ref, pk, status in named_rows(Order, refs, "pk", "status")}
    return [(pk, status not in Order.OVER) for pk, status in map(stands.__getitem__, refs)]


def _write_returns(
    log: SortedLog,
    mapping: Mapping,
    items: Items,
    customers: dict[str, int],
    report: ImportReport,
) -> None:
    """First those whose sale is in the file: what they leave of sales is there for the others."""
    prefix = mapping.order_prefix
    refs = [prefix + ref for ref in log.returns["ref"]]
    new = log.returns[~_in(refs, keys_of(Return, refs))]
    sold = keys_of(OrderLine, [prefix + ref for ref in log.matches.values()])
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
    columns = {
        "line_id": [matches.get(ref) for ref in returns["ref"]],
        "external_ref": [prefix + ref for ref in returns["ref"]],
        "product_id": each(returns["item"], items.products.__getitem__),
        "customer_id": [customers.get(prefix + number) for number in returns["customer"]],
        "quantity": listed(returns["quantity"]),
        "at": [at.to_pydatetime() for at in returns["at"]],
    }
    _load_in_parts(Return, columns, reason="Cancelled in the imported log")


def _load_in_parts(model: type[models.Model], columns: Columns, **alike: Any) -> int:
    size = len(columns["external_ref"])
    for start in range(0, size, LINES_A_TRANSACTION):
        end = start + LINES_A_TRANSACTION
        load(model, {name: cells[start:end] for name, cells in columns.items()}, **alike)
    return size


def _in(refs: Sequence[str], known: Collection[str]) -> np.ndarray[Any, Any]:
    return np.array([ref in known for ref in refs], dtype=bool)
