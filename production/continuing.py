"""What a plan takes over from the one before it: all of it where nothing is different, or its rule.

Every rule of the scheduler plans the whole shop, and the best plan wins. In most nights the same
rule wins again, so between two such contests it plans alone. A contest is due once a week, after
an upgrade, when machines, hours or set-ups are others, and when a quarter of the work is new.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from journal import fingerprints
from production.calendars import moment_at, monday_of, plant_zone, stopped
from production.modelling import PLANNABLE, Work, fingerprint_of_shop
from production.models import Operation, Pegging, Plan
from production.scheduling import RULES, Job, Problem
from production.scheduling.repair.repairing import REPAIR

MOST_NEW = 0.25
STANDS_FOR = timedelta(hours=36)  # longer would be an old plan to whoever looks after the shop


@dataclass(frozen=True)
class Contest:
    """When all rules last planned: the week, the way (program, seed), the shop, and the work
    orders there were (how many, and the newest)."""

    week: str
    way: str
    shop: str
    orders: int
    newest: int

    def holds_for(self, now: "Contest", kept: int) -> bool:
        """Whether its winner goes on; `kept`: work orders of today that it had too."""
        same = (self.week, self.way, self.shop) == (now.week, now.way, now.shop)
        other = (now.orders - kept) + (self.orders - kept)
        return same and other <= MOST_NEW * self.orders


@dataclass(frozen=True, eq=False)
class Before:
    """The published plan and what it was made from."""

    plan: Plan
    contest: Contest
    made_from: str
    told: str


def before() -> Before | None:
    """None where there is no plan, or an earlier release made it."""
    plan = Plan.objects.published().first()
    known = plan.metrics.get("made_from") if plan else None
    if plan is None or not known or "told" not in plan.metrics:
        return None
    try:
        contest = Contest(**plan.metrics["contest"])
    except TypeError:  # another release kept other facts of it
        return None
    return Before(plan, contest, known, plan.metrics["told"])


def contest_now(origin: datetime, seed: int, work: Sequence[Work]) -> Contest:
    """What a contest held now would keep."""
    return Contest(
        monday_of(origin, plant_zone()).isoformat(),
        fingerprints.of(fingerprints.of_program(), seed),
        shop_of(origin),
        len(work),
        max((one.order.pk for one in work), default=0),
    )


def shop_of(moment: datetime) -> str:
    """The shop that a plan of a moment is made for: as it stands, and the set-ups of its steps."""
    steps = Operation.objects.order_by("work_center_id", "setup_minutes")
    setups = steps.values_list("work_center_id", "setup_minutes").distinct()
    return fingerprints.of(fingerprint_of_shop(stopped(moment)), list(setups))


def made_for(plan: Plan, shop: str) -> bool:
    """Whether a plan was made for a shop; one of an earlier release, which did not note it, was."""
    noted = plan.metrics.get("shop") or plan.metrics.get("contest", {}).get("shop")
    return noted is None or noted == shop


def rule(last: Before | None, now: Contest, work: Iterable[Work]) -> str | None:
    """The rule that goes on planning alone; None where a contest is due."""
    if last is None:
        return None
    kept = sum(1 for one in work if one.order.pk <= last.contest.newest)
    return winner(last.plan) if last.contest.holds_for(now, kept) else None


def winner(plan: Plan) -> str | None:
    """The dispatch rule that won the last contest; None where the plan before, repaired, was better
    than every rule's and no earlier contest is known, or where this release has no such rule."""
    name = plan.metrics.get("rule") if plan.solver == REPAIR else plan.solver
    return name if any(name in rules for rules in RULES.values()) else None


def stands(last: Before, problem: Problem, origin: datetime, work: Sequence[Work]) -> bool:
    """Whether planning again would give the same plan and tell the orders the same."""
    plan = last.plan
    young = timedelta(0) <= origin - plan.as_of <= STANDS_FOR
    if (
        not young
        or "repaired" in plan.metrics
        or plan.metrics["refused"]
        or last.told != told_of(work)
    ):
        return False
    end = moment_at(plan.as_of, plan.metrics["makespan"])
    return last.made_from == made_from(problem, origin, end)


# Fingerprints of a plan


def made_from(problem: Problem, origin: datetime, until: datetime) -> str:
    """Of all that a plan is made from, at the hours of the clock: the same work in the same shop
    an hour later is the same problem, unless a machine was open in between.

    `until`: the end of the plan; hours after it are no matter.
    """
    jobs = [repr(_clock_job(job, origin)) for job in problem.jobs]
    setups = [repr((one.group, sorted(one.minutes.items()), one.default)) for one in problem.setups]
    first = [repr(sorted(one.initial.items())) for one in problem.setups]
    machines = [
        repr(
            (
                machine.id,
                machine.group,
                machine.setup_family,
                [
                    (moment_at(origin, start), min(until, moment_at(origin, end)))
                    for start, end in machine.windows
                    if moment_at(origin, start) < until
                ],
            )
        )
        for machine in problem.machines
    ]
    foreseen = problem.fence and not all(job.firm for job in problem.jobs)
    locked = [moment_at(origin, problem.fence).isoformat()] if foreseen else []
    parts = (*jobs, *setups, *first, *machines, *locked)
    return fingerprints.of_bytes(part.encode() for part in parts)


def _clock_job(job: Job, origin: datetime) -> tuple[object, ...]:
    """A job with its times on the clock; what may begin at once has none."""
    release = moment_at(origin, job.release) if job.release else None
    steps = [
        (
            step.id,
            step.alternatives,
            step.setup_family,
            (step.min_lag_after, step.max_lag_after),
            step.pinned and (step.pinned, origin),
        )
        for step in job.operations
    ]
    return job.id, moment_at(origin, job.due), release, job.weight, job.firm, steps


def told_of(work: Iterable[Work]) -> str:
    """Of what the work is for, and of what the order lines were told."""
    ids = {one.order.pk for one in work}
    pegs = Pegging.objects.filter(work_order__status__in=PLANNABLE).order_by("pk")
    fields = ("work_order", "order_line", "forecast_week", "quantity")
    lines = ("order_line__committed_date", "order_line__status")
    rows = pegs.values_list(*fields, *lines).iterator(chunk_size=5_000)
    return fingerprints.of_bytes(repr(row).encode() for row in rows if row[0] in ids)
