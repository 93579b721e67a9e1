"""Sort the lines of a log: sales, returns, lines set apart, and lines refused with a reason."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orders.importing.mapping import Mapping

ABSURD_QUANTITY = 1_000_000
ABSURD_PRICE = 1_000_000

# code → what is said of the line in the refusal file
REASONS = {
    "no_invoice": "The invoice number is empty.",
    "bad_date": "The date cannot be read; write it as 2011-12-31 13:45:00.",
    "bad_quantity": "The quantity is no whole number.",
    "zero_quantity": "The quantity is zero.",
    "absurd_quantity": f"The quantity is above {ABSURD_QUANTITY:,}.",
    "bad_price": "The price is no number.",
    "negative_price": "The price is negative: an adjustment, no sale.",
    "absurd_price": f"The price is above {ABSURD_PRICE:,}.",
    "no_price": "The price is zero: a gift, a sample or a stock note, no sale.",
    "negative_sale": "The quantity is negative but the invoice is no cancellation: a stock note.",
    "positive_cancellation": "A cancellation with a positive quantity.",
    "no_product": "The item code is none of a product.",
}


@dataclass(frozen=True)
class SortedLog:
    """`sales` and `returns` with clean columns; `apart` with its kind; `refused` with a reason.

    Columns of sales and returns: ref, invoice, ordinal, item, description, quantity (positive),
    price, at (UTC), customer ("" = unknown), country, line.
    """

    sales: pd.DataFrame
    returns: pd.DataFrame
    apart: pd.DataFrame
    refused: pd.DataFrame

    @property
    def lines(self) -> int:
        return len(self.sales) + len(self.returns) + len(self.apart) + len(self.refused)


def sort_lines(table: pd.DataFrame, mapping: Mapping) -> SortedLog:
    """Give every line of `read_log` exactly one place. The identity of a line is its invoice and
    its ordinal in it, counted over all lines, so that later corrections do not shift it."""
    lines = _parsed(table, mapping)
    lines["kind"] = _kinds(lines, mapping)
    reason = _reasons(lines, mapping)
    # A fee is a fee whatever its sign or price; only what cannot be read at all is refused.
    unreadable = reason.isin(["no_invoice", "bad_date", "bad_quantity", "bad_price"])
    apart = (lines["kind"] != "") & ~unreadable
    refused = (reason != "") & ~apart
    good = lines[~apart & ~refused]
    back = good["quantity"] < 0
    return SortedLog(
        sales=_clean(good[~back]),
        returns=_clean(good[back]),
        apart=table.assign(kind=lines["kind"])[apart],
        refused=table.assign(reason=reason)[refused],
    )


def _parsed(table: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    lines = pd.DataFrame(
        {
            "invoice": table["invoice"].str.strip().str.upper(),
            "item": table["item"].str.strip().str.upper(),
            "description": table["description"].str.strip(),
            "quantity": pd.to_numeric(table["quantity"], errors="coerce"),
            "price": pd.to_numeric(table["price"], errors="coerce"),
            "at": pd.to_datetime(table["at"], errors="coerce", format="ISO8601"),
            "customer": table["customer"].str.strip().str.removesuffix(".0"),
            "country": table["country"].str.strip(),
            "line": table["line"],
        }
    )
    local = lines["at"].dt.tz_localize(
        mapping.time_zone, ambiguous=np.zeros(len(lines), bool), nonexistent="shift_forward"
    )
    lines["at"] = local.dt.tz_convert("UTC")
    lines["ordinal"] = lines.groupby("invoice", sort=False).cumcount() + 1
    return lines


def _kinds(lines: pd.DataFrame, mapping: Mapping) -> pd.Series:
    kinds = pd.Series("", index=lines.index, dtype=str)
    for apart in mapping.set_apart:
        kinds[lines["item"].isin(apart.items)] = apart.kind
    return kinds


def _reasons(lines: pd.DataFrame, mapping: Mapping) -> pd.Series:
    """The first reason that holds, in the order in which a person would want to hear it."""
    quantity, price = lines["quantity"], lines["price"]
    cancelled = lines["invoice"].str.startswith(mapping.cancellation_prefix)
    rules: dict[str, pd.Series] = {
        "no_invoice": lines["invoice"] == "",
        "bad_date": lines["at"].isna(),
        "bad_quantity": quantity.isna() | (quantity % 1 != 0),
        "bad_price": price.isna(),
        "negative_price": price < 0,
        "zero_quantity": quantity == 0,
        "absurd_quantity": quantity.abs() > ABSURD_QUANTITY,
        "absurd_price": price > ABSURD_PRICE,
        "positive_cancellation": cancelled & (quantity > 0),
        "negative_sale": ~cancelled & (quantity < 0),
        "no_price": price == 0,
        "no_product": ~lines["item"].str.fullmatch(mapping.product_code.pattern),
    }
    return pd.Series(
        np.select(list(rules.values()), list(rules), default=""), index=lines.index, dtype=str
    )


def _clean(lines: pd.DataFrame) -> pd.DataFrame:
    clean = lines.drop(columns="kind").assign(quantity=lines["quantity"].abs().astype("int64"))
    clean["ref"] = clean["invoice"] + ":" + clean["ordinal"].astype(str)
    return clean.reset_index(drop=True)
