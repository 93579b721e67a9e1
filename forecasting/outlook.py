"""Outlet: what will be wanted, as published, for the floors above."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from django.db.models import Q

from forecasting import artefacts
from forecasting.methods.consumption import consume
from forecasting.methods.options import OptionModel
from forecasting.models import (
    DemandSeries,
    Forecast,
    ForecastPoint,
    OptionScore,
    OptionShare,
    TrainingRun,
)

WEEKLY = ["product_id", "week", "expected", "q10", "q50", "q90"]
SCORES = ["line_id", "product_id", "bits", "baseline_bits"]


def published(as_of: datetime | None = None) -> Forecast | None:
    """The live forecast, or what was foreseen on an earlier day: None where nothing was yet."""
    versions = Forecast.objects.filter(published_at__isnull=False).select_related("run")
    live = versions.filter(run__status=TrainingRun.Status.CHAMPION).first()
    if as_of is None or (live and live.as_of <= as_of):
        return live
    return versions.filter(as_of__lte=as_of).order_by("-as_of", "-pk").first()


def published_each(moments: Iterable[datetime]) -> list[Forecast | None]:
    """The same for many moments, in one query."""
    versions = list(Forecast.objects.filter(published_at__isnull=False).select_related("run"))
    live = [one for one in versions if one.run.status == TrainingRun.Status.CHAMPION]
    return [
        next((one for one in (*live, *versions) if one.as_of <= moment), None) for moment in moments
    ]


def weekly(as_of: datetime | None = None, product_ids: list[int] | None = None) -> pd.DataFrame:
    """Published weekly units per product, overrides included; columns `WEEKLY`."""
    forecast = published(as_of)
    if forecast is None:
        return pd.DataFrame(columns=WEEKLY)
    return weekly_of(forecast, product_ids)


def weekly_of(forecast: Forecast, product_ids: list[int] | None = None) -> pd.DataFrame:
    """The same of one version."""
    wanted = Q(forecast=forecast, series__level=DemandSeries.Level.PRODUCT)
    if product_ids is not None:
        wanted &= Q(series__product__in=product_ids)
    points = ForecastPoint.objects.filter(wanted).order_by("series__product", "week")
    rows = [
        (product, week, mean if override is None else override, spread[0], spread[4], spread[8])
        for product, week, mean, override, spread in points.values_list(
            "series__product_id", "week", "mean", "override", "quantiles"
        )
    ]
    return pd.DataFrame(rows, columns=WEEKLY)


def remaining(
    weekly_forecast: pd.DataFrame, orders: Mapping[tuple[int, date], float]
) -> pd.DataFrame:
    """What is left of the forecast once open orders have consumed it (APICS, two weeks back, one
    ahead). `orders`: units by (product, Monday of the wanted week). Adds the column `left`."""
    if weekly_forecast.empty:
        return weekly_forecast.assign(left=pd.Series(dtype=float))
    table = weekly_forecast.pivot(index="product_id", columns="week", values="expected").fillna(0.0)
    products: list[Any] = table.index.tolist()
    weeks: list[Any] = table.columns.tolist()
    firm = np.array([[orders.get((product, week), 0.0) for week in weeks] for product in products])
    left = consume(np.maximum(table.to_numpy(dtype=float), 0.0), firm).left
    rest = {
        (product, week): left[row, column]
        for row, product in enumerate(products)
        for column, week in enumerate(weeks)
    }
    keys = zip(weekly_forecast["product_id"], weekly_forecast["week"], strict=True)
    return weekly_forecast.assign(left=[rest[key] for key in keys])


def option_model(as_of: datetime | None = None) -> OptionModel | None:
    """The option model of the published forecast; None where there is none or its file is damaged.

    Raises nothing for a damaged file: suggestions then fall back to the published shares.
    """
    forecast = published(as_of)
    return option_model_of(forecast) if forecast else None


def option_model_of(forecast: Forecast) -> OptionModel | None:
    """The same of one version."""
    if not forecast.run.artefact:
        return None
    return _model(forecast.run.artefact, forecast.run.artefact_digest)


@lru_cache(maxsize=4)
def _model(path: str, digest: str) -> OptionModel | None:
    try:
        _, facts = artefacts.load(path, digest)
    except artefacts.CorruptArtefact:
        return None
    return OptionModel.from_dict(facts["options"])


def option_shares(product_id: int, as_of: datetime | None = None) -> dict[str, dict[str, float]]:
    """Published shares: option group → value → share."""
    return option_shares_of([product_id], as_of).get(product_id, {})


def option_shares_of(
    product_ids: list[int], as_of: datetime | None = None
) -> dict[int, dict[str, dict[str, float]]]:
    """The same for many products, in one query."""
    shares: dict[int, dict[str, dict[str, float]]] = {}
    rows = OptionShare.objects.filter(forecast=published(as_of), product__in=product_ids)
    for product, group, value, share in rows.values_list("product_id", "group", "value", "share"):
        shares.setdefault(product, {}).setdefault(group, {})[value] = share
    return shares


def scores(start: datetime, end: datetime) -> pd.DataFrame:
    """Bits of surprise of the order lines placed in [start, end); columns `SCORES`."""
    rows = OptionScore.objects.filter(
        line__order__placed_at__gte=start, line__order__placed_at__lt=end
    ).values_list("line_id", "line__configuration__product_id", "bits", "baseline_bits")
    return pd.DataFrame(list(rows), columns=SCORES)
