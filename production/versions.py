"""Plans as people compare them: who is late in one and not in the other, and what moved.

All but a count of moved steps between two plans that did not follow each other is read off what a
plan keeps (`figures`), so it costs the same however many steps there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.cache import cache
from django.db.models import Prefetch, QuerySet

from journal.models import Transition
from production import figures
from production.calendars import minute_of
from production.figures import Cell, Changes, Late, Moved, Report
from production.lifecycle import PLAN
from production.models import Machine, Pegging, Plan, PlanEntry, WorkCenter, WorkOrder
from production.scheduling import Binding

SHOWN = 15
KEPT_SECONDS = 24 * 3600


def listed() -> "QuerySet[Plan]":
    """Every version, the newest first, without what only its own page shows."""
    return Plan.objects.defer("snapshot", "report").order_by("-pk")


def planners(plans: Iterable[Plan]) -> dict[int, str]:
    """Who had each plan made, as the journal names them."""
    ids = [plan.pk for plan in plans]
    begun = Transition.objects.filter(kind=PLAN.kind, object_id__in=ids, from_status="")
    return dict(begun.values_list("object_id", "by"))


def has_hours(plan: Plan) -> bool:
    """Whether it is still known which step was to run when."""
    return not plan.metrics.get("operations") or PlanEntry.objects.filter(plan=plan).exists()


# Late orders


@dataclass(frozen=True)
class LateOrder:
    """A late work order as a page shows it; `machine` is where it waited most.

    `minutes` is None where it is late no longer, `before` where it was not late before; `became`
    says what else there is to know: new, done, cancelled or refused.
    """

    order: WorkOrder
    minutes: int | None
    cause: str = ""
    machine: Machine | None = None
    before: int | None = None
    became: str = ""

    @property
    def line_id(self) -> int | None:
        return line_of(self.order)


def line_of(order: WorkOrder) -> int | None:
    """The first order line that a work order is for; None for the forecast alone."""
    return next((peg.order_line_id for peg in order.pegging.all() if peg.order_line_id), None)


def late_orders(late: Iterable[Late]) -> list[LateOrder]:
    """Late work orders with what they are for and where they waited, in four queries."""
    shown = list(late)
    orders = _orders(one.work_order_id for one in shown)
    machines = _machines(one.machine_id for one in shown)
    return [
        LateOrder(
            orders[one.work_order_id],
            one.minutes,
            str(figures.CAUSES[one.cause]),
            machines.get(one.machine_id),
        )
        for one in shown
        if one.work_order_id in orders
    ]


def _orders(ids: Iterable[int]) -> dict[int, WorkOrder]:
    pegs = Prefetch("pegging", Pegging.objects.select_related("order_line__order").order_by("pk"))
    orders = WorkOrder.objects.select_related("configuration__product").prefetch_related(pegs)
    return orders.defer("frozen", "configuration__values").in_bulk(list(ids))


def _machines(ids: Iterable[int]) -> dict[int, Machine]:
    return Machine.objects.select_related("work_center").in_bulk(list(set(ids)))


# Two plans


@dataclass(frozen=True)
class Comparison:
    """Two plans; of long lists the first are held and all are counted.

    `changes` is None where the hours of one are forgotten and they did not follow each other.
    """

    before: Plan
    after: Plan
    changes: Changes | None
    became_late: list[LateOrder]
    became_late_count: int
    no_longer_late: list[LateOrder]
    no_longer_late_count: int
    still_late: int
    later_still: int
    moved: list[tuple[WorkOrder, Moved]]
    cells: list["TwoLoads"]


@dataclass(frozen=True)
class TwoLoads:
    """A cell in two plans; None where a plan does not know it."""

    center: WorkCenter
    setup_before: int | None
    setup_after: int | None
    load_before: float | None
    load_after: float | None


def compare(before: Plan, after: Plan) -> Comparison:
    """What is different in plan `after`, in a constant number of queries."""
    then, now = figures.report_of(before), figures.report_of(after)
    if not (then.known and now.known):  # nobody knows any more who was late in one of them
        then, now = replace(then, late=[]), replace(now, late=[])
    late_then = {one.work_order_id: one for one in then.late}
    late_now = {one.work_order_id: one for one in now.late}
    became = [one for one in now.late if one.work_order_id not in late_then]
    no_longer = [one for one in then.late if one.work_order_id not in late_now]
    both = late_then.keys() & late_now.keys()
    found = _changes(before, after, now)
    return Comparison(
        before,
        after,
        found,
        _became(became[:SHOWN], before.as_of),
        len(became),
        _no_longer(no_longer[:SHOWN], now),
        len(no_longer),
        len(both),
        sum(late_now[one].minutes > late_then[one].minutes for one in both),
        _moved(found),
        _two_loads(then, now),
    )


def _became(late: Iterable[Late], since: datetime) -> list[LateOrder]:
    return [
        replace(one, became="new" if one.order.created_at > since else "")
        for one in late_orders(late)
    ]


def _no_longer(late: Iterable[Late], now: Report) -> list[LateOrder]:
    return [
        replace(one, minutes=None, before=one.minutes, became=_why_not_late(one.order, now))
        for one in late_orders(late)
    ]


def _why_not_late(order: WorkOrder, now: Report) -> str:
    if order.pk in now.refused:
        return "refused"
    if order.status == WorkOrder.Status.ON_HOLD:
        return "on_hold"
    if order.status == WorkOrder.Status.CANCELLED:
        return "cancelled"
    return "done" if order.status not in WorkOrder.OPEN_STATUSES else ""


def _moved(found: Changes | None) -> list[tuple[WorkOrder, Moved]]:
    moved = found.moved if found else ()
    orders = _orders(one.work_order_id for one in moved)
    return [(orders[one.work_order_id], one) for one in moved if one.work_order_id in orders]


def _two_loads(then: Report, now: Report) -> list[TwoLoads]:
    before = {one.work_center_id: one for one in then.cells}
    after = {one.work_center_id: one for one in now.cells}
    centers = WorkCenter.objects.filter(pk__in=before.keys() | after.keys())
    return [_two_loads_of(one, before.get(one.pk), after.get(one.pk)) for one in centers]


def _two_loads_of(center: WorkCenter, before: Cell | None, after: Cell | None) -> TwoLoads:
    return TwoLoads(
        center,
        before.setup_minutes if before else None,
        after.setup_minutes if after else None,
        before.load if before else None,
        after.load if after else None,
    )


# What moved


def _changes(before: Plan, after: Plan, now: Report) -> Changes | None:
    """Written down where the later plan replaced the other, else counted once while the hours of
    both are known."""
    if now.changes and now.changes.against == before.pk:
        return now.changes
    key = f"plan-changes:{before.pk}:{after.pk}"
    found: Changes | None = cache.get(key)
    if found is None and has_hours(before) and has_hours(after):
        found = _counted(before, after)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _counted(before: Plan, after: Plan) -> Changes:
    free = PlanEntry.objects.filter(plan=after).exclude(binding=Binding.PINNED)
    rows = free.values_list("job_id", "job__work_order_id", "machine_id", "start")
    now, order_of = {}, {}
    for job_id, order_id, machine_id, start in rows.iterator(chunk_size=5_000):
        now[str(job_id)] = str(machine_id), minute_of(start, after.as_of)
        order_of[str(job_id)] = str(order_id)
    then = figures.planned_places(before, after.as_of)
    return figures.changes(before.pk, then, now, order_of)
