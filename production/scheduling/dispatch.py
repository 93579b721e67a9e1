"""List scheduling by dispatch rules: which rule, which jobs, and what is left out.

Start at `dispatch` (one rule); `improving.schedule` asks all of them. The plans are tables until
the best one is written down: `Dispatcher.firm` plans the firm jobs, `with_forecast` puts the others
into the gaps, `recorded` makes the `Schedule`.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np

from .anytime import Deadline
from .arrays import NONE, Numbers, Records, Shop, shop_of
from .dispatching import (
    FULL,
    NO_LAG,
    NO_PREDECESSOR,
    OFFER,
    OPEN,
    Flags,
    Floor,
    fill,
    floor_of,
    plan_costs,
)
from .plan import Schedule
from .problem import Impossible, Problem, Reason
from .recording import record
from .rows import choose, empty_plan, write_starts
from .rules import RULES, Facts, Rule, Scoring, facts_of
from .seating import FROZEN, STARTED
from .stability import departures
from .timeline import timelines

Aside = Mapping[str, Impossible]

_REASONS = {
    NO_LAG: (Reason.MAX_LAG, "The next step finds no place within the longest wait allowed."),
    FULL: (Reason.NO_WINDOW, "The machines are full until the end of their calendars."),
    NO_PREDECESSOR: (Reason.PREDECESSOR, "It needs another job that cannot be planned."),
}


class UnknownRuleError(ValueError):
    """No dispatch rule has this name."""


def dispatch(problem: Problem, rule: str = "atcs", deadline: Deadline | None = None) -> Schedule:
    """Plan a problem with one rule: `fifo`, `edd` or `atcs` (the best of its grid).

    `deadline` is asked between grid points; the best plan so far is returned once it says True.
    Deterministic. Raises UnknownRuleError.
    """
    if rule not in RULES:
        raise UnknownRuleError(f"{rule}: choose one of {', '.join(RULES)}")
    dispatcher = Dispatcher(problem)
    return dispatcher.recorded(dispatcher.best(RULES[rule], deadline))


def rules_called(only: str | None = None) -> dict[str, Rule]:
    """Every rule by name, the most promising first, or the one of a name. UnknownRuleError."""
    every = {name: rule for variants in reversed(RULES.values()) for name, rule in variants.items()}
    if only is None:
        return every
    if only not in every:
        raise UnknownRuleError(f"{only}: no rule is called so")
    return {only: every[only]}


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A plan in tables: rows (N,) ROW, where an operation without a machine is not planned; the
    jobs that were left out; the rule that made it; the firm part alone, before any forecast job."""

    plan: Records
    aside: Aside
    rule: str
    firm: "Draft | None" = None


