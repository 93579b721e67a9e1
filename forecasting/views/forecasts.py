"""What is foreseen: the list, one series with its history and band, an override, option shares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from forecasting import comparing, enough, outlook, overriding, wording
from forecasting.history import week_of
from forecasting.methods.classification import CLASSES, NEW
from forecasting.models import (
    DemandPoint,
    DemandSeries,
    DemandSeriesQuerySet,
    Forecast,
    ForecastPoint,
    TrainingRun,
)
from journal.access import staff_name, staff_only
from journal.models import Transition
from journal.moving import Stale
from orders import catalogue, demand

A_PAGE = 50
SHARES_A_PAGE = 20
SPARK_WEEKS = 26
CHART_WEEKS = 78
READ, ACT = "forecasting.view_forecast", "forecasting.change_forecastpoint"
SORTS = {
    "most": ("-ahead", "product__name"),
    "least": ("ahead", "product__name"),
    "name": ("product__name", "pk"),
}
SUMS = ("-level", "-ahead")  # the shop, then its families, the largest first
Level = DemandSeries.Level


@dataclass(frozen=True)
class Row:
    """One series in the list: what is ahead of it and how sure that is."""

    series: DemandSeries
    points: list[ForecastPoint]
    past: list[float]
    skill: float | None

    @property
    def next_week(self) -> ForecastPoint:
        return self.points[0]

    @property
    def month(self) -> float:
        return sum(point.expected for point in self.points[:4])

    @property
    def overridden(self) -> bool:
        return any(point.override is not None for point in self.points)

    @property
    def pattern(self) -> str:
        return wording.demand_class(self.series.demand_class)

    @property
    def method(self) -> str:
        return wording.method(self.next_week.method)


class FamilyField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: DemandSeries) -> str:
        return obj.label


class ForecastFilter(forms.Form):
    q = forms.CharField(required=False, label=gettext_lazy("Product or article number"))
    family = FamilyField(
        DemandSeries.objects.filter(level=Level.FAMILY).select_related("family", "product"),
        required=False,
        label=gettext_lazy("Family"),
        empty_label=gettext_lazy("All families"),
        widget=forms.Select(attrs={"translate": "no"}),
    )
    pattern = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Sales pattern"),
        choices=[
            ("", gettext_lazy("All patterns")),
            *((name, wording.CLASSES[name][0]) for name in CLASSES),
        ],
    )
    sort = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Sort by"),
        choices=[
            ("most", gettext_lazy("Most expected first")),
            ("least", gettext_lazy("Least expected first")),
            ("name", gettext_lazy("Name")),
        ],
    )

    def narrow(self, series: DemandSeriesQuerySet) -> DemandSeriesQuerySet:
        asked = self.cleaned_data if self.is_valid() else {}
        if words := asked.get("q"):
            named = series.filter(product__name__icontains=words)
            series = named | series.filter(product__sku__icontains=words)
        if asked.get("family"):
            series = series.filter(product__family=asked["family"].family_id)
        if asked.get("pattern"):
            series = series.filter(demand_class=asked["pattern"])
        return series.order_by(*SORTS.get(asked.get("sort") or "most", SORTS["most"]))


@require_safe
@staff_only(READ)
def forecasts(request: HttpRequest) -> HttpResponse:
    forecast, start = outlook.published(), week_of(timezone.now())
    form = ForecastFilter(request.GET)
    if forecast is None:
        return render(request, "forecasting/forecasts.html", {"forecast": None, **_actor(request)})
    skill = comparing.skill_of(forecast.run)
    series = DemandSeries.objects.select_related("product", "family")
    found = form.narrow(series.products().foreseen_by(forecast, start))
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    sums = series.sums().foreseen_by(forecast, start).order_by(*SUMS)
    rows = _rows(forecast, [*sums, *page.object_list], start, skill)
    context = {
        "forecast": forecast,
        "form": form,
        "page": page,
        "rows": [row for row in rows if row.series.level == Level.PRODUCT],
        "sums": [row for row in rows if row.series.level != Level.PRODUCT],
        "skill": skill.get(""),
        **_actor(request),
    }
    return render(request, "forecasting/forecasts.html", context)


def _rows(
    forecast: Forecast, series: list[DemandSeries], start: date, skill: Mapping[str, float]
) -> list[Row]:
    """Rows of a page in two queries; a series whose forecast lies in the past is left out."""
    points: dict[int, list[ForecastPoint]] = {}
    for point in ForecastPoint.objects.filter(
        forecast=forecast, series__in=series, week__gte=start
    ).order_by("week"):
        points.setdefault(point.series_id, []).append(point)
    past: dict[int, list[float]] = {}
    since = start - timedelta(weeks=SPARK_WEEKS)
    weeks = DemandPoint.objects.filter(series__in=series, week__gte=since).order_by("week")
    for owner, sold in weeks.values_list("series_id", "cleaned"):
        past.setdefault(owner, []).append(sold)
    past |= _summed([one for one in series if one.level != Level.PRODUCT], since)
    return [
        Row(one, points[one.pk], past.get(one.pk, []), _skill(skill, one.demand_class))
        for one in series
        if one.pk in points
    ]


def _summed(sums: list[DemandSeries], since: date) -> dict[int, list[float]]:
    """The weeks of families and of the shop: only those of products are stored."""
    points = DemandPoint.objects.filter(series__level=Level.PRODUCT, week__gte=since)
    weeks: dict[tuple[int | None, date], float] = {}
    for family, week, sold in (
        points.values_list("series__product__family", "week")
        .annotate(Sum("cleaned"))
        .order_by("week")
    ):
        weeks[family, week] = sold
        weeks[None, week] = weeks.get((None, week), 0.0) + sold
    return {
        one.pk: [sold for (family, _week), sold in weeks.items() if family == one.family_id]
        for one in sums
    }


def _skill(skill: Mapping[str, float], demand_class: str) -> float | None:
    """What is new was not there to be tested: the others' figure says nothing about it."""
    return skill.get(demand_class, None if demand_class == NEW else skill.get(""))


