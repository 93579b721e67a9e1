"""Where the lateness of a plan comes from: minutes of its late orders by machine group and use."""

from collections.abc import Iterable
from dataclasses import dataclass

from production.scheduling.plan import Schedule
from production.scheduling.problem import Problem

from .minutes import JobTime, Use, times_of


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """What late orders spent at one machine group ("" for material) in one way.

    Parameters
    ----------
    minutes : on the clock, summed over the late orders, each counted once whatever its weight
    jobs : late orders that spent any
    cost : weighted minutes late that it answers for. An order's lateness is shared out over all
        its minutes alike, so the costs of all rows add up to the weighted lateness of the orders.
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

    Work and own set-up are rows like the waiting, so that Σ minutes = Σ (finish − begin): nothing
    is lost, nothing counted twice. Raises KeyError for an unknown job.
    """
    late = _late(problem, schedule, job_ids)
    minutes: dict[tuple[str, Use], int] = {}
    cost: dict[tuple[str, Use], float] = {}
    jobs: dict[tuple[str, Use], set[str]] = {}
    for time in times_of(problem, schedule, late):
        each = _cost_of_a_minute(problem, time)
        for stretch in time.stretches:
            group = problem.machine[stretch.machine_id].group if stretch.machine_id else ""
            key = group, stretch.use
            minutes[key] = minutes.get(key, 0) + stretch.minutes
            cost[key] = cost.get(key, 0.0) + stretch.minutes * each
            jobs.setdefault(key, set()).add(time.job_id)
    rows = [Bottleneck(*key, minutes[key], len(jobs[key]), cost[key]) for key in minutes]
    return tuple(sorted(rows, key=lambda row: (-row.cost, -row.minutes, row.group, row.use)))


def _late(problem: Problem, schedule: Schedule, job_ids: Iterable[str] | None) -> list[str]:
    some = (job.id for job in problem.jobs) if job_ids is None else job_ids
    due = ((one, problem.job[one].due) for one in some)
    return [one for one, by in due if schedule.finish.get(one, by) > by]


def _cost_of_a_minute(problem: Problem, time: JobTime) -> float:
    job = problem.job[time.job_id]
    return job.weight * (time.finish - job.due) / (time.finish - time.begin)
