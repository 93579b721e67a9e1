"""The first page of staff: how wide the gap is, what is late, what goes on, what the cycle did."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from config import wording
from config.beginning.steps import is_beginning
from config.models import CycleRun
from config.templatetags.ui import money, percent
from config.views import alarms
from config.views.beginning import MAY_BEGIN
from journal.access import staff_only
from orders.models import OrderLine
from production.gap import ENOUGH_LINES
from production.models import GapMeasurement, PlanEntry
from production.models.jobs import Job

LATE_SHOWN = 10
TODAY_SHOWN = 15

STEP_NAMES: dict[str, str | Promise] = {
    "collect": gettext_lazy("Collect what is wanted"),
    "score": gettext_lazy("Judge the last forecast"),
    "forecast": gettext_lazy("Forecast"),
    "suggestions": gettext_lazy("Suggestions"),
    "net": gettext_lazy("Make work orders"),
    "plan": gettext_lazy("Plan"),
    "gap": gettext_lazy("Measure the gap"),
}


@dataclass(frozen=True)
class Answer:
    """One question of the gap: the answer in plain words first, its measure behind it."""

    question: str
    value: str = ""
    words: str = ""
    measure: str = ""
    lacking: str = ""

    @property
    def known(self) -> bool:
        return bool(self.value)


@require_GET
@staff_only("production.view_gapmeasurement")
def dashboard(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    figures = newest_figures()
    late = OrderLine.objects.late(now)
    today = _today(now)
    cycle = CycleRun.objects.first()
    context = {
        "week": max((one.week for one in figures.values()), default=None),
        "answers": answers(figures),
        "late": _with_names(late)[:LATE_SHOWN],
        "late_count": late.count(),
        "today": today[:TODAY_SHOWN],
        "today_count": today.count(),
        "at_work": Job.objects.at_work().count(),
        "alarms": alarms.shown(),
        "may_try_again": request.user.has_perm(alarms.TRY_AGAIN),
        "cycle": cycle,
        "cycle_steps": _steps(cycle),
        "now": now,
        "beginning": request.user.has_perm(MAY_BEGIN) and is_beginning(),
    }
    return render(request, "config/dashboard.html", context)


def _steps(cycle: CycleRun | None) -> list[dict[str, object]]:
    """What each step of a cycle did, under the name that people read."""
    steps = cycle.steps if cycle else []
    return [
        {**step, "name": STEP_NAMES.get(step["step"], step["step"]), "did": wording.did(step)}
        for step in steps
    ]


def _with_names(lines: "QuerySet[OrderLine]") -> "QuerySet[OrderLine]":
    """Most overdue first, with what the page shows of each."""
    named = lines.select_related("order__customer", "configuration__product")
    return named.order_by("committed_date", "order_id", "position")


def _today(now: datetime) -> "QuerySet[PlanEntry]":
    """What the plan wants done by midnight and is not done, in its order."""
    start = datetime.combine(timezone.localdate(now), time(), timezone.get_current_timezone())
    entries = PlanEntry.objects.filter(
        plan__status="published",
        setup_start__lt=start + timedelta(days=1),
        job__status__in=Job.UNFINISHED,
    )
    related = ("machine", "job__work_order__configuration__product")
    return entries.select_related(*related).order_by("setup_start", "pk")


# The gap


def newest_figures() -> dict[str, GapMeasurement]:
    """The newest figure of the whole shop for each measure."""
    found = GapMeasurement.objects.filter(product=None)
    latest = found.order_by("measure", "-week")
    figures: dict[str, GapMeasurement] = {}
    for measure in GapMeasurement.Measure.values:
        if figure := latest.filter(measure=measure).first():
            figures[measure] = figure
    return figures


def answers(figures: dict[str, GapMeasurement]) -> list[Answer]:
    """The five questions, each answered where something was measured."""
    choice, time_, volume = (figures.get(name) for name in ("choice", "time", "volume"))
    return [
        _what(choice),
        _which(figures.get("mix"), volume),
        _when(time_),
        _as_ordered(figures.get("quality")),
        _worth(volume),
    ]


def _what(figure: GapMeasurement | None) -> Answer:
    question = _("What do they want?")
    if figure is None:
        return Answer(question)
    if figure.wanted < ENOUGH_LINES:
        return Answer(question, lacking=_too_few(round(figure.wanted)))
    baseline = float(figure.details.get("baseline_bits") or 0)
    saved = float(figure.details.get("saved_bits") or 0)
    measure = _(
        "%(bits)s bits of surprise per order line; last quarter's frequencies alone: %(baseline)s; "
        "%(lines)s lines"
    ) % {
        "bits": number_format(figure.value, 2),
        "baseline": number_format(baseline, 2),
        "lines": number_format(figure.wanted, 0),
    }
    words = _("of the guesswork about options is gone")
    return Answer(question, percent(saved / baseline if baseline else 0.0), words, measure)


def _too_few(cases: int) -> str:
    told = _("Only %(cases)d so far; a share is told from %(needed)d on.")
    return told % {"cases": cases, "needed": ENOUGH_LINES}


def _which(mix: GapMeasurement | None, volume: GapMeasurement | None) -> Answer:
    question = _("Which, and how many?")
    if mix is None or volume is None:
        return Answer(question)
    pieces = volume.value * volume.wanted
    words = _("pieces planned too many or too few, of %(wanted)s wanted") % {
        "wanted": number_format(volume.wanted, 0, force_grouping=True)
    }
    told = (
        _("off by %(volume)s in volume and %(mix)s in mix; planned %(planned)s pieces")
        if volume.wanted >= ENOUGH_LINES
        else _("planned %(planned)s pieces; too few were wanted to tell a share")
    )
    measure = told % {
        "volume": percent(volume.value),
        "mix": percent(mix.value),
        "planned": number_format(volume.answered, 0, force_grouping=True),
    }
    return Answer(question, number_format(pieces, 0, force_grouping=True), words, measure)


def _when(figure: GapMeasurement | None) -> Answer:
    question = _("When?")
    if figure is None:
        return Answer(question)
    value = _("%(hours)s h") % {"hours": number_format(figure.value * 24, 0, force_grouping=True)}
    words = _("promised later than asked for, on average")
    later = figure.details.get("later_share") or 0.0
    enough = figure.wanted >= ENOUGH_LINES
    measure = _("%(days)s days from asked for to promised; %(share)s of %(lines)s lines later") % {
        "days": number_format(figure.value, 1),
        "share": percent(later) if enough else round(later * figure.wanted),
        "lines": number_format(figure.wanted, 0),
    }
    return Answer(question, value, words, measure)


def _as_ordered(figure: GapMeasurement | None) -> Answer:
    question = _("As ordered?")
    if figure is None:
        return Answer(question)
    spoiled = round(figure.wanted - figure.answered)
    words = ngettext("piece spoiled at first", "pieces spoiled at first", spoiled)
    enough = figure.wanted >= ENOUGH_LINES
    measure = _("%(share)s of %(all)s reported pieces were right the first time") % {
        "share": percent(1 - figure.value, 1) if enough else round(figure.answered),
        "all": number_format(figure.wanted, 0, force_grouping=True),
    }
    return Answer(question, number_format(spoiled, 0, force_grouping=True), words, measure)


def _worth(volume: GapMeasurement | None) -> Answer:
    question = _("Worth it?")
    if volume is None or "money" not in volume.details:
        return Answer(question)
    bias = float(volume.details.get("bias") or 0)
    more = _("planned %(share)s more than was wanted")
    less = _("planned %(share)s less than was wanted")
    measure = (more if bias > 0 else less) % {"share": percent(abs(bias))}
    if volume.wanted < ENOUGH_LINES:
        measure = _too_few(round(volume.wanted))
    value = money(volume.details["money"], volume.details.get("currency", "EUR"))
    return Answer(question, value, _("of goods planned too many or too few"), measure)
