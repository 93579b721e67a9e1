"""Train a forecast: gather, clean, backtest, choose, write the version, publish it when it wins.

1. Gather and clean the full weeks before the run's data cut.
2. Backtest every method and choose per demand class (`forecasting.methods.selection`).
3. Learn the option shares from the sold configurations.
4. Write series, points, shares and accuracy as a new version that nobody reads yet.
5. The run's promotion flips it live.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from math import isfinite
from typing import Any

import numpy as np
from django.db import transaction

from forecasting import artefacts, enough, runs
from forecasting.history import History, gather, week_of
from forecasting.methods import options, selection
from forecasting.methods.classification import NEW
from forecasting.methods.method import COMBINED, Progress
from forecasting.methods.quantiles import of_sum
from forecasting.methods.registry import methods_for
from forecasting.methods.selection import ALL, Measures, Selection
from forecasting.methods.series import Floats, Panel
from forecasting.models import (
    Accuracy,
    DemandPoint,
    DemandSeries,
    Forecast,
    ForecastPoint,
    OptionShare,
    TrainingRun,
)
from orders import catalogue, demand

HORIZON = 8
ROWS_A_TRANSACTION = 2000

Level = DemandSeries.Level


def train(run: TrainingRun, beat: runs.Beat) -> runs.Outcome:
    """The trainer of forecasts, see the module."""
    beat(0, "gathering orders")
    product_ids = run.params.get("product_ids")
    history = gather(run.data_cut, product_ids)
    horizon = int(run.params.get("horizon", HORIZON))
    chosen = selection.choose(
        history.panel,
        horizon,
        methods_for(horizon, run.params.get("methods")),
        progress=_portion(beat, 0.1, 0.7),
        seed=run.seed,
        incumbent=_live_choice(),
    )
    beat(0.7, "learning options")
    sales = _sales(run.data_cut, product_ids)
    option_model = options.OptionModel.fit(sales)
    forecast = _write(run, history, chosen, option_model, beat)
    path, digest = artefacts.save(
        f"forecast-{run.pk}-{run.attempts}",
        chosen.to_arrays(),
        {"options": option_model.to_dict(), "option_sales": len(sales)},
    )
    return runs.Outcome(
        metrics=_metrics(history, chosen, sales),
        wins=_wins(run, chosen),
        publish=partial(_publish, forecast),
        notes=[asdict(note) for note in chosen.notes],
        artefact=path,
        digest=digest,
    )


def _portion(beat: runs.Beat, start: float, end: float) -> Progress:
    """A part's own progress, 0 … 1, as a stretch of the whole."""

    def progress(share: float, what: str) -> None:
        beat(start + (end - start) * share, what)

    return progress


def _live_choice() -> dict[str, tuple[str, ...]] | None:
    live = runs.champion(TrainingRun.Kind.FORECAST)
    if live is None or not live.metrics.get("chosen"):
        return None
    return {name: tuple(methods) for name, methods in live.metrics["chosen"].items()}


def _wins(run: TrainingRun, chosen: Selection) -> bool:
    """Newer data always replace older; the choice of methods has had its contest inside
    `choose`, against the live choice on the same backtests. On the same data the new run must
    win by itself."""
    live = runs.champion(TrainingRun.Kind.FORECAST)
    if live is None or week_of(live.data_cut) != week_of(run.data_cut):
        return True
    return chosen.replaced_incumbent or live.params != run.params


def _sales(as_of: datetime, product_ids: list[int] | None) -> list[options.Sale]:
    """Sold configurations, one per line, over the last two years."""
    table = demand.option_sales(as_of, since=as_of - timedelta(days=730), product_ids=product_ids)
    sales = []
    for _, line in table.groupby("line_id", sort=False):
        first = line.iloc[0]
        choices = dict(zip(line["group"], line["value"], strict=True))
        sales.append(
            options.Sale(
                str(first["product_id"]),
                str(first["family_id"]),
                choices,
                first["placed_at"].date(),
                float(first["quantity"]),
            )
        )
    return sales


def _write(
    run: TrainingRun,
    history: History,
    chosen: Selection,
    option_model: options.OptionModel,
    beat: runs.Beat,
) -> Forecast:
    Forecast.objects.filter(run=run).delete()  # an earlier attempt of this run
    forecast = Forecast.objects.create(run=run, as_of=run.data_cut)
    series = _series(history, chosen)
    beat(0.75, "writing history")
    _write_history(history, series)
    beat(0.85, "writing the forecast")
    _in_batches(ForecastPoint, _points(forecast, history, chosen, series))
    _in_batches(OptionShare, _shares(forecast, history, option_model))
    _in_batches(Accuracy, _accuracies(run, chosen))
    beat(0.98, "comparing with the live forecast")
    return forecast


