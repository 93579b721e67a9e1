"""Training runs as staff see them: start one, watch it, put a model live or go back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from forecasting import comparing, enough, runs, wording
from forecasting.lifecycle import TRAINING_RUN
from forecasting.models import Accuracy, TrainingRun
from journal.access import staff_name, staff_only
from journal.moving import IllegalStep, Stale, timeline

A_PAGE = 30
READ, ACT = "forecasting.view_trainingrun", "forecasting.change_trainingrun"
UNDER_WAY = ("queued", "training", "evaluated")


class RunFilter(forms.Form):
    kind = forms.ChoiceField(
        required=False,
        label=gettext_lazy("What"),
        choices=[("", gettext_lazy("All")), *wording.KINDS.items()],
    )
    status = forms.ChoiceField(
        required=False,
        label=gettext_lazy("State"),
        choices=[
            ("", gettext_lazy("All states")),
            *((name, label) for name, (label, _tone) in wording.STATUSES.items()),
        ],
    )


@dataclass(frozen=True)
class Shown:
    """A run in plain words."""

    run: TrainingRun

    @property
    def kind(self) -> str:
        return str(wording.KINDS[self.run.kind])

    @property
    def label(self) -> str:
        return str(wording.STATUSES[self.run.status][0])

    @property
    def tone(self) -> str:
        return wording.STATUSES[self.run.status][1]

    @property
    def notes(self) -> list[str]:
        return [wording.said(note) for note in self.run.notes]

    @property
    def step(self) -> str:
        return wording.said(self.run.step)

    @property
    def under_way(self) -> bool:
        return self.run.status in UNDER_WAY

    @property
    def state(self) -> str:
        return "queued" if self.run.status == "queued" else "running"

    @property
    def done(self) -> int:
        return round(self.run.progress * 100)


@require_safe
@staff_only(READ)
def run_list(request: HttpRequest) -> HttpResponse:
    form = RunFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    found = TrainingRun.objects.filter(**{name: value for name, value in asked.items() if value})
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    live = TrainingRun.objects.filter(status=TrainingRun.Status.CHAMPION)
    context = {
        "form": form,
        "page": page,
        "rows": [Shown(run) for run in page.object_list],
        "live": [Shown(run) for run in live.order_by("kind")],
        "kinds": wording.KINDS.items(),
        "may_act": request.user.has_perm(ACT),
    }
    return render(request, "forecasting/runs.html", context)


@require_safe
@staff_only(READ)
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    row = get_object_or_404(TrainingRun, pk=run_id)
    context = {
        "shown": Shown(row),
        "run": row,
        "facts": _facts(row),
        "chosen": _chosen(row),
        "accuracy": _accuracy(row),
        "enough_cases": enough.CASES,
        "weights": _weights(row),
        "transitions": _timeline(row),
        "labels": {name: str(label) for name, (label, _tone) in wording.STATUSES.items()},
        "may_act": request.user.has_perm(ACT),
        "can_go_live": row.status in ("challenger", "retired"),
        "can_go_back": row.status == "champion" and _has_earlier(row),
        "progress_url": reverse("forecasting:run-progress", args=[row.pk]),
        "cancel_url": reverse("forecasting:cancel", args=[row.pk]),
    }
    return render(request, "forecasting/run.html", context)


@require_safe
@staff_only(READ)
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The bar alone, asked for every two seconds; once it is done the whole page is new."""
    row = get_object_or_404(TrainingRun, pk=run_id)
    context = {
        "shown": Shown(row),
        "run": row,
        "may_act": request.user.has_perm(ACT),
        "progress_url": reverse("forecasting:run-progress", args=[row.pk]),
        "cancel_url": reverse("forecasting:cancel", args=[row.pk]),
    }
    answer = render(request, "forecasting/_progress.html", context)
    if row.status not in UNDER_WAY:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@staff_only(ACT)
def train(request: HttpRequest, kind: str) -> HttpResponse:
    asked = runs.request_now(kind, by=staff_name(request), now=timezone.now())
    return redirect("forecasting:run", asked.pk)


@require_POST
@staff_only(ACT)
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    row = get_object_or_404(TrainingRun, pk=run_id)
    try:
        runs.cancel(row, by=staff_name(request), now=timezone.now())
        messages.success(request, _("Stopped. The live model goes on serving."))
    except (IllegalStep, Stale):
        messages.info(request, _("The run was over before it could be stopped."))
    return redirect("forecasting:run", row.pk)


