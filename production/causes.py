"""Why a plan is made: what has happened that the plan before it does not know.

A plan keeps its causes as codes, with what the thing was called then; the words are made when
somebody reads them, in his language.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from journal.models import Transition
from orders import waiting
from production.calendars import REPAIR_MINUTES, STOPPED, stopped
from production.models import Job, Machine, Plan

# Steps after which the published plan is no longer what the floor should follow.
STEPS = {
    ("machine", "down"): "machine_down",
    ("machine", "maintenance"): "machine_maintenance",
    ("job", "failed"): "job_failed",
    ("order", "confirmed"): "order_confirmed",
    ("order", "cancelled"): "order_cancelled",
    ("order", "on_hold"): "order_on_hold",
    ("order_line", "cancelled"): "line_cancelled",
}
ABOUT = {
    "machine": {"machine_down", "machine_maintenance", "machine_back", "machine_still_down"},
    "job": {"job_failed", "remade"},
    "order": {"order_confirmed", "order_cancelled", "order_on_hold"},
    "order_line": {"line_cancelled"},
}
MOST_KEPT = 20  # causes that a plan keeps


WORDS = {
    "machine_down": _("%(name)s is down"),
    "machine_maintenance": _("%(name)s is in maintenance"),
    "machine_back": _("%(name)s is back"),
    "machine_still_down": _("%(name)s is out of use for longer than expected"),
    "job_failed": _("“%(name)s” failed"),
    "remade": _("pieces of “%(name)s” must be made again"),
    "order_confirmed": _("order %(name)s came in"),
    "order_cancelled": _("order %(name)s was called off"),
    "order_on_hold": _("order %(name)s is on hold"),
    "line_cancelled": _("a line of order %(name)s was called off"),
    "asked": _("somebody asked for it"),
    "no_plan": _("there is no plan yet"),
    "too_old": _("the plan is older than twelve hours"),
    "other_shop": _("machines, hours or change-overs are others than those of the plan"),
    "only_repaired": _("the plan was only repaired; a better one is searched for"),
    "routine": _("it was time for a new plan"),
}


@dataclass(frozen=True)
class Cause:
    """A code of WORDS, the row that it is about and what that was called, when it happened, and
    its step in the journal (0: none)."""

    code: str
    subject: int = 0
    name: str = ""
    at: datetime | None = None
    step: int = 0

    def __str__(self) -> str:
        """In the reader's language."""
        return str(WORDS[self.code]) % {"name": self.name}

    def written(self) -> dict[str, Any]:
        """As a plan keeps it."""
        at = self.at.isoformat() if self.at else ""
        return {"code": self.code, "subject": self.subject, "name": self.name, "at": at}


def read(rows: Iterable[dict[str, Any]]) -> list[Cause]:
    """What `Cause.written` wrote; codes that nobody knows any more are left out."""
    return [
        Cause(
            row["code"],
            row["subject"],
            row["name"],
            datetime.fromisoformat(row["at"]) if row["at"] else None,
        )
        for row in rows
        if row["code"] in WORDS
    ]


# What happened


def comes_back(transition: Transition) -> bool:
    """Whether a machine step says that the machine may work again."""
    return transition.from_status in STOPPED


def makes_again(transition: Transition) -> bool:
    """Whether a new job makes what another did not bring: it names that one."""
    return bool(transition.why)


def unknown_to(plan: Plan, now: datetime) -> list[Cause]:
    """What has happened until now that a plan does not know, the earliest first."""
    seen = set(plan.metrics.get("seen", ()))
    happened = [one for one in since(plan.as_of, now) if one.step not in seen]
    new = {one.subject for one in happened if one.code in ("machine_down", "machine_maintenance")}
    return happened + [one for one in _still_down(plan, now) if one.subject not in new]


def since(moment: datetime, now: datetime) -> list[Cause]:
    """What has disturbed a plan of a moment, the earliest first."""
    known = (Q(kind=kind, to_status=to) for kind, to in STEPS)
    back = Q(kind="machine", from_status__in=STOPPED) & ~Q(to_status__in=STOPPED)
    again = Q(kind="job", from_status="", to_status="waiting") & ~Q(why="")
    steps = Transition.objects.filter(reduce(or_, known, back | again))
    rows = steps.filter(at__gt=moment, at__lte=now).order_by("at", "pk")
    return [_cause(step) for step in rows]


def _cause(step: Transition) -> Cause:
    other = "machine_back" if step.kind == "machine" else "remade"
    code = STEPS.get((step.kind, step.to_status), other)
    return Cause(code, step.object_id, at=step.at, step=step.pk)


def _still_down(plan: Plan, now: datetime) -> list[Cause]:
    """Machines that are out of use although the plan expected them back by now."""
    expected = plan.as_of + timedelta(minutes=REPAIR_MINUTES)
    if now < expected:
        return []
    ids = Machine.objects.filter(pk__in=stopped(now), active=True).values_list("pk", flat=True)
    return [Cause("machine_still_down", pk, at=expected) for pk in ids]


# What it is called


def named(causes: Sequence[Cause]) -> list[Cause]:
    """The first causes with the names of what they are about, in a query a kind."""
    kept = causes[:MOST_KEPT]
    names: dict[tuple[str, int], str] = {}
    for kind, names_of in NAMES.items():
        if ids := {one.subject for one in kept if one.code in ABOUT[kind]}:
            names |= {(kind, pk): name for pk, name in names_of(ids).items()}
    kinds = {code: kind for kind, codes in ABOUT.items() for code in codes}
    return [
        replace(one, name=names.get((kinds.get(one.code, ""), one.subject), one.name))
        for one in kept
    ]


def _machine_names(ids: Collection[int]) -> dict[int, str]:
    return dict(Machine.objects.filter(pk__in=ids).values_list("pk", "name"))


def _job_names(ids: Collection[int]) -> dict[int, str]:
    jobs = Job.objects.filter(pk__in=ids).values_list("pk", "work_order__number", "name")
    return {pk: f"{number} {name}" for pk, number, name in jobs}


def _numbers_of_lines(ids: Collection[int]) -> dict[int, str]:
    return {pk: line.order_number for pk, line in waiting.names_of(ids).items()}


NAMES: Mapping[str, Callable[[Collection[int]], dict[int, str]]] = {
    "machine": _machine_names,
    "job": _job_names,
    "order": waiting.numbers_of,
    "order_line": _numbers_of_lines,
}
