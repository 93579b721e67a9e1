"""What of an order log is here already."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import models

from orders.importing.mapping import Mapping
from orders.importing.sorting import SortedLog
from orders.models import Order, OrderLine

AT_A_TIME = 800  # SQLite takes no more parameters
# To name a row in a query costs several times what it costs to read one.
NAMED = 4


class Known:
    """What the shop has of a log; orders are read once. Orders placed on or after `open_from` are
    still to be made."""

    def __init__(self, mapping: Mapping, open_from: datetime | None = None) -> None:
        self.prefix, self.open_from = mapping.order_prefix, open_from
        self._orders: dict[str, Any] = {}
        self._asked: frozenset[str] = frozenset()

    def currencies(self, invoices: Sequence[str]) -> dict[str, str]:
        """Of the invoices that are here as orders, the currency of each."""
        return {invoice: currency for invoice, (currency, *_) in self._of(invoices).items()}

    def over(self, invoices: Sequence[str]) -> set[str]:
        """Those whose order takes no more lines: it is cancelled, or closed although it was placed
        since `open_from`, so that a line would be left to be made."""
        return {
            invoice
            for invoice, (_currency, status, placed_at) in self._of(invoices).items()
            if status == Order.Status.CANCELLED
            or (status == Order.Status.CLOSED and self.open_from and placed_at >= self.open_from)
        }

    def lines(self, refs: Sequence[str]) -> set[str]:
        """Which lines of the log are here."""
        found = {ref for (ref,) in rows_of(OrderLine, [self.prefix + ref for ref in refs])}
        return {ref for ref in refs if self.prefix + ref in found}

    def _of(self, invoices: Sequence[str]) -> dict[str, Any]:
        new = [invoice for invoice in invoices if invoice not in self._asked]
        if new:
            refs = [self.prefix + invoice for invoice in new]
            found = rows_of(Order, refs, "currency", "status", "placed_at")
            facts = {ref: facts for ref, *facts in found}
            known = zip(new, map(facts.get, refs), strict=True)
            self._orders |= {invoice: one for invoice, one in known if one}
            self._asked |= frozenset(new)
        return {invoice: self._orders[invoice] for invoice in invoices if invoice in self._orders}


def known_orders(log: SortedLog, mapping: Mapping) -> int:
    """How many orders of the log are here. An order is written with all its lines or not at all."""
    return len(Known(mapping).currencies(list(log.sales["invoice"].unique())))


def rows_of(
    model: type[models.Model], refs: Sequence[str], *fields: str
) -> Iterator[tuple[Any, ...]]:
    """`external_ref` and these fields of the rows with these references; of all that have one,
    where those are not many more."""
    rows = model._default_manager.filter(external_ref__isnull=False)
    if len(refs) > AT_A_TIME and rows.count() <= NAMED * len(refs):
        yield from rows.order_by().values_list("external_ref", *fields).iterator()
    else:
        yield from named_rows(model, refs, *fields)


def named_rows(
    model: type[models.Model], refs: Sequence[str], *fields: str
) -> Iterator[tuple[Any, ...]]:
    """The same, however few of all these are: nothing else is read, so a writer may ask."""
    wanted = model._default_manager.order_by().values_list("external_ref", *fields)
    for start in range(0, len(refs), AT_A_TIME):
        yield from wanted.filter(external_ref__in=refs[start : start + AT_A_TIME])


def keys_of(model: type[models.Model], refs: Sequence[str]) -> dict[str, int]:
    """The primary keys of the rows with these references."""
    return dict(rows_of(model, refs, "pk"))
