"""A problem as tables of numbers, for the compiled kernels.

Operations are numbered job by job in their sequence. Times on a machine are counted in its open
minutes, times between machines on the clock; the calendars turn one into the other. One row of a
table holds what a kernel reads together.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .jobs import Alternative, Job, Operation
from .machines import SetupMatrix
from .problem import Calendar, Problem
from .reservations import ALL
from .worktime import OpenTime, Window

Choice = tuple[Alternative, Window]  # where, and within what stretch that reservations leave
Records = NDArray[np.void]
Numbers = NDArray[np.int32]

NONE = -1
FOREVER = 1 << 30
SPAN = 8  # a calendar has an entry for every 2 ** SPAN minutes


def _row(*names: str) -> np.dtype[np.void]:
    return np.dtype([(name, np.int32) for name in names])


# An operation: its alternatives, those in front of and behind it in its job (NONE), the lag after
# it, its job's release; due date and weight on a job's last operation only (else weight 0); whether
# it must not be interrupted; where `Shop.waits`, `Shop.awaited` and `Shop.seats` speak of it
STEP = _row(
    *("job", "first", "beyond", "before", "after", "lag", "longest", "release", "due", "weight"),
    *("whole", "waits", "waits_end", "awaited", "awaited_end", "firm", "seats", "seats_end"),
)
# An alternative; its calendar is its machine, or a row behind the machines where the pools that the
# operation needs are away while the machine is open
CHOICE = _row("machine", "minutes", "family", "calendar")
# A machine: its windows, its entries in the two indexes, the open minute from which it may be used,
# the row of its matrix that it is set up for, where that matrix begins and how many columns it has,
# its open minutes, and which machine of the problem it stands for
MACHINE = _row(
    *("window", "window_end", "clock", "clock_end", "work", "work_end"),
    *("origin", "set_up", "matrix", "columns", "total", "real"),
)
WINDOW = _row("opens", "closes", "before")
POOL = _row("unit", "unit_end")  # units of all pools are numbered through
# One unit of a pool that an operation holds: which, the seats in front of and behind it on the
# unit, the one behind it before its last move and on the unit that it had before, the unit in the
# best list seen, from when to when on the clock
SEAT = _row("operation", "pool", "unit", "up", "down", "left", "former", "kept", "begin", "end")


class Shop(NamedTuple):
    """N operations with A alternatives on M machines. At an unlimited machine every operation has a
    machine of its own, behind those of the problem.

    `steps` (N,) STEP, `choices` (A,) CHOICE, `machines` (M,) MACHINE, `windows` WINDOW of every
    distinct calendar one after another, the last of each without end. `setups` holds the set-up
    matrices row by row; each has one row more than columns, for a machine that was never set up.
    `at_clock` and `at_work` name the window to begin looking at for a minute. `waits` and `awaited`
    list operations across jobs. `pools` POOL; `seats` SEAT is the one table that changes: it says
    who follows whom on a unit, and belongs to a plan as the rows of its machines do.
    """

    steps: Records
    choices: Records
    machines: Records
    setups: Numbers
    windows: Records
    at_clock: Numbers
    at_work: Numbers
    waits: Numbers
    awaited: Numbers
    pools: Records
    seats: Records


def shop_of(problem: Problem) -> Shop:
    """The tables of a problem; the order of its jobs is the numbering. Raises BatchError."""
    problem.require_no_batches()
    columns = _columns(problem)
    some = [_choices(problem, operation) for operation in problem.operations()]
    calendars = _calendars(problem, some)
    lanes = [
        one.machine_id
        for choices in some
        for one, _ in choices
        if problem.machine[one.machine_id].unlimited
    ]
    machines, windows, at_clock, at_work = _machines(problem, calendars, lanes)
    setups = _add_matrices(problem, columns, machines)
    waits, awaited = _waits(problem.jobs)
    pools, held = _pools(problem)
    steps = _steps(problem, some)
    for names, lists in (
        (("waits", "waits_end"), waits),
        (("awaited", "awaited_end"), awaited),
        (("seats", "seats_end"), held),
    ):
        offsets = list(accumulate(map(len, lists), initial=0))
        steps[names[0]], steps[names[1]] = offsets[:-1], offsets[1:]
    return Shop(
        steps,
        _alternatives(problem, some, columns, calendars),
        machines,
        setups,
        windows,
        at_clock,
        at_work,
        _numbers(chain.from_iterable(waits)),
        _numbers(chain.from_iterable(awaited)),
        pools,
        _seats(problem, held),
    )


def choices_at(shop: Shop, machines: Numbers) -> Numbers:
    """By operation (N,): its first choice on a machine of the problem, NONE where it has none."""
    of = np.repeat(np.arange(len(shop.steps)), shop.steps["beyond"] - shop.steps["first"])
    same = np.flatnonzero(shop.machines["real"][shop.choices["machine"]] == machines[of])
    found = np.full(len(shop.steps), NONE, dtype=np.int32)
    found[of[same][::-1]] = same[::-1]
    return found


# Operations


def _choices(problem: Problem, operation: Operation) -> Sequence[Choice]:
    """Where an operation may be done; a pinned one has no choice."""
    pin = operation.pinned
    span = problem.pinned_span(operation) if pin else None
    if pin is None or span is None:
        return [
            (one, stretch)
            for one in operation.alternatives
            for stretch in problem.stretches(operation, one.machine_id)
        ]
    worked = problem.open_time[pin.machine_id].worked
    return [(Alternative(pin.machine_id, max(1, worked(span[1]) - worked(span[0]))), ALL)]


def _calendar_of(operation: Operation, choice: Choice) -> Calendar:
    """The calendar of one choice."""
    pools = () if operation.pinned else operation.pools
    return choice[0].machine_id, pools, (choice[1],)


def _steps(problem: Problem, some: Sequence[Sequence[Choice]]) -> Records:
    jobs = problem.jobs
    steps = np.zeros(len(some), dtype=STEP)
    ends = list(accumulate(map(len, some), initial=0))
    steps["first"], steps["beyond"] = ends[:-1], ends[1:]
    steps["before"] = np.arange(len(some)) - 1
    steps["after"] = np.arange(len(some)) + 1
    operations = list(problem.operations())
    steps["lag"] = [problem.lag_after(job, one) for job in jobs for one in job.operations]
    longest = (one.max_lag_after for one in operations)
    steps["longest"] = [NONE if lag is None else lag for lag in longest]
    steps["whole"] = [not one.splittable for one in operations]
    of_job = np.repeat(np.arange(len(jobs)), [len(job.operations) for job in jobs])
    steps["job"] = of_job
    steps["release"] = _numbers(problem.earliest(job) for job in jobs)[of_job]
    steps["due"] = _numbers(job.due for job in jobs)[of_job]
    steps["firm"] = _numbers(job.id in problem.firm_ids for job in jobs)[of_job]
    firsts = np.flatnonzero(np.diff(of_job, prepend=NONE))
    lasts = np.append(firsts[1:], len(some))[: len(firsts)] - 1
    steps["before"][firsts], steps["after"][lasts] = NONE, NONE
    steps["weight"][lasts] = [job.weight for job in jobs]
    return steps


def _alternatives(
    problem: Problem,
    some: Sequence[Sequence[Choice]],
    columns: Mapping[str, Mapping[str, int]],
    calendars: Mapping[Calendar, int],
) -> Records:
    number = {machine.id: at for at, machine in enumerate(problem.machines)}
    lane = count(len(problem.machines) + len(calendars))
    rows = []
    for operation, choices in zip(problem.operations(), some, strict=True):
        for choice in choices:
            one, machine = choice[0], problem.machine[choice[0].machine_id]
            m = next(lane) if machine.unlimited else number[machine.id]
            family = columns[machine.group][operation.setup_family]
            calendar = calendars.get(_calendar_of(operation, choice), m)
            rows.append((m, one.minutes, family, calendar))
    return np.array(rows, dtype=CHOICE)


def _waits(jobs: Sequence[Job]) -> tuple[list[list[int]], list[list[int]]]:
    """By operation: operations of other jobs that it waits for, and that wait for it."""
    firsts = list(accumulate((len(job.operations) for job in jobs), initial=0))
    waits: list[list[int]] = [[] for _ in range(firsts[-1])]
    awaited: list[list[int]] = [[] for _ in range(firsts[-1])]
    number = {job.id: at for at, job in enumerate(jobs)}
    for at, job in enumerate(jobs):
        for predecessor in dict.fromkeys(job.predecessors):
            last = firsts[number[predecessor] + 1] - 1
            waits[firsts[at]].append(last)
            awaited[last].append(firsts[at])
    return waits, awaited


# Pools


def _calendars(problem: Problem, some: Sequence[Sequence[Choice]]) -> dict[Calendar, int]:
    """Machines with pools that are away while they are open, or with stretches that are held,
    numbered behind the machines."""
    found: dict[Calendar, int] = {}
    for operation, choices in zip(problem.operations(), some, strict=True):
        for choice in choices if operation.pools or problem.held else ():
            key = _calendar_of(operation, choice)
            if problem.windows_with(key) is not problem.machine[key[0]].windows:
                found.setdefault(key, len(problem.machines) + len(found))
    return found


def _pools(problem: Problem) -> tuple[Records, list[list[int]]]:
    """The table of pools, and by operation the pools of which it holds a unit. What keeps out of
    held stretches has a pool to itself: only work with units goes by a calendar of its own."""
    number = {pool.id: at for at, pool in enumerate(problem.pools)}
    units = [pool.units for pool in problem.pools]
    held = []
    for step in problem.operations():
        held.append([number[one] for one in problem.pools_of(step)])
        if any(problem.is_barred(step, one) for one in step.machine_ids):
            held[-1].append(len(units))
            units.append(1)
    pools = np.zeros(len(units), dtype=POOL)
    ends = np.cumsum(units, dtype=np.int32)
    pools["unit"][1:], pools["unit_end"] = ends[:-1], ends
    return pools, held


def _seats(problem: Problem, held: Sequence[Sequence[int]]) -> Records:
    """A seat for every unit that is needed; what is pinned takes it when it starts."""
    seats = np.zeros(sum(map(len, held)), dtype=SEAT)
    seats["operation"] = np.repeat(np.arange(len(held)), [len(some) for some in held])
    seats["pool"] = _numbers(chain.from_iterable(held))
    for name in ("unit", "up", "down", "left", "former", "kept"):
        seats[name] = NONE
    operations = list(problem.operations())
    for seat in seats:
        span = problem.pinned_span(one) if (one := operations[seat["operation"]]).pinned else None
        seat["begin"], seat["end"] = span or (0, 0)
    return seats


# Machines


def _machines(
    problem: Problem, calendars: Iterable[Calendar], lanes: Iterable[str]
) -> tuple[Records, Records, Numbers, Numbers]:
    """The table of machines, then of the calendars that some share with pools, then a lane for
    every operation at an unlimited machine."""
    every = problem.machines
    number = {machine.id: at for at, machine in enumerate(every)}
    rows = [(one.windows, problem.open_time[one.id], one) for one in every]
    for key in calendars:
        shared = problem.windows_with(key)
        rows.append((shared, OpenTime(shared), problem.machine[key[0]]))
    rows += [rows[number[one]] for one in lanes]
    machines = np.zeros(len(rows), dtype=MACHINE)
    known: dict[tuple[tuple[int, int], ...], tuple[int, ...]] = {}
    windows: list[Records] = [np.zeros(0, dtype=WINDOW)]
    indexes: tuple[list[Numbers], list[Numbers]] = ([_numbers([])], [_numbers([])])
    for at, (spans, open_time, machine) in enumerate(rows):
        if spans not in known:
            first = sum(map(len, windows))
            calendar, *parts = _calendar(spans)
            windows.append(calendar)
            offsets = [first, first + len(calendar)]
            for index, part in zip(indexes, parts, strict=True):
                offsets += [sum(map(len, index)), sum(map(len, index)) + len(part)]
                index.append(part + np.int32(first))
            known[spans] = tuple(offsets)
        origin = open_time.worked(max(0, machine.available_from))
        machines[at] = (*known[spans], origin, 0, 0, 0, open_time.total, number[machine.id])
    clock, work = (np.concatenate(index) for index in indexes)
    return machines, np.concatenate(windows), clock, work


def _calendar(spans: Sequence[tuple[int, int]]) -> tuple[Records, Numbers, Numbers]:
    """Windows joined where they touch, and the window for each stretch of clock and of work."""
    opens, closes = np.array(spans or [(0, 1)], dtype=np.int64).T
    apart = opens[1:] > closes[:-1]
    opens, closes = opens[np.append(True, apart)], closes[np.append(apart, True)]
    before = np.concatenate([[0], np.cumsum(closes - opens)])
    windows = np.zeros(len(opens), dtype=WINDOW)
    windows["opens"], windows["closes"], windows["before"] = opens, closes, before[:-1]
    windows["closes"][-1] = FOREVER
    ticks = [np.arange(0, int(end) + 1, 1 << SPAN) for end in (max(closes[-1], 0), before[-1])]
    found = [
        np.maximum(np.searchsorted(starts, at, side="right") - 1, 0).astype(np.int32)
        for starts, at in zip((opens, before[:-1]), ticks, strict=True)
    ]
    return windows, found[0], found[1]


def _columns(problem: Problem) -> dict[str, dict[str, int]]:
    """Set-up families of each group, numbered."""
    found: dict[str, dict[str, int]] = {}
    for machine in problem.machines:
        names = found.setdefault(machine.group, {})
        if machine.setup_family is not None:
            names.setdefault(machine.setup_family, len(names))
    for operation in problem.operations():
        for one, _ in _choices(problem, operation):
            names = found[problem.machine[one.machine_id].group]
            names.setdefault(operation.setup_family, len(names))
    return found


def _add_matrices(
    problem: Problem, columns: Mapping[str, Mapping[str, int]], machines: Records
) -> Numbers:
    """The matrices of all groups; unlimited machines share one column of nothing."""
    matrix_of = {one.group: one for one in problem.setups}
    dense = {group: _dense(matrix_of.get(group), list(names)) for group, names in columns.items()}
    begins = dict(zip(dense, accumulate(map(np.size, dense.values()), initial=0), strict=False))
    nothing = np.zeros(max(map(len, columns.values()), default=0), dtype=np.int32)
    machines["matrix"] = sum(map(np.size, dense.values()))
    for at, machine in enumerate(problem.machines):
        names = columns[machine.group]
        row = len(names) if machine.setup_family is None else names[machine.setup_family]
        machines[at]["set_up"] = row
        machines[at]["matrix"] = begins[machine.group]
        machines[at]["columns"] = len(names)
    return np.concatenate([*(one.ravel() for one in dense.values()), nothing])


def _dense(matrix: SetupMatrix | None, names: Sequence[str]) -> Numbers:
    found = np.zeros((len(names) + 1, len(names)), dtype=np.int32)
    if matrix is not None:
        for row, before in enumerate((*names, None)):
            found[row] = [matrix.between(before, after) for after in names]
    return found


def _numbers(values: Iterable[int]) -> Numbers:
    return np.fromiter(values, dtype=np.int32)
