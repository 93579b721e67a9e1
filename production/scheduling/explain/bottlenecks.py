"""Where the lateness of a plan comes from: minutes of its late orders by machine group and use."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from production.scheduling.plan import Schedule
from production.scheduling.problem import Problem

from .minutes import JobTime, Use, times_of

Key = tuple[str, Use]  # machine group, what its minutes went into


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """What late orders spent at one machine group ("" for material and what was late before) in
    one way.

    Parameters
    ----------
    minutes : on the clock, summed over the late orders, each counted once whatever its weight
    jobs : late orders that spent any
    cost : weighted minutes late that it answers for. What an order was late before the plan began
        is a row of its own; the rest of its lateness is shared out over all its minutes alike. So
        the costs of all rows add up to the weighted lateness of the orders.
    """

    group: str
    use: Use
    minutes: int
    jobs: int
    cost: float


def bottlenecks(
    problem: Problem, schedule: Schedule, job_ids: Iterable[str] | None = None
) -> tuple[Bottleneck, ...]:
    """The table of all late jobs, or of those among `job_ids`; what costs most comes first.

    Work and own set-up are rows like the waiting, so that Σ minutes = Σ (finish − begin), and what
    they were overdue before: nothing is lost, nothing counted twice. Raises KeyError for an unknown
    job.
    """
    minutes: dict[Key, int] = {}
    cost: dict[Key, float] = {}
    jobs: dict[Key, set[str]] = {}
    for time in times_of(problem, schedule, _late(problem, schedule, job_ids)):
        for key, spent, each in _shares(problem, time):
            minutes[key] = minutes.get(key, 0) + spent
            cost[key] = cost.get(key, 0.0) + spent * each
            jobs.setdefault(key, set()).add(time.job_id)
    rows = [Bottleneck(*key, minutes[key], len(jobs[key]), cost[key]) for key in minutes]
    return tuple(sorted(rows, key=lambda row: (-row.cost, -row.minutes, row.group, row.use)))


def _late(problem: Problem, schedule: Schedule, job_ids: Iterable[str] | None) -> list[str]:
    some = (job.id for job in problem.jobs) if job_ids is None else job_ids
    due = ((one, problem.job[one].due) for one in some)
    return [one for one, by in due if schedule.finish.get(one, by) > by]


def _shares(problem: Problem, time: JobTime) -> Iterator[tuple[Key, int, float]]:
    """Minutes of a late job, and what each of them costs."""
    job = problem.job[time.job_id]
    overdue = max(0, time.begin - job.due)
    if overdue:
        yield ("", Use.OVERDUE), overdue, job.weight
    each = job.weight * (time.finish - job.due - overdue) / (time.finish - time.begin)
    for stretch in time.stretches:
        group = problem.machine[stretch.machine_id].group if stretch.machine_id else ""
        yield (group, stretch.use), stretch.minutes, each