def _publish(forecast: Forecast, now: datetime) -> None:
    Forecast.objects.filter(pk=forecast.pk).update(published_at=now)


def _in_batches(model: type[Any], rows: Iterable[Any]) -> None:
    """Write many rows in short transactions: nobody reads them before they are published."""
    left = iter(rows)
    while batch := list(islice(left, ROWS_A_TRANSACTION)):
        with transaction.atomic():
            model.objects.bulk_create(batch)


def _series(history: History, chosen: Selection) -> dict[tuple[str, int], DemandSeries]:
    """The row of every level's series, by level and key (product or family id, 0 for the shop)."""
    classes = dict(zip(history.products, chosen.classes, strict=True))
    wanted = [DemandSeries(level=Level.SHOP)]
    wanted += [DemandSeries(level=Level.FAMILY, family_id=pk) for pk in set(history.families)]
    wanted += [
        DemandSeries(level=Level.PRODUCT, product_id=pk, demand_class=str(classes[pk]))
        for pk in history.products
    ]
    known = _known_series()
    missing = [row for row in wanted if _key(row) not in known]
    with transaction.atomic():
        DemandSeries.objects.bulk_create(missing, batch_size=500)
        known = _known_series()
        stale = []
        for product, name in classes.items():
            row = known[Level.PRODUCT, product]
            if row.demand_class != name:
                row.demand_class = str(name)
                stale.append(row)
        DemandSeries.objects.bulk_update(stale, ["demand_class"], batch_size=500)
    return known


def _known_series() -> dict[tuple[str, int], DemandSeries]:
    return {_key(row): row for row in DemandSeries.objects.all()}


def _key(row: DemandSeries) -> tuple[str, int]:
    return row.level, row.product_id or row.family_id or 0


def _write_history(history: History, series: dict[tuple[str, int], DemandSeries]) -> None:
    """Weekly points that are new or have changed since the last training."""
    rows = {series[Level.PRODUCT, pk].pk: row for row, pk in enumerate(history.products)}
    before = {
        (pk, week): rest
        for pk, week, *rest in DemandPoint.objects.filter(series__in=rows).values_list(
            "series_id", "week", "raw", "cleaned", "censored", "rule"
        )
    }
    new = [
        point
        for point in _history_points(history, rows)
        if before.get((point.series_id, point.week))
        != [point.raw, point.cleaned, point.censored, point.rule]
    ]
    for start in range(0, len(new), ROWS_A_TRANSACTION):
        with transaction.atomic():
            DemandPoint.objects.bulk_create(
                new[start : start + ROWS_A_TRANSACTION],
                update_conflicts=True,
                unique_fields=["series", "week"],
                update_fields=["raw", "cleaned", "censored", "rule"],
            )


def _history_points(history: History, rows: dict[int, int]) -> Iterable[DemandPoint]:
    weeks = [day.item() for day in history.panel.starts]
    cleaned = history.series
    for series_id, row in rows.items():
        for column in np.flatnonzero(np.isfinite(cleaned.raw[row])):
            yield DemandPoint(
                series_id=series_id,
                week=weeks[column],
                raw=float(cleaned.raw[row, column]),
                cleaned=round(float(cleaned.cleaned[row, column]), 3),
                censored=bool(cleaned.censored[row, column]),
                rule=str(cleaned.rule[row, column]),
            )


def _points(
    forecast: Forecast,
    history: History,
    chosen: Selection,
    series: dict[tuple[str, int], DemandSeries],
) -> Iterable[ForecastPoint]:
    weeks: list[date] = [day.item() for day in chosen.starts]
    methods = {name: "+".join(names) for name, names in chosen.chosen.items()}
    for row, product in enumerate(history.products):
        method = methods.get(str(chosen.classes[row]), methods.get(ALL, ""))
        owner = series[Level.PRODUCT, product]
        yield from _row(forecast, owner, weeks, chosen.mean[row], chosen.quantiles[row], method)
    for (level, key), members in _sums(history).items():
        mean, quantiles = _summed(history.panel, chosen, members)
        yield from _row(forecast, series[level, key], weeks, mean, quantiles, "sum")