def _actor(request: HttpRequest) -> dict[str, bool]:
    return {"may_act": request.user.has_perm(ACT)}


# One series


class OverrideForm(forms.Form):
    week = forms.ChoiceField(label=gettext_lazy("Week from"))
    expected = forms.FloatField(
        required=False,
        min_value=0,
        max_value=999_999,
        label=gettext_lazy("Pieces expected"),
        help_text=gettext_lazy("Leave it empty to go back to the forecast."),
    )
    why = forms.CharField(
        max_length=200,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For example: a trade fair, a price change, a known large order."),
    )

    def __init__(self, points: Iterable[ForecastPoint], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(point.week.isoformat(), point.week.isoformat()) for point in points]
        self.fields["week"] = forms.ChoiceField(label=_("Week from"), choices=choices)
        self.order_fields(["week", "expected", "why"])

    def wish(self) -> overriding.Wish:
        asked = self.cleaned_data
        return overriding.Wish(date.fromisoformat(asked["week"]), asked["expected"], asked["why"])


@require_safe
@staff_only(READ)
def forecast(request: HttpRequest, series_id: int) -> HttpResponse:
    return _page(request, _series(series_id))


@require_POST
@staff_only(ACT)
def override(request: HttpRequest, series_id: int) -> HttpResponse:
    series, now = _series(series_id), timezone.now()
    form = OverrideForm(_points(outlook.published(), series), request.POST)
    if not form.is_valid():
        return _page(request, series, form)
    try:
        overriding.override(series, form.wish(), by=staff_name(request), now=now)
    except overriding.CannotOverride as reason:
        form.add_error(None, str(wording.NOT_OVERRIDDEN[reason.code]))
        return _page(request, series, form)
    except Stale:
        form.add_error(None, _("Somebody else changed this week a moment ago. Look again."))
        return _page(request, series, form)
    messages.success(request, _("Saved. The next plan reckons with it."))
    return redirect("forecasting:forecast", series.pk)


