"""The published plan as a table, and what it refuses."""

from typing import Any

import django_filters as filters
from django import forms
from django.core.paginator import Paginator
from django.db.models import F, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from journal.access import staff_only
from production import replanning
from production.models import Pegging, Plan, PlanEntry, PlanRefusal, WorkCenter

A_PAGE = 40
REFUSALS = 10  # the most urgent; `?refused=all` shows every one
NO_METRICS = {"operations": 0, "late_jobs": 0, "setup_minutes": 0, "refused": 0}
PEGS = Prefetch(
    "job__work_order__pegging", Pegging.objects.select_related("order_line__order").order_by("pk")
)


class EntryFilter(filters.FilterSet):  # type: ignore[misc]  # untyped, as above
    cell = filters.ModelChoiceFilter(
        field_name="machine__work_center",
        queryset=WorkCenter.objects.all(),
        to_field_name="code",
        label=gettext_lazy("Cell"),
        empty_label=gettext_lazy("All cells"),
        widget=forms.Select(attrs={"translate": "no"}),  # names of cells
    )
    day = filters.DateFilter(
        method="from_day",
        label=gettext_lazy("From day"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    late = filters.BooleanFilter(
        method="only_late", label=gettext_lazy("Only late work"), widget=forms.CheckboxInput
    )
    setup = filters.BooleanFilter(
        method="only_setups", label=gettext_lazy("Only set-ups"), widget=forms.CheckboxInput
    )

    class Meta:
        model = PlanEntry
        fields: list[str] = []

    def from_day(self, found: Any, name: str, value: Any) -> Any:
        return found.filter(end__date__gte=value)

    def only_late(self, found: Any, name: str, value: bool | None) -> Any:
        return found.filter(end__gt=F("job__work_order__due")) if value else found

    def only_setups(self, found: Any, name: str, value: bool | None) -> Any:
        return found.filter(setup_minutes__gt=0) if value else found


@require_GET
@staff_only("production.view_plan")
def schedule(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    plan = Plan.objects.published().first()
    found = EntryFilter(request.GET or None, queryset=_entries(plan))
    page = Paginator(found.qs, A_PAGE).get_page(request.GET.get("page"))
    all_refused = request.GET.get("refused") == "all"
    context = {
        "plan": plan,
        "metrics": {**NO_METRICS, **(plan.metrics if plan else {})},
        "form": found.form,
        "page": page,
        "filtered": bool(request.GET.keys() - {"page", "refused"}),
        "refusals": _refusals(plan)[: None if all_refused else REFUSALS],
        "refusals_shown": REFUSALS,
        "all_refused": all_refused,
        "replanning": replanning.newest(now),
    }
    return render(request, "production/schedule.html", context)


def _entries(plan: Plan | None) -> Any:
    """By machine, then by time; the work order's orders come with them."""
    return (
        PlanEntry.objects.filter(plan=plan)
        .select_related("machine__work_center", "job__work_order__configuration__product")
        .prefetch_related(PEGS)
        .order_by("machine__work_center__position", "machine__code", "setup_start", "pk")
    )


def _refusals(plan: Plan | None) -> "QuerySet[PlanRefusal]":
    pegs = Prefetch("work_order__pegging", PEGS.queryset)
    refusals = PlanRefusal.objects.filter(Q(plan=plan) & Q(plan__isnull=False))
    return (
        refusals.select_related("work_order__configuration__product")
        .prefetch_related(pegs)
        .order_by("work_order__due", "pk")
    )
