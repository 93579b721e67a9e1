"""An independent judge of plans. It shares no code with the engine, only the data it judges.

Everything is recomputed in the plainest way: minutes are counted over the windows, sequences are
read off the plan. Rows are ordered by start of processing, never by start of set-up: a set-up may
be made long before its part arrives.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from sys import maxsize

from production.scheduling.jobs import Job, Operation
from production.scheduling.machines import Machine, Pool
from production.scheduling.plan import PlannedOperation, Schedule, Totals
from production.scheduling.problem import Impossible, Problem, Reason
from production.scheduling.worktime import Window

from .batches import Batches, Company, batches_of, company_of, pinned_minutes, shared
from .faults import Fault, Violation
from .lots import Walked, soonest

CROWDED_OUT = {Reason.NO_WINDOW, Reason.MAX_LAG, Reason.PREDECESSOR}


def check(problem: Problem, schedule: Schedule) -> list[Violation]:
    """Every fault of a plan; an empty list means that it may be published."""
    unknown = [p for p in schedule.operations if not _is_known(problem, p)]
    if unknown:
        return [Violation(Fault.UNKNOWN, p.operation_id, "not in the problem") for p in unknown]
    plan = {planned.operation_id: planned for planned in schedule.operations}
    aside = {one.job_id: one for one in schedule.set_aside}
    batches = batches_of(schedule)
    violations = [*_completeness(problem, schedule, plan, aside), *_costs(problem, schedule, plan)]
    for planned in schedule.operations:
        operation = problem.operation[planned.operation_id]
        machine = problem.machine[planned.machine_id]
        company = company_of(problem, batches, planned)
        windows = _windows(problem, operation, machine)
        violations += _place(machine, operation, planned, windows, company)
    violations += shared(problem, schedule, batches)
    for machine in problem.machines:
        violations += _row(problem, machine, schedule)
    for pool in problem.pools:
        violations += _pool(problem, pool, schedule, batches)
    for job in problem.jobs:
        if job.id not in aside:
            violations += _order(problem, job, plan)
    violations += _fence(problem, plan)
    violations += _reserved(problem, schedule)
    return violations


def _is_known(problem: Problem, planned: PlannedOperation) -> bool:
    operation = problem.operation.get(planned.operation_id)
    return bool(
        operation and operation.job_id == planned.job_id and planned.machine_id in problem.machine
    )


# Complete: every possible job once, others left out with a reason


def _completeness(
    problem: Problem,
    schedule: Schedule,
    plan: dict[str, PlannedOperation],
    aside: dict[str, Impossible],
) -> Iterator[Violation]:
    for operation_id, times in Counter(p.operation_id for p in schedule.operations).items():
        if times > 1:
            yield Violation(Fault.TWICE, operation_id, f"planned {times} times")
    yield from _set_aside_reasons(problem, aside)
    for operation in problem.operations():
        if _is_expected(problem, operation, aside) != (operation.id in plan):
            if operation.id in plan:
                yield Violation(Fault.SET_ASIDE, operation.id, "planned, but its job is set aside")
            else:
                yield Violation(Fault.MISSING, operation.id, "not planned")


def _set_aside_reasons(problem: Problem, aside: dict[str, Impossible]) -> Iterator[Violation]:
    impossible = {one.job_id for one in problem.validate()}
    for job_id in sorted(impossible - aside.keys()):
        yield Violation(Fault.SET_ASIDE, job_id, "impossible, but not set aside", of_job=True)
    for job_id in sorted(aside.keys() - impossible):
        if job_id not in problem.job or aside[job_id].reason not in CROWDED_OUT:
            text = "set aside without a valid reason"
            yield Violation(Fault.SET_ASIDE, job_id, text, of_job=True)


def _is_expected(problem: Problem, operation: Operation, aside: dict[str, Impossible]) -> bool:
    left_out = aside.get(operation.job_id)
    if left_out is None:
        return True
    pin = operation.pinned
    if pin is None or left_out.reason == Reason.PIN_CONFLICT:
        return False
    windows = problem.machine[pin.machine_id].windows
    left = sum(max(0, end - max(start, pin.start)) for start, end in windows)
    return pin.end is not None or left >= pinned_minutes(problem, operation)


# One operation on its machine


def _windows(problem: Problem, operation: Operation, machine: Machine) -> Sequence[Window]:
    """When the machine and all pools that the operation needs are there."""
    found = list(machine.windows)
    for pool in problem.pools:
        if pool.id in operation.pools and not operation.pinned:
            found = [
                (max(opens, comes), min(closes, goes))
                for opens, closes in found
                for comes, goes in _near(pool.windows, opens, closes)
                if comes < closes and goes > opens
            ]
    return found


def _near(windows: Sequence[Window], start: int, end: int) -> Sequence[Window]:
    """The windows, which are sorted and disjoint, that may touch [start, end)."""
    first = max(0, bisect_right(windows, (start, maxsize)) - 1)
    return windows[first : bisect_left(windows, (end, 0))]


def _place(
    machine: Machine,
    operation: Operation,
    planned: PlannedOperation,
    windows: Sequence[Window],
    company: Company,
) -> Iterator[Violation]:
    if not planned.setup_start <= planned.start < planned.end or planned.setup_minutes < 0:
        yield Violation(Fault.DURATION, planned.operation_id, "times run backwards")
        return
    if operation.pinned:
        yield from _pinned_place(machine, operation, planned, company.minutes)
    else:
        yield from _free_place(machine, operation, planned, windows, company)


def _pinned_place(
    machine: Machine, operation: Operation, planned: PlannedOperation, needed: int | None
) -> Iterator[Violation]:
    pin = operation.pinned
    if pin is None:
        return
    if (planned.machine_id, planned.start) != (pin.machine_id, pin.start):
        yield Violation(Fault.PINNED, operation.id, f"moved to {planned.start}")
    elif pin.end is not None and planned.end != pin.end:
        yield Violation(Fault.PINNED, operation.id, f"ends at {planned.end}, not {pin.end}")
    elif pin.end is None and _open_minutes(machine.windows, pin.start, planned.end) != needed:
        yield Violation(Fault.DURATION, operation.id, f"needs {needed} open minutes")
    if planned.start - planned.setup_start < planned.setup_minutes:
        yield Violation(Fault.DURATION, operation.id, "its set-up is cut short")


def _free_place(
    machine: Machine,
    operation: Operation,
    planned: PlannedOperation,
    windows: Sequence[Window],
    company: Company,
) -> Iterator[Violation]:
    needed = company.minutes
    if needed is None:
        yield Violation(Fault.MACHINE, operation.id, f"cannot be done on {machine.id}")
        return
    if planned.setup_start < max(0, machine.available_from):
        yield Violation(Fault.TOO_EARLY, operation.id, f"begins at {planned.setup_start}")
    for minute in (planned.setup_start, planned.start, planned.end - 1):
        if not _open_minutes(windows, minute, minute + 1):
            yield Violation(Fault.CLOSED, operation.id, f"{machine.id} is closed at {minute}")
    if _open_minutes(windows, planned.start, planned.end) != needed:
        yield Violation(Fault.DURATION, operation.id, f"needs {needed} open minutes")
    if _open_minutes(windows, planned.setup_start, planned.start) != planned.setup_minutes:
        yield Violation(Fault.DURATION, operation.id, "its set-up does not fill its time")
    whole = planned.end - planned.setup_start == needed + planned.setup_minutes
    if not company.splittable and not whole:
        yield Violation(Fault.SPLIT, operation.id, "is interrupted")


def _open_minutes(windows: Sequence[Window], start: int, end: int) -> int:
    """Minutes of [start, end) in the windows."""
    near = _near(windows, start, end)
    return sum(max(0, min(end, closes) - max(start, opens)) for opens, closes in near)


# One machine after another


def _runs(schedule: Schedule) -> Iterator[PlannedOperation]:
    """What occupies machines and pools: every operation by itself, of a batch the one it is called
    after."""
    for planned in schedule.operations:
        if planned.batch in ("", planned.operation_id):
            yield planned


def _row(problem: Problem, machine: Machine, schedule: Schedule) -> Iterator[Violation]:
    if machine.unlimited:
        yield from _side_by_side(machine, schedule)
        return
    matrix = next((m for m in problem.setups if m.group == machine.group), None)
    row = [planned for planned in _runs(schedule) if planned.machine_id == machine.id]
    row.sort(key=lambda planned: (planned.start, planned.end, planned.operation_id))
    family, busy_until = machine.setup_family, 0
    for planned in row:
        operation = problem.operation[planned.operation_id]
        needed = matrix.between(family, operation.setup_family) if matrix else 0
        if operation.pinned and operation.pinned.start <= 0:
            needed = 0
        if planned.setup_minutes != needed:
            text = f"set-up takes {needed} minutes, planned {planned.setup_minutes}"
            yield Violation(Fault.SETUP, operation.id, text)
        if busy_until > 0 and planned.setup_start < busy_until:
            yield Violation(Fault.OVERLAP, operation.id, f"{machine.id} is busy to {busy_until}")
        family, busy_until = operation.setup_family, max(busy_until, planned.end)


def _side_by_side(machine: Machine, schedule: Schedule) -> Iterator[Violation]:
    """At an unlimited machine nothing waits, and nothing is changed over."""
    for planned in schedule.operations:
        if planned.machine_id == machine.id and planned.setup_minutes:
            yield Violation(Fault.SETUP, planned.operation_id, f"{machine.id} needs no set-up")


# One pool after another


def _pool(
    problem: Problem, pool: Pool, schedule: Schedule, batches: Batches
) -> Iterator[Violation]:
    """Never more holders than units; what is pinned goes without where other pins hold all."""
    pinned: list[tuple[int, int, str]] = []
    others: list[tuple[int, int, str]] = []
    for planned in _runs(schedule):
        operation = problem.operation[planned.operation_id]
        company = batches[planned.batch or planned.operation_id]
        if not any(pool.id in problem.operation[one.operation_id].pools for one in company):
            continue
        if operation.pinned:
            pinned.append((planned.start, planned.end, operation.id))
        else:
            others.append((planned.setup_start, planned.end, operation.id))
    holders: list[tuple[int, int, str]] = []
    for one in sorted(pinned):
        if len(_holding(holders, one[0])) < pool.units:
            holders.append(one)
    active: list[tuple[int, int, str]] = []
    for one in sorted(holders + others):
        active = [*_holding(active, one[0]), one]
        if len(active) > pool.units:
            text = f"{pool.id} has {pool.units} units, {len(active)} are held at {one[0]}"
            yield Violation(Fault.POOL, one[2], text)


def _holding(spans: Iterable[tuple[int, int, str]], minute: int) -> list[tuple[int, int, str]]:
    return [one for one in spans if one[0] <= minute < one[1]]


# One job step after step


def _order(problem: Problem, job: Job, plan: dict[str, PlannedOperation]) -> Iterator[Violation]:
    first = plan.get(job.operations[0].id)
    if first and not job.operations[0].pinned:
        if first.start < job.release:
            yield Violation(Fault.RELEASE, job.id, f"starts before {job.release}", of_job=True)
        for predecessor in job.predecessors:
            last = problem.job[predecessor].operations[-1]
            done = plan.get(last.id)
            if done is None or first.start < done.end + last.min_lag_after:
                text = f"does not wait for {predecessor}"
                yield Violation(Fault.PRECEDENCE, job.id, text, of_job=True)
    for before, after in pairwise(job.operations):
        if before.id in plan and after.id in plan and not after.pinned:
            waited = plan[after.id].start - plan[before.id].end
            if before.transfer:
                walks = _walk(problem, before, plan), _walk(problem, after, plan)
                waited = soonest(job, before, after, walks)
            yield from _step(before, plan[before.id], plan[after.id], waited)


def _fence(problem: Problem, plan: dict[str, PlannedOperation]) -> Iterator[Violation]:
    """In front of the fence runs only what is firm or has begun, and what firm work waits for."""
    needed = [job for job in problem.jobs if job.firm]
    known = {job.id for job in needed}
    for job in needed:
        for predecessor in job.predecessors:
            if predecessor not in known:
                known.add(predecessor)
                needed.append(problem.job[predecessor])
    for job in problem.jobs:
        begun = any(operation.pinned for operation in job.operations)
        starts = [plan[one.id].start for one in job.operations if one.id in plan]
        foreseen = bool(starts) and job.id not in known and not begun
        if foreseen and 0 < problem.fence > min(job.due - 1, *starts):
            text = f"foreseen work before {problem.fence}"
            yield Violation(Fault.FENCE, job.id, text, of_job=True)


def _reserved(problem: Problem, schedule: Schedule) -> Iterator[Violation]:
    """Nobody but those for whom it is held is in a reserved stretch, from change-over to end."""
    for held in problem.reservations:
        if 0 < problem.fence > held.start:
            continue  # it has lapsed
        for planned in schedule.operations:
            job = problem.job[planned.job_id]
            weighty = held.weight is not None and job.firm and job.weight >= held.weight
            inside = planned.setup_start < held.end and planned.end > held.start
            fact = problem.operation[planned.operation_id].pinned
            mine = planned.machine_id == held.machine_id
            if mine and inside and not fact and not weighty and job.id not in held.job_ids:
                text = f"runs in what is held from {held.start} to {held.end}"
                yield Violation(Fault.RESERVED, planned.operation_id, text)


def _walk(problem: Problem, operation: Operation, plan: dict[str, PlannedOperation]) -> Walked:
    planned = plan[operation.id]
    return planned, _windows(problem, operation, problem.machine[planned.machine_id])


def _step(
    operation: Operation, before: PlannedOperation, after: PlannedOperation, waited: int
) -> Iterator[Violation]:
    """`waited` is the shortest wait of any lot."""
    longest = operation.max_lag_after
    if waited < 0:
        yield Violation(Fault.PRECEDENCE, after.operation_id, f"starts before {before.end}")
    elif waited < operation.min_lag_after:
        text = f"waits {waited} of at least {operation.min_lag_after} minutes"
        yield Violation(Fault.MIN_LAG, after.operation_id, text)
    elif longest is not None and after.start - before.end > longest:
        text = f"waits {after.start - before.end} of at most {longest} minutes"
        yield Violation(Fault.MAX_LAG, after.operation_id, text)


# What it costs


def _costs(
    problem: Problem, schedule: Schedule, plan: dict[str, PlannedOperation]
) -> Iterator[Violation]:
    aside = {one.job_id for one in schedule.set_aside}
    tardiness = late = makespan = 0
    for job in problem.jobs:
        ends = [plan[operation.id].end for operation in job.operations if operation.id in plan]
        if ends and job.id not in aside:
            makespan = max(makespan, *ends)
            tardiness += job.weight * max(0, max(ends) - job.due)
            late += max(ends) > job.due
    setup = sum(planned.setup_minutes for planned in schedule.operations)
    right = Totals(tardiness + setup, tardiness, setup, late, makespan)
    if schedule.totals != right:
        yield Violation(Fault.OBJECTIVE, "totals", f"{schedule.totals} should be {right}")
