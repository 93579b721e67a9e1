"""What would help a late order, or the plan: each remedy is tried by really planning again.

A remedy is another problem. The quick plan of every one is held against the quick plan of the
problem as it is, made in the same way: only so is a difference the remedy's own. How far quick
plans lie from the best ones is the same on both sides, but small differences may be chance.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from production.scheduling.anytime import Deadline
from production.scheduling.batching import schedule as planned
from production.scheduling.dispatch import rules_called
from production.scheduling.jobs import Job, Operation
from production.scheduling.machines import Machine
from production.scheduling.plan import Schedule, Totals, lateness, totals
from production.scheduling.problem import Problem

from .bottlenecks import Bottleneck, bottlenecks
from .capacity import Added, opened, overtime, second, used_minutes
from .lateness import NotPlannedError
from .minutes import Use, time_of

Tried = Callable[[int, int], None]  # told the remedies tried and how many there are

SCARCE = frozenset({Use.BUSY, Use.CHANGEOVER, Use.CLOSED, Use.HELD})
URGENT = 100  # times its weight: an order moved in front


class RemedyKind(StrEnum):
    """What is done."""

    OVERTIME = "overtime"
    SHIFT = "shift"
    DAYS = "days"  # days on which it is closed
    MACHINE = "machine"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to do: more hours for machines, one more machine like one, or an order in front.

    Parameters
    ----------
    group : where, "" for an order
    machine_ids : whose hours are widened, or the machine that there is one more of
    job_id : the order that goes in front, else ""
    open_minutes : what it costs, in machine minutes that somebody has to be there: hours added, or
        the hours of the new machine until the end of the plan
    """

    kind: RemedyKind
    group: str = ""
    machine_ids: tuple[str, ...] = ()
    job_id: str = ""
    open_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What a remedy changed against the plan without it; less is better.

    Parameters
    ----------
    lateness : minutes late of the order asked about; None for the whole plan, or if it has no place
    objective : of the whole plan, at the jobs' own weights
    late_orders : firm jobs that are late
    set_aside : jobs without a place
    used_minutes : set-up and work in the minutes that were added
    later : firm jobs that end later past their due date, and by how many minutes more; worst first
    """

    remedy: Remedy
    lateness: int | None
    objective: int
    late_orders: int
    set_aside: int
    used_minutes: int
    later: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Remedies:
    """What was tried, the most helpful first. `before` is the quick plan without any of them,
    `late_orders` are the firm jobs that are late in it."""

    before: Totals
    late_orders: int
    lateness: int | None
    effects: tuple[Effect, ...]
    complete: bool = True  # False where the deadline came before everything was tried


@dataclass(frozen=True, slots=True)
class Trials:
    """How remedies are tried.

    Parameters
    ----------
    overtime, shift : minutes that a day is made longer
    days : how many days are
    closed_days : closed days, as of a weekend, that are opened for a shift
    groups : groups that get more hours or machines, those that cost most
    orders : orders that are tried in front when the whole plan is asked about
    iterations : moves of the search behind the rule, for every plan alike; 0 for the rule alone
    """

    overtime: int = 120
    shift: int = 480
    days: int = 5
    closed_days: int = 2
    groups: int = 3
    orders: int = 3
    iterations: int = 0

    def __post_init__(self) -> None:
        if min(self.overtime, self.shift, self.days, self.closed_days) < 1:
            raise ValueError("overtime, shift and days are at least one")
        if min(self.groups, self.orders, self.iterations) < 0:
            raise ValueError("groups, orders and iterations are not negative")


TRIALS = Trials()


def what_helps(
    problem: Problem,
    schedule: Schedule,
    job_id: str | None = None,
    *,
    trials: Trials = TRIALS,
    seed: int = 0,
    before: Schedule | None = None,
    deadline: Deadline | None = None,
    progress: Tried | None = None,
) -> Remedies:
    """Try remedies for a late job, or (None) for all late firm jobs, and rank them.

    Candidates are machine groups that the table of bottlenecks names: longer days, an extra shift,
    closed days opened, one more machine, for a job also the hours of the one machine where it waits
    longest; and orders moved in front. The rule of `schedule` plans them all, so the same question
    has the same answer. `before` spares the quick plan of the problem as it is, where the caller
    has made it: by the rule of `schedule`, with the iterations of `trials` and `seed`.

    `deadline` is asked between two plans; `progress` is told after each. A job in time needs no
    remedy: nothing is tried. Raises NotPlannedError.
    """
    if job_id is not None and job_id not in schedule.finish:
        raise NotPlannedError(job_id)
    asked = _firm(problem) if job_id is None else [job_id]
    table = bottlenecks(problem, schedule, asked)
    ideas = list(_ideas(problem, schedule, table, job_id, trials)) if table else []
    quick = _Quick(problem, schedule.rule, trials.iterations, seed)
    before = before or quick.plan(problem)
    late = lateness(problem, before.finish)
    effects: list[Effect] = []
    for idea in ideas:
        if deadline is not None and deadline():
            break
        effects.append(_effect(problem, before, late, quick.plan(idea.problem), idea, job_id))
        if progress is not None:
            progress(len(effects), len(ideas))
    ranked = sorted(effects, key=_rank)
    own = None if job_id is None else late.get(job_id)
    late_orders = _late_orders(problem, late)
    return Remedies(before.totals, late_orders, own, tuple(ranked), len(effects) == len(ideas))


def _firm(problem: Problem) -> list[str]:
    return [job.id for job in problem.jobs if job.firm]


def _late_orders(problem: Problem, late: Mapping[str, int]) -> int:
    return sum(late.get(one, 0) > 0 for one in _firm(problem))


def _rank(effect: Effect) -> tuple[int | str | tuple[str, ...], ...]:
    """A place for what had one, then the order's lateness, the plan's cost, what it takes."""
    remedy = effect.remedy
    own = effect.lateness if effect.lateness is not None else 0
    figures = own, effect.objective, effect.late_orders, remedy.open_minutes
    return effect.set_aside, *figures, remedy.kind, remedy.machine_ids, remedy.job_id


# Plans made quickly


class _Quick:
    """Plans of one problem and its variants, all made in one way."""

    def __init__(self, problem: Problem, rule: str, iterations: int, seed: int) -> None:
        known = rule in rules_called()
        self._rule = rule if known else planned(problem, iterations=0, seed=seed).rule
        self._iterations = iterations
        self._seed = seed

    def plan(self, problem: Problem) -> Schedule:
        return planned(problem, seed=self._seed, only=self._rule, iterations=self._iterations)


# Ideas


@dataclass(frozen=True, slots=True)
class _Idea:
    remedy: Remedy
    problem: Problem
    added: Mapping[str, Added] = field(default_factory=dict)


def _ideas(
    problem: Problem,
    schedule: Schedule,
    table: Iterable[Bottleneck],
    job_id: str | None,
    trials: Trials,
) -> Iterator[_Idea]:
    groups = _scarce(table)[: trials.groups]
    for group in groups:
        machines = [machine for machine in problem.machines if machine.group == group]
        for kind in (RemedyKind.OVERTIME, RemedyKind.SHIFT, RemedyKind.DAYS):
            yield from _more_hours(problem, kind, machines, trials)
        yield from _one_more(problem, schedule, machines)
    if job_id is not None:
        yield from _where_it_waits(problem, schedule, job_id, groups, trials)
    worst = [job_id] if job_id is not None else _worst(problem, schedule)[: trials.orders]
    for one in worst:
        yield _in_front(problem, one)


def _scarce(table: Iterable[Bottleneck]) -> list[str]:
    """Groups whose machines late orders waited for, by what that cost."""
    cost: dict[str, float] = {}
    for row in table:
        if row.use in SCARCE:
            cost[row.group] = cost.get(row.group, 0.0) + row.cost
    return sorted(cost, key=lambda group: (-cost[group], group))


def _worst(problem: Problem, schedule: Schedule) -> list[str]:
    """Late firm jobs, those that cost most first."""
    late = lateness(problem, schedule.finish)
    cost = {one: late.get(one, 0) * problem.job[one].weight for one in _firm(problem)}
    cost = {one: price for one, price in cost.items() if price}
    return sorted(cost, key=lambda one: (-cost[one], one))


def _more_hours(
    problem: Problem, kind: RemedyKind, machines: Iterable[Machine], trials: Trials
) -> Iterator[_Idea]:
    """More hours for machines; nothing where none of them is ever closed long enough."""
    wider = {one.id: _wider(kind, one, trials) for one in machines}
    added = {machine_id: found for machine_id, found in wider.items() if found.spans}
    if added:
        group = problem.machine[next(iter(added))].group
        cost = sum(found.minutes for found in added.values())
        remedy = Remedy(kind, group, tuple(sorted(added)), open_minutes=cost)
        machines = tuple(
            added[one.id].machine if one.id in added else one for one in problem.machines
        )
        yield _Idea(remedy, replace(problem, machines=machines), added)


def _wider(kind: RemedyKind, machine: Machine, trials: Trials) -> Added:
    if kind == RemedyKind.DAYS:
        return opened(machine, trials.shift, trials.closed_days)
    minutes = trials.overtime if kind == RemedyKind.OVERTIME else trials.shift
    return overtime(machine, minutes, trials.days)


def _one_more(problem: Problem, schedule: Schedule, machines: Iterable[Machine]) -> Iterator[_Idea]:
    """One more machine, like the one of the group that works most."""
    load = {one.id: _load(schedule, one) for one in machines}
    model = problem.machine[max(load, key=lambda one: (load[one], one))]
    added = second(problem, model, schedule.totals.makespan)
    cost = added.minutes
    remedy = Remedy(RemedyKind.MACHINE, model.group, (model.id,), open_minutes=cost)
    jobs = tuple(_also_on(job, model.id, added.machine.id) for job in problem.jobs)
    wider = replace(problem, machines=(*problem.machines, added.machine), jobs=jobs)
    yield _Idea(remedy, wider, {added.machine.id: added})


def _load(schedule: Schedule, machine: Machine) -> int:
    return sum(one.end - one.start for one in schedule.by_machine.get(machine.id, ()))


def _also_on(job: Job, model: str, new: str) -> Job:
    return replace(job, operations=tuple(_widened(one, model, new) for one in job.operations))


def _widened(operation: Operation, model: str, new: str) -> Operation:
    like = [
        replace(one, machine_id=new) for one in operation.alternatives if one.machine_id == model
    ]
    if not like or operation.pinned:
        return operation
    return replace(operation, alternatives=(*operation.alternatives, *like))


def _where_it_waits(
    problem: Problem, schedule: Schedule, job_id: str, groups: Iterable[str], trials: Trials
) -> Iterator[_Idea]:
    """Longer days on the one machine where a job waits longest, if its group has others."""
    waits: dict[str, int] = {}
    for stretch in time_of(problem, schedule, job_id).stretches:
        if stretch.use in SCARCE and problem.machine[stretch.machine_id].group in groups:
            waits[stretch.machine_id] = waits.get(stretch.machine_id, 0) + stretch.minutes
    if waits:
        machine = problem.machine[max(waits, key=lambda one: (waits[one], one))]
        if sum(one.group == machine.group for one in problem.machines) > 1:
            yield from _more_hours(problem, RemedyKind.OVERTIME, [machine], trials)


def _in_front(problem: Problem, job_id: str) -> _Idea:
    """An order, with all that it waits for, weighs more than others and is due at once."""
    moved = problem.with_predecessors([job_id])
    jobs = tuple(
        replace(job, weight=job.weight * URGENT, due=min(0, job.due)) if job.id in moved else job
        for job in problem.jobs
    )
    return _Idea(Remedy(RemedyKind.FIRST, job_id=job_id), replace(problem, jobs=jobs))


# What came of it


def _effect(
    problem: Problem,
    before: Schedule,
    was: Mapping[str, int],
    after: Schedule,
    idea: _Idea,
    job_id: str | None,
) -> Effect:
    """What a remedy changed; nothing where it gained nothing, for nobody has to use what is added
    and the plan before would stay."""
    found = _change(problem, before, was, after, idea, job_id)
    gained = (found.set_aside, found.objective) < (0, 0) or (found.lateness or 0) < 0
    if gained or not idea.added:
        return found
    own = None if found.lateness is None else 0
    return Effect(idea.remedy, own, objective=0, late_orders=0, set_aside=0, used_minutes=0)


def _change(
    problem: Problem,
    before: Schedule,
    was: Mapping[str, int],
    after: Schedule,
    idea: _Idea,
    job_id: str | None,
) -> Effect:
    """The difference of two plans at the weights and due dates of the problem itself; `was` are the
    minutes late of the one before."""
    late, cost = lateness(problem, after.finish), totals(problem, after.operations, after.finish)
    own = None
    if job_id is not None and job_id in late and job_id in was:
        own = late[job_id] - was[job_id]
    firm = [one for one in _firm(problem) if one in late and one in was]
    later = [(one, late[one] - was[one]) for one in firm if late[one] > was[one]]
    return Effect(
        idea.remedy,
        own,
        cost.objective - before.totals.objective,
        _late_orders(problem, late) - _late_orders(problem, was),
        len(after.set_aside) - len(before.set_aside),
        sum(used_minutes(after, added) for added in idea.added.values()),
        tuple(sorted(later, key=lambda one: (-one[1], one[0]))),
    )