def _row(
    forecast: Forecast,
    owner: DemandSeries,
    weeks: list[date],
    mean: Floats,
    quantiles: Floats,
    method: str,
) -> Iterable[ForecastPoint]:
    for step, week in enumerate(weeks):
        yield ForecastPoint(
            forecast=forecast,
            series=owner,
            week=week,
            mean=round(float(mean[step]), 4),
            quantiles=[round(float(value), 4) for value in quantiles[step]],
            method=method[:30],
        )


def _sums(history: History) -> dict[tuple[str, int], list[int]]:
    """Rows of the products in each family, and of all in the shop."""
    sums: dict[tuple[str, int], list[int]] = {(Level.SHOP, 0): list(range(len(history.products)))}
    for row, family in enumerate(history.families):
        sums.setdefault((Level.FAMILY, family), []).append(row)
    return sums


def _summed(panel: Panel, chosen: Selection, members: list[int]) -> tuple[Floats, Floats]:
    """The sum of the members' means, so that the levels agree, inside the band of a forecast of
    the summed series itself: summing quantiles would pretend that all go wrong together. Where
    that series is too short to be tested, the members' own bands together."""
    mean = chosen.mean[members].sum(axis=0)
    begun = int(np.isfinite(panel.values[members]).any(axis=0).argmax())
    total = np.nansum(panel.values[members, begun:], axis=0, keepdims=True)
    whole = Panel(total, ("sum",), panel.starts[begun:], panel.season)
    own = selection.choose(
        whole, mean.size, methods_for(mean.size, ["seasonal naive", "exponential smoothing"])
    )
    if len(own.origins) < selection.ENOUGH_ORIGINS or not (own.mean > 0).all():
        return mean, of_sum(chosen.mean[members], chosen.quantiles[members])
    return mean, own.quantiles[0] * (mean / own.mean[0])[:, None]


def _shares(
    forecast: Forecast, history: History, model: options.OptionModel
) -> Iterable[OptionShare]:
    for product, sheet in catalogue.sheets(list(history.products)).items():
        for group, values in catalogue.feasible(sheet, {}).items():
            shares = model.probabilities(str(product), group, values) if values else {}
            for value, share in shares.items():
                yield OptionShare(
                    forecast=forecast,
                    product_id=product,
                    group=group,
                    value=value,
                    share=min(1.0, round(share, 6)),
                )


def _accuracies(run: TrainingRun, chosen: Selection) -> Iterable[Accuracy]:
    sizes = dict(zip(*np.unique(chosen.classes, return_counts=True), strict=True))
    for method, by_class in chosen.metrics.items():
        for name, measures in by_class.items():
            yield Accuracy(
                run=run,
                method=method,
                demand_class="" if name == ALL else name,
                series_count=len(chosen.ids) if name == ALL else int(sizes.get(name, 0)),
                chosen=method in chosen.chosen.get(name, chosen.chosen.get(ALL, ())),
                **_known(measures),
            )


def _known(measures: Measures) -> dict[str, float | None]:
    """JSON and databases know no NaN: what is not known is null, as is what rests on few cases."""
    figures = asdict(measures)
    known = figures.pop("cases") >= enough.CASES
    return {
        name: round(value, 5) if known and isfinite(value) else None
        for name, value in figures.items()
    }


def _metrics(history: History, chosen: Selection, sales: list[options.Sale]) -> dict[str, Any]:
    tested = chosen.metrics.get(COMBINED, {})
    combined = tested.get(ALL)
    configured = Counter(sale.product for sale in sales)
    sold_weeks = (np.nan_to_num(history.panel.values) > 0).sum(axis=1)
    return {
        "products": len(history.products),
        "weeks": history.panel.shape[1],
        "lines": int((history.lines.lines["quantity"] > 0).sum()),
        "new": int((chosen.classes == NEW).sum()),
        "seldom": int((sold_weeks < enough.WEEKS).sum()),
        "cleaned": history.counts,
        "configurations": len(sales),
        "configured": len(configured),
        "few_choices": sum(lines < enough.CHOICES for lines in configured.values()),
        "cases": combined.cases if combined else 0,
        "cases_by_class": {name: one.cases for name, one in tested.items() if name != ALL},
        "chosen": {name: list(methods) for name, methods in chosen.chosen.items()},
        "origins": len(chosen.origins),
        "weeks_to_test": selection.until_tested(history.panel.shape[1], len(chosen.starts)),
        "horizon": len(chosen.starts),
        **(_known(combined) if combined else {}),
    }