def _series(series_id: int) -> DemandSeries:
    return get_object_or_404(
        DemandSeries.objects.select_related("product__family", "family"), pk=series_id
    )


def _points(live: Forecast | None, series: DemandSeries) -> list[ForecastPoint]:
    return list(ForecastPoint.objects.filter(forecast=live, series=series).order_by("week"))


def _page(
    request: HttpRequest, series: DemandSeries, form: OverrideForm | None = None
) -> HttpResponse:
    live = outlook.published()
    points = _points(live, series)
    past = _past(series)
    context = {
        "series": series,
        "forecast": live,
        "points": points,
        "form": form or OverrideForm(points),
        "changes": _told(overriding.changes(live, series)) if live else [],
        "skill": _skill(comparing.skill_of(live.run), series.demand_class) if live else None,
        "cleaned": [_explained(one) for one in reversed(past) if one["rule"] or one["censored"]],
        "pattern": wording.demand_class(series.demand_class),
        "pattern_means": wording.explained_class(series.demand_class),
        "method": wording.method(points[0].method) if points else "",
        "rests_on": _rests_on(past) if series.level == Level.PRODUCT else "",
        "method_means": wording.explained_method(points[0].method) if points else "",
        **_charts(past, points),
        **_actor(request),
    }
    return render(request, "forecasting/forecast.html", context, status=422 if form else 200)


def _told(changes: list[Transition]) -> list[Transition]:
    for step in changes:
        step.why = wording.said(step.why)
    return changes


def _past(series: DemandSeries) -> list[dict[str, Any]]:
    """The weeks before, oldest first; of a family or the shop the sums of its products."""
    points = DemandPoint.objects.filter(series__level=Level.PRODUCT)
    if series.level == Level.PRODUCT:
        rows = points.filter(series=series).order_by("-week")
        newest = rows.values("week", "raw", "cleaned", "rule", "censored")[:CHART_WEEKS]
        return [dict(week) for week in newest][::-1]
    if series.level == Level.FAMILY:
        points = points.filter(series__product__family=series.family_id)
    sums = points.values("week").annotate(raw=Sum("raw"), cleaned=Sum("cleaned"))
    summed = sums.order_by("-week")[:CHART_WEEKS]
    return [{**week, "rule": "", "censored": False} for week in summed][::-1]


def _rests_on(past: list[dict[str, Any]]) -> str:
    sold = sum(week["raw"] > 0 for week in past)
    words = ngettext(
        "Ordered in %(sold)d of %(weeks)d week so far",
        "Ordered in %(sold)d of %(weeks)d weeks so far",
        len(past),
    )
    if len(past) == CHART_WEEKS:
        words = _("Ordered in %(sold)d of the last %(weeks)d weeks")
    return words % {"sold": sold, "weeks": len(past)}


def _charts(past: list[dict[str, Any]], points: list[ForecastPoint]) -> dict[str, Any]:
    return {
        "history": [(week["week"], week["cleaned"]) for week in past],
        "ahead": [(point.week, round(point.expected, 1)) for point in points],
        "bands": [
            ("80 %", _edge(points, 0), _edge(points, 8)),
            ("40 %", _edge(points, 2), _edge(points, 6)),
        ],
        "weeks": [week["week"] for week in past],
        "learned": [
            (_("As counted"), [week["raw"] for week in past]),
            (_("As learned from"), [week["cleaned"] for week in past]),
        ],
    }


def _edge(points: Iterable[ForecastPoint], place: int) -> list[float]:
    """A quantile of every week: the band of the forecast, wherever an override lies."""
    return [round(point.quantiles[place], 1) for point in points]


def _explained(week: Mapping[str, Any]) -> dict[str, Any]:
    return {**week, "why": wording.rule(week["rule"] or "stock-out or closure")}


