"""A plan in plain words: why and how it was made, and the faults of a rejected one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.formats import time_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from production import causes
from production.causes import Cause
from production.models import Job, Plan, WorkOrder

RULES = {
    "fifo": _("First come, first served"),
    "edd": _("Earliest due date"),
    "atcs": _("Urgency, weight and change-over"),
    "repair": _("The plan before, repaired"),
}

FAULTS = {
    "unknown": _("A step is planned that nobody asked for."),
    "twice": _("A step is planned more than once."),
    "missing": _("A step is missing."),
    "set_aside": _("A work order is left out without a reason, or only half."),
    "machine": _("A step stands on a machine that cannot do it."),
    "too_early": _("A step begins in the past, or before its machine is free."),
    "closed": _("A step runs while its machine is closed."),
    "duration": _("A step has too little or too much time."),
    "split": _("A step is interrupted that must run in one piece."),
    "overlap": _("Two steps stand on one machine at the same time."),
    "setup": _("A change-over has the wrong length."),
    "precedence": _("A step begins before the work in front of it is done."),
    "min_lag": _("A step does not wait until its part has cured or dried."),
    "max_lag": _("A step waits longer than it may."),
    "release": _("A step begins before its material is there."),
    "pool": _("More people or tools are needed at once than there are."),
    "fence": _("Work for the forecast begins in locked days."),
    "pinned": _("Work that has begun was moved."),
    "batch": _("A rack or plate is too full, or holds what does not go together."),
    "reserved": _("A step stands in hours of a machine that are held for other orders."),
    "objective": _("The cost that the plan claims is not its cost."),
}
EXAMPLES = 5
CAUSES_SHOWN = 3
MOST = 200  # subjects that are looked up


@dataclass
class FaultTold:
    """A kind of fault: how often, the first work orders (id, name of order and step), and what the
    check wrote of the first one."""

    text: str | Promise
    count: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)
    figures: str = ""


def rule_of(plan: Plan) -> str | Promise:
    """The way a plan was made; one that nobody knows any more keeps its own name."""
    return RULES.get(plan.solver.partition("(")[0], plan.solver)


def why_of(plan: Plan) -> str:
    """Why a plan was made; "" where an earlier release made it, which noted no reason."""
    found = causes.read(plan.why)
    told = [_with_time(one) for one in found[:CAUSES_SHOWN]]
    if more := len(plan.why) - len(told):
        told.append(ngettext("%(count)d more", "%(count)d more", more) % {"count": more})
    return gettext("; ").join(told)


def _with_time(cause: Cause) -> str:
    if cause.at is None:
        return str(cause)
    words = {"what": str(cause), "when": time_format(localtime(cause.at), "H:i")}
    return gettext("%(what)s (%(when)s)") % words


def faults_of(plan: Plan) -> list[FaultTold]:
    """The faults that the check found, by kind, in two queries."""
    named = _names(plan.violations)
    told: dict[str, FaultTold] = {}
    for one in plan.violations:
        kind = told.setdefault(one["fault"], FaultTold(FAULTS.get(one["fault"], one["fault"])))
        kind.count += 1
        kind.figures = kind.figures or one["text"]
        example = named.get((_of_job(one), one["subject"]))
        if example and example not in kind.examples and len(kind.examples) < EXAMPLES:
            kind.examples.append(example)
    return list(told.values())


def _of_job(fault: Mapping[str, Any]) -> bool:
    """Whether a fault is of a whole work order; earlier releases did not note it."""
    return bool(fault.get("of_job", fault["fault"] in {"release", "fence"}))


def _names(faults: Iterable[Mapping[str, str]]) -> dict[tuple[bool, str], tuple[int, str]]:
    """Work order and name by (whether the subject is a work order, subject)."""
    steps: set[int] = set()
    orders: set[int] = set()
    for one in faults:
        if one["subject"].isdigit():
            (orders if _of_job(one) else steps).add(int(one["subject"]))
    jobs = Job.objects.filter(pk__in=list(steps)[:MOST]).select_related("work_order")
    whole = WorkOrder.objects.filter(pk__in=list(orders)[:MOST])
    return {
        (False, str(job.pk)): (job.work_order_id, f"{job.work_order.number} {job.name}")
        for job in jobs
    } | {(True, str(order.pk)): (order.pk, order.number) for order in whole}
