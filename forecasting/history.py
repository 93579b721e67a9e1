"""What was wanted, week by week: gathered from orders' outlets, cleaned, ready to learn from."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from django.conf import settings

from forecasting.methods.cleaning import CleanedLines, CleanedSeries, clean_lines, clean_series
from forecasting.methods.series import Bools, Cube, Dates, Floats, Panel
from forecasting.runs import CannotTrain
from orders import behaviour, demand

SIGNALS = ("views", "dwell_seconds", "searches", "configures", "abandons", "baskets")

COLUMNS = (
    *("line_id", "order_id", "customer_id", "product_id", "family_id"),
    *("quantity", "unit_price", "placed_at"),
)


class NoHistory(CannotTrain):
    """Nothing was ordered before the day in question."""


@dataclass(frozen=True, eq=False)
class History:
    """`panel`: cleaned weekly units of each product (ids are product ids as text)."""

    panel: Panel
    series: CleanedSeries
    lines: CleanedLines
    products: tuple[int, ...]
    families: tuple[int, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many lines and weeks each cleaning rule touched."""
        return {**self.lines.counts, **self.series.counts}


def week_of(moment: datetime) -> date:
    """The Monday of the week in which `moment` falls, in the plant's time."""
    day = moment.astimezone(ZoneInfo(settings.PLANT_TIME_ZONE)).date()
    return date.fromordinal(day.toordinal() - day.weekday())


def gather(as_of: datetime, product_ids: list[int] | None = None) -> History:
    """Full weeks before `as_of`, blind to everything after it. Raises `NoHistory`."""
    lines = demand.lines(as_of, product_ids=product_ids, columns=COLUMNS)
    if lines.empty:
        raise NoHistory("Nothing was ordered before this day, so nothing can be forecast.")
    cleaned = clean_lines(_sales_and_returns(lines, as_of))
    weekly = _weekly(cleaned.lines, as_of)
    families = lines.groupby("product_id")["family_id"].first()
    products = tuple(int(name) for name in weekly.ids)
    hidden = _hidden(weekly, products, as_of)
    series = clean_series(weekly.values, weekly.season, hidden)
    panel = Panel(
        series.cleaned,
        weekly.ids,
        weekly.starts,
        weekly.season,
        signals=_signals(weekly, products, as_of),
        censored=series.censored,
    )
    return History(
        panel, series, cleaned, products, tuple(int(families[product]) for product in products)
    )


def _sales_and_returns(lines: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """One table in the columns of `clean_lines`; a return is a line of negative quantity.

    A return that names its line belongs to that line's order and customer, so that a guest's
    return finds its sale.
    """
    sales = pd.DataFrame(
        {
            "invoice": lines["order_id"].to_numpy(),
            "ordinal": lines["line_id"].to_numpy(),
            "customer": lines["customer_id"].to_numpy(),
            "item": lines["product_id"].to_numpy(),
            "quantity": lines["quantity"].to_numpy(),
            "at": lines["placed_at"].array,
            "price": lines["unit_price"].to_numpy(dtype=float),
        }
    )
    back = demand.returns(as_of)
    back = back[back["product_id"].isin(sales["item"].unique())]
    of_line = lines.set_index("line_id")[["order_id", "customer_id"]].reindex(back["line_id"])
    orders = of_line["order_id"].reset_index(drop=True)
    buyers = of_line["customer_id"].reset_index(drop=True)
    back = back.reset_index(drop=True)
    returns = pd.DataFrame(
        {
            "invoice": orders.fillna(-back["return_id"]).to_numpy(dtype="int64"),
            "ordinal": back["return_id"].to_numpy(),
            "customer": back["customer_id"].fillna(buyers).to_numpy(),
            "item": back["product_id"].to_numpy(),
            "quantity": -back["quantity"].to_numpy(),
            "at": back["at"].array,
            "price": 0.0,
        }
    )
    return pd.concat([sales, returns], ignore_index=True) if len(returns) else sales


def _weekly(lines: pd.DataFrame, as_of: datetime) -> Panel:
    """Weekly sums of the cleaned lines; the week of `as_of` is not over and is left out."""
    sales = lines[lines["quantity"] > 0]
    sums = sales.assign(week=demand.mondays(sales["at"])).groupby(["item", "week"])["cleaned"].sum()
    weekly = sums.reset_index()
    weeks: Dates = weekly["week"].to_numpy("datetime64[D]")
    this_week = np.datetime64(week_of(as_of), "D")
    over = weeks < this_week
    if not over.any():
        raise NoHistory("No week is complete yet; a forecast needs at least one.")
    ids = weekly["item"].astype(str).to_numpy()[over]
    values = weekly["cleaned"].to_numpy(dtype=float)[over]
    last = this_week - np.timedelta64(7, "D")
    # A zero of every series in the last full week, so that silence at the end is seen as zero.
    names = np.unique(ids)
    return Panel.from_long(
        list(ids) + list(names),
        np.concatenate([weeks[over], np.full(len(names), last)]),
        np.concatenate([values, np.zeros(len(names))]),
    )


def _hidden(weekly: Panel, products: tuple[int, ...], as_of: datetime) -> Bools:
    """Weeks in which a product could not be sold on any day or most days."""
    hidden: Bools = np.zeros(weekly.shape, dtype=np.bool_)
    rows = {product: row for row, product in enumerate(products)}
    days = np.timedelta64(6, "D")
    period: Any
    for period in demand.unavailable(as_of).itertuples(index=False):
        if period.product_id in rows:
            start, end = np.datetime64(period.start, "D"), np.datetime64(period.end, "D")
            # at least four of its seven days
            covered = np.minimum(weekly.starts + days, end) - np.maximum(weekly.starts, start)
            hidden[rows[period.product_id]] |= covered >= np.timedelta64(3, "D")
    return hidden


def _signals(weekly: Panel, products: tuple[int, ...], as_of: datetime) -> Cube:
    """Leading signals as (n, T) cubes; none where nothing was ever recorded."""
    table = behaviour.weekly_signals(as_of, product_ids=list(products))
    if table.empty:
        return {}
    rows = table["product_id"].map({product: row for row, product in enumerate(products)})
    columns = (table["week"].to_numpy("datetime64[D]") - weekly.starts[0]).astype(int) // 7
    inside = rows.notna().to_numpy() & (columns >= 0) & (columns < weekly.shape[1])
    cubes: dict[str, Floats] = {}
    for name in SIGNALS:
        cube = np.zeros(weekly.shape)
        np.add.at(
            cube,
            (rows[inside].to_numpy(dtype=int), columns[inside]),
            table.loc[inside, name].to_numpy(dtype=float),
        )
        if cube.any():
            cubes[name] = cube
    return cubes
