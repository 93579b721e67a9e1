"""Measure the information gap (DESIGN §1): what was wanted against what an earlier plan foresaw.

The formulas are plain functions over one week; `measure` reads their input through the outlets
and keeps the results as rows. A plan answers for a week only if it was made before the week began.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from django.db import transaction
from django.utils.translation import gettext as _

from forecasting import outlook
from orders import catalogue, demand
from production.calendars import monday_of, plant_zone
from production.models import GapMeasurement, Plan

Pieces = Mapping[int, float]
Measure, Side = GapMeasurement.Measure, GapMeasurement.Side
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Figure:
    """One measure of one week, of a product or (None) of the whole shop."""

    measure: GapMeasurement.Measure
    product_id: int | None
    value: float
    wanted: float = 0.0
    answered: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """What one run measured; `notes` says in plain words what could not be, and why."""

    weeks: tuple[date, ...]
    rows: int
    notes: tuple[str, ...]
    shop: Mapping[date, Mapping[str, float]] = field(default_factory=dict)

    def summary(self) -> str:
        """The shop's figures of each week in one line, then what could not be measured."""
        weeks = [
            f"{week}: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items())
            for week, found in self.shop.items()
            if found
        ]
        return "; ".join([*weeks, *self.notes])


# Formulas


def volume(wanted: Pieces, planned: Pieces) -> float:
    """Σ|wanted − planned| / Σ wanted.

    Wanted 10 and 30, planned 12 and 20: (2 + 10) / 40.

    >>> volume({1: 10, 2: 30}, {1: 12, 2: 20})
    0.3
    """
    return sum(abs(w - p) for w, p in _pairs(wanted, planned)) / sum(wanted.values())


def mix(wanted: Pieces, planned: Pieces) -> float:
    """½ Σ|share wanted − share planned|: 0 where the shares agree, 1 where they share nothing.

    Shares of ¼ and ¾ against ½ and ½: ½ (¼ + ¼).

    >>> mix({1: 10, 2: 30}, {1: 5, 2: 5})
    0.25
    """
    return sum(abs(gap) for gap in share_gaps(wanted, planned).values()) / 2


def share_gaps(wanted: Pieces, planned: Pieces) -> dict[int, float]:
    """Share wanted − share planned, by product."""
    all_wanted, all_planned = sum(wanted.values()), sum(planned.values())
    return {
        pk: wanted.get(pk, 0.0) / all_wanted - planned.get(pk, 0.0) / all_planned
        for pk in sorted({*wanted, *planned})
    }


def bias(wanted: Pieces, planned: Pieces) -> float:
    """Σ(planned − wanted) / Σ wanted: above 0 too much was foreseen."""
    return (sum(planned.values()) - sum(wanted.values())) / sum(wanted.values())


def _pairs(wanted: Pieces, planned: Pieces) -> Iterable[tuple[float, float]]:
    return ((wanted.get(pk, 0.0), planned.get(pk, 0.0)) for pk in {*wanted, *planned})


# Measuring


def measure(
    as_of: datetime, weeks: int = 1, product_ids: Collection[int] | None = None
) -> Measured:
    """Measure the last full weeks before `as_of` and keep the figures; again replaces them.

    `product_ids`: only these, where only these were forecast and planned.
    """
    zone = plant_zone()
    current = monday_of(as_of, zone)
    measured = [current - WEEK * back for back in range(weeks, 0, -1)]
    skus = {pk: sheet.sku for pk, sheet in catalogue.sheets(product_ids).items()}
    notes: list[str] = []
    shop: dict[date, dict[str, float]] = {}
    rows = 0
    for week in measured:
        figures = _week(week, as_of, zone, skus, notes)
        rows += _keep(week, figures, as_of)
        shop[week] = {one.measure.value: one.value for one in figures if one.product_id is None}
    return Measured(tuple(measured), rows, tuple(notes), shop)


def _week(
    week: date, as_of: datetime, zone: ZoneInfo, skus: Mapping[int, str], notes: list[str]
) -> list[Figure]:
    start, end = _edges(week, zone)
    lines = demand.lines(min(as_of, end - timedelta(microseconds=1)), start, list(skus))
    wanted = _sums(lines)
    if not wanted:
        notes.append(_("Week of %(week)s: nothing was ordered.") % {"week": week})
        return []
    figures = [*_choice(start, end, skus), *_time(lines)]
    plan = _plan_before(week, start)
    if plan is None:
        text = _("Week of %(week)s: no earlier plan foresaw it, so there is nothing to compare.")
        notes.append(text % {"week": week})
        return figures
    planned = _planned(plan, week, skus)
    if not planned:
        notes.append(_("Week of %(week)s: the plan foresaw nothing for it.") % {"week": week})
        return figures
    return [*_want_plan(wanted, planned, plan, week, lines), *figures]


