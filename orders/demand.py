"""Outlet: what was ordered, as it was known at a moment.

What takes `as_of` is blind to what came later: later orders, and later changes of earlier ones.
Times are UTC; a week is its Monday.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from django.conf import settings
from django.db.models import Count, F, FloatField, Min
from django.db.models.functions import Cast

from orders.as_known import dates_then, known_lines, states_then, wanted_then
from orders.configuration import FINITE_KINDS
from orders.frames import framed
from orders.models import (
    AvailabilityPeriod,
    Configuration,
    OptionGroup,
    Order,
    OrderLine,
    Product,
    Return,
)

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
        known_lines(as_of, since, product_ids)
        .annotate(price=Cast("unit_price", FloatField()))
        .values_list(*(_OWN_COLUMNS[name] for name in own))
    )
    kinds = {name: _LINE_COLUMNS[name] for name in own}
    frame = framed(rows.iterator(chunk_size=20_000), kinds)
    frame = _with_orders(frame, as_of, since, [n for n in _ORDER_COLUMNS if n in columns])
    _turn_back(frame, "status", states_then("order_line", as_of))
    if "committed_date" in own:
        committed = {key: _day(value) for key, value in dates_then(as_of).items()}
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
    known = framed(
        rows.iterator(chunk_size=20_000),
        {"order_id": "int64"} | {name: _LINE_COLUMNS[name] for name in names},
    )
    place = pd.Index(known["order_id"]).get_indexer(frame["order_id"])
    frame, place = frame[place >= 0], place[place >= 0]  # an order may go between two queries
    frame = frame.assign(**{name: known[name].array.take(place) for name in names})
    return frame.sort_values(["placed_at", "line_id"], ignore_index=True)


def first_ordered(as_of: datetime, product_ids: Collection[int] | None = None) -> datetime | None:
    """When the first order came that was not cancelled by `as_of`; None where none had come."""
    rows = wanted_then(as_of)
    if product_ids is not None:
        rows = rows.filter(configuration__product_id__in=product_ids)
    first: datetime | None = rows.aggregate(first=Min("order__placed_at"))["first"]
    return first


def times_ordered(family_of: int) -> dict[int, int]:
    """Order lines of each product in the family of a product."""
    family = Product.objects.filter(pk=family_of).values("family")
    rows = OrderLine.objects.wanted().filter(configuration__product__family__in=family)
    return dict(rows.values_list("configuration__product").annotate(Count("pk")).order_by())


def _turn_back(frame: pd.DataFrame, column: str, then: Mapping[int, Any]) -> None:
    """Put back what `column` held for the lines in `then`."""
    changed = frame["line_id"].isin(list(then))
    if changed.any():
        frame.loc[changed, column] = frame.loc[changed, "line_id"].map(then)


def _day(value: date | None) -> Any:
    return pd.NaT if value is None else pd.Timestamp(value)


def ordered_by(customer_id: int, as_of: datetime, most: int = 200) -> list[tuple[int, datetime]]:
    """What one customer had ordered by `as_of` and not cancelled, newest first: (product, when)."""
    rows = wanted_then(as_of).filter(order__customer_id=customer_id)
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
    return framed(
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
    own = ("line_id", "product_id", "family_id", "configuration_id", "quantity", "placed_at")
    sold = lines(as_of, since, chosen["product_id"].unique().tolist(), own)
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
    return framed(rows, columns)


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
    frame = framed(
        rows.order_by(F("start"), "pk").values_list("product_id", "start", "end"),
        {"product_id": "int64", "start": "day", "end": "day"},
    )
    frame["end"] = frame["end"].where(frame["end"] <= pd.Timestamp(today), pd.Timestamp(today))
    return frame


def named_orders(order_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Number and customer's name of orders, for pages that list lines; "" where unknown."""
    rows = Order.objects.filter(pk__in=order_ids).values_list("pk", "number", "customer__name")
    return {pk: (number or "", name or "") for pk, number, name in rows}
