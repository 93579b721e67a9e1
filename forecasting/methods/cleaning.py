"""Cleaning before forecasting: every rule has a name, is counted, and can be undone.

Nothing is deleted. Results carry the raw figures beside the cleaned ones and say per line or
point which rule touched it. Two levels: sales lines (`clean_lines`), then series (`clean_series`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.methods.classification import ADI_LIMIT, intervals_and_variation
from forecasting.methods.series import Bools, Floats, Strings

LINE_COLUMNS = ("invoice", "ordinal", "customer", "item", "quantity", "at", "price")
DUPLICATE, BULK = "duplicate", "bulk order"
RETURN, UNMATCHED, RETURNED = "return", "return without sale", "returned"
CENSORED, SPIKE, DIP = "stock-out or closure", "spike", "dip"

Names: TypeAlias = defaultdict[int, list[str]]  # the rules that touched a row, by its number


class BadLines(ValueError):
    """The sales lines cannot be cleaned as they are."""


class BadRules(ValueError):
    """A rule's parameter makes no sense."""


@dataclass(frozen=True)
class LineRules:
    """`duplicates`: "drop" nets fully identical lines of one invoice to zero, "flag" only marks
    them (they may be meant), "keep" leaves them. `bulk`: robust deviations, on a log scale, above
    the item's median line before a line counts as bulk; `bulk_lines`: lines an item must have.
    """

    duplicates: Literal["drop", "flag", "keep"] = "drop"
    bulk: float = 5.0
    bulk_lines: int = 8

    def __post_init__(self) -> None:
        if self.bulk <= 0 or self.bulk_lines < 2:
            raise BadRules("The bulk rule needs a positive limit and at least two lines.")


@dataclass(frozen=True, eq=False)
class CleanedLines:
    """`lines`: the raw columns untouched, plus `rule` (names joined by "+", "" for none) and
    `cleaned` (quantity to forecast from). `counts`: lines touched by each rule.
    """

    lines: pd.DataFrame
    counts: dict[str, int]

    def without(self, rule: str) -> pd.Series:
        """Quantities with the lines of one rule back at their raw figure."""
        touched = self.lines["rule"].str.split("+").map(lambda names: rule in names)
        return self.lines["cleaned"].where(~touched, self.lines["quantity"])


def clean_lines(lines: pd.DataFrame, rules: LineRules | None = None) -> CleanedLines:
    """Clean sales lines; columns `LINE_COLUMNS`, one row a line, any order.

    `customer` may be missing; a negative `quantity` is a cancellation or return. In this order:
    1. fully identical lines within an invoice (all but the ordinal) are duplicates;
    2. a return is netted against the latest earlier sales of the same customer and item; a
       return that finds no sale counts as nothing, and says so;
    3. lines far above what the item usually sells per line are marked as bulk, quantity kept
       (the series level decides whether the week is an outlier).
    Raises `BadLines`.
    """
    used = rules or LineRules()
    _check_lines(lines)
    frame = lines.reset_index(drop=True)
    names: Names = defaultdict(list)
    quantity = frame["quantity"].to_numpy(dtype=np.float64)
    cleaned = quantity.copy()
    if used.duplicates != "keep":
        _mark_duplicates(frame, names, cleaned, drop=used.duplicates == "drop")
    _net_returns(frame, names, cleaned)
    for row in np.flatnonzero(_bulk(frame["item"], cleaned, used)):
        names[int(row)].append(BULK)
    rule = np.full(len(frame), "", dtype=object)
    rule[list(names)] = ["+".join(one) for one in names.values()]
    result = frame.assign(rule=rule, cleaned=cleaned)
    return CleanedLines(result, dict(Counter(name for one in names.values() for name in one)))


def _check_lines(lines: pd.DataFrame) -> None:
    missing = [name for name in LINE_COLUMNS if name not in lines.columns]
    if missing:
        raise BadLines(f"The sales lines lack {', '.join(missing)}.")
    if lines[["invoice", "item", "quantity", "at"]].isna().any(axis=None):
        raise BadLines("Some sales lines have no invoice, item, quantity or time.")


def _mark_duplicates(frame: pd.DataFrame, names: Names, cleaned: Floats, *, drop: bool) -> None:
    same = [name for name in LINE_COLUMNS if name != "ordinal"]
    repeated = frame.sort_values("ordinal", kind="stable").duplicated(same)
    for row in repeated.index[repeated]:
        names[int(row)].append(DUPLICATE)
        if drop:
            cleaned[row] = 0.0


