"""Outlet: what was ordered and what was wanted in vain, as it was known at a moment.

Every function takes `as_of` and is blind to what came later: later orders, and later changes of
earlier ones (states from the journal, dates from the promise history). Times are UTC; a week is
its Monday.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from django.conf import settings
from django.db.models import Count, F, FloatField, Min, QuerySet
from django.db.models.functions import Cast

from journal.models import Transition
from orders.configuration import FINITE_KINDS
from orders.models import (
    AvailabilityPeriod,
    BehaviourEvent,
    Configuration,
    OptionGroup,
    Order,
    OrderLine,
    Product,
    PromiseRevision,
    Return,
)

USUAL_WAIT = timedelta(days=14)  # due date of a line that nobody has asked or promised a date for
SAME_NEED = timedelta(days=28)  # what a person does about a product within it is one need
WISHES = ("abandon", "basket")

_LINE_COLUMNS = {
    "line_id": "int64",
    "order_id": "int64",
    "customer_id": "Int64",
    "product_id": "int64",
    "family_id": "int64",
    "configuration_id": "int64",
    "quantity": "int64",
    "unit_price": "float64",
    "currency": "text",
    "placed_at": "time",
    "requested_date": "day",
    "committed_date": "day",
    "status": "text",
    "external_ref": "text",
}
_ORDER_COLUMNS = ("customer_id", "currency", "placed_at")
_OWN_COLUMNS = {  # where a line's own row has them
    "line_id": "pk",
    "order_id": "order_id",
    "product_id": "configuration__product_id",
    "family_id": "configuration__product__family_id",
    "configuration_id": "configuration_id",
    "quantity": "quantity",
    "unit_price": "price",
    "requested_date": "requested_date",
    "committed_date": "committed_date",
    "status": "status",
    "external_ref": "external_ref",
}
_NEEDED = ("line_id", "order_id", "status")  # to put lines in order and back to what they were


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


@dataclass(frozen=True)
class DueLine:
    """A line that is open now, as the board of due dates shows it; names as the reader reads."""

    line_id: int
    order_id: int
    order_number: str
    customer_name: str
    product_id: int
    product_name: str
    values: Mapping[str, Any]
    quantity: int
    due: date
    status: str
    status_name: str


@dataclass(frozen=True)
class LineContent:
    """What a line asks for, whether or not anybody has confirmed its order."""

    line_id: int
    product_id: int
    values: Mapping[str, Any]
    quantity: int


def lines(
    as_of: datetime,
    since: datetime | None = None,
    product_ids: Collection[int] | None = None,
    columns: Sequence[str] = tuple(_LINE_COLUMNS),
) -> pd.DataFrame:
    """Everything ordered from `since` until `as_of` and not cancelled by then, oldest first.

    Columns: line_id, order_id, customer_id (Int64, missing where unknown), product_id, family_id,
    configuration_id, quantity, unit_price (float, in currency), currency, placed_at (UTC),
    requested_date, committed_date (days or NaT), status, external_ref; or only those asked for:
    of a million lines dates alone take seconds.
    """
    own = [name for name in _OWN_COLUMNS if name in columns or name in _NEEDED]
    rows = (
        _known(as_of, since, product_ids)
        .annotate(price=Cast("unit_price", FloatField()))
        .values_list(*(_OWN_COLUMNS[name] for name in own))
    )
    kinds = {name: _LINE_COLUMNS[name] for name in own}
    frame = _frame(rows.iterator(chunk_size=20_000), kinds)
    frame = _with_orders(frame, as_of, since, [n for n in _ORDER_COLUMNS if n in columns])
    _turn_back(frame, "status", _states("order_line", as_of))
    if "committed_date" in own:
        committed = {key: _day(value) for key, value in _committed(as_of).items()}
        _turn_back(frame, "committed_date", committed)
    return frame.loc[frame["status"] != "cancelled", list(columns)].reset_index(drop=True)


def _with_orders(
    frame: pd.DataFrame, as_of: datetime, since: datetime | None, columns: Sequence[str]
) -> pd.DataFrame:
    """The lines with their orders' time and what else of `columns` is asked for, oldest first.

    Orders are read on their own: a time is slow to read, and an order has many lines.
    """
    orders = Order.objects.filter(placed_at__lte=as_of).exclude(status=Order.Status.DRAFT)
    if since is not None:
        orders = orders.filter(placed_at__gte=since)
    names = list(dict.fromkeys([*columns, "placed_at"]))
    rows = orders.order_by("pk").values_list("pk", *names)
    known = _frame(
        rows.iterator(chunk_size=20_000),
        {"order_id": "int64"} | {name: _LINE_COLUMNS[name] for name in names},
    )
    place = pd.Index(known["order_id"]).get_indexer(frame["order_id"])
    frame, place = frame[place >= 0], place[place >= 0]  # an order may go between two queries
    frame = frame.assign(**{name: known[name].array.take(place) for name in names})
    return frame.sort_values(["placed_at", "line_id"], ignore_index=True)


def first_ordered(as_of: datetime, product_ids: Collection[int] | None = None) -> datetime | None:
    """When the first order came that was not cancelled; None where none had come by `as_of`."""
    rows = OrderLine.objects.wanted().known_at(as_of)
    if product_ids is not None:
        rows = rows.filter(configuration__product_id__in=product_ids)
    first: datetime | None = rows.aggregate(first=Min("order__placed_at"))["first"]
    return first


def times_ordered(family_of: int) -> dict[int, int]:
    """Order lines of each product in the family of a product."""
    family = Product.objects.filter(pk=family_of).values("family")
    rows = OrderLine.objects.wanted().filter(configuration__product__family__in=family)
    return dict(rows.values_list("configuration__product").annotate(Count("pk")).order_by())


def _known(
    as_of: datetime, since: datetime | None, product_ids: Collection[int] | None
) -> QuerySet[OrderLine]:
    rows = OrderLine.objects.known_at(as_of).exclude(order__status=Order.Status.DRAFT)
    if since is not None:
        rows = rows.filter(order__placed_at__gte=since)
    if product_ids is not None:
        rows = rows.filter(configuration__product_id__in=product_ids)
    return rows


def _states(kind: str, as_of: datetime) -> dict[int, str]:
    """State at `as_of` of the rows that moved since: what their first later step left behind."""
    later = Transition.objects.filter(kind=kind, at__gt=as_of).order_by("-at", "-pk")
    return dict(later.values_list("object_id", "from_status"))


def _committed(as_of: datetime) -> dict[int, date | None]:
    """Date committed to at `as_of`, of the lines that were told another one since."""
    revised = PromiseRevision.objects.filter(at__gt=as_of).values("line_id")
    earlier = PromiseRevision.objects.filter(at__lte=as_of, line_id__in=revised)
    told: dict[int, date | None] = dict.fromkeys(revised.values_list("line_id", flat=True))
    told.update(earlier.order_by("at", "pk").values_list("line_id", "committed_date"))
    return told


def _turn_back(frame: pd.DataFrame, column: str, then: Mapping[int, Any]) -> None:
    """Put back what `column` held for the lines in `then`."""
    changed = frame["line_id"].isin(list(then))
    if changed.any():
        frame.loc[changed, column] = frame.loc[changed, "line_id"].map(then)


def _day(value: date | None) -> Any:
    return pd.NaT if value is None else pd.Timestamp(value)


def _frame(rows: Iterable[Sequence[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """A frame of `columns` {name: type} from database rows, in pieces that fit the memory."""
    pieces = [_piece(chunk, columns) for chunk in _batches(rows, 50_000)]
    if not pieces:
        return _piece([], columns)
    return pd.concat(pieces, ignore_index=True) if len(pieces) > 1 else pieces[0]


def _batches(rows: Iterable[Sequence[Any]], size: int) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def _piece(rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pd.DataFrame(
        {
            name: _column(values, kind)
            for (name, kind), values in zip(columns.items(), by_column, strict=True)
        }
    )


def _column(values: Sequence[Any], kind: str) -> Any:
    if kind == "time":
        naive = [value.replace(tzinfo=None) for value in values]
        return pd.Series(np.array(naive, dtype="datetime64[us]")).dt.tz_localize("UTC")
    if kind == "day":
        return pd.Series(np.array(values, dtype="datetime64[D]").astype("datetime64[us]"))
    if kind == "text":
        return pd.Series(np.array(values, dtype=object), dtype=object)
    if kind == "Int64":
        return pd.array(list(values), dtype="Int64")
    return np.array(values, dtype=kind)


def ordered_by(customer_id: int, as_of: datetime, most: int = 200) -> list[tuple[int, datetime]]:
    """What one customer ordered until `as_of`, newest first: (product, when)."""
    rows = OrderLine.objects.wanted().known_at(as_of).filter(order__customer_id=customer_id)
    return [
        (product_id, placed_at)
        for product_id, placed_at in rows.order_by("-order__placed_at").values_list(
            "configuration__product_id", "order__placed_at"
        )[:most]
        if placed_at is not None
    ]


def returns(as_of: datetime, since: datetime | None = None) -> pd.DataFrame:
    """What came back: return_id, line_id and customer_id (Int64), product_id, quantity, at."""
    rows = Return.objects.filter(at__lte=as_of)
    if since is not None:
        rows = rows.filter(at__gte=since)
    return _frame(
        rows.order_by("at", "pk")
        .values_list("pk", "line_id", "product_id", "customer_id", "quantity", "at")
        .iterator(chunk_size=20_000),
        {
            "return_id": "int64",
            "line_id": "Int64",
            "product_id": "int64",
            "customer_id": "Int64",
            "quantity": "int64",
            "at": "time",
        },
    )


def option_sales(
    as_of: datetime,
    since: datetime | None = None,
    product_ids: Collection[int] | None = None,
) -> pd.DataFrame:
    """Every finite value that was ordered, one row for each line, group and value.

    Columns: line_id, product_id, family_id, group, value, quantity, placed_at.
    """
    chosen = _finite_values(product_ids)
    sold = lines(as_of, since, chosen["product_id"].unique().tolist())
    chosen = chosen.drop(columns="product_id")
    columns = ["line_id", "product_id", "family_id", "group", "value", "quantity", "placed_at"]
    return sold.merge(chosen, on="configuration_id")[columns]


def _finite_values(product_ids: Collection[int] | None) -> pd.DataFrame:
    groups = OptionGroup.objects.filter(kind__in=FINITE_KINDS)
    configurations = Configuration.objects.filter(product__option_groups__in=groups).distinct()
    if product_ids is not None:
        groups = groups.filter(product_id__in=product_ids)
        configurations = configurations.filter(product_id__in=product_ids)
    finite = set(groups.values_list("product_id", "code"))
    rows = [
        (pk, product_id, group, value)
        for pk, product_id, values in configurations.values_list("pk", "product_id", "values")
        for group, chosen in values.items()
        if (product_id, group) in finite
        for value in (chosen if isinstance(chosen, list) else [chosen])
    ]
    columns = {
        "configuration_id": "int64",
        "product_id": "int64",
        "group": "text",
        "value": "text",
    }
    return _frame(rows, columns)


def open_lines(as_of: datetime, product_ids: Collection[int] | None = None) -> list[OpenLine]:
    """Lines of confirmed orders that were still to be made or sent, the earliest due first.

    Due is what was committed to, else what was asked for, else `USUAL_WAIT` after the order.
    """
    was, order_was, told = _states("order_line", as_of), _states("order", as_of), _committed(as_of)
    rows = _known(as_of, None, product_ids) & _possibly_open(was, order_was)
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
    """Lines that are open now, the earliest due first; one query."""
    rows = OrderLine.objects.open().select_related("order__customer", "configuration__product")
    return sorted((_due_line(row) for row in rows), key=lambda line: (line.due, line.line_id))


def _due_line(line: OrderLine) -> DueLine:
    order, product = line.order, line.configuration.product
    usual = ((order.placed_at or order.created_at) + USUAL_WAIT).date()
    return DueLine(
        line_id=line.pk,
        order_id=order.pk,
        order_number=order.number or "",
        customer_name=order.customer.name if order.customer else "",
        product_id=product.pk,
        product_name=product.label,
        values=line.configuration.values,
        quantity=line.quantity,
        due=line.committed_date or line.requested_date or usual,
        status=line.status,
        status_name=line.get_status_display(),
    )


def _open_line(
    row: Sequence[Any],
    was: Mapping[int, str],
    order_was: Mapping[int, str],
    told: Mapping[int, date | None],
) -> OpenLine | None:
    line_id, order_id, *what, asked, committed, weight, status, placed_at, name, stood = row
    status, stood = was.get(line_id, status), order_was.get(order_id, stood)
    if stood != Order.Status.CONFIRMED or status not in OrderLine.OPEN_STATUSES:
        return None
    due = told.get(line_id, committed) or asked or (placed_at + USUAL_WAIT).date()
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


def unmet(as_of: datetime, since: datetime | None = None) -> pd.DataFrame:
    """Wishes that no order followed: product_id, week (Monday), wants.

    A want is one need (`needs`) and counts in the week of its first sign.
    """
    frame = needs(as_of)
    frame = frame[frame["answered_at"].isna()]
    if since is not None:
        frame = frame[frame["at"] >= since]
    frame = frame.assign(week=mondays(frame["at"]))
    wants = frame.groupby(["product_id", "week"]).size()
    return wants.rename("wants").reset_index()


def needs(as_of: datetime) -> pd.DataFrame:
    """What people wanted of the shop's products, ordered or not, by first sign.

    A need is one person and everything that the person did about one product within `SAME_NEED`
    of the first sign, an abandoned configuration or a filled basket. Columns: product_id, kind
    (of the first sign), at, answered_at (the first order within `SAME_NEED`; NaT where none came
    until `as_of`). Only visitors who agreed to be measured are seen.
    """
    events = _wishes(as_of)
    keys = ["subject", "product_id"]
    met = events[events["kind"] == "order"].groupby(keys)["at"].apply(list)
    wishes = events[events["kind"] != "order"]
    found = [
        (product_id, kind, first, answered)
        for (subject, product_id), signs in wishes.groupby(keys)
        for kind, first, answered in _needs(signs, met.get((subject, product_id), []))
    ]
    frame = pd.DataFrame(found, columns=["product_id", "kind", "at", "answered_at"])
    frame = frame.astype({"product_id": "int64"})
    for name in ("at", "answered_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame.sort_values("at", kind="stable").reset_index(drop=True)


def _wishes(as_of: datetime) -> pd.DataFrame:
    rows = BehaviourEvent.objects.filter(
        kind__in=[*WISHES, "order"], at__lte=as_of, product__isnull=False
    )
    return _frame(
        rows.order_by("at", "pk").values_list("subject", "product_id", "kind", "at").iterator(),
        {"subject": "text", "product_id": "int64", "kind": "text", "at": "time"},
    )


def _needs(
    signs: pd.DataFrame, orders: Sequence[datetime]
) -> Iterator[tuple[str, datetime, datetime | None]]:
    """Each need in `signs` (sorted): kind and time of its first sign, and when it was answered."""
    first: datetime | None = None
    for kind, at in zip(signs["kind"], signs["at"], strict=True):
        if first is not None and at <= first + SAME_NEED:
            continue
        first = at
        within = (ordered for ordered in orders if at <= ordered <= at + SAME_NEED)
        yield kind, at, next(within, None)


def mondays(times: "pd.Series[Any]") -> "pd.Series[Any]":
    """The Monday of each time's week in the plant's zone, as a day without a zone."""
    moments = pd.to_datetime(times)
    if moments.dt.tz is not None:
        moments = moments.dt.tz_convert(settings.PLANT_TIME_ZONE).dt.tz_localize(None)
    days = moments.dt.normalize()
    return days - pd.to_timedelta(days.dt.day_of_week, unit="D")


def unavailable(as_of: datetime, since: datetime | None = None) -> pd.DataFrame:
    """Days without sale: product_id, start, end (both included, none after `as_of`)."""
    today = as_of.astimezone(UTC).date()
    rows = AvailabilityPeriod.objects.filter(start__lte=today)
    if since is not None:
        rows = rows.filter(end__gte=since.astimezone(UTC).date())
    frame = _frame(
        rows.order_by(F("start"), "pk").values_list("product_id", "start", "end"),
        {"product_id": "int64", "start": "day", "end": "day"},
    )
    frame["end"] = frame["end"].where(frame["end"] <= pd.Timestamp(today), pd.Timestamp(today))
    return frame


def named_orders(order_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Number and customer's name of orders, for pages that list lines; "" where unknown."""
    rows = Order.objects.filter(pk__in=order_ids).values_list("pk", "number", "customer__name")
    return {pk: (number or "", name or "") for pk, number, name in rows}
