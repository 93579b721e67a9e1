"""Train a forecast: gather, clean, backtest, choose, write the version, publish it when it wins.

1. Gather and clean the full weeks before the run's data cut; a run that was asked for changes only
   looks whether there are any (`learned`, `renewing`).
2. Backtest every method and choose per demand class (`forecasting.methods.selection`).
3. Learn the option shares from the sold configurations.
4. Write series, points, shares and accuracy as a new version that nobody reads yet.
5. The run's promotion flips it live.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from math import isfinite
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from forecasting import artefacts, enough, renewing, runs, sold
from forecasting.history import History, gather, week_of
from forecasting.learned import Learned, Offers, asked, from_what
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
from journal.loading import load
from orders import catalogue

logger = logging.getLogger("tailorline.training")

HORIZON = 8
LEARNED_FROM = timedelta(days=730)  # sold configurations
ROWS_A_TRANSACTION = 2000
MOST_NAMED = 500  # rows that one query names
POINT = ["raw", "cleaned", "censored", "rule"]
FORECAST_POINT = ("series_id", "week", "mean", "quantiles", "method")
OPTION_SHARE = ("product_id", "group", "value", "share")
TESTED = ("origins", *(one.name for one in fields(Measures)))

Level = DemandSeries.Level


def train(run: TrainingRun, beat: runs.Beat) -> runs.Outcome:
    """The trainer of forecasts, see the module.

    A run that was asked for changes only (`only_changes`) leaves the live forecast alone where
    nothing has changed, and leaves the test of methods to the next week where little has.
    """
    beat(0, "gathering orders")
    history = gather(run.data_cut, run.params.get("product_ids"))
    offers = _offers(history)
    sources = from_what(run, history, offers)
    live = renewing.standing(sources) if run.params.get("only_changes") else None
    if live is not None and not sources.changed(live.learned):
        return _stands(live.run)
    made = _Made(history, offers, sources, *_chosen(run, history, sources, live, beat))
    return _published(run, made, beat)


def _chosen(
    run: TrainingRun,
    history: History,
    sources: Learned,
    live: renewing.Live | None,
    beat: runs.Beat,
) -> tuple[Selection, renewing.Live | None]:
    """The forecast, and the live one whose choice it goes on with: none after a new contest."""
    horizon, progress = int(run.params.get("horizon", HORIZON)), _portion(beat, 0.1, 0.7)
    if live is not None and live.may_go_on(sources):
        try:
            changed = {str(pk) for pk in sources.changed(live.learned)}
            found = selection.renew(
                live.forecast, history.panel, changed, live.bands, progress, run.seed
            )
        except selection.UnusableChoice:
            logger.info("%s: what %s chose cannot go on", run, live.run)
        else:
            return found, live
    return _contest(run, history, horizon, progress), None


def _contest(run: TrainingRun, history: History, horizon: int, progress: Progress) -> Selection:
    return selection.choose(
        history.panel,
        horizon,
        methods_for(horizon, run.params.get("methods")),
        progress=progress,
        seed=run.seed,
        incumbent=_live_choice(),
    )


@dataclass(frozen=True, eq=False)
class _Made:
    """What is to be published; `before`: the live forecast whose choice of methods goes on."""

    history: History
    offers: Offers
    sources: Learned
    chosen: Selection
    before: renewing.Live | None

    @property
    def renewed(self) -> set[int] | None:
        """The products whose history or offer is another than the live one's; None: no matter."""
        return self.sources.changed(self.before.learned) if self.before else None


def _published(run: TrainingRun, made: _Made, beat: runs.Beat) -> runs.Outcome:
    beat(0.7, "learning options")
    since = run.data_cut - LEARNED_FROM
    sales = sold.sales(run.data_cut, since, run.params.get("product_ids"))
    option_model = options.OptionModel.fit(sales)
    forecast = _write(run, made, option_model, beat)
    path, digest = artefacts.save(
        f"forecast-{run.pk}-{run.attempts}",
        {**made.chosen.to_arrays(), **made.sources.to_arrays()},
        {"options": option_model.to_dict(), "option_sales": len(sales)},
    )
    return runs.Outcome(
        metrics=_metrics(run, made, sales),
        wins=_wins(run, made),
        publish=partial(_publish, forecast),
        notes=_notes(made),
        artefact=path,
        digest=digest,
    )


