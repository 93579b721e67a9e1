"""Outlet: lines that wait to be made or sent, and by when."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from orders.as_known import dates_then, known_lines, states_then
from orders.models import Configuration, Order, OrderLine

USUAL_WAIT = timedelta(days=14)  # due date of a line that nobody has asked or promised a date for


@dataclass(frozen=True)
class OpenLine:
    """A line that still has to be made: what, how many, by when, how urgent."""

    line_id: int
    order_id: int
    product_id: int
    sku: str
    configuration_id: int
    values: Mapping[str, Any]
    quantity: int
    due: date
    weight: int
    status: str
    placed_at: datetime
    customer_name: str


class DueLine(NamedTuple):
    """A line that is open now, as the board of due dates counts it."""

    line_id: int
    order_id: int
    configuration_id: int
    product_id: int
    quantity: int
    status: str
    due: date


@dataclass(frozen=True)
class LineNames:
    """What a reader calls a line: in his language, "" where nobody knows."""

    order_number: str
    customer_name: str
    product_name: str
    status_name: str


@dataclass(frozen=True)
class LineContent:
    """What a line asks for, whether or not anybody has confirmed its order."""

    line_id: int
    product_id: int
    values: Mapping[str, Any]
    quantity: int


def open_lines(
    as_of: datetime,
    product_ids: Collection[int] | None = None,
    order_ids: Collection[int] | None = None,
) -> list[OpenLine]:
    """Lines of confirmed orders that were still to be made or sent, the earliest due first; those
    of some products or orders only, where these are given."""
    was, order_was, told = (
        states_then("order_line", as_of),
        states_then("order", as_of),
        dates_then(as_of),
    )
    rows = known_lines(as_of, None, product_ids) & _possibly_open(was, order_was)
    if order_ids is not None:
        rows = rows.filter(order__in=order_ids)
    found = []
    for row in rows.values_list(
        "pk",
        "order_id",
        "configuration__product_id",
        "configuration__product__sku",
        "configuration_id",
        "configuration__values",
        "quantity",
        "requested_date",
        "committed_date",
        "priority",
        "status",
        "order__placed_at",
        "order__customer__name",
        "order__status",
    ).iterator(chunk_size=5_000):
        line = _open_line(row, was, order_was, told)
        if line is not None:
            found.append(line)
    return sorted(found, key=lambda line: (line.due, line.line_id))


def due_lines() -> list[DueLine]:
    """Lines that are open now, the earliest due first; two queries."""
    rows = OrderLine.objects.open()
    undated = rows.filter(committed_date=None, requested_date=None).values_list(
        "pk", "order__placed_at", "order__created_at"
    )
    usual = {pk: _due(None, None, placed_at or made_at) for pk, placed_at, made_at in undated}
    dated = rows.order_by().values_list(
        "pk",
        "order_id",
        "configuration_id",
        "configuration__product_id",
        "quantity",
        "status",
        Coalesce("committed_date", "requested_date"),
    )
    found = [DueLine._make((*row[:6], row[6] or usual[row[0]])) for row in dated]
    return sorted(found, key=itemgetter(6, 0))  # due, then id


def due_ids() -> QuerySet[Any]:
    """The ids of the lines that are open now, to ask for what belongs to them."""
    return OrderLine.objects.open().values("pk")


def due_choices() -> dict[int, Mapping[str, Any]]:
    """What the lines that are open now ask for, by configuration; one query."""
    asked_for = OrderLine.objects.open().values("configuration")
    return dict(Configuration.objects.filter(pk__in=asked_for).values_list("pk", "values"))


def names_of(line_ids: Collection[int]) -> dict[int, LineNames]:
    """How pages that list lines call them; one query."""
    rows = OrderLine.objects.select_related("order__customer", "configuration__product")
    return {
        line.pk: LineNames(
            order_number=line.order.number or "",
            customer_name=line.order.customer.name if line.order.customer else "",
            product_name=line.configuration.product.label,
            status_name=line.get_status_display(),
        )
        for line in rows.filter(pk__in=line_ids)
    }


def numbers_of(order_ids: Collection[int]) -> dict[int, str]:
    """What people call orders."""
    rows = Order.objects.filter(pk__in=order_ids).values_list("pk", "number")
    return {pk: number or "" for pk, number in rows}


def _due(committed_to: date | None, asked: date | None, placed_at: datetime) -> date:
    """What was committed to, else what was asked for, else `USUAL_WAIT` after the order."""
    return committed_to or asked or (placed_at + USUAL_WAIT).date()


def _open_line(
    row: Sequence[Any],
    was: Mapping[int, str],
    order_was: Mapping[int, str],
    told: Mapping[int, date | None],
) -> OpenLine | None:
    line_id, order_id, *what, asked, promised, weight, status, placed_at, name, stood = row
    status, stood = was.get(line_id, status), order_was.get(order_id, stood)
    if stood != Order.Status.CONFIRMED or status not in OrderLine.OPEN_STATUSES:
        return None
    due = _due(told.get(line_id, promised), asked, placed_at)
    product_id, sku, configuration_id, values, quantity = what
    return OpenLine(
        line_id=line_id,
        order_id=order_id,
        product_id=product_id,
        sku=sku,
        configuration_id=configuration_id,
        values=values,
        quantity=quantity,
        due=due,
        weight=weight,
        status=status,
        placed_at=placed_at,
        customer_name=name or "",
    )


def _possibly_open(was: Mapping[int, str], order_was: Mapping[int, str]) -> QuerySet[OrderLine]:
    """Lines open today, and, when looking back, those that moved since."""
    if was or order_was:
        return OrderLine.objects.all()
    return OrderLine.objects.open()


def lines_of(line_ids: Collection[int]) -> list[LineContent]:
    """What these lines ask for as they stand now, in whatever state, by line; for reservations,
    which are made before the order is certain."""
    rows = OrderLine.objects.filter(pk__in=line_ids).order_by("pk")
    fields = ("pk", "configuration__product_id", "configuration__values", "quantity")
    return [LineContent(*row) for row in rows.values_list(*fields)]
