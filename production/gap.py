"""Measure the information gap (DESIGN §1): what was wanted against what an earlier plan foresaw.

The formulas are plain functions over one week; `measure` reads their input through the outlets
and keeps the results as rows. A plan answers for a week only if it was made by the time the week
began.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from forecasting import outlook
from orders import catalogue, demand, wishes
from production import reckoning
from production.calendars import monday_of, plant_zone
from production.models import GapMeasurement, Plan

Pieces = Mapping[int, float]
Measure, Side = GapMeasurement.Measure, GapMeasurement.Side
WEEK = timedelta(days=7)
ENOUGH_NEEDS = 20  # earlier wishes from which their conversion is believed
ENOUGH_LINES = 20  # order lines or pieces from which a share of them is told in percent

# The words of `told`; what is stored are the codes.
NAMES: dict[str, Promise] = {
    Measure.CHOICE: _("choice"),
    Measure.MIX: _("mix"),
    Measure.VOLUME: _("volume"),
    Measure.TIME: _("time"),
    Measure.QUALITY: _("quality"),
}
LACKING: dict[str, Promise] = {
    "nothing_wanted": _("Week of %(week)s: nothing was wanted."),
    "no_plan": _("Week of %(week)s: no earlier plan foresaw it, so there is nothing to compare."),
    "nothing_foreseen": _("Week of %(week)s: the plan foresaw nothing for it."),
}


@dataclass(frozen=True)
class Figure:
    """One measure of one week, of a product or (None) of the whole shop."""

    measure: GapMeasurement.Measure
    product_id: int | None
    value: float
    wanted: float = 0.0
    answered: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)
    side: GapMeasurement.Side = Side.WANT_PLAN


@dataclass(frozen=True)
class Measured:
    """What one run measured; `lacking`: a code of `LACKING` and the week that it is about."""

    weeks: tuple[date, ...]
    rows: int
    lacking: tuple[tuple[str, date], ...]
    shop: Mapping[date, Mapping[str, float]] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        return [_lacks(code, week.isoformat()) for code, week in self.lacking]

    def facts(self) -> dict[str, Any]:
        """The shop's figures and what is lacking, as JSON keeps them for `told`."""
        return {
            "weeks": {week.isoformat(): dict(found) for week, found in self.shop.items()},
            "lacking": [[code, week.isoformat()] for code, week in self.lacking],
        }

    def summary(self) -> str:
        return told(self.facts())


def told(facts: Mapping[str, Any]) -> str:
    """The shop's figures of each week in one line, then what could not be measured."""
    weeks = [
        f"{week}: "
        + ", ".join(f"{NAMES.get(name, name)} {value:.3f}" for name, value in of.items())
        for week, of in facts["weeks"].items()
        if of
    ]
    return "; ".join([*weeks, *(_lacks(code, week) for code, week in facts["lacking"])])


def _lacks(code: str, week: str) -> str:
    return str(LACKING[code]) % {"week": week}


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
    sheets = catalogue.sheets(product_ids)
    lacking: list[tuple[str, date]] = []
    shop: dict[date, dict[str, float]] = {}
    rows = 0
    for week in measured:
        figures = _week(week, as_of, zone, sheets, lacking)
        rows += _keep(week, figures, as_of)
        shop[week] = {
            one.measure.value: one.value
            for one in figures
            if one.product_id is None and one.measure != Measure.WORTH
        }
    return Measured(tuple(measured), rows, tuple(lacking), shop)


def _week(
    week: date,
    as_of: datetime,
    zone: ZoneInfo,
    sheets: Mapping[int, catalogue.ProductSheet],
    lacking: list[tuple[str, date]],
) -> list[Figure]:
    skus = {pk: sheet.sku for pk, sheet in sheets.items()}
    start, end = edges(week, zone)
    until = min(as_of, end - timedelta(microseconds=1))
    lines = demand.lines(until, start, list(skus))
    ordered = _sums(lines)
    intent = unmet(wishes.needs(until), start, list(skus))
    wanted = add(ordered, intent.weighted)
    made = [*_quality(start, until, list(skus)), *_worth(start, until, sheets)]
    if not wanted:
        lacking.append(("nothing_wanted", week))
        return made
    figures = [*_choice(start, end, skus), *_time(lines), *made]
    plan = _plan_before(week, start)
    if plan is None:
        lacking.append(("no_plan", week))
        return figures
    planned = _planned(plan, week, skus)
    if not planned:
        lacking.append(("nothing_foreseen", week))
        return figures
    return [*_want_plan(_Wants(ordered, intent, wanted), planned, plan, sheets, lines), *figures]


@dataclass(frozen=True)
class Unmet:
    """Needs of a week that no order answered, weighted: `counts` needs a product, `conversion`
    the share of `known` earlier needs that an order answered (None: too few are known, so they
    weigh nothing)."""

    counts: Mapping[int, int]
    conversion: float | None
    known: int = 0

    @property
    def weighted(self) -> Pieces:
        share = self.conversion or 0.0
        return {pk: count * share for pk, count in self.counts.items() if share}


def unmet(needs: pd.DataFrame, start: datetime, products: Collection[int]) -> Unmet:
    """Unanswered needs from `start` on, weighted by what became of those of the weeks before.

    Only needs whose `SAME_NEED` was over at `start` teach: a younger one may still be answered.
    """
    begun = pd.Timestamp(start)
    known = needs[needs["at"] + wishes.SAME_NEED < begun]
    enough = len(known) >= ENOUGH_NEEDS
    conversion = float(known["answered_at"].notna().mean()) if enough else None
    open_ = needs[(needs["at"] >= begun) & needs["answered_at"].isna()]
    counts = Counter(open_[open_["product_id"].isin(list(products))]["product_id"].tolist())
    return Unmet(counts, conversion, len(known))


