"""The five questions of the gap, week by week, down to the orders behind a number."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from django import forms
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from journal.access import staff_only
from orders import catalogue, demand, wishes
from production.calendars import plant_zone
from production.gap import edges
from production.models import GapMeasurement, JobReport
from production.views.gap_words import enough, money_told, sentences, worth_told

READ = "production.view_gapmeasurement"
A_PAGE = 50
WEEKS = 26
WISHES = {
    "abandon": gettext_lazy("Left a configuration"),
    "basket": gettext_lazy("Put into the basket"),
}
LINES = 200  # of one product in one week; the number itself counts all
Measure = GapMeasurement.Measure
SHARES = (Measure.VOLUME, Measure.MIX, Measure.QUALITY)


@dataclass(frozen=True)
class Question:
    """One of the five, with its newest answer and how it went before."""

    title: Promise
    means: Promise
    measures: tuple[str, ...]
    lacking: Promise
    answers: list[str] = field(default_factory=list)
    history: list[tuple[str, list[float | None]]] = field(default_factory=list)
    unit: str = ""


QUESTIONS = (
    Question(
        gettext_lazy("What do they want?"),
        gettext_lazy(
            "How much the chosen options surprised the forecast published before the order came."
        ),
        (Measure.CHOICE,),
        gettext_lazy("Measured once orders with options follow a published forecast."),
    ),
    Question(
        gettext_lazy("Which and how many?"),
        gettext_lazy("How far what was wanted lay from what was planned before the week began."),
        (Measure.VOLUME, Measure.MIX),
        gettext_lazy("Measured once a plan was published before the week began."),
    ),
    Question(
        gettext_lazy("When?"),
        gettext_lazy("How many days later than asked for a date was promised."),
        (Measure.TIME,),
        gettext_lazy("Measured once orders with a wanted date were promised one."),
    ),
    Question(
        gettext_lazy("As ordered?"),
        gettext_lazy("How many of the pieces that the floor reported were spoiled at first."),
        (Measure.QUALITY,),
        gettext_lazy("Measured once the floor reported pieces."),
    ),
    Question(
        gettext_lazy("Worth it?"),
        gettext_lazy("What the difference between wanted and planned is worth, at sales prices."),
        (),
        gettext_lazy("Measured once a plan was published before the week began."),
    ),
)


@dataclass(frozen=True)
class Row:
    """One product in one week: wanted against planned."""

    volume: GapMeasurement
    mix: float | None

    @property
    def difference(self) -> float:
        return self.volume.answered - self.volume.wanted

    @property
    def share(self) -> float | None:
        """How many percent; nothing of few pieces, beside which their number says more."""
        return self.volume.value if enough(self.volume) else None

    @property
    def wrong(self) -> float | None:
        return self.mix if enough(self.volume) else None


class WeekForm(forms.Form):
    week = forms.ChoiceField(required=False, label=gettext_lazy("Week from"))
    q = forms.CharField(required=False, label=gettext_lazy("Product or article number"))

    def __init__(self, weeks: Sequence[date], data: Any) -> None:
        super().__init__(data)
        choices = [(week.isoformat(), week.isoformat()) for week in weeks]
        self.fields["week"] = forms.ChoiceField(
            required=False, label=_("Week from"), choices=choices, initial=choices[:1]
        )
        self.order_fields(["week", "q"])

    def week_among(self, weeks: Sequence[date]) -> date | None:
        asked = self.cleaned_data.get("week") if self.is_valid() else ""
        newest = weeks[0] if weeks else None
        return date.fromisoformat(asked) if asked else newest

    @property
    def words(self) -> str:
        return str(self.cleaned_data.get("q", "")) if self.is_valid() else ""


@require_safe
@staff_only(READ)
def gap(request: HttpRequest) -> HttpResponse:
    weeks = _weeks()
    form = WeekForm(weeks, request.GET or None)
    week = form.week_among(weeks)
    shop = _by_week(GapMeasurement.objects.filter(product=None, week__in=weeks))
    page = Paginator(_products(week, form.words), A_PAGE).get_page(request.GET.get("page"))
    questions = [_answered(question, shop, weeks, week) for question in QUESTIONS]
    drawn = [question for question in questions if question.history]
    context = {
        "form": form,
        "weeks": weeks,
        "pairs": [drawn[place : place + 2] for place in range(0, len(drawn), 2)],
        "oldest_first": weeks[::-1],
        "week": week,
        "questions": questions,
        "page": page,
        "rows": _rows(page.object_list),
    }
    return render(request, "production/gap.html", context)


def _weeks() -> list[date]:
    """Measured weeks, the newest first."""
    found = GapMeasurement.objects.filter(product=None).values_list("week", flat=True)
    return list(found.distinct().order_by("-week")[:WEEKS])


def _by_week(rows: Iterable[GapMeasurement]) -> dict[tuple[str, date], GapMeasurement]:
    return {(row.measure, row.week): row for row in rows}


def _products(week: date | None, words: str) -> QuerySet[GapMeasurement]:
    """The volumes of the products of a week, the largest difference first."""
    if week is None:
        return GapMeasurement.objects.none()
    found = GapMeasurement.objects.filter(
        measure=Measure.VOLUME, week=week, product__isnull=False
    ).select_related("product")
    if words:
        found = found.filter(Q(product__name__icontains=words) | Q(product__sku__icontains=words))
    # by pieces, not by share: a rare product that is twice what was planned is a small matter
    apart = (F("wanted") - F("answered")) * (F("wanted") - F("answered"))
    return found.order_by(apart.desc(), "product__name")


def _rows(volumes: Iterable[GapMeasurement]) -> list[Row]:
    shown = list(volumes)
    mixes = GapMeasurement.objects.filter(
        measure=Measure.MIX,
        week__in={one.week for one in shown},
        product__in=[one.product_id for one in shown],
    )
    shares: dict[int | None, float] = dict(mixes.values_list("product_id", "value"))
    return [Row(one, shares.get(one.product_id)) for one in shown]


# The five answers


def _answered(
    question: Question,
    shop: dict[tuple[str, date], GapMeasurement],
    weeks: Sequence[date],
    week: date | None,
) -> Question:
    found = [shop[name, week] for name in question.measures if week and (name, week) in shop]
    if not question.measures and question is QUESTIONS[-1]:
        return _worth(question, shop, weeks, week)
    history = [
        (_named(name), [_value(shop.get((name, one))) for one in reversed(weeks)])
        for name in question.measures
    ]
    known = [series for series in history if any(value is not None for value in series[1])]
    return replace(
        question,
        answers=[sentence for row in found for sentence in sentences(row)],
        history=known,
        unit=_unit(question.measures),
    )


def _worth(
    question: Question,
    shop: dict[tuple[str, date], GapMeasurement],
    weeks: Sequence[date],
    week: date | None,
) -> Question:
    """Money comes with the volume: pieces too many or too few, at their sales prices."""
    money = {
        one: row.details.get("money")
        for (name, one), row in shop.items()
        if name == Measure.VOLUME and "money" in row.details
    }
    if not money and not any(name == Measure.WORTH for name, _week in shop):
        return question
    values: list[float | None] = [money.get(one) for one in reversed(weeks)]
    volume = shop.get((Measure.VOLUME, week)) if week else None
    worth = shop.get((Measure.WORTH, week)) if week else None
    shops = _currency(row.details for row in shop.values())
    told = [*money_told(volume, shops), *worth_told(worth, shops)]
    return replace(
        question,
        answers=told,
        history=[(_("Difference in goods"), values)] if money else [],
        unit=shops,
    )


def _named(measure: str) -> str:
    return {
        Measure.QUALITY: _("Spoiled at first"),
        Measure.CHOICE: _("Surprise"),
        Measure.VOLUME: _("How many"),
        Measure.MIX: _("Which"),
        Measure.TIME: _("Days later"),
    }[Measure(measure)]


def _currency(details: Iterable[Mapping[str, Any]]) -> str:
    """The currency of the amounts, where they share one."""
    found = {one["currency"] for one in details if "currency" in one}
    return str(found.pop()) if len(found) == 1 else ""


def _unit(measures: tuple[str, ...]) -> str:
    if Measure.CHOICE in measures:
        return _("bits an order line")
    return _("days") if Measure.TIME in measures else "%"


def _value(row: GapMeasurement | None) -> float | None:
    if row is None or (row.measure in SHARES and not enough(row)):
        return None
    return row.value * 100 if row.measure in SHARES else row.value


# One product


@require_safe
@staff_only(READ)
def gap_product(request: HttpRequest, product_id: int) -> HttpResponse:
    """A product's weeks, and the orders of the week that is asked for."""
    product = _sheet(product_id)
    rows = GapMeasurement.objects.filter(product=product_id).order_by("-week", "measure")
    weeks = list(rows.values_list("week", flat=True).distinct().order_by("-week")[:WEEKS])
    form = WeekForm(weeks, request.GET or None)
    del form.fields["q"]
    week = form.week_among(weeks)
    found = _by_week(rows.filter(week__in=weeks))
    volumes = [(one, found.get((Measure.VOLUME, one))) for one in weeks]
    context = {
        "product": product,
        "form": form,
        "week": week,
        "volumes": volumes,
        "labels": weeks[::-1],
        "series": _wanted_and_planned(volumes),
        "told": [
            sentence
            for name in (Measure.VOLUME, Measure.MIX, Measure.CHOICE, Measure.QUALITY)
            if week and (name, week) in found
            for sentence in sentences(found[name, week])
        ],
        "lines": _behind(product_id, week) if week else [],
        "needs": _unmet(product_id, week) if week else [],
        "spoiled": _spoiled(product_id, week) if week else [],
    }
    return render(request, "production/gap_product.html", context)


