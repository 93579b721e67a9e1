"""Outlet: what was wanted of the shop's products, in vain or not, as it was known at a moment."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pandas as pd

from orders.demand import mondays
from orders.frames import framed
from orders.models import BehaviourEvent

SAME_NEED = timedelta(days=28)  # what a person does about a product within it is one need
WISHES = ("abandon", "basket")


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
    return framed(
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
