"""What a plan is told by: how its search went, who is late and why, how calm it is, how full it is.

Reckoned once, when the plan is made: pages read it as it stands, however many steps a plan has, and
still when the plan's hours are forgotten (`pruning`). Small numbers lie in `Plan.metrics`, lists in
`Plan.report`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from time import perf_counter
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from production import scheduling
from production.calendars import minute_of
from production.models import Plan, PlanEntry
from production.scheduling import Binding, Problem, Schedule
from production.scheduling.improving import MOST_TIMED, usual_moves
from production.scheduling.nervousness import Nervousness, Place, nervousness

CALM_MINUTES = 15  # a start that shifts by no more disturbs nobody
NEAR_DAYS = 2  # what people and material are being readied for
LOAD_DAYS = 14
MOST_POINTS = 60
MOST_MOVED = 20
TIMED_A_MOVE = 100  # steps that one move of the search times anew, as measured

CAUSES = {
    Binding.MACHINE: gettext_lazy("The machines are busy with other orders."),
    Binding.MATERIAL: gettext_lazy("It waits for material."),
    Binding.LAG: gettext_lazy("It must cure or dry."),
    Binding.CALENDAR: gettext_lazy("The shop is closed in between."),
    "time": gettext_lazy("Making it takes longer than was left."),
}


# How the search went


class Point(NamedTuple):
    """What the firm jobs cost after so many seconds and moves; the first is the rule's own plan."""

    seconds: float
    moves: int
    objective: int