# Option shares


@require_safe
@staff_only(READ)
def option_shares(request: HttpRequest) -> HttpResponse:
    live = outlook.published()
    form = SharesFilter(request.GET)
    found = form.narrow(live)
    page = Paginator(found, SHARES_A_PAGE).get_page(request.GET.get("page"))
    chosen = _chosen(page.object_list, request.GET.get("product", ""))
    context = {
        "forecast": live,
        "form": form,
        "page": page,
        "chosen": chosen,
        "shared": _shared(chosen.product_id) if chosen and chosen.product_id else None,
        **_actor(request),
    }
    return render(request, "forecasting/option_shares.html", context)


def _chosen(shown: Iterable[DemandSeries], sku: str) -> DemandSeries | None:
    """The product of the page that is asked for, else its first."""
    series = list(shown)
    asked = (one for one in series if one.product and one.product.sku == sku)
    return next(asked, series[0] if series else None)


class SharesFilter(forms.Form):
    q = forms.CharField(required=False, label=gettext_lazy("Product or article number"))

    def narrow(self, live: Forecast | None) -> DemandSeriesQuerySet:
        words = self.cleaned_data.get("q") if self.is_valid() else ""
        series = DemandSeries.objects.products().filter(product__optionshare__forecast=live)
        if words:
            series = series.filter(product__name__icontains=words) | series.filter(
                product__sku__icontains=words
            )
        known = series.select_related("product").annotate(values=Count("product__optionshare"))
        return known.order_by("product__name", "pk")


@dataclass(frozen=True)
class Shared:
    """The questions of a product, each with its answers from the likeliest on."""

    name: str
    sku: str
    groups: list[tuple[str, list[tuple[str, float]]]]
    rests_on: str
    digits: int
    """Of a percentage: none where few orders stand behind it."""


def _shared(product_id: int) -> Shared:
    shares = outlook.option_shares_of([product_id]).get(product_id, {})
    sheet = catalogue.sheet(product_id)
    times = demand.times_ordered(product_id)
    own, family = times.get(product_id, 0), sum(times.values())
    words = ngettext(
        "They rest on %(own)d order of this product and %(family)d of its family. "
        "The fewer its own are, the nearer the shares lie to those of the family.",
        "They rest on %(own)d orders of this product and %(family)d of its family. "
        "The fewer its own are, the nearer the shares lie to those of the family.",
        own,
    )
    told = words % {"own": own, "family": family}
    digits = int(own >= enough.CHOICES)
    return Shared(sheet.name, sheet.sku, _named(sheet, shares), told, digits)


def _named(
    sheet: catalogue.ProductSheet, shares: Mapping[str, Mapping[str, float]]
) -> list[tuple[str, list[tuple[str, float]]]]:
    named = []
    for group in sheet.groups:
        if found := shares.get(group.code):
            labels = {value.code: value.label for value in group.values}
            labels |= {"yes": _("Yes"), "no": _("No")} if not group.values else {}
            ranked = sorted(found.items(), key=lambda one: -one[1])
            named.append((group.label, [(labels.get(code, code), one) for code, one in ranked]))
    return named


# The dashboard's part


@require_safe
@staff_only(READ)
def summary(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    live = outlook.published()
    context = {
        "forecast": live,
        "ahead": _shop_ahead(live, week_of(now)) if live else [],
        "skill": comparing.skill_of(live.run).get("") if live else None,
        "old": live is not None and _is_old(live, now),
        "failed": TrainingRun.objects.filter(kind="forecast").first(),
    }
    return render(request, "forecasting/_summary.html", context)


def _shop_ahead(live: Forecast, start: date) -> list[ForecastPoint]:
    points = ForecastPoint.objects.filter(forecast=live, series__level=Level.SHOP)
    return list(points.filter(week__gte=start).order_by("week"))


def _is_old(live: Forecast, now: datetime) -> bool:
    return now - live.as_of > timedelta(days=10)
