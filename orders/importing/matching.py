"""Which sale a return takes back."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from orders.importing.cells import listed


def match_returns(sales: pd.DataFrame, returns: pd.DataFrame) -> dict[str, str]:
    """For each return the latest earlier sale of the same customer and item that still has as
    many pieces: `{return ref: sale ref}`. A return without such a sale, or without a customer,
    is left out."""
    named = returns[returns["customer"] != ""]
    left: dict[tuple[str, str], list[list[Any]]] = {key: [] for key in _keys(named)}
    wanted = np.array([key in left for key in _keys(sales)], dtype=bool)
    for key, at, quantity, ref in _by_time(sales[wanted]):
        left[key].append([at, quantity, ref])
    matches: dict[str, str] = {}
    for key, at, quantity, ref in _by_time(named):
        for sale in reversed(left[key]):
            if sale[0] <= at and sale[1] >= quantity:
                sale[1] -= quantity
                matches[ref] = sale[2]
                break
    return matches


def _keys(lines: pd.DataFrame) -> Iterator[tuple[Any, Any]]:
    return zip(listed(lines["customer"]), listed(lines["item"]), strict=True)


def _by_time(lines: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    rows = lines.sort_values("at", kind="stable")
    cells = (listed(rows[name]) for name in ("at", "quantity", "ref"))
    return zip(_keys(rows), *cells, strict=True)
