"""How good the plan is and how it was found, its versions, and two of them side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor, log10
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from journal.access import staff_name, staff_only
from journal.telling import told_by
from production import figures, replanning, versions
from production.figures import Point, Report
from production.models import Plan, WorkCenter
from production.replanning import Replanning
from production.scheduling.nervousness import Nervousness
from production.versions import Comparison
from production.views import plan_words

VERSIONS = 15
LATE = 10  # on the planning page; the plan's own page turns through all
LATE_A_PAGE = 25
TO_CHOOSE = 50
SLOTS = 40  # of the curve
NEWS = timedelta(hours=1)


@dataclass(frozen=True)
class Curve:
    """The search over time for the chart: evenly spaced, each with the best known so far."""

    labels: list[str]
    series: list[tuple[str, list[float]]]
    unit: str | Promise
    first: Point
    last: Point
    saved: float


@dataclass(frozen=True)
class CellTold:
    center: WorkCenter
    figures: figures.Cell


@dataclass(frozen=True)
class RepairTold:
    """Of a plan that was only repaired: milliseconds of the repair, and how many of the steps of
    the next days stayed in their place."""

    milliseconds: float
    near: int
    stayed: int


@dataclass(frozen=True)
class PlanTold:
    """A plan with all that its page says; what an earlier release did not write is None."""

    plan: Plan
    metrics: dict[str, Any]
    report: Report
    by: str
    why: str
    rule: str | Promise
    repair: "RepairTold | None"
    late_orders: int | None
    mean_lateness: float | None
    curve: Curve | None
    cells: list[CellTold]
    faults: list[plan_words.FaultTold]
    moved_near: float | None
    moved: float | None

    @property
    def moves(self) -> int:
        return self.report.search[-1].moves if self.report.search else 0

    @property
    def more_late(self) -> bool:
        return len(self.report.late) > LATE

    @property
    def stopped(self) -> bool:
        """Rejected although the check found nothing: its planner never came to the end."""
        return self.plan.status == Plan.Status.REJECTED and not self.plan.violations


@dataclass(frozen=True)
class Version:
    """A row of the list of plans."""

    plan: Plan
    by: str
    why: str
    repaired: bool
    late_orders: int | None
    setup_minutes: int | None
    objective: int | None
    moved: float | None
    seconds: float | None
    replaced: int | None


# Pages


@require_POST
@staff_only("production.add_plan")
def plan_now(request: HttpRequest) -> HttpResponse:
    replanning.ask(by=staff_name(request), at=timezone.now())
    return redirect("production:planning")


@require_GET
@staff_only("production.view_plan")
def planning(request: HttpRequest) -> HttpResponse:
    """How far the newest request is (htmx asks for no more), the plan that stands, all versions."""
    now = timezone.now()
    asked = replanning.newest(now)
    context: dict[str, Any] = {
        "replanning": asked,
        "done": round(100 * asked.share) if asked else 0,
    }
    if getattr(request, "htmx", False):
        return render(request, "production/_planning.html", context)
    page = Paginator(versions.listed(), VERSIONS).get_page(request.GET.get("page"))
    plan = Plan.objects.published().defer("snapshot").first()
    told = _told(plan) if plan else None
    context |= {
        "told": told,
        "ended": _ended_lately(asked, plan, now),
        "late": versions.late_orders(told.report.late[:LATE]) if told else [],
        "newest": page.object_list[0] if page.number == 1 and page.object_list else None,
        "page": page,
        "versions": _versions(page),
    }
    return render(request, "production/planning.html", context)


@require_GET
@staff_only("production.view_plan")
def one_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One version, also one whose hours are forgotten or that the check refused."""
    told = _told(get_object_or_404(Plan.objects.defer("snapshot"), pk=pk))
    page = Paginator(told.report.late, LATE_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "told": told,
        "late": versions.late_orders(page.object_list),
        "page": page,
        "forgotten": not versions.has_hours(told.plan),
    }
    return render(request, "production/plan.html", context)