def _net_returns(frame: pd.DataFrame, names: Names, cleaned: Floats) -> None:
    """Match each return to the latest earlier sales of the same customer and item."""
    open_sales: dict[tuple[object, object], list[int]] = {}
    for row, key in _in_time(frame, cleaned):
        if cleaned[row] > 0:
            open_sales.setdefault(key, []).append(row)
            continue
        rest = _return_to(open_sales.get(key, []), -float(cleaned[row]), names, cleaned)
        names[row].append(RETURN if rest == 0 else UNMATCHED)
        cleaned[row] = 0.0


def _in_time(frame: pd.DataFrame, cleaned: Floats) -> Iterator[tuple[int, tuple[object, object]]]:
    """Rows in time with (customer, item), where that pair has a return; others need no look.

    A line without customer belongs to its invoice alone.
    """
    invoice = "invoice " + frame["invoice"].astype(str)
    who = frame["customer"].astype(object).where(frame["customer"].notna(), invoice)
    keys = list(zip(who, frame["item"], strict=True))
    returned = {keys[row] for row in np.flatnonzero(cleaned < 0)}
    # A sale and its return at the same moment: the sale comes first.
    order = frame.assign(_back=cleaned < 0).sort_values(["at", "_back", "ordinal"], kind="stable")
    for row in order.index:
        if keys[row] in returned and cleaned[row] != 0:
            yield int(row), keys[row]


def _return_to(sales: list[int], amount: float, names: Names, cleaned: Floats) -> float:
    """Take `amount` off the latest sales; what is left over finds no sale."""
    while sales and amount > 0:
        sale = sales[-1]
        taken = min(amount, float(cleaned[sale]))
        cleaned[sale] -= taken
        amount -= taken
        if RETURNED not in names[sale]:
            names[sale].append(RETURNED)
        if cleaned[sale] == 0:
            sales.pop()
    return amount


def _bulk(item: "pd.Series[Any]", quantity: Floats, rules: LineRules) -> Bools:
    """Lines with log quantity over the item's median by `bulk` robust deviations.

    The deviation is 1.4826 · MAD (Rousseeuw & Croux 1993), at least that of a factor of 1.5.
    """
    size = pd.Series(np.where(quantity > 0, np.log(np.maximum(quantity, 1e-12)), np.nan))
    groups = size.groupby(item.to_numpy())
    away = size - groups.transform("median")
    deviation = 1.4826 * away.abs().groupby(item.to_numpy()).transform("median")
    limit = rules.bulk * np.maximum(deviation, np.log(1.5))
    flagged = (away > limit) & (groups.transform("count") >= rules.bulk_lines)
    return flagged.to_numpy(dtype=np.bool_)


@dataclass(frozen=True)
class SeriesRules:
    """`limit`: robust deviations from the usual level before a point is an outlier. `window`:
    periods (odd) over which the usual level is taken. `event`: when more than this share of the
    series stands out in one period, that is an event of the shop, not an outlier.
    """

    limit: float = 5.0
    window: int = 13
    event: float = 0.25

    def __post_init__(self) -> None:
        if self.limit <= 0 or self.window < 3 or self.window % 2 == 0 or not 0 < self.event <= 1:
            raise BadRules("Limit and event must be positive, the window odd and at least 3.")


@dataclass(frozen=True, eq=False)
class CleanedSeries:
    """All (n, T): `raw`, `cleaned`, `censored` (mask), `rule` (name, "" for none)."""

    raw: Floats
    cleaned: Floats
    censored: Bools
    rule: Strings

    @property
    def counts(self) -> dict[str, int]:
        """Points touched by each rule."""
        names, counts = np.unique(self.rule[self.rule != ""], return_counts=True)
        return {str(name): int(count) for name, count in zip(names, counts, strict=True)}

    def without(self, rule: str) -> Floats:
        """Cleaned values with the points of one rule back at their raw figure."""
        return np.where(self.rule == rule, self.raw, self.cleaned)


