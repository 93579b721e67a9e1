"""Outlet: what visitors did, under their consent, as it was known at a moment."""

from collections.abc import Collection
from datetime import UTC, datetime

import pandas as pd
from django.db.models import Count, Sum

from orders.demand import mondays
from orders.models import BehaviourEvent

SIGNALS = {
    "view": "views",
    "search": "searches",
    "configure": "configures",
    "abandon": "abandons",
    "basket": "baskets",
}
COLUMNS = ["views", "dwell_seconds", "searches", "configures", "abandons", "baskets"]


def weekly_signals(
    as_of: datetime,
    since: datetime | None = None,
    product_ids: Collection[int] | None = None,
) -> pd.DataFrame:
    """Leading signals of products until `as_of`, as whole numbers.

    Columns: product_id, week (Monday), views, dwell_seconds, searches, configures, abandons,
    baskets. Weeks in which nothing happened have no row.
    """
    events = BehaviourEvent.objects.filter(at__lte=as_of, product__isnull=False, kind__in=SIGNALS)
    if since is not None:
        events = events.filter(at__gte=since)
    if product_ids is not None:
        events = events.filter(product_id__in=product_ids)
    daily = events.values_list("product_id", "day", "kind").annotate(
        Count("pk"), Sum("dwell_seconds")
    )
    frame = pd.DataFrame(
        list(daily.order_by()), columns=["product_id", "day", "kind", "count", "dwell"]
    )
    return _by_week(frame)


def _by_week(daily: pd.DataFrame) -> pd.DataFrame:
    daily["week"] = mondays(daily["day"])
    keys = ["product_id", "week"]
    counts = daily.pivot_table(
        index=keys, columns="kind", values="count", aggfunc="sum", fill_value=0
    ).rename(columns=SIGNALS)
    counts["dwell_seconds"] = daily[daily["kind"] == "view"].groupby(keys)["dwell"].sum()
    signals = counts.reindex(columns=COLUMNS).fillna(0).astype("int64")
    signals.columns.name = None
    return signals.reset_index().astype({"product_id": "int64"})


def history(subject: str, now: datetime, most: int = 50) -> list[tuple[str, int | None, datetime]]:
    """What one visitor did last, newest first: (kind, product or None, when)."""
    events = BehaviourEvent.objects.filter(subject=subject, at__lte=now).order_by("-at", "-pk")
    return [
        (kind, product_id, at.astimezone(UTC))
        for kind, product_id, at in events.values_list("kind", "product_id", "at")[:most]
    ]


def events(as_of: datetime, since: datetime | None = None) -> pd.DataFrame:
    """Everything that visitors did until `as_of`, oldest first.

    Columns: subject, kind, product_id (missing where there is none), dwell_seconds, at.
    """
    rows = BehaviourEvent.objects.filter(at__lte=as_of)
    if since is not None:
        rows = rows.filter(at__gte=since)
    columns = ["subject", "kind", "product_id", "dwell_seconds", "at"]
    found = rows.order_by("at", "pk").values_list(*columns).iterator(5000)
    return pd.DataFrame(found, columns=columns).astype({"product_id": "Int64"})