def _sheet(product_id: int) -> catalogue.ProductSheet:
    try:
        return catalogue.sheet(product_id)
    except KeyError as unknown:
        raise Http404 from unknown


def _wanted_and_planned(
    volumes: Sequence[tuple[date, GapMeasurement | None]],
) -> list[tuple[str, list[float | None]]]:
    oldest_first = [row for _week, row in reversed(volumes)]
    return [
        (_("Wanted"), [row.wanted if row else None for row in oldest_first]),
        (_("Planned"), [row.answered if row else None for row in oldest_first]),
    ]


def _behind(product_id: int, week: date) -> list[dict[str, Any]]:
    """The order lines that a week's number counts: those the measure itself was made from."""
    start, until = _week_of(week)
    lines = demand.lines(until, since=start, product_ids=[product_id]).head(LINES)
    named = demand.named_orders(lines["order_id"].tolist())
    return [_line(line, named) for line in lines.to_dict("records")]


def _week_of(week: date) -> tuple[datetime, datetime]:
    start, end = edges(week, plant_zone())
    return start, min(timezone.now(), end - timedelta(microseconds=1))


def _unmet(product_id: int, week: date) -> list[dict[str, Any]]:
    """The wishes of the week that no order had answered when it ended; nobody's name is known."""
    start, until = _week_of(week)
    needs = wishes.needs(until)
    of_week = (needs["product_id"] == product_id) & (needs["at"] >= start)
    unmet = needs[of_week & needs["answered_at"].isna()].head(LINES)
    return [
        {"at": need["at"].to_pydatetime(), "kind": WISHES[need["kind"]]}
        for need in unmet.to_dict("records")
    ]


def _spoiled(product_id: int, week: date) -> list[JobReport]:
    """What the floor reported as spoiled in the week, the newest first."""
    start, until = _week_of(week)
    reports = JobReport.objects.filter(
        job__work_order__configuration__product=product_id,
        at__gte=start,
        at__lte=until,
        scrap__gt=0,
    )
    return list(reports.select_related("job__work_order").order_by("-at", "-pk")[:LINES])


def _line(line: Mapping[Any, Any], named: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    number, customer = named.get(line["order_id"], ("", ""))
    days = {
        name: None if pd.isna(line[name]) else line[name].date()
        for name in ("requested_date", "committed_date")
    }
    return {
        "order_id": line["order_id"],
        "number": number,
        "customer": customer,
        "placed_at": line["placed_at"].to_pydatetime(),
        "quantity": line["quantity"],
        **days,
    }