class Search:
    """Follows a search: keeps its curve, and tells once a second at most how far it is."""

    def __init__(
        self,
        operations: int,
        tell: Callable[[float, str], None],
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.points: list[Point] = []
        self._usual = min(usual_moves(operations), MOST_TIMED // TIMED_A_MOVE)
        self._tell, self._clock = tell, clock
        self._began = self._told = clock()

    def __call__(self, moves: int, objective: int) -> None:
        now = self._clock()
        self.points.append(Point(round(now - self._began, 2), moves, objective))
        if now - self._told >= 1 or len(self.points) == 1:
            self._told = now
            self._tell(min(1.0, moves / self._usual), self._so_far(objective))

    def _so_far(self, objective: int) -> str:
        saved = saved_share(self.points[0].objective, objective)
        return _("Improving: %(saved).1f %% off the plan that it began with") % {
            "saved": 100 * saved
        }


def saved_share(before: int, after: int) -> float:
    return (before - after) / before if before else 0.0


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """At most so many points: the first, and of each equal stretch of time the last."""
    if len(points) <= most:
        return list(points)
    first, seconds = points[0], points[-1].seconds - points[0].seconds
    kept: dict[int, Point] = {}
    for point in points[1:]:
        share = (point.seconds - first.seconds) / seconds if seconds else 0.0
        kept[min(most - 2, int(share * (most - 1)))] = point
    return [first, *kept.values()]


# Who is late and why


class Late(NamedTuple):
    """A work order for customers that is done `minutes` after it is due, what held it back most (a
    code of CAUSES), and the machine where it waited."""

    work_order_id: int
    minutes: int
    cause: str
    machine_id: int


def late_orders(problem: Problem, schedule: Schedule) -> list[Late]:
    """The latest first."""
    found = [
        Late(int(job.id), schedule.finish[job.id] - job.due, *main_cause(problem, schedule, job.id))
        for job in problem.jobs
        if job.firm and schedule.finish.get(job.id, job.due) > job.due
    ]
    return sorted(found, key=lambda one: (-one.minutes, one.work_order_id))


def main_cause(problem: Problem, schedule: Schedule, job_id: str) -> tuple[str, int]:
    """What holds a work order back most often on the way to its last step, and at which machine."""
    causes = scheduling.why_late(problem, schedule, job_id).causes
    counted = [cause.binding for cause in causes if cause.binding in CAUSES]
    if not counted:
        return "time", int(causes[0].machine_id) if causes else 0
    most = max((one for one in Binding if one in CAUSES), key=counted.count)
    return str(most), int(next(one.machine_id for one in causes if one.binding == most))


# How full it is


class Cell(NamedTuple):
    """The work of a cell in open minutes, and the share that it takes of the next two weeks."""

    work_center_id: int
    operations: int
    setup_minutes: int
    work_minutes: int
    load: float | None


def cells(problem: Problem, schedule: Schedule) -> list[Cell]:
    """Every cell that has machines, in the order of the shop."""
    ahead = LOAD_DAYS * 24 * 60
    group = {machine.id: machine.group for machine in problem.machines}
    hours = {machine_id: problem.open_time[machine_id].worked for machine_id in group}
    sums = {one: [0, 0, 0] for one in dict.fromkeys(group.values())}
    taken, there = dict.fromkeys(sums, 0), dict.fromkeys(sums, 0)
    for machine_id, name in group.items():
        there[name] += hours[machine_id](ahead)
    for one in schedule.operations:
        worked, name = hours[one.machine_id], group[one.machine_id]
        sums[name][0] += 1
        sums[name][1] += one.setup_minutes
        sums[name][2] += worked(one.end) - worked(one.start)
        taken[name] += worked(min(one.end, ahead)) - worked(min(one.setup_start, ahead))
    return [
        Cell(
            int(name),
            operations,
            setup,
            work,
            round(taken[name] / there[name], 4) if there[name] else None,
        )
        for name, (operations, setup, work) in sums.items()
    ]


# How calm it is


class Moved(NamedTuple):
    """A work order of which steps start at another time or place; `shift` is the largest, in
    minutes."""

    work_order_id: int
    steps: int
    elsewhere: int
    shift: int

    @property
    def size(self) -> int:
        return abs(self.shift)


@dataclass(frozen=True, slots=True)
class Changes:
    """How far a plan departs from plan `against`: whole, in the next days, and where the most."""

    against: int
    whole: Nervousness
    near: Nervousness
    moved: tuple[Moved, ...]


def changes(
    against: int,
    before: Mapping[str, Place],
    after: Mapping[str, Place],
    order_of: Mapping[str, str],
) -> Changes:
    """What changed for the steps that stand in both; `order_of` gives the work order of a step."""
    whole = nervousness(before, after, tolerance=CALM_MINUTES)
    near = nervousness(before, after, tolerance=CALM_MINUTES, until=NEAR_DAYS * 24 * 60)
    return Changes(against, whole, near, tuple(_most_moved(before, after, order_of)))


def _most_moved(
    before: Mapping[str, Place], after: Mapping[str, Place], order_of: Mapping[str, str]
) -> list[Moved]:
    found: dict[str, list[int]] = {}
    for step_id, (machine_id, start) in before.items():
        if step_id not in after:
            continue
        machine_now, start_now = after[step_id]
        shift = start_now - start
        if abs(shift) > CALM_MINUTES or machine_now != machine_id:
            sums = found.setdefault(order_of[step_id], [0, 0, 0])
            sums[0] += 1
            sums[1] += machine_now != machine_id
            sums[2] = max(sums[2], shift, key=abs)
    ranked = sorted(found.items(), key=lambda item: (-abs(item[1][2]), -item[1][0], int(item[0])))
    return [Moved(int(order_id), *sums) for order_id, sums in ranked[:MOST_MOVED]]


def planned_places(plan: Plan, origin: datetime) -> dict[str, Place]:
    """Where a plan that was written down has its steps, in minutes from an origin."""
    entries = PlanEntry.objects.filter(plan=plan).values_list("job_id", "machine_id", "start")
    return {
        str(job_id): (str(machine_id), minute_of(start, origin))
        for job_id, machine_id, start in entries.iterator(chunk_size=5_000)
    }


def free_places(schedule: Schedule) -> dict[str, Place]:
    """Where a schedule has its steps, without those that are at a machine already: they move with
    the clock, whatever is planned."""
    return {
        one.operation_id: (one.machine_id, one.start)
        for one in schedule.operations
        if one.binding != Binding.PINNED
    }


# A plan's own


def of_search(points: Sequence[Point]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What there is to say of any plan, also of one that the check refuses: metrics and report."""
    curve = thinned(points)
    if not curve:
        return {}, {}
    first, last = curve[0], curve[-1]
    told = {"moves": last.moves, "rule": first.objective, "found": last.objective}
    return {"search": told}, {"search": curve}


def of_plan(
    problem: Problem, schedule: Schedule, origin: datetime, before: Plan | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metrics and report of a plan that passed its check; `before` is the plan that it replaces."""
    late = late_orders(problem, schedule)
    metrics: dict[str, Any] = {
        "late_orders": len(late),
        "late_minutes": sum(one.minutes for one in late),
    }
    report: dict[str, Any] = {
        "late": late,
        "refused": [int(one.job_id) for one in schedule.set_aside],
        "cells": cells(problem, schedule),
    }
    if before is not None:
        order_of = {one.operation_id: one.job_id for one in schedule.operations}
        found = changes(before.pk, planned_places(before, origin), free_places(schedule), order_of)
        metrics["changes"] = {
            "against": found.against,
            "whole": asdict(found.whole),
            "near": asdict(found.near),
        }
        report["moved"] = found.moved
    return metrics, report


@dataclass(frozen=True)
class Report:
    """What `of_plan` and `of_search` wrote of a plan; parts that an earlier release did not know
    are empty, `known` says whether it knew any."""

    known: bool
    search: list[Point]
    late: list[Late]
    refused: set[int]
    cells: list[Cell]
    changes: Changes | None


def report_of(plan: Plan) -> Report:
    written = plan.report
    return Report(
        "late" in written,
        [Point._make(row) for row in written.get("search", ())],
        [Late._make(row) for row in written.get("late", ())],
        set(written.get("refused", ())),
        [Cell._make(row) for row in written.get("cells", ())],
        _changes_of(plan),
    )


def _changes_of(plan: Plan) -> Changes | None:
    told = plan.metrics.get("changes")
    if told is None:
        return None
    return Changes(
        told["against"],
        Nervousness(**told["whole"]),
        Nervousness(**told["near"]),
        tuple(Moved._make(row) for row in plan.report.get("moved", ())),
    )