class Dispatcher:
    """A problem laid out in tables once, for every rule. `shop` holds all jobs in their order."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.shop = shop_of(problem)
        self.facts: Facts = facts_of(problem, self.shop)
        self.impossible = {one.job_id: one for one in problem.impossible}
        self._pinned = _pinned(problem, self.impossible)
        self.standing = _standing(problem, self.shop, self._pinned)
        self._near = _neighbours(self.shop)

    def best(self, rules: Mapping[str, Rule], deadline: Deadline | None = None) -> Draft:
        """The cheapest plan of all jobs under any of the rules; `deadline` is asked in between."""
        best: tuple[tuple[int, int], Draft] | None = None
        for name, rule in rules.items():
            draft = self.with_forecast(self.firm(name, rule), rule)
            cost = self.cost(draft)
            if best is None or cost < best[0]:
                best = cost, draft
            if deadline is not None and deadline():
                break
        if best is None:
            raise UnknownRuleError("no rule given")
        return best[1]

    def firm(self, name: str, rule: Rule) -> Draft:
        """Firm jobs and all that they wait for, around what is pinned."""
        return self._filled(Draft(self.standing, self.impossible, name), rule, firm=True)

    def with_forecast(self, draft: Draft, rule: Rule) -> Draft:
        """The other jobs in the gaps of a plan; nothing in it moves."""
        whole = self._filled(draft, rule, firm=False)
        return Draft(whole.plan, whole.aside, whole.rule, draft)

    def cost(self, draft: Draft) -> tuple[int, int]:
        """Weight of the jobs left out, which counts more than any lateness; then the objective."""
        left_out = sum(self.problem.job[job_id].weight for job_id in draft.aside)
        return left_out, sum(plan_costs(self.shop, draft.plan, self.flags(draft.aside)))

    def priced(self, draft: Draft, calm: Records) -> tuple[int, int]:
        """`cost`, and with the objective what a plan pays for departures (`calm` (N,) CALM)."""
        left_out, objective = self.cost(draft)
        return left_out, objective + departures(calm, draft.plan)

    def held(self) -> Flags:
        """Which operations (N,) a maximum lag ties to others of their job, and which those wait
        for: a search leaves them where they are."""
        tied = [
            job.id
            for job in self.problem.jobs
            if any(operation.max_lag_after is not None for operation in job.operations[:-1])
        ]
        return self.flags(self.problem.with_predecessors(tied))[self.shop.steps["job"]]

    def by_start(self, plan: Records) -> Numbers:
        """What is planned, ordered by start on the clock: a topological order of the plan."""
        begins, ranks = np.zeros(len(plan), dtype=np.int32), np.arange(len(plan))
        write_starts(self.shop, plan, begins)
        for rank, (begin, _, at) in enumerate(self._pinned):
            begins[at], ranks[at] = begin, rank
        order = np.lexsort((ranks, plan["done"], begins))
        return order[plan["machine"][order] != NONE].astype(np.int32)

    def recorded(self, draft: Draft) -> Schedule:
        """A plan written down."""
        lines = timelines(self.problem)
        names = [machine.id for machine in self.problem.machines]
        machines = [lines[names[real]].for_one() for real in self.shop.machines["real"].tolist()]
        operations = list(self.problem.operations())
        order = self.by_start(draft.plan)
        rows = draft.plan[order][["machine", "start", "end"]].tolist()
        for at, (m, start, end) in zip(order.tolist(), rows, strict=True):
            machines[m].insert(len(machines[m].starts), operations[at], start, end)
        left = tuple(draft.aside[job.id] for job in self.problem.jobs if job.id in draft.aside)
        return record(self.problem, machines, left, draft.rule)

    # One class of jobs

    def _filled(self, draft: Draft, rule: Rule, *, firm: bool) -> Draft:
        """Dispatch, and again without the jobs without a place, until all others stand whole."""
        aside, scoring = dict(draft.aside), rule(self.facts)
        while True:
            floor = self._floor(draft.plan.copy(), scoring, aside)
            failed = fill(self.shop, floor, int(firm))
            if not failed:
                return Draft(floor.rows.plan, aside, draft.rule)
            aside |= self.reasons(floor.jobs)

    def _floor(self, plan: Records, scoring: Scoring, aside: Aside) -> Floor:
        steps = self.shop.steps
        offers = np.zeros(len(self.shop.choices), dtype=OFFER)
        of = np.repeat(np.arange(len(steps)), steps["beyond"] - steps["first"])
        offers["choice"], offers["operation"] = np.arange(len(offers)), of
        offers["minutes"] = self.shop.choices["minutes"]
        offers["family"], offers["whole"] = self.shop.choices["family"], steps["whole"][of]
        offers["worth"], offers["start_by"] = scoring.worth[of], scoring.start_by[of]
        factors = scoring.urgency, scoring.change
        return floor_of(self.shop, plan, self.flags(aside), offers, factors, self._near)

    def flags(self, job_ids: Container[str]) -> Flags:
        """By job: whether it is one of these."""
        return np.array([job.id in job_ids for job in self.problem.jobs], dtype=np.bool_)

    def reasons(self, jobs: Records) -> dict[str, Impossible]:
        """Why jobs found no place."""
        operations = list(self.problem.operations())
        found = {}
        for at in np.flatnonzero(jobs["ended"] != OPEN):
            reason, text = _REASONS[int(jobs["ended"][at])]
            operation = operations[jobs["stuck"][at]]
            named = "" if reason == Reason.PREDECESSOR else operation.id
            found[operation.job_id] = Impossible(operation.job_id, reason, text, named)
        return found


Pinned = list[tuple[int, int, int]]  # start, end, number of the operation


def _pinned(problem: Problem, impossible: Aside) -> Pinned:
    """What is pinned, by start; a job that is left out keeps its pins unless they collide."""
    found = []
    for at, operation in enumerate(problem.operations()):
        known = impossible.get(operation.job_id)
        if operation.pinned and not (known and known.reason == Reason.PIN_CONFLICT):
            span = problem.pinned_span(operation)
            if span:
                found.append((*span, operation.id, at))
    return [(start, end, at) for start, end, _, at in sorted(found)]


def _standing(problem: Problem, shop: Shop, pinned: Pinned) -> Records:
    """The plan in which only pinned operations stand."""
    plan = empty_plan(shop)
    last = [NONE] * len(shop.machines)
    for start, end, at in pinned:
        choose(shop, plan, at, shop.steps["first"][at])
        row, m = plan[at], int(plan["machine"][at])
        worked = problem.open_time[problem.machines[shop.machines["real"][m]].id].worked
        row["start"], row["end"], row["done"] = worked(start), worked(end), end
        row["fixed"] = STARTED if start <= 0 else FROZEN
        row["up"] = last[m]
        if last[m] != NONE:
            plan["down"][last[m]] = at
        last[m] = at
    return plan


def _neighbours(shop: Shop) -> tuple[Numbers, Numbers]:
    """Machines that share work or a pool with each machine: their numbers in a row, and where each
    begins."""
    near: list[set[int]] = [{m} for m in range(len(shop.machines))]
    spans = zip(shop.steps["first"].tolist(), shop.steps["beyond"].tolist(), strict=True)
    machines = shop.choices["machine"].tolist()
    groups = {tuple(machines[first:beyond]) for first, beyond in spans}
    for group in [*groups, *_sharing(shop)]:
        for m in group:
            near[m].update(group)
    ends = np.cumsum([0, *map(len, near)], dtype=np.int32)
    return np.array([other for one in near for other in sorted(one)], dtype=np.int32), ends


def _sharing(shop: Shop) -> list[set[int]]:
    """By pool: machines with work that needs it."""
    found: list[set[int]] = [set() for _ in shop.pools]
    for seat in shop.seats:
        step = shop.steps[seat["operation"]]
        found[seat["pool"]].update(shop.choices["machine"][step["first"] : step["beyond"]].tolist())
    return found