def _edges(week: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start, end = (datetime.combine(day, time(), tzinfo=zone) for day in (week, week + WEEK))
    return start, end


def _sums(lines: pd.DataFrame) -> dict[int, float]:
    sums = lines.groupby("product_id")["quantity"].sum()
    ids = sums.index.to_numpy(dtype=int).tolist()
    return dict(zip(ids, sums.astype(float).tolist(), strict=True))


def _plan_before(week: date, start: datetime) -> Plan | None:
    """The newest plan published before the week began, if its demand reaches into the week."""
    stood = (Plan.Status.PUBLISHED, Plan.Status.SUPERSEDED)
    plan = Plan.objects.filter(status__in=stood, as_of__lt=start).order_by("-as_of", "-pk").first()
    covers = plan and any(week.isoformat() in weeks for weeks in plan.snapshot.values())
    return plan if covers else None


def _planned(plan: Plan, week: date, skus: Mapping[int, str]) -> dict[int, float]:
    ids = {sku: pk for pk, sku in skus.items()}
    key = week.isoformat()
    return {
        ids[sku]: float(weeks[key])
        for sku, weeks in plan.snapshot.items()
        if key in weeks and sku in ids
    }


def _want_plan(
    wanted: Pieces, planned: Pieces, plan: Plan, week: date, lines: pd.DataFrame
) -> list[Figure]:
    """Volume and mix of the shop and of every product that was wanted or planned."""
    compared = _compared_with(plan)
    prices = lines.groupby("product_id")["unit_price"].mean()
    money = sum(
        abs(wanted.get(pk, 0.0) - planned.get(pk, 0.0)) * float(prices.get(pk, 0.0))
        for pk in {*wanted, *planned}
    )
    totals = (sum(wanted.values()), sum(planned.values()))
    gaps = share_gaps(wanted, planned)
    figures = [
        Figure(
            Measure.VOLUME,
            None,
            volume(wanted, planned),
            *totals,
            {**compared, "bias": bias(wanted, planned), "money": round(money, 2)},
        ),
        Figure(Measure.MIX, None, mix(wanted, planned), *totals, compared),
    ]
    for pk, gap in gaps.items():
        pieces = (wanted.get(pk, 0.0), planned.get(pk, 0.0))
        # Planned and not wanted at all: the whole of it is gap.
        share = abs(pieces[0] - pieces[1]) / pieces[0] if pieces[0] else 1.0
        figures.append(Figure(Measure.VOLUME, pk, share, *pieces, compared))
        figures.append(Figure(Measure.MIX, pk, abs(gap) / 2, *pieces, compared))
    return figures


def _compared_with(plan: Plan) -> dict[str, Any]:
    forecast = outlook.published(plan.as_of)
    return {
        "plan": plan.pk,
        "plan_as_of": plan.as_of.isoformat(),
        "forecast": forecast.pk if forecast else None,
        "forecast_as_of": forecast.as_of.isoformat() if forecast else None,
    }


def _choice(start: datetime, end: datetime, products: Collection[int]) -> list[Figure]:
    """Mean bits of surprise per order line, beside those of last quarter's plain frequencies."""
    scores = outlook.scores(start, end)
    scores = scores[scores["product_id"].isin(list(products))]
    if scores.empty:
        return []
    groups: list[tuple[int | None, pd.DataFrame]] = [(None, scores)]
    groups += [(pk, scores[scores["product_id"] == pk]) for pk in set(scores["product_id"])]
    return [
        Figure(
            Measure.CHOICE,
            pk,
            float(part["bits"].mean()),
            float(len(part)),
            0.0,
            {
                "baseline_bits": float(part["baseline_bits"].mean()),
                "saved_bits": float((part["baseline_bits"] - part["bits"]).mean()),
            },
        )
        for pk, part in groups
    ]


def _time(lines: pd.DataFrame) -> list[Figure]:
    """Mean days from the requested to the promised date, early ones counted as none."""
    dated = lines.dropna(subset=["requested_date", "committed_date"])
    if dated.empty:
        return []
    days = (dated["committed_date"] - dated["requested_date"]).dt.days
    details = {"later_share": float((days > 0).mean())}
    late = float(days.clip(lower=0).mean())
    return [Figure(Measure.TIME, None, late, float(len(dated)), float((days <= 0).sum()), details)]


def _keep(week: date, figures: Iterable[Figure], at: datetime) -> int:
    rows = [
        GapMeasurement(
            measure=one.measure,
            side=Side.WANT_PLAN,
            week=week,
            product_id=one.product_id,
            value=one.value,
            wanted=one.wanted,
            answered=one.answered,
            details=dict(one.details),
            measured_at=at,
        )
        for one in figures
    ]
    with transaction.atomic():
        GapMeasurement.objects.filter(week=week, side=Side.WANT_PLAN).delete()
        GapMeasurement.objects.bulk_create(rows, batch_size=500)
    return len(rows)