def _stands(live: TrainingRun) -> runs.Outcome:
    """Nothing to publish: training again would give what is live."""
    known = {name: live.metrics[name] for name in ("products", "weeks", "cleaned")}
    return runs.Outcome(
        metrics={**known, "stands": live.pk},
        wins=False,
        publish=lambda now: None,
        notes=[{"code": "stands", "facts": {"run": live.pk}}],
    )


def _notes(made: _Made) -> list[dict[str, Any]]:
    notes = [asdict(note) for note in made.chosen.notes]
    if made.before is not None:
        facts = {"products": len(made.renewed or ()), "run": made.before.run.pk}
        notes.append({"code": "choice_goes_on", "facts": facts})
    return notes


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


def _wins(run: TrainingRun, made: _Made) -> bool:
    """Other data always replace those before them: a new week, or weeks that were corrected; the
    choice of methods has had its contest inside `choose`, against the live choice on the same
    backtests. On the same data the new run must win by itself."""
    live = runs.champion(TrainingRun.Kind.FORECAST)
    if live is None or week_of(live.data_cut) != week_of(run.data_cut):
        return True
    if live.metrics.get("learned", made.sources.data) != made.sources.data:
        return True
    return made.chosen.replaced_incumbent or asked(live.params) != asked(run.params)


def _write(
    run: TrainingRun, made: _Made, option_model: options.OptionModel, beat: runs.Beat
) -> Forecast:
    history, chosen = made.history, made.chosen
    Forecast.objects.filter(run=run).delete()  # an earlier attempt of this run
    forecast = Forecast.objects.create(run=run, as_of=run.data_cut)
    series = _series(history, chosen)
    beat(0.75, "writing history")
    _write_history(history, series, _rewritten(run, made))
    beat(0.85, "writing the forecast")
    points = _points(history, chosen, series)
    _in_batches(ForecastPoint, FORECAST_POINT, points, forecast_id=forecast.pk)
    shares = _shares(made.offers, option_model)
    _in_batches(OptionShare, OPTION_SHARE, shares, forecast_id=forecast.pk)
    before = made.before
    Accuracy.objects.bulk_create(before.accuracies(run) if before else _accuracies(run, chosen))
    beat(0.98, "comparing with the live forecast")
    return forecast


def _rewritten(run: TrainingRun, made: _Made) -> set[int]:
    """The products whose weeks may stand otherwise in the database: all of them, unless the live
    run was the last one to write."""
    renewed = made.renewed
    if renewed is None or made.before is None:
        return set(made.history.products)
    since = Forecast.objects.filter(run__pk__gt=made.before.run.pk).exclude(run=run)
    return set(made.history.products) if since.exists() else renewed


def _publish(forecast: Forecast, now: datetime) -> None:
    Forecast.objects.filter(pk=forecast.pk).update(published_at=now)


def _in_batches(
    model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]], **alike: Any
) -> None:
    """Write many rows in short transactions: nobody reads them before they are published."""
    for columns in _columns(names, rows):
        load(model, columns, **alike)


