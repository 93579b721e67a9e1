"""Breakdowns and rush orders that hit a running plan, and promises asked of it.

Each comes at a random moment of the next two days. What has begun by then, its set-up included,
stays; the rest is repaired by right-shift and by ours. Milliseconds are those of the CPU.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

import numpy as np

from benchmarks import shop
from production.scheduling import (
    Job,
    Machine,
    Pin,
    PlannedOperation,
    Problem,
    Schedule,
    Timetable,
    check,
)
from production.scheduling.dispatch import Dispatcher
from production.scheduling.nervousness import nervousness, places
from production.scheduling.repair import Repair

BREAKDOWNS, RUSHES, PROMISES = 20, 20, 100
SOON = 2 * shop.DAY
SHORTEST_STOP, LONGEST_STOP = 4 * 60, 24 * 60


@dataclass(frozen=True)
class Repaired:
    """One disturbance repaired in both ways: objectives, minutes that the rush order is late, what
    it took, how many operations of the plan start at another minute or on another machine."""

    shifted: int
    ours: int
    shifted_late: int
    ours_late: int
    kernel_ms: float
    whole_ms: float
    moved: int
    reassigned: int
    checked: bool


def measured(problem: Problem, plan: Schedule, seed: int) -> dict[str, Any]:
    """What repairs bring on a plan of the shop of a seed, as ratios of ours to right-shift."""
    rng = np.random.default_rng((seed, 1))
    broken = [_repaired(one, plan) for one in _breakdowns(problem, plan, rng)]
    rushed = [_repaired(one, plan) for one in _rushes(problem, plan, seed, rng)]
    before = plan.totals.objective
    both = broken + rushed
    return {
        "repair_ms_p99": _p99([one.kernel_ms for one in both]),
        "repair_whole_ms_p99": _p99([one.whole_ms for one in both]),
        "promise_ms_p99": _p99(_promises(problem, plan, seed, rng)),
        "rush_lateness_ratio": _ratio(
            sum(one.ours_late for one in rushed), sum(one.shifted_late for one in rushed)
        ),
        "rush_damage_ratio": _ratio(
            sum(one.ours - before for one in rushed), sum(one.shifted - before for one in rushed)
        ),
        "breakdown_damage_ratio": _ratio(
            sum(one.ours - before for one in broken), sum(one.shifted - before for one in broken)
        ),
        "repair_moved_mean": round(float(np.mean([one.moved for one in both])), 1),
        "repair_reassigned_mean": round(float(np.mean([one.reassigned for one in both])), 1),
        "repairs_checked": all(one.checked for one in both),
    }


def _ratio(ours: int, shifted: int) -> float | None:
    return round(ours / shifted, 4) if shifted else None


def _p99(milliseconds: list[float]) -> float:
    return round(float(np.percentile(milliseconds, 99)), 2)


# What happens


def _breakdowns(problem: Problem, plan: Schedule, rng: np.random.Generator) -> Iterator[Problem]:
    """A busy machine stops for a while; what it is at goes on afterwards."""
    for _ in range(BREAKDOWNS):
        at_work: list[PlannedOperation] = []
        while not at_work:  # a small shop stands still now and then
            now = int(rng.integers(SOON))
            at_work = [one for one in plan.operations if one.start <= now < one.end]
        stop = int(rng.integers(SHORTEST_STOP, LONGEST_STOP + 1))
        hit = at_work[int(rng.integers(len(at_work)))]
        later = standing(problem, plan, now)
        machines = tuple(
            closed(one, now, now + stop) if one.id == hit.machine_id else one
            for one in later.machines
        )
        stopped = replace(later, machines=machines)
        open_time = stopped.open_time[hit.machine_id]
        left = problem.open_time[hit.machine_id]
        minutes = left.worked(hit.end) - left.worked(now)
        end = open_time.end_at(open_time.worked(now) + minutes)
        yield _pinned(stopped, {hit.operation_id: Pin(hit.machine_id, hit.start, end)})


def _rushes(
    problem: Problem, plan: Schedule, seed: int, rng: np.random.Generator
) -> Iterator[Problem]:
    for number in range(RUSHES):
        now = int(rng.integers(SOON))
        later = standing(problem, plan, now)
        yield replace(later, jobs=(*later.jobs, shop.rush(seed, number, now, rng)))


def standing(problem: Problem, plan: Schedule, now: int) -> Problem:
    """The problem at a later minute of the same clock: what has begun is pinned to its place."""
    begun = {
        one.operation_id: Pin(one.machine_id, one.start, one.end)
        for one in plan.operations
        if one.setup_start < now
    }
    machines = tuple(replace(one, available_from=now) for one in problem.machines)
    return _pinned(replace(problem, machines=machines), begun)


def _pinned(problem: Problem, pins: dict[str, Pin]) -> Problem:
    hit = {problem.operation[name].job_id for name in pins}
    return replace(
        problem, jobs=tuple(_held(job, pins) if job.id in hit else job for job in problem.jobs)
    )


def _held(job: Job, pins: dict[str, Pin]) -> Job:
    return replace(
        job,
        operations=tuple(
            replace(one, pinned=pins[one.id]) if one.id in pins else one for one in job.operations
        ),
    )


def closed(machine: Machine, start: int, end: int) -> Machine:
    """A machine that is out of use in [start, end)."""
    windows = []
    for opens, closes in machine.windows:
        windows += [(opens, min(closes, start)), (max(opens, end), closes)]
    return replace(machine, windows=tuple((a, b) for a, b in windows if a < b))


# What it takes


def _repaired(problem: Problem, plan: Schedule) -> Repaired:
    before = places(plan)
    began = process_time()
    repair = Repair(Dispatcher(problem), before)
    laid_out = process_time()
    draft = repair.repaired()
    mended = process_time()
    ours = repair.dispatcher.recorded(draft)
    whole = process_time() - began
    shifted = repair.dispatcher.recorded(repair.right_shifted())
    changed = nervousness(before, places(ours))
    return Repaired(
        shifted.totals.objective,
        ours.totals.objective,
        _late(problem, shifted),
        _late(problem, ours),
        1000 * (mended - laid_out),
        1000 * whole,
        changed.moved,
        changed.reassigned,
        not check(problem, ours),
    )


def _late(problem: Problem, plan: Schedule) -> int:
    """Minutes that rush orders are late."""
    return sum(
        max(0, end - problem.job[job_id].due)
        for job_id, end in plan.finish.items()
        if job_id.startswith("rush")
    )


def _promises(problem: Problem, plan: Schedule, seed: int, rng: np.random.Generator) -> list[float]:
    timetable, found = Timetable(problem, plan), []
    for number in range(PROMISES):
        order = shop.rush(seed, number, int(rng.integers(SOON)), rng)
        began = process_time()
        timetable.earliest_finish(order)
        found.append(1000 * (process_time() - began))
    return found