@require_POST
@staff_only(ACT)
def promote(request: HttpRequest, run_id: int) -> HttpResponse:
    row = get_object_or_404(TrainingRun, pk=run_id)
    why = request.POST.get("why", "")[:300]
    try:
        runs.promote(row, by=staff_name(request), now=timezone.now(), why=why)
        messages.success(request, _("It is the live model now."))
    except (IllegalStep, Stale):
        messages.error(request, _("This run cannot go live. Look at its state and try again."))
    return redirect("forecasting:run", row.pk)


@require_POST
@staff_only(ACT)
def roll_back(request: HttpRequest, kind: str) -> HttpResponse:
    why = request.POST.get("why", "")[:300]
    try:
        earlier = runs.roll_back(kind, by=staff_name(request), now=timezone.now(), why=why)
    except (runs.CannotRollBack, Stale, IllegalStep):
        messages.error(request, _("There is no earlier live model to go back to."))
        return redirect("forecasting:runs")
    messages.success(request, _("The earlier live model serves again."))
    return redirect("forecasting:run", earlier.pk)


# What the page tells


def _has_earlier(row: TrainingRun) -> bool:
    return runs.before_live(row.kind) is not None


def _timeline(row: TrainingRun) -> list[Any]:
    steps = list(timeline(TRAINING_RUN, row.pk))
    for step in steps:
        step.why = wording.said(step.why)
    return steps


def _facts(row: TrainingRun) -> list[tuple[str, object]]:
    """Figures of a run, named as people would; what is not known is left out."""
    told = row.metrics
    names = {
        "products": _("Products"),
        "weeks": _("Weeks of history"),
        "origins": _("Past dates tested"),
        "horizon": _("Weeks ahead"),
        "configurations": _("Order lines with options"),
        "items": _("Products that can be suggested"),
        "users": _("Customers and visitors"),
        "events": _("Orders and visits"),
    }
    facts: list[tuple[str, object]] = [(names[key], told[key]) for key in names if key in told]
    return [*facts, *_corrections(told.get("cleaned", {}))]


def _corrections(cleaned: Mapping[str, int]) -> list[tuple[str, object]]:
    """What cleaning changed; an order that is only marked and the sale behind a return are not
    changes of their own."""
    weeks = sum(cleaned.get(rule, 0) for rule in wording.RULES_OF_WEEKS)
    counted = [
        (_("Weeks evened out"), weeks),
        (_("Returns taken off their sales"), cleaned.get("return", 0)),
        (_("Returns without a known sale"), cleaned.get("return without sale", 0)),
        (_("Repeated lines counted once"), cleaned.get("duplicate", 0)),
    ]
    return [(name, count) for name, count in counted if count]


def _chosen(row: TrainingRun) -> list[tuple[str, str, str]]:
    """Pattern, method and what the method does."""
    return [
        (
            wording.demand_class("" if name == "all" else name),
            wording.method("+".join(methods)),
            wording.explained_method("+".join(methods)),
        )
        for name, methods in sorted(row.metrics.get("chosen", {}).items())
    ]


@dataclass(frozen=True)
class Measured:
    """One method on one sales pattern, as the backtest saw it."""

    row: Accuracy

    @property
    def method(self) -> str:
        return wording.method(self.row.method)

    @property
    def pattern(self) -> str:
        return wording.demand_class(self.row.demand_class)


def _accuracy(row: TrainingRun) -> dict[str, Any]:
    found = list(row.accuracies.order_by("demand_class", "rmsse", "method"))
    return {
        "rows": [Measured(one) for one in found if one.rmsse is not None],
        "skill": _skills(found),
    }


def _skills(found: Iterable[Accuracy]) -> list[tuple[str, float]]:
    skill = comparing.skill(found)
    return [(wording.demand_class(name), skill[name]) for name in sorted(skill)]


def _weights(row: TrainingRun) -> list[tuple[str, float]]:
    """How much each way of suggesting counts in the blend of new suggestions."""
    weights: dict[str, float] = next(iter(row.metrics.get("weights", {}).values()), {})
    total = sum(weights.values()) or 1.0
    return [
        (wording.ranker(name), value / total)
        for name, value in sorted(weights.items(), key=lambda one: -one[1])
    ]
