"""The demand that the demo shop really has, before chance draws from it.

People get interested at a rate that is season × trend × a slow wobble that nobody can foresee;
a known share orders after a known delay. Orders of a day are therefore Poisson with a known mean,
and what people look at leads what they order. Later comparisons of forecasts use this mean.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config.demo.products import ITEMS, SKUS
from config.demo.sheets import Choice, Item, Question

Floats = NDArray[np.float64]

WEEKS = 78  # of history before the anchor
AHEAD_DAYS = 182  # the truth is known so far beyond the anchor
WARM_UP_DAYS = 35  # interest before the first order
CONVERSION = 0.5  # share of interested people who order, where they can
BEST_LEAD = 8.0  # days from the first look to the order, most often
LONGEST_LEAD = 28
WOBBLE, WOBBLE_MEMORY = 0.22, 0.7  # log scale per week
WEEKDAYS = np.array([1.12, 1.05, 1.0, 0.98, 0.9, 0.85, 1.1])
# pieces of a line: number and share, of persons and of companies
PIECES = {
    "person": ((1, 0.86), (2, 0.11), (3, 0.03)),
    "company": ((2, 0.3), (3, 0.2), (4, 0.24), (6, 0.16), (10, 0.1)),
}
KEPT = 0.985  # share of orders that are not called off
COMPANY_SHARE = {"furniture": 0.1, "lamps": 0.08, "printed": 0.1, "gifts": 0.07}


def lead_shares() -> Floats:
    """Share of orders that come 0, 1, … `LONGEST_LEAD` days after the first look; sums to 1."""
    days = np.arange(LONGEST_LEAD + 1, dtype=float)
    weights = (days / BEST_LEAD) ** 2 * np.exp(-2 * days / BEST_LEAD)
    return np.asarray(weights / weights.sum())


def season(item: Item, days: Floats) -> Floats:
    """Height of the season on days of the year (1 … 366): 1 is plain."""
    heights = np.ones_like(days)
    for peak, width, height in item.season:
        apart = np.abs(days - peak)
        apart = np.minimum(apart, 365.25 - apart)
        heights += height * np.exp(-0.5 * (apart / (width / 2)) ** 2)
    return heights


def mean_pieces(family: str) -> float:
    """Pieces of one order line on average."""
    share = COMPANY_SHARE[family]
    person, company = (sum(n * p for n, p in PIECES[kind]) for kind in ("person", "company"))
    return (1 - share) * person + share * company


def choice_shares(question: Question, years: float) -> dict[str, float]:
    """Wish for each value of a question, `years` after history begins, before rules cut in.

    Of "any of" questions each value stands alone; the others add up to 1.
    """
    if question.kind == "multi":
        return {one.code: min(0.95, _drifted(one, years)) for one in question.choices}
    weights = {one.code: _drifted(one, years) for one in question.choices}
    total = sum(weights.values())
    return {code: weight / total for code, weight in weights.items()}


def _drifted(choice: Choice, years: float) -> float:
    return choice.weight * float(np.exp(choice.drift * years))


@dataclass(frozen=True)
class Truth:
    """True means for every day and product around an anchor date.

    Arrays have shape (days, products): days from `first`, products in the order of `SKUS`.
    `scale` makes a smaller shop of the same shape.
    """

    anchor: date
    seed: int = 0
    scale: float = 1.0
    weeks: int = WEEKS

    @property
    def first(self) -> date:
        """The first day of interest, `WARM_UP_DAYS` before the first order counts."""
        return self.opening - timedelta(days=WARM_UP_DAYS)

    @property
    def opening(self) -> date:
        """The first day of history: a Monday."""
        monday = self.anchor - timedelta(days=self.anchor.weekday())
        return monday - timedelta(weeks=self.weeks)

    @cached_property
    def days(self) -> list[date]:
        count = (self.anchor - self.first).days + AHEAD_DAYS
        return [self.first + timedelta(days=number) for number in range(count)]

    @cached_property
    def interest(self) -> Floats:
        """Mean number of people a day who begin to be interested in a product."""
        return np.column_stack([self._interest(number) for number in range(len(ITEMS))])

    @cached_property
    def direct(self) -> Floats:
        """Mean order lines a day that interest in the product itself leads to."""
        shares = lead_shares()
        lines = [np.convolve(column, shares)[: len(self.days)] for column in self.interest.T]
        return np.column_stack(lines) * CONVERSION * KEPT * self.on_sale

    @cached_property
    def lines(self) -> Floats:
        """Mean order lines a day, companions of other products included."""
        return self.direct + (self.direct @ companion_shares()) * self.on_sale

    @cached_property
    def pieces(self) -> Floats:
        """Mean pieces a day; a companion is bought in the numbers of the order it comes with."""
        each = np.array([mean_pieces(item.family) for item in ITEMS])
        ordered = self.direct * each
        return np.asarray(ordered + (ordered @ companion_shares()) * self.on_sale)

    @cached_property
    def on_sale(self) -> Floats:
        """1 on days on which a product is in the catalogue, else 0."""
        launches = [launch_day(item, self.anchor) or self.first for item in ITEMS]
        return np.array([[float(day >= launch) for launch in launches] for day in self.days])

    def weekly(self) -> pd.DataFrame:
        """True means per product and whole week (its Monday): sku, week, lines, pieces."""
        offset = (self.opening - self.first).days
        weeks = (len(self.days) - offset) // 7
        shape = (weeks, 7, len(SKUS))
        lines, pieces = (
            array[offset : offset + 7 * weeks].reshape(shape).sum(axis=1).T.ravel()
            for array in (self.lines, self.pieces)
        )
        mondays = pd.date_range(self.opening, periods=weeks, freq="7D")
        return pd.DataFrame(
            {
                "sku": np.repeat(SKUS, weeks),
                "week": np.tile(mondays, len(SKUS)),
                "lines": lines,
                "pieces": pieces,
            }
        )

    def _interest(self, number: int) -> Floats:
        item = ITEMS[number]
        years = np.array([(day - self.anchor).days for day in self.days]) / 365.25
        of_year = np.array([day.timetuple().tm_yday for day in self.days], dtype=float)
        weekday = WEEKDAYS[[day.weekday() for day in self.days]]
        smooth = season(item, of_year) * np.exp(item.growth * np.minimum(years, 0.25))
        rate = item.weekly / 7 / CONVERSION * self.scale * weekday
        return np.asarray(rate * smooth * self._wobble(number))

    def _wobble(self, number: int) -> Floats:
        """A slow random factor around 1, day by day between weekly values (AR(1) in logs)."""
        weeks = len(self.days) // 7 + 2
        draws = np.random.default_rng([self.seed, 101, number]).normal(size=weeks)
        logs = np.empty(weeks)
        logs[0] = draws[0]
        for week in range(1, weeks):
            fresh = np.sqrt(1 - WOBBLE_MEMORY**2) * draws[week]
            logs[week] = WOBBLE_MEMORY * logs[week - 1] + fresh
        daily = np.interp(np.arange(len(self.days)) / 7, np.arange(weeks), logs)
        return np.asarray(np.exp(WOBBLE * daily - WOBBLE**2 / 2))


def companion_shares() -> Floats:
    """How often an order of the row's product also brings the column's; shape (products, same)."""
    shares = np.zeros((len(SKUS), len(SKUS)))
    for row, item in enumerate(ITEMS):
        for sku, share in item.companions.items():
            shares[row, SKUS.index(sku)] = share
    return shares


def launch_day(item: Item, anchor: date) -> date | None:
    if item.launched_weeks_ago is None:
        return None
    monday = anchor - timedelta(days=anchor.weekday())
    return monday - timedelta(weeks=item.launched_weeks_ago)