@dataclass(frozen=True)
class _Wants:
    """What was wanted in a week: pieces ordered, and needs that no order answered, weighted."""

    ordered: Pieces
    intent: Unmet
    wanted: Pieces

    def details(self, product_id: int | None = None) -> dict[str, Any]:
        """Both parts, of a product or (None) of the shop."""
        parts = (self.ordered, self.intent.weighted, self.intent.counts)
        ordered, weighted, needs = (
            sum(part.values()) if product_id is None else part.get(product_id, 0) for part in parts
        )
        return {
            "ordered": ordered,
            "not_ordered": round(weighted, 4),
            "unmet_needs": needs,
            "conversion": self.intent.conversion,
            "learned_from": self.intent.known,
        }


def add(one: Pieces, other: Pieces) -> Pieces:
    """Pieces of both, by product."""
    return {pk: one.get(pk, 0.0) + other.get(pk, 0.0) for pk in sorted({*one, *other})}


def edges(week: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments at which a week and the one after it begin."""
    start, end = (datetime.combine(day, time(), tzinfo=zone) for day in (week, week + WEEK))
    return start, end


def _sums(lines: pd.DataFrame) -> dict[int, float]:
    sums = lines.groupby("product_id")["quantity"].sum()
    ids = sums.index.to_numpy(dtype=int).tolist()
    return dict(zip(ids, sums.astype(float).tolist(), strict=True))


def _plan_before(week: date, start: datetime) -> Plan | None:
    """The newest plan that knew nothing of the week yet, if its demand reaches into it."""
    stood = (Plan.Status.PUBLISHED, Plan.Status.SUPERSEDED)
    plan = Plan.objects.filter(status__in=stood, as_of__lte=start).order_by("-as_of", "-pk").first()
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
    wants: _Wants,
    planned: Pieces,
    plan: Plan,
    sheets: Mapping[int, catalogue.ProductSheet],
    lines: pd.DataFrame,
) -> list[Figure]:
    """Volume and mix of the shop and of every product that was wanted or planned."""
    compared, wanted = _compared_with(plan), wants.wanted
    totals = (sum(wanted.values()), sum(planned.values()))
    gaps = share_gaps(wanted, planned)
    figures = [
        Figure(
            Measure.VOLUME,
            None,
            volume(wanted, planned),
            *totals,
            {
                **compared,
                **wants.details(),
                **_money(wanted, planned, sheets, lines),
                "lines": len(lines),
                "bias": bias(wanted, planned),
            },
        ),
        Figure(Measure.MIX, None, mix(wanted, planned), *totals, compared),
    ]
    for pk, gap in gaps.items():
        pieces = (wanted.get(pk, 0.0), planned.get(pk, 0.0))
        # Planned and not wanted at all: the whole of it is gap.
        share = abs(pieces[0] - pieces[1]) / pieces[0] if pieces[0] else 1.0
        details = {**compared, **wants.details(pk)}
        figures.append(Figure(Measure.VOLUME, pk, share, *pieces, details))
        figures.append(Figure(Measure.MIX, pk, abs(gap) / 2, *pieces, compared))
    return figures


def _money(
    wanted: Pieces,
    planned: Pieces,
    sheets: Mapping[int, catalogue.ProductSheet],
    lines: pd.DataFrame,
) -> dict[str, Any]:
    """What the difference is worth: the week's mean prices, list prices where nothing was sold.

    A product's price is one in its own currency, whatever else it was sold in. Amounts of several
    currencies do not add up: then there is none.
    """
    own = lines["product_id"].map({pk: sheet.currency for pk, sheet in sheets.items()})
    means = lines[lines["currency"] == own].groupby("product_id")["unit_price"].mean()
    products = {*wanted, *planned}
    currencies = {sheets[pk].currency for pk in products}
    if len(currencies) != 1:
        return {}
    money = sum(
        abs(wanted.get(pk, 0.0) - planned.get(pk, 0.0))
        * float(means.get(pk, float(sheets[pk].base_price)))
        for pk in products
    )
    return {"money": round(money, 2), "currency": currencies.pop()}


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


def _quality(start: datetime, until: datetime, products: Collection[int]) -> list[Figure]:
    """The share of the pieces reported on first attempts that were not good at once."""
    by_product = reckoning.quality(start, until, products)
    if not by_product:
        return []
    shop = reckoning.total(by_product.values())
    parts: list[tuple[int | None, reckoning.Quality]] = [(None, shop)]
    parts += by_product.items()
    return [
        Figure(
            Measure.QUALITY,
            pk,
            found.scrap_at_first / found.first,
            float(found.first),
            float(found.first - found.scrap_at_first),
            asdict(found),
            Side.PLAN_MAKE,
        )
        for pk, found in parts
        if found.first
    ]


def _worth(
    start: datetime, until: datetime, sheets: Mapping[int, catalogue.ProductSheet]
) -> list[Figure]:
    """What stock and change-overs came to; the money of the difference stands with the volume."""
    worth = reckoning.worth(start, until)
    if not worth:
        return []
    currencies = {sheet.currency for sheet in sheets.values()}
    if len(currencies) == 1:  # materials cost in the currency of the shop
        worth["currency"] = currencies.pop()
    return [Figure(Measure.WORTH, None, 0.0, details=worth, side=Side.PLAN_MAKE)]


def _keep(week: date, figures: Iterable[Figure], at: datetime) -> int:
    rows = [
        GapMeasurement(
            measure=one.measure,
            side=one.side,
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
        GapMeasurement.objects.filter(week=week).delete()
        GapMeasurement.objects.bulk_create(rows, batch_size=500)
    return len(rows)