@require_GET
@staff_only("production.view_plan")
def compare(request: HttpRequest) -> HttpResponse:
    """Two versions side by side: those asked for, else the plan that stands and the one before."""
    form = Choice(request.GET or None, plans=_to_choose(request))
    found = _compared(form)
    context = {
        "form": form,
        "compared": found,
        "rows": _rows(found) if found else [],
        "shown": versions.SHOWN,
    }
    return render(request, "production/compare.html", context)


def _ended_lately(asked: Replanning | None, plan: Plan | None, now: datetime) -> bool:
    """Whether what came of the newest request is still news: no later plan has come since."""
    if asked is None or asked.under_way:
        return False
    if plan is None:
        return True
    return plan.as_of <= asked.at and (asked.status == "failed" or now - asked.at < NEWS)


# One plan


def _told(plan: Plan) -> PlanTold:
    report, metrics = figures.report_of(plan), plan.metrics
    late = metrics.get("late_orders")
    changes = report.changes
    return PlanTold(
        plan,
        metrics,
        report,
        told_by(versions.planners([plan]).get(plan.pk, "")),
        plan_words.why_of(plan),
        plan_words.rule_of(plan),
        _repair(plan, changes.near if changes else Nervousness()),
        late,
        metrics["late_minutes"] / late if late else None,
        _curve(report.search),
        _cells(report),
        plan_words.faults_of(plan) if plan.violations else [],
        moved_share(changes.near if changes else None),
        moved_share(changes.whole if changes else None),
    )


def _repair(plan: Plan, near: Nervousness) -> RepairTold | None:
    told = plan.metrics.get("repaired")
    if told is None:
        return None
    return RepairTold(told["milliseconds"], near.common, near.common - near.moved)


def moved_share(count: Nervousness | None) -> float | None:
    """Steps that start at another time, of those that stand in both plans; None where none does."""
    return count.moved / count.common if count and count.common else None


def _cells(report: Report) -> list[CellTold]:
    centers = WorkCenter.objects.in_bulk([one.work_center_id for one in report.cells])
    return [
        CellTold(centers[one.work_center_id], one)
        for one in report.cells
        if one.work_center_id in centers
    ]


def _curve(points: Sequence[Point]) -> Curve | None:
    """None where the search found nothing better: a flat line says less than a sentence."""
    if not points or points[-1].objective == points[0].objective:
        return None
    first, last = points[0], points[-1]
    spaced = list(_spaced(points))
    scale, unit = _scale(max(point.objective for point in points))
    return Curve(
        _labels([seconds for seconds, _objective in spaced]),
        [
            (_("Best so far"), [round(objective / scale, 2) for _seconds, objective in spaced]),
            (_("Where it began"), [round(first.objective / scale, 2)] * len(spaced)),
        ],
        unit,
        first,
        last,
        figures.saved_share(first.objective, last.objective),
    )


def _spaced(points: Sequence[Point]) -> Iterator[tuple[float, int]]:
    """(Seconds, objective) at equal distances; between two points the earlier one still stands."""
    first, last = points[0].seconds, points[-1].seconds
    at = 0
    for slot in range(SLOTS + 1):
        seconds = first + (last - first) * slot / SLOTS
        while at + 1 < len(points) and points[at + 1].seconds <= seconds + 1e-9:
            at += 1
        yield seconds, points[at].objective


def _labels(seconds: Sequence[float]) -> list[str]:
    """With as many digits as tell a seventh of the whole well apart."""
    digits = min(2, max(0, 1 - floor(log10(max(seconds[-1] - seconds[0], 0.01) / 7))))
    return [_("%(seconds)s s") % {"seconds": f"{one:.{digits}f}"} for one in seconds]


def _scale(most: int) -> tuple[int, str | Promise]:
    """Large costs in thousands or millions of points, so that an axis can be read."""
    if most >= 10_000_000:
        return 1_000_000, gettext_lazy("million points")
    if most >= 10_000:
        return 1_000, gettext_lazy("thousand points")
    return 1, gettext_lazy("points")


# The list of versions


