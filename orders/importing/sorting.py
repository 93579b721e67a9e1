"""Sort the lines of a log: sales, returns, lines set apart, and lines refused with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from journal.tables.notation import Undecided, read_moments, read_numbers, to_utc
from orders.importing.cells import changed, listed, which
from orders.importing.currencies import currencies_of, in_two, without_signs
from orders.importing.mapping import COLUMNS, BadMapping, Mapping
from orders.importing.matching import match_returns
from orders.importing.reasons import BLAMED, NO_SALE


class Shop(Protocol):
    """What is here already of the invoices of a log, and of its lines by their refs."""

    def currencies(self, invoices: Sequence[str], /) -> dict[str, str]:
        """Of those that are here as orders, the currency of each."""

    def over(self, invoices: Sequence[str], /) -> set[str]:
        """Those whose order takes no more lines."""

    def lines(self, refs: Sequence[str], /) -> set[str]:
        """The lines that are here."""


class NewShop:
    """One that has nothing yet."""

    def currencies(self, _invoices: Sequence[str], /) -> dict[str, str]:
        return {}

    def over(self, _invoices: Sequence[str], /) -> set[str]:
        return set()

    def lines(self, _refs: Sequence[str], /) -> set[str]:
        return set()


EARLIEST = pd.Timestamp("1970-01-01", tz="UTC")  # that a date is taken for
ABSURD_QUANTITY = 1_000_000
ABSURD_PRICE = 1_000_000

# A flag compares a sale with the median of the product's own sales, which a few slips do not
# move; a product that sold less often has no usual quantity or price yet.
SOLD_OFTEN = 10
TIMES_USUAL_QUANTITY = 100
TIMES_USUAL_PRICE = 10

FAULTS = ("nul_byte", "short_line", "long_line", "formula_without_value", "cell_error")
UNREADABLE = (
    *FAULTS,
    "no_invoice",
    "bad_date",
    "unclear_quantity",
    "bad_quantity",
    "unclear_price",
    "bad_price",
    "bad_currency",
)

# what a file does not prove by itself → the entry of the mapping that settles it
SETTLED_BY = {
    "decimal": 'Set decimal = "." or "," under [lines] in the mapping; cells that do not fit are '
    "then refused line by line.",
    "date_format": "Set date_format under [lines] in the mapping, for example "
    '"%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M" or "%d.%m.%y %H:%M".',
}


@dataclass(frozen=True)
class SortedLog:
    """`sales` and `returns` with clean columns; `apart` with its kind; `refused` with a reason
    and the column that it is about.

    Columns of sales and returns: ref, invoice, ordinal, item, description, quantity (positive),
    price, currency, at (UTC), customer ("" = unknown), country, line.
    """

    sales: pd.DataFrame
    returns: pd.DataFrame
    matches: dict[str, str]  # the ref of a return → that of its sale
    apart: pd.DataFrame
    refused: pd.DataFrame
    flagged: pd.DataFrame  # sales that are imported but want a look: line, flag, item, …

    @property
    def lines(self) -> int:
        return len(self.sales) + len(self.returns) + len(self.apart) + len(self.refused)


def sort_lines(table: pd.DataFrame, mapping: Mapping, *, here: Shop | None = None) -> SortedLog:
    """Give every line of `read_log` exactly one place. The identity of a line is its invoice and
    its ordinal in it, counted over all lines, so that later corrections do not shift it. `here` is
    the shop that the log comes into.

    Raises `BadMapping` where a column's numbers or dates mean two things.
    """
    try:
        lines = _parsed(table, mapping)
    except Undecided as open_question:
        raise BadMapping(f"{open_question} {SETTLED_BY[open_question.missing]}") from open_question
    here = here or NewShop()
    lines["cancelled"] = _cancelled(lines, mapping)
    lines["kind"] = _kinds(lines, mapping)
    faulty = table["fault"] != ""
    lines["reason"] = _reasons(lines, mapping).mask(faulty, table["fault"])
    # A fee is a fee whatever its sign or price; only what cannot be read at all is refused.
    apart = (lines["kind"] != "") & ~lines["reason"].isin(UNREADABLE)
    facts = _refuse_currencies(lines, apart, mapping, here)
    _refuse_too_late(lines, apart, here)
    matches, sale_lines = _refuse_returns(lines, apart)
    refused = (lines["reason"] != "") & ~apart
    good = lines[~apart & ~refused]
    back = good["quantity"] < 0
    sales = _clean(good[~back])
    shown = ["line", *(name for name in COLUMNS if name in mapping.columns or name != "currency")]
    reason = lines["reason"][refused]
    blamed = reason.map(BLAMED).map(mapping.columns).fillna("")
    return SortedLog(
        sales=sales,
        returns=_clean(good[back]),
        matches=matches,
        apart=table[apart][shown].assign(kind=lines["kind"][apart]),
        refused=table[refused][shown]
        .assign(reason=reason, column=blamed)
        .join([facts, sale_lines]),
        flagged=_flagged(sales, mapping),
    )


def _refuse_currencies(
    lines: pd.DataFrame, apart: pd.Series, mapping: Mapping, here: Shop
) -> pd.DataFrame:
    """An order has one currency, here and in the file; what a cancellation was paid in does not
    matter. Returns what is to be said of lines whose order is here in another."""
    sales = lines.loc[_sold(lines, apart), ["invoice", "currency"]]
    if "currency" in mapping.columns:
        mixed = in_two(sales)
        lines.loc[mixed.index[mixed], "reason"] = "two_currencies"
        sales = sales[~mixed]
    currencies = here.currencies(list(sales["invoice"].unique()))
    of_here = sales[sales["invoice"].isin(list(currencies))]
    known = of_here["invoice"].map(currencies)
    other = of_here[known != of_here["currency"]]
    lines.loc[other.index, "reason"] = "other_currency"
    return pd.DataFrame(
        {
            "order": mapping.order_prefix + other["invoice"],
            "order_currency": known[other.index],
            "line_currency": other["currency"],
        }
    )


def _refuse_too_late(lines: pd.DataFrame, apart: pd.Series, here: Shop) -> None:
    """What is over in the shop takes no more lines: nobody would make them."""
    invoices = lines["invoice"][_sold(lines, apart)]
    over = here.over(list(invoices.unique()))
    refs = lines["ref"][invoices.index[invoices.isin(list(over))]]
    late = ~refs.isin(list(here.lines(list(refs))))
    lines.loc[refs.index[late], "reason"] = "order_over"


def _sold(lines: pd.DataFrame, apart: pd.Series) -> pd.Series:
    return (lines["reason"] == "") & ~apart & (lines["quantity"] > 0)


def _refuse_returns(lines: pd.DataFrame, apart: pd.Series) -> tuple[dict[str, str], pd.Series]:
    """What was sold in a line that is refused comes back only once that line is corrected: else
    its return would never find it. Returns the sales of the returns that stay, and the lines of
    the sales of those that do not."""
    taken = (lines["reason"] == "") & ~apart
    back = taken & (lines["quantity"] < 0)
    lost = ~(taken | apart | lines["cancelled"] | lines["reason"].isin(NO_SALE)) & ~(
        lines["quantity"] < 0
    )
    needed = ["customer", "item", "at", "quantity", "ref", "line"]
    sales = lines.loc[(taken & ~back) | lost, needed].assign(lost=lost)
    # what cannot be read may have been anything
    sales["quantity"] = sales["quantity"].fillna(np.inf)
    sales["at"] = sales["at"].fillna(EARLIEST)
    returns = lines.loc[back, needed]
    returns["quantity"] = returns["quantity"].abs()
    matches = match_returns(sales, returns)
    missed = sales[sales["lost"]].set_index("ref")["line"]
    of_line = returns["ref"].map(matches).map(missed).dropna().astype("int64")
    lines.loc[of_line.index, "reason"] = "sale_refused"
    gone = set(returns["ref"][of_line.index])
    stay = {ref: sale for ref, sale in matches.items() if ref not in gone}
    return stay, of_line.astype(str).rename("sale_line")


def _parsed(table: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    quantity, unclear_quantity = _numbers(table, "quantity", mapping)
    currency = currencies_of(table["currency"], mapping)
    priced = table
    if "currency" in mapping.columns:
        priced = table.assign(price=without_signs(table["price"], currency))
    price, unclear_price = _numbers(priced, "price", mapping)
    lines = pd.DataFrame(
        {
            "invoice": changed(table["invoice"], _code),
            "item": changed(table["item"], _code),
            "description": changed(table["description"], str.strip),
            "quantity": quantity,
            "price": price,
            "currency": currency,
            "at": _moments(table, mapping),
            "customer": changed(table["customer"], lambda cell: cell.strip().removesuffix(".0")),
            "country": changed(table["country"], str.strip),
            "line": table["line"],
            "unclear_quantity": unclear_quantity,
            "unclear_price": unclear_price,
        }
    )
    lines["ordinal"] = lines.groupby("invoice", sort=False).cumcount() + 1
    places = zip(listed(lines["invoice"]), lines["ordinal"].tolist(), strict=True)
    refs = [f"{invoice}:{ordinal}" for invoice, ordinal in places]
    return lines.assign(ref=pd.Series(refs, index=lines.index, dtype="str"))


def _code(cell: str) -> str:
    return cell.strip().upper()


def _numbers(table: pd.DataFrame, name: str, mapping: Mapping) -> tuple[pd.Series, pd.Series]:
    """The typed cells as they are, the texts in the notation of their column; what is unclear."""
    texts, typed = _untyped(table, name)
    read = read_numbers(
        texts,
        table["line"][texts.index],
        column=mapping.columns[name],
        decimal=mapping.decimal,
        currency=mapping.currency if name == "price" and "currency" not in mapping.columns else "",
    )
    if typed is None:
        return read.values, read.unclear
    return typed.fillna(read.values), read.unclear.reindex(table.index, fill_value=False)


def _moments(table: pd.DataFrame, mapping: Mapping) -> pd.Series:
    texts, typed = _untyped(table, "at")
    read = read_moments(
        texts,
        table["line"][texts.index],
        column=mapping.columns["at"],
        zone=mapping.time_zone,
        date_format=mapping.date_format,
    )
    if typed is None:
        return read
    zoned = isinstance(typed.dtype, pd.DatetimeTZDtype)
    return (typed if zoned else to_utc(typed, mapping.time_zone)).fillna(read)


def _untyped(table: pd.DataFrame, name: str) -> tuple[pd.Series, pd.Series | None]:
    """The cells of a column that are texts, and the typed ones where the file has types."""
    if f"{name}_value" not in table:
        return table[name], None
    typed = table[f"{name}_value"]
    return table[name][typed.isna()], typed


def _kinds(lines: pd.DataFrame, mapping: Mapping) -> pd.Series:
    kinds = pd.Series("", index=lines.index, dtype=str)
    for apart in mapping.set_apart:
        kinds[lines["item"].isin(apart.items)] = apart.kind
    return kinds


def _reasons(lines: pd.DataFrame, mapping: Mapping) -> pd.Series:
    """The first reason that holds, in the order in which a person would want to hear it."""
    quantity, price = lines["quantity"], lines["price"]
    cancelled = lines["cancelled"]
    rules: dict[str, pd.Series] = {
        "no_invoice": lines["invoice"] == "",
        "bad_date": lines["at"].isna(),
        "unclear_quantity": lines["unclear_quantity"],
        "bad_quantity": quantity.isna() | (quantity % 1 != 0),
        "bad_currency": lines["currency"] == "",
        "unclear_price": lines["unclear_price"],
        "bad_price": price.isna(),
        "negative_price": price < 0,
        "zero_quantity": quantity == 0,
        "absurd_quantity": quantity.abs() > ABSURD_QUANTITY,
        "absurd_price": price > ABSURD_PRICE,
        "positive_cancellation": cancelled & (quantity > 0),
        "negative_sale": ~cancelled & (quantity < 0),
        "no_price": price == 0,
        "no_product": ~which(lines["item"], mapping.product_code.fullmatch),
    }
    names = np.array([*rules, ""], dtype=object)
    first = np.select(list(rules.values()), list(range(len(rules))), default=len(rules))
    return pd.Series(names[first.astype("int8")], index=lines.index, dtype=str)


def _cancelled(lines: pd.DataFrame, mapping: Mapping) -> pd.Series:
    prefix = mapping.cancellation_prefix
    # every text begins with an empty one
    return which(lines["invoice"], lambda invoice: prefix and invoice.startswith(prefix))


def _clean(lines: pd.DataFrame) -> pd.DataFrame:
    working = ["cancelled", "kind", "reason", "unclear_quantity", "unclear_price"]
    clean = lines.drop(columns=working).assign(quantity=lines["quantity"].abs().astype("int64"))
    return clean.reset_index(drop=True)


def _flagged(sales: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    of_item = sales.groupby("item")
    often = of_item["line"].transform("size") >= SOLD_OFTEN
    quantity = sales["quantity"] / of_item["quantity"].transform("median")
    own = ["currency"] if "currency" in mapping.columns else []
    priced = sales.groupby(["item", *own])
    usual = priced["line"].transform("size") >= SOLD_OFTEN
    price = sales["price"] / priced["price"].transform("median")
    unusual_price = (price > TIMES_USUAL_PRICE) | (price < 1 / TIMES_USUAL_PRICE)
    rules = {
        "unusual_quantity": often & (quantity > TIMES_USUAL_QUANTITY),
        "unusual_price": usual & unusual_price,
    }
    columns = ["line", "invoice", "item", "description", "quantity", "price", *own]
    found = [sales.loc[rule, columns].assign(flag=flag) for flag, rule in rules.items()]
    return pd.concat(found).sort_values("line", kind="stable")
