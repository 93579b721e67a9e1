"""Score every order line prequentially: how surprising was it to what was published before it?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd

from forecasting import outlook, sold
from forecasting.methods.options import (
    Frequencies,
    InfeasibleValue,
    OptionModel,
    frequencies_last_quarter,
)
from forecasting.models import Forecast, OptionScore
from orders import catalogue, demand

QUARTER = timedelta(days=91)


@dataclass(frozen=True)
class _Line:
    pk: int
    product_id: int
    placed_at: datetime
    choices: dict[str, str]


def score_new_lines(as_of: datetime) -> int:
    """Score the lines placed by `as_of` that have no score yet; returns how many.

    A line is judged by the newest forecast published as of a day before it was placed; lines from
    before the first forecast stay without a score: nothing had been foreseen.
    """
    first = Forecast.objects.filter(published_at__isnull=False, as_of__lte=as_of).last()
    if first is None:
        return 0
    lines = _unscored(first.as_of, as_of)
    sheets = catalogue.sheets(list({line.product_id for line in lines}))
    foreseen = outlook.published_each(line.placed_at for line in lines)
    scored = 0
    for forecast, group in groupby(zip(foreseen, lines, strict=True), key=itemgetter(0)):
        if forecast is not None:
            rows = list(_scores(forecast, [line for _, line in group], sheets, as_of))
            OptionScore.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
            scored += len(rows)
    return scored


def _unscored(since: datetime, as_of: datetime) -> list[_Line]:
    table = demand.option_sales(as_of, since=since)
    done = OptionScore.objects.filter(line__in=table["line_id"].unique().tolist())
    fresh = table[~table["line_id"].isin(list(done.values_list("line_id", flat=True)))]
    fresh = fresh[fresh["placed_at"] > pd.Timestamp(since)].sort_values("placed_at", kind="stable")
    columns = ("line_id", "product_id", "placed_at")
    return [
        _Line(pk, product_id, placed_at.to_pydatetime(), choices)
        for choices, (pk, product_id, placed_at) in sold.lines_of(fresh, columns)
    ]


def _scores(
    forecast: Forecast, lines: list[_Line], sheets: Mapping[int, Any], now: datetime
) -> Iterable[OptionScore]:
    model = outlook.option_model_of(forecast)
    if model is None:
        return
    baseline = _last_quarter(lines[0].placed_at)
    for line in lines:
        bits = _bits(model, baseline, line, sheets[line.product_id])
        if bits is not None:
            yield OptionScore(
                line_id=line.pk,
                forecast=forecast,
                bits=bits[0],
                baseline_bits=bits[1],
                scored_at=now,
            )


def _bits(
    model: OptionModel, baseline: Frequencies, line: _Line, sheet: Any
) -> tuple[float, float] | None:
    """Each option given those before it in the alphabet, over what was then still feasible."""
    feasible, given = {}, dict[str, str]()
    for group in sorted(line.choices):
        feasible[group] = catalogue.feasible(sheet, given).get(group, [])
        given[group] = line.choices[group]
    product = str(line.product_id)
    try:
        return (
            model.bits(product, line.choices, feasible, str(sheet.family_id)),
            baseline.bits(product, line.choices, feasible),
        )
    except InfeasibleValue:  # an option that was withdrawn since
        return None


def _last_quarter(at: datetime) -> Frequencies:
    return frequencies_last_quarter(sold.sales(at, at - QUARTER), at.date())
