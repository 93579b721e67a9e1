"""Event-driven list scheduling: whenever a machine is free, a rule picks among the waiting work.

Start at `dispatch` (one rule) or `schedule` (the best of all rules, anytime).
"""

from collections.abc import Callable, Mapping
from heapq import heappop, heappush

import numpy as np

from .placing import Timelines, chains, options, place_chain
from .plan import Schedule
from .problem import Impossible, Job, Operation, Problem, Reason
from .queueing import Queue, highest_first
from .recording import record
from .rules import RULES, Rule
from .table import Table
from .timeline import Placement, Timeline, take, timelines

_ARRIVAL, _MACHINE = 0, 1

Deadline = Callable[[], bool]


class UnknownRuleError(ValueError):
    """No dispatch rule has this name."""


def dispatch(problem: Problem, rule: str = "atcs", deadline: Deadline | None = None) -> Schedule:
    """Plan a problem with one rule: `fifo`, `edd` or `atcs` (the best of its small grid).

    `deadline` is asked between grid points; the best plan so far is returned once it says True.
    Deterministic. Raises UnknownRuleError.
    """
    if rule not in RULES:
        raise UnknownRuleError(f"{rule}: choose one of {', '.join(RULES)}")
    return _best(Table(problem), RULES[rule], deadline)


def schedule(
    problem: Problem, deadline: Deadline | None = None, seed: int = 0, only: str | None = None
) -> Schedule:
    """The best plan found until `deadline()` is True; at least one rule always runs.

    `only`: the name of the rule that planned before (`Schedule.rule`) and plans alone now.
    Raises UnknownRuleError. Rules hold no chance, so every seed gives the same plan today; the
    search that will start from this plan draws from it.
    """
    every = {name: rule for variants in reversed(RULES.values()) for name, rule in variants.items()}
    if only is not None:
        if only not in every:
            raise UnknownRuleError(f"{only}: no rule is called so")
        every = {only: every[only]}
    return _best(Table(problem), every, deadline)


def _best(table: Table, rules: Mapping[str, Rule], deadline: Deadline | None) -> Schedule:
    best: Schedule | None = None
    for name, rule in rules.items():
        plan = _dispatch_once(table, name, rule)
        if best is None or _cost(table, plan) < _cost(table, best):
            best = plan
        if deadline is not None and deadline():
            break
    if best is None:
        raise UnknownRuleError("no rule given")
    return best


def _cost(table: Table, plan: Schedule) -> tuple[int, int]:
    """Jobs left out weigh more than any lateness."""
    left_out = sum(table.problem.job[one.job_id].weight for one in plan.set_aside)
    return left_out, plan.totals.objective


def _dispatch_once(table: Table, name: str, rule: Rule) -> Schedule:
    """Dispatch, and again without the jobs that found no place, until all others stand whole."""
    set_aside = {one.job_id: one for one in table.problem.impossible}
    while True:
        run = _Run(table, rule, set_aside)
        run.dispatch()
        if not run.failed:
            order = [job.id for job in table.problem.jobs if job.id in set_aside]
            left = tuple(set_aside[job_id] for job_id in order)
            return record(table.problem, run.timelines.values(), left, name)
        set_aside |= run.failed


