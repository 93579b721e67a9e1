"""Sales of earlier imports, for returns that found none in their own file."""

from collections.abc import Iterator

import pandas as pd
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from orders.importing.matching import match_returns
from orders.models import OrderLine

RETURNS_AT_ONCE = 400  # a query names their customers and choices; SQLite takes few parameters


def match_earlier(returns: pd.DataFrame) -> dict[str, int]:
    """Which line of the shop each return takes back, by the rule of `match_returns`; one query for
    some hundred returns. `customer` and `item` are primary keys of a customer and a choice."""
    return {
        ref: int(line)
        for some in _whole_customers(returns)
        for ref, line in match_returns(_sales(some), some).items()
    }


def _whole_customers(returns: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Together what one customer sent back, so that nothing comes back twice."""
    portion = returns.groupby("customer")["ref"].size().cumsum() // RETURNS_AT_ONCE
    for _number, some in returns.groupby(returns["customer"].map(portion)):
        yield some


def _sales(returns: pd.DataFrame) -> pd.DataFrame:
    """What these customers bought of these choices, less what came back already."""
    lines = OrderLine.objects.filter(
        external_ref__isnull=False,
        order__customer__in=returns["customer"].unique().tolist(),
        configuration__in=returns["item"].unique().tolist(),
    ).exclude(status=OrderLine.Status.CANCELLED)
    left = lines.annotate(left=F("quantity") - Coalesce(Sum("returns__quantity"), 0))
    rows = left.order_by("order__placed_at", "pk").values_list(
        "order__customer", "configuration", "order__placed_at", "left", "pk"
    )
    columns = ["customer", "item", "at", "quantity", "ref"]
    return pd.DataFrame.from_records(list(rows), columns=columns)
