"""What was sold in which configuration, as option models learn from it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from forecasting.methods.options import Sale
from orders import demand


def sales(as_of: datetime, since: datetime, product_ids: list[int] | None = None) -> list[Sale]:
    """Sold configurations, one per line, the oldest first."""
    table = demand.option_sales(as_of, since=since, product_ids=product_ids)
    columns = ("product_id", "family_id", "placed_at", "quantity")
    return [
        Sale(str(product), str(family), choices, placed_at.date(), float(quantity))
        for choices, (product, family, placed_at, quantity) in lines_of(table, columns)
    ]


def lines_of(
    table: pd.DataFrame, columns: tuple[str, ...]
) -> Iterator[tuple[dict[str, str], tuple[Any, ...]]]:
    """The choices of each line of `demand.option_sales`, and what else of its row is asked for."""
    choices: dict[int, dict[str, str]] = {}
    others: dict[int, tuple[Any, ...]] = {}
    names = ("line_id", "group", "value", *columns)
    for line_id, group, value, *rest in zip(*(table[name].tolist() for name in names), strict=True):
        if line_id not in choices:
            choices[line_id], others[line_id] = {}, tuple(rest)
        choices[line_id][group] = value
    return zip(choices.values(), others.values(), strict=True)
