"""Tables whose cells have types: numbers and dates stay what they are, all else becomes text."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

NUMBERS = ("quantity", "price")


def as_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return str(cell)


def typed_table(values: dict[str, list[Any]], lines: list[int], faults: list[str]) -> pd.DataFrame:
    """Every column as text, and beside `quantity`, `price` and `at`, where they are among them,
    `quantity_value`, `price_value` and `at_value`: what a typed cell holds. A typed number says
    nothing about how the texts of its column are written."""
    table = pd.DataFrame(
        {name: pd.Series(map(as_text, cells), dtype=str) for name, cells in values.items()}
    )
    for name in values.keys() & set(NUMBERS):
        table[f"{name}_value"] = pd.Series(map(_number, values[name]), dtype="float64")
    if "at" in values:
        table["at_value"] = pd.Series(map(_moment, values["at"]), dtype=_moments(values["at"]))
    return table.assign(line=lines, fault=faults)


def _number(cell: Any) -> float:
    is_number = isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)
    return float(cell) if is_number else float("nan")


def _moment(cell: Any) -> Any:
    return cell if isinstance(cell, datetime) else _midnight(cell)


def _midnight(cell: Any) -> Any:
    is_day = isinstance(cell, date)
    return datetime(cell.year, cell.month, cell.day) if is_day else None  # noqa: DTZ001 - a day of the shop


def _moments(cells: list[Any]) -> str:
    """Moments with a zone are compared in UTC; those without one are the shop's local time."""
    zoned = any(isinstance(cell, datetime) and cell.tzinfo for cell in cells)
    return "datetime64[us, UTC]" if zoned else "datetime64[us]"