def clean_series(
    values: Floats,
    season: int = 52,
    censored: Bools | None = None,
    rules: SeriesRules | None = None,
) -> CleanedSeries:
    """Replace outliers and fill periods in which demand could not show.

    `values` (n, T) ≥ 0, NaN before a series begins; `censored` (n, T) True in stock-outs and
    closures. Points are compared on the deseasonalised square-root scale 2√(y + 3/8) (Anscombe
    1948), where counts vary alike at every level, with a running median (Hampel filter). Slow
    movers (ADI ≥ 1.32) are compared by the sizes of their demand alone: zeros are normal there.
    A censored period gets the usual level of its season, or what was sold if that is more.
    """
    used = rules or SeriesRules()
    hidden = np.zeros(values.shape, dtype=np.bool_) if censored is None else censored
    if hidden.shape != values.shape:
        raise BadRules("The censored mask has another shape than the values.")
    seen = np.where(hidden, np.nan, values)
    factors = seasonal_factors(seen, season)
    level = seen / factors
    slow = intervals_and_variation(np.nan_to_num(seen))[0] >= ADI_LIMIT
    sizes = np.where(slow[:, None] & (level == 0), np.nan, level)
    usual_size = _running_median(sizes, used.window)
    away = _deviations(sizes, usual_size)
    spike = _not_event(away > used.limit, used)
    dip = _not_event((away < -used.limit) & ~slow[:, None], used)
    hole = hidden & np.isfinite(values)
    usual = _running_median(level, 2 * used.window + 1)
    cleaned = np.where(spike | dip, usual_size * factors, values)
    cleaned = np.where(hole, np.fmax(values, np.nan_to_num(usual * factors)), cleaned)
    rule: Strings = np.select([hole, spike, dip], [CENSORED, SPIKE, DIP], "").astype(np.str_)
    return CleanedSeries(values, cleaned, hole, rule)


def seasonal_factors(values: Floats, season: int) -> Floats:
    """Multiplicative factor of each point's place in the season, (n, T), about 1 on average.

    Median over the years of value ÷ running mean of a season; 1 for series with fewer than two
    full seasons. Shrunk half-way to 1, since few years back each figure.
    """
    rows, periods = values.shape
    factors = np.ones((rows, periods))
    old = np.isfinite(values).sum(axis=1) >= 2 * season
    if season < 2 or not old.any():
        return factors
    level = _running_mean(values[old], season)
    ratio = values[old] / np.where(level > 0, level, np.nan)
    place = np.arange(periods) % season
    for position in range(season):
        years = ratio[:, place == position]
        middle = _median(years)
        shrunk = 1 + (np.where(np.isfinite(middle), middle, 1.0) - 1) / 2
        factors[np.ix_(old, place == position)] = np.maximum(shrunk, 0.1)[:, None]
    return factors


def _windows(values: Floats, width: int) -> Floats:
    """Centred windows (n, T, width), NaN beyond the ends."""
    before = width // 2
    padded = np.pad(values, ((0, 0), (before, width - 1 - before)), constant_values=np.nan)
    windows: Floats = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)
    return windows


def _running_mean(values: Floats, width: int) -> Floats:
    windows = _windows(values, width)
    seen = np.isfinite(windows)
    mean: Floats = np.where(seen, windows, 0.0).sum(axis=2) / np.maximum(seen.sum(axis=2), 1)
    return mean


def _median(values: Floats) -> Floats:
    """Median over the last axis of what is known, NaN where nothing is."""
    ordered = np.sort(values, axis=-1)
    count = np.isfinite(ordered).sum(axis=-1)[..., None]
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    high = np.minimum(high, values.shape[-1] - 1)
    pair = np.take_along_axis(ordered, np.concatenate([low, high], axis=-1), axis=-1)
    middle: Floats = pair.mean(axis=-1)
    return middle


def _running_median(values: Floats, width: int) -> Floats:
    """Running median; where a window has nothing, the series' own median."""
    running = _median(_windows(values, width))
    return np.where(np.isfinite(running), running, _median(values)[:, None])


def _deviations(values: Floats, usual: Floats) -> Floats:
    """Robust z-scores on the square-root scale, 0 where unknown.

    The deviation is at least 1, that of Poisson counts.
    """
    away = 2 * np.sqrt(values + 0.375) - 2 * np.sqrt(usual + 0.375)
    deviation = np.maximum(1.4826 * np.nan_to_num(_median(np.abs(away))), 1.0)
    scores: Floats = np.nan_to_num(away / deviation[:, None])
    return scores


def _not_event(flagged: Bools, rules: SeriesRules) -> NDArray[np.bool_]:
    """Flags without those periods in which a large share of at least 8 series stands out."""
    rows = flagged.shape[0]
    shop_wide = flagged.mean(axis=0) > rules.event
    return flagged & ~shop_wide if rows >= 8 else flagged
