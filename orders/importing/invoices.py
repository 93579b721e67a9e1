"""The sales of a log as whole invoices, in the columns of `Order` and `OrderLine`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, repeat
from typing import Any

import numpy as np
import pandas as pd

from orders.importing.cells import each, listed
from orders.importing.currencies import cents
from orders.importing.items import Items
from orders.importing.mapping import Mapping
from orders.models import Order, OrderLine

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Invoices:
    """Orders, and the lines of each together. `begins` is where those of an order begin, with one
    place more for the end of all."""

    orders: Columns
    lines: Columns
    begins: list[int]

    def cut(self, size: int) -> Iterator["Invoices"]:
        """Whole invoices, about `size` lines at a time."""
        first = 0
        for last, end in enumerate(self.begins[1:], start=1):
            if end - self.begins[first] >= size or last == len(self.begins) - 1:
                yield self._between(first, last)
                first = last

    def _between(self, first: int, last: int) -> "Invoices":
        start, end = self.begins[first], self.begins[last]
        return Invoices(
            {name: cells[first:last] for name, cells in self.orders.items()},
            {name: cells[start:end] for name, cells in self.lines.items()},
            [begin - start for begin in self.begins[first : last + 1]],
        )

    def __len__(self) -> int:
        return self.begins[-1]

    def for_lines(self, of_orders: list[Any]) -> list[Any]:
        """What stands for each order, for each of its lines."""
        sizes = np.diff(self.begins).tolist()
        return list(chain.from_iterable(map(repeat, of_orders, sizes)))


def read_invoices(
    sales: pd.DataFrame,
    mapping: Mapping,
    items: Items,
    customers: dict[str, int],
    open_from: datetime | None,
) -> Invoices:
    """The invoices in the order in which the log names them first."""
    places, _names = pd.factorize(sales["invoice"])
    together = sales.iloc[places.argsort(kind="stable")]
    changes = np.diff(np.sort(places), prepend=-1).nonzero()[0]
    first = together.iloc[changes]
    return Invoices(
        _orders(first, mapping, customers, open_from),
        _lines(together, mapping, items),
        [*changes.tolist(), len(sales)],
    )


def _orders(
    first: pd.DataFrame, mapping: Mapping, customers: dict[str, int], open_from: datetime | None
) -> Columns:
    """By what the first line of each invoice says."""
    refs = [mapping.order_prefix + invoice for invoice in first["invoice"]]
    placed = [at.to_pydatetime() for at in first["at"]]
    is_open = [open_from is not None and at >= open_from for at in placed]
    return {
        "number": refs,
        "external_ref": refs,
        "status": [Order.Status.CONFIRMED if one else Order.Status.CLOSED for one in is_open],
        "customer_id": [customers.get(mapping.order_prefix + one) for one in first["customer"]],
        "currency": listed(first["currency"]),
        "created_at": placed,
        "placed_at": placed,
    }


def _lines(sales: pd.DataFrame, mapping: Mapping, items: Items) -> Columns:
    wanted = (sales["at"] + timedelta(days=mapping.lead_days)).dt.floor("D")
    return {
        "position": listed(sales["ordinal"]),
        "external_ref": [mapping.order_prefix + ref for ref in listed(sales["ref"])],
        "configuration_id": each(sales["item"], items.configurations.__getitem__),
        "quantity": listed(sales["quantity"]),
        "unit_price": each(sales["price"], cents),
        "requested_date": each(wanted, _day),
    }


def _day(moment: pd.Timestamp) -> date:
    return moment.date()


def standing(orders: Invoices, is_open: list[bool]) -> Columns:
    """What depends on whether the order of a line is still to be made."""
    to_make = orders.for_lines(is_open)
    status = OrderLine.Status
    return {
        "status": [status.PROMISED if one else status.DELIVERED for one in to_make],
        "committed_date": [
            wanted if one else None
            for one, wanted in zip(to_make, orders.lines["requested_date"], strict=True)
        ],
    }