class _Run:
    """One pass of one rule: pins first, then firm jobs, then forecast jobs in the gaps."""

    def __init__(self, table: Table, rule: Rule, set_aside: Mapping[str, Impossible]) -> None:
        problem = table.problem
        self.table = table
        self.rule = rule
        self.timelines: Timelines = timelines(problem)
        self.failed: dict[str, Impossible] = {}
        self.jobs = [job for job in problem.jobs if job.id not in set_aside]
        self.ready = np.zeros(len(table.operations))
        self.ends: dict[str, int] = {}
        self.material = {job.id: max(0, job.release) for job in self.jobs}
        self.pending = {job.id: len(set(job.predecessors)) for job in self.jobs}
        self.successors: dict[str, list[Job]] = {job.id: [] for job in self.jobs}
        for job in self.jobs:
            for predecessor in dict.fromkeys(job.predecessors):
                if predecessor in self.successors:
                    self.successors[predecessor].append(job)
        self.taken = np.zeros(len(table.operations), dtype=np.bool_)
        self.queues = {machine.id: Queue(self.taken) for machine in problem.machines}
        self.events: list[tuple[int, int, int, str]] = []
        self.awake: set[tuple[int, str]] = set()
        self.open_jobs: set[str] = set()
        self.announced: set[int] = set()
        self._place_pins(set_aside)

    def dispatch(self) -> None:
        """Plan both classes of jobs; `failed` names those without a place."""
        firm = self.table.firm
        self._plan([job for job in self.jobs if job.id in firm])
        self._plan([job for job in self.jobs if job.id not in firm])

    # Facts first

    def _place_pins(self, set_aside: Mapping[str, Impossible]) -> None:
        problem = self.table.problem
        pinned = [
            (span, operation.id, operation, operation.pinned.machine_id)
            for operation in problem.operations()
            if operation.pinned and (span := problem.pinned_span(operation))
        ]
        for span, _, operation, machine_id in sorted(pinned, key=lambda pin: pin[:2]):
            known = set_aside.get(operation.job_id)
            if not (known and known.reason == Reason.PIN_CONFLICT):
                self.timelines[machine_id].append(operation, *span)
                self.ends[operation.id] = span[1]

    def _plan(self, jobs: list[Job]) -> None:
        for timeline in self.timelines.values():
            timeline.cursor = 0
        self.open_jobs = {job.id for job in jobs}
        self._continue_held(jobs)
        for job in jobs:
            self._begin(job)
        while self.events:
            now, kind, index, machine_id = heappop(self.events)
            if kind == _ARRIVAL:
                self._arrive(index, now)
            else:
                self.awake.discard((now, machine_id))
                self._decide(self.timelines[machine_id], now)
        for job_id in sorted(self.open_jobs - self.failed.keys()):
            self._fail_open(self.table.problem.job[job_id])

    def _continue_held(self, jobs: list[Job]) -> None:
        """Place what a maximum lag ties to pinned operations, the most urgent first."""
        held = []
        for job in jobs:
            done = [operation for operation in job.operations if operation.pinned]
            if done and done[-1].max_lag_after is not None and len(done) < len(job.operations):
                held.append((self.ends[done[-1].id] + done[-1].max_lag_after, job.id, job))
        for latest, _, job in sorted(held, key=lambda one: one[:2]):
            rest = [operation for operation in job.operations if not operation.pinned]
            before = job.operations[len(job.operations) - len(rest) - 1]
            self._place_chain(chains(rest)[0], self.ends[before.id] + before.min_lag_after, latest)

    # Jobs

    def _begin(self, job: Job) -> None:
        """Release a job: its first open operation, or its end, becomes known."""
        if job.id in self.failed:
            return
        rest = [operation for operation in job.operations if operation.id not in self.ends]
        if len(rest) < len(job.operations):
            self._go_on(job, job.operations[len(job.operations) - len(rest) - 1])
        elif self.pending[job.id] == 0:
            self._announce(rest[0], self.material[job.id])

    def _go_on(self, job: Job, done: Operation) -> None:
        """After an operation stands, its successor in the job becomes ready, or the job is done."""
        ready = self.ends[done.id] + done.min_lag_after
        following = next((o for o in job.operations if o.sequence > done.sequence), None)
        if following is not None:
            self._announce(following, ready)
            return
        if job.id not in self.open_jobs:
            return
        self.open_jobs.discard(job.id)
        for successor in self.successors[job.id]:
            self.material[successor.id] = max(self.material[successor.id], ready)
            self.pending[successor.id] -= 1
            first = successor.operations[0]
            waits = self.pending[successor.id] == 0 and first.id not in self.ends
            if waits and successor.id in self.open_jobs:
                self._announce(first, self.material[successor.id])

    def _announce(self, operation: Operation, ready: int) -> None:
        index = self.table.index[operation.id]
        if index in self.announced:
            return
        self.announced.add(index)
        heappush(self.events, (ready, _ARRIVAL, index, ""))

    def _arrive(self, index: int, now: int) -> None:
        self.ready[index] = now
        for alternative in self.table.operations[index].alternatives:
            self.queues[alternative.machine_id].join(index)
            self._wake(alternative.machine_id, now)

    def _fail(self, job_id: str, reason: Reason, operation_id: str, text: str) -> None:
        self.failed[job_id] = Impossible(job_id, reason, text, operation_id)

    def _fail_open(self, job: Job) -> None:
        """Name what a job that never finished was waiting for."""
        stuck = next(operation for operation in job.operations if operation.id not in self.ends)
        if self.pending[job.id] and stuck is job.operations[0]:
            text = "It needs another job that cannot be planned."
            self._fail(job.id, Reason.PREDECESSOR, "", text)
        else:
            text = "The machines are full until the end of their calendars."
            self._fail(job.id, Reason.NO_WINDOW, stuck.id, text)

    # Machines

    def _wake(self, machine_id: str, at: int) -> None:
        if (at, machine_id) not in self.awake:
            self.awake.add((at, machine_id))
            heappush(self.events, (at, _MACHINE, 0, machine_id))

    def _decide(self, timeline: Timeline, now: int) -> None:
        """Let a machine that is free take the best waiting operation, or sleep until it may."""
        queue = self.queues[timeline.machine.id]
        work = timeline.open.worked(now)
        _absorb(timeline, work)
        if not queue.length or work >= timeline.open.total:
            return
        free = timeline.free(timeline.cursor)
        if free > work:
            self._wake(timeline.machine.id, timeline.open.end_at(free))
        elif timeline.open.start_at(work) > now:
            self._wake(timeline.machine.id, timeline.open.start_at(work))
        elif not self._take_best(timeline, now) and timeline.cursor < len(timeline.starts):
            block_end = timeline.ends[timeline.cursor]
            self._wake(timeline.machine.id, timeline.open.end_at(block_end))

    def _take_best(self, timeline: Timeline, now: int) -> bool:
        """Place the highest operation that fits now and that no other machine finishes earlier."""
        machine_id = timeline.machine.id
        queue = self.queues[machine_id].waiting()
        family = timeline.family(timeline.cursor)
        scores = self.rule(self.table.waiting(queue, self.ready, machine_id, family, now))
        for at in highest_first(scores):
            index = int(queue[at])
            placement = self._here(timeline, index, now)
            if placement is not None and self._take(index, placement, now):
                return True
        return False

    def _here(self, timeline: Timeline, index: int, now: int) -> Placement | None:
        """The operation's place in the gap at hand, unless another machine finishes it earlier.

        Work that fits only a later window waits for it, so that other work may use this one.
        """
        operation = self.table.operations[index]
        minutes = operation.minutes_on(timeline.machine.id)
        ready = int(self.ready[index])
        if minutes is None:
            return None
        start = timeline.fit(timeline.cursor, operation, minutes, timeline.open.worked(ready))
        if start is None:
            return None
        setup_start = start - timeline.setup(
            timeline.family(timeline.cursor), operation.setup_family
        )
        if setup_start > timeline.open.worked(now):
            self._wake(timeline.machine.id, timeline.open.start_at(setup_start))
            return None
        here = timeline.placement(operation, timeline.cursor, start, minutes)
        if len(operation.alternatives) > 1:
            others = options(self.timelines, operation, ready)
            if any(other.end < here.end for other in others):
                return None
        return here

    def _take(self, index: int, placement: Placement, now: int) -> bool:
        operation = placement.operation
        self._leave_queues(index, now)
        if operation.max_lag_after is None or self._is_last(operation):
            take(placement)
            placement.timeline.cursor += 1
            self.ends[operation.id] = placement.end
            self._go_on(self.table.problem.job[operation.job_id], operation)
            return True
        job = self.table.problem.job[operation.job_id]
        rest = [o for o in job.operations if o.sequence >= operation.sequence]
        return self._place_chain(chains(rest)[0], int(self.ready[index]), None)

    def _is_last(self, operation: Operation) -> bool:
        return self.table.problem.job[operation.job_id].operations[-1] is operation

    def _leave_queues(self, index: int, now: int) -> None:
        """Take an operation out of the queues; machines that share work look again."""
        self.taken[index] = True
        for alternative in self.table.operations[index].alternatives:
            self.queues[alternative.machine_id].leave()
            for machine_id in self.table.neighbours[alternative.machine_id]:
                if self.queues[machine_id].length:
                    self._wake(machine_id, now)

    def _place_chain(self, chain: list[Operation], ready: int, latest: int | None) -> bool:
        job_id = chain[0].job_id
        placed = place_chain(self.timelines, chain, ready, latest)
        if placed is None:
            text = "The next step finds no place within the longest wait allowed."
            self._fail(job_id, Reason.MAX_LAG, chain[0].id, text)
            return False
        for placement in placed:
            self.ends[placement.operation.id] = placement.end
        if latest is None:
            self._go_on(self.table.problem.job[job_id], chain[-1])
        return True


def _absorb(timeline: Timeline, work: int) -> None:
    """Move the cursor behind every block that has begun."""
    while timeline.cursor < len(timeline.starts) and timeline.starts[timeline.cursor] <= work:
        timeline.cursor += 1