def _columns(
    names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[dict[str, tuple[Any, ...]]]:
    """Rows turned into columns, as many at a time as one transaction writes."""
    left = iter(rows)
    while batch := list(islice(left, ROWS_A_TRANSACTION)):
        yield dict(zip(names, zip(*batch, strict=True), strict=True))


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


def _write_history(
    history: History, series: dict[tuple[str, int], DemandSeries], products: set[int]
) -> None:
    """Weekly points of products that are new or have changed since the last training."""
    rows = {
        series[Level.PRODUCT, pk].pk: row
        for row, pk in enumerate(history.products)
        if pk in products
    }
    before = {
        (pk, week): tuple(rest)
        for pk, week, *rest in _points_of(rows).values_list(
            "series_id", "week", "raw", "cleaned", "censored", "rule"
        )
    }
    points = _history_points(history, rows)
    changed = [(*key, *point) for key, point in points if before.get(key) != point]
    new = [row for row in changed if row[:2] not in before]
    for columns in _columns(["series_id", "week", *POINT], new):
        try:
            with transaction.atomic():
                load(DemandPoint, columns)
        except IntegrityError:  # another run has written some of them meanwhile
            _restate(zip(*columns.values(), strict=True))
    _restate(row for row in changed if row[:2] in before)


def _restate(points: Iterable[Sequence[Any]]) -> None:
    """Write points over those that stand."""
    rows = [
        DemandPoint(series_id=series_id, week=week, **dict(zip(POINT, point, strict=True)))
        for series_id, week, *point in points
    ]
    for start in range(0, len(rows), ROWS_A_TRANSACTION):
        with transaction.atomic():
            DemandPoint.objects.bulk_create(
                rows[start : start + ROWS_A_TRANSACTION],
                update_conflicts=True,
                unique_fields=["series", "week"],
                update_fields=POINT,
            )


def _points_of(series_ids: Collection[int]) -> "QuerySet[DemandPoint]":
    """Stored points; named one by one only where they are few."""
    if len(series_ids) > MOST_NAMED:
        return DemandPoint.objects.all()
    return DemandPoint.objects.filter(series__in=series_ids)


def _history_points(
    history: History, rows: dict[int, int]
) -> Iterable[tuple[tuple[int, date], tuple[float, float, bool, str]]]:
    weeks = [day.item() for day in history.panel.starts]
    cleaned = history.series
    for series_id, row in rows.items():
        raw, smooth = cleaned.raw[row].tolist(), cleaned.cleaned[row].tolist()
        hidden, rule = cleaned.censored[row].tolist(), cleaned.rule[row].tolist()
        for column in np.flatnonzero(np.isfinite(cleaned.raw[row])).tolist():
            yield (
                (series_id, weeks[column]),
                (raw[column], round(smooth[column], 3), hidden[column], rule[column]),
            )


def _points(
    history: History, chosen: Selection, series: dict[tuple[str, int], DemandSeries]
) -> Iterable[tuple[Any, ...]]:
    weeks: list[date] = [day.item() for day in chosen.starts]
    methods = {name: "+".join(names) for name, names in chosen.chosen.items()}
    for row, product in enumerate(history.products):
        method = methods.get(str(chosen.classes[row]), methods.get(ALL, ""))
        owner = series[Level.PRODUCT, product].pk
        yield from _row(owner, weeks, chosen.mean[row], chosen.quantiles[row], method)
    for (level, key), members in _sums(history).items():
        mean, quantiles = _summed(history.panel, chosen, members)
        yield from _row(series[level, key].pk, weeks, mean, quantiles, "sum")


def _row(
    series_id: int, weeks: list[date], mean: Floats, quantiles: Floats, method: str
) -> Iterable[tuple[Any, ...]]:
    for week, expected, band in zip(weeks, mean.tolist(), quantiles.tolist(), strict=True):
        rounded = [round(value, 4) for value in band]
        yield series_id, week, round(expected, 4), rounded, method[:30]


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


def _offers(history: History) -> Offers:
    """The values on offer in each option group of the products."""
    return {
        product: catalogue.feasible(sheet, {})
        for product, sheet in catalogue.sheets(list(history.products)).items()
    }


def _shares(offers: Offers, model: options.OptionModel) -> Iterable[tuple[Any, ...]]:
    for product, groups in offers.items():
        for group, values in groups.items():
            shares = model.probabilities(str(product), group, values) if values else {}
            for value, share in shares.items():
                yield product, group, value, min(1.0, round(share, 6))


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


def _metrics(run: TrainingRun, made: _Made, sales: list[options.Sale]) -> dict[str, Any]:
    history, chosen = made.history, made.chosen
    configured = Counter(sale.product for sale in sales)
    sold_weeks = (np.nan_to_num(history.panel.values) > 0).sum(axis=1)
    found = {
        "products": len(history.products),
        "weeks": history.panel.shape[1],
        "lines": int((history.lines.lines["quantity"] > 0).sum()),
        "new": int((chosen.classes == NEW).sum()),
        "seldom": int((sold_weeks < enough.WEEKS).sum()),
        "cleaned": history.counts,
        "configurations": len(sales),
        "configured": len(configured),
        "few_choices": sum(lines < enough.CHOICES for lines in configured.values()),
        "learned": made.sources.data,
        "chosen": {name: list(methods) for name, methods in chosen.chosen.items()},
        "origins": len(chosen.origins),
        "weeks_to_test": selection.until_tested(history.panel.shape[1], len(chosen.starts)),
        "horizon": len(chosen.starts),
    }
    if made.before is not None:  # as it was tested in the contest that its choice won
        before = made.before.run.metrics
        tested = {name: before.get(name) for name in (*TESTED, "cases_by_class", "contest")}
        return {**found, **tested, "renewed": len(made.renewed or ())}
    tested = chosen.metrics.get(COMBINED, {})
    combined = tested.get(ALL)
    return {
        **found,
        "contest": run.pk,
        "cases": combined.cases if combined else 0,
        "cases_by_class": {name: one.cases for name, one in tested.items() if name != ALL},
        **(_known(combined) if combined else {}),
    }
