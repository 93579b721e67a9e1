"""Which sale a return takes back."""

from typing import Any

import pandas as pd


def match_returns(sales: pd.DataFrame, returns: pd.DataFrame) -> dict[str, str]:
    """For each return the latest earlier sale of the same customer and item that still has as
    many pieces: `{return ref: sale ref}`. A return without such a sale, or without a customer,
    is left out."""
    named = returns[returns["customer"] != ""]
    keys = pd.MultiIndex.from_frame(named[["customer", "item"]]).unique()
    wanted = pd.MultiIndex.from_frame(sales[["customer", "item"]]).isin(keys)
    left: dict[tuple[str, str], list[list[Any]]] = {}
    for row in _by_time(sales[wanted]):
        left.setdefault((row.customer, row.item), []).append([row.at, row.quantity, row.ref])
    matches: dict[str, str] = {}
    for row in _by_time(named):
        for sale in reversed(left.get((row.customer, row.item), [])):
            if sale[0] <= row.at and sale[1] >= row.quantity:
                sale[1] -= row.quantity
                matches[row.ref] = sale[2]
                break
    return matches


def _by_time(lines: pd.DataFrame) -> Any:
    """Rows as named tuples; their fields have the types of the columns, which stubs cannot know."""
    return lines.sort_values("at", kind="stable").itertuples()