def _versions(page: "Page[Plan]") -> list[Version]:
    by = versions.planners(page.object_list)
    return [
        Version(
            one,
            told_by(by.get(one.pk, "")),
            plan_words.why_of(one),
            "repaired" in one.metrics,
            one.metrics.get("late_orders", one.metrics.get("late_jobs")),
            one.metrics.get("setup_minutes"),
            one.metrics.get("objective"),
            _moved_of(one),
            one.metrics.get("seconds"),
            one.metrics.get("changes", {}).get("against"),
        )
        for one in page.object_list
    ]


def _moved_of(plan: Plan) -> float | None:
    told = plan.metrics.get("changes")
    return moved_share(Nervousness(**told["whole"])) if told else None


# Two plans


class Choice(forms.Form):
    """Which two versions to compare."""

    def __init__(self, data: Any, *, plans: dict[int, Plan]) -> None:
        super().__init__(data)
        self.plans = plans
        choices = [(pk, _label(one)) for pk, one in plans.items()]
        for name, label in (("before", _("Plan before")), ("after", _("Plan after"))):
            self.fields[name] = forms.TypedChoiceField(coerce=int, choices=choices, label=label)


def _label(plan: Plan) -> str:
    moment = timezone.localtime(plan.as_of)
    return _("No. %(number)d, %(when)s, %(state)s") % {
        "number": plan.pk,
        "when": f"{moment:%Y-%m-%d %H:%M}",
        "state": plan.get_status_display(),
    }


def _to_choose(request: HttpRequest) -> dict[int, Plan]:
    """The newest plans that came to an end, and those that the address names."""
    made = versions.listed().filter(metrics__has_key="objective")
    found = {one.pk: one for one in made[:TO_CHOOSE]}
    asked = [request.GET.get(name, "") for name in ("before", "after")]
    missing = {int(one) for one in asked if one.isdecimal()} - found.keys()
    return found | {one.pk: one for one in made.filter(pk__in=missing)}


def _compared(form: Choice) -> Comparison | None:
    chosen = _chosen(form)
    if chosen is None or chosen[0] == chosen[1]:
        return None
    plans = Plan.objects.defer("snapshot").in_bulk(chosen)
    return versions.compare(*(plans[pk] for pk in chosen))


def _chosen(form: Choice) -> tuple[int, int] | None:
    if form.is_valid():
        return form.cleaned_data["before"], form.cleaned_data["after"]
    if form.is_bound:
        return None
    after = next((pk for pk, one in form.plans.items() if one.status == "published"), 0)
    earlier = [pk for pk in form.plans if pk < after]
    if not earlier:
        return None
    against = form.plans[after].metrics.get("changes", {}).get("against")
    before = against if against in form.plans else earlier[0]
    form.initial = {"before": before, "after": after}
    return before, after


@dataclass(frozen=True)
class Row:
    """A figure in two plans. `kind` says how it is written, `better` whether the change is good;
    None where it is neither."""

    label: str | Promise
    kind: str
    before: float | None
    after: float | None
    better: bool | None = None
    more: float | None = None

    @property
    def size(self) -> float:
        return abs(self.more or 0)


FIGURES = (
    (gettext_lazy("Late orders"), "count", "late_orders", "less"),
    (gettext_lazy("Lateness, weighted"), "hours", "weighted_tardiness", "less"),
    (gettext_lazy("Set-up time"), "hours", "setup_minutes", "less"),
    (gettext_lazy("Cost in points"), "count", "objective", "less"),
    (gettext_lazy("Operations"), "count", "operations", ""),
    (gettext_lazy("Refused"), "count", "refused", "less"),
    (gettext_lazy("Last step ends after"), "minutes", "makespan", ""),
    (gettext_lazy("Time to plan"), "seconds", "seconds", ""),
)


def _rows(found: Comparison) -> list[Row]:
    return [
        _row(label, kind, found.before.metrics.get(name), found.after.metrics.get(name), good)
        for label, kind, name, good in FIGURES
    ]


def _row(
    label: str | Promise, kind: str, before: float | None, after: float | None, good: str
) -> Row:
    if before is None or after is None:
        return Row(label, kind, before, after)
    more = round(after - before, 1)
    return Row(label, kind, before, after, more < 0 if good and more else None, more)
