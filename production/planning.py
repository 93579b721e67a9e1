"""Make the plan: schedule what is unfinished, have it checked, publish it whole or not at all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from math import ceil
from time import perf_counter
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from journal.loading import load
from journal.moving import move, record
from orders import lifecycle as order_lines
from orders.lifecycle import LinePromise
from production import calm, causes, continuing, figures, routings, scheduling
from production.alone import planning_alone
from production.calendars import minute_of, moment_at, monday_of, plant_zone
from production.causes import Cause
from production.continuing import Contest
from production.lifecycle import PLAN
from production.modelling import Shop, Work, load_shop, load_work, minutes_left, problem_of
from production.models import Pegging, Plan, PlanEntry, PlanRefusal, Reservation
from production.promising import Dates, dates_of
from production.scheduling import Schedule
from production.scheduling.repair.repairing import REPAIR

ENTRIES = 1500  # rows of one short write transaction
RELEASE_AHEAD_MINUTES = 2 * 24 * 60
SHORTEST_HORIZON, LONGEST_HORIZON = 60, 720  # days

Progress = Callable[[float, str], None]


class PlanRejected(Exception):
    """The checker found faults in a new plan; the plan before it stands."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(f"Plan {plan.pk} broke {len(plan.violations)} rules and was not published")
        self.plan = plan


@dataclass(frozen=True)
class Planned:
    """What one planning run did."""

    plan: Plan
    operations: int
    refused: int
    promised: int
    revised: int
    released: int
    # nothing was different: the plan before stands
    stands: bool = False

    @property
    def contested(self) -> bool:
        """Whether every rule planned, not only the one that won the last time."""
        return not self.plan.metrics.get("alone")


def run(
    as_of: datetime,
    *,
    by: str = "system",
    seed: int = 0,
    deadline: Callable[[], bool] | None = None,
    progress: Progress = lambda share, step: None,
    only_changes: bool = False,
) -> Planned:
    """Plan everything unfinished as of a moment and publish the plan.

    With `only_changes` the plan before stands where all is as it was, and the rule that won the
    last contest plans alone where little is different (`continuing`).

    1. Model the shop and the work. 2. Schedule and check. 3. Write a draft in batches. 4. Publish
    by one flip. 5. Tell the order lines, and release what is near. Killed anywhere before step 4
    the old plan stands; step 5 is made up for by the next run.
    Raises `PlanningUnderWay`, and `PlanRejected` where the checker found a fault.
    """
    with planning_alone():
        progress(0.1, _("Reading the work"))
        reading = read(as_of, by=by, seed=seed)
        work, contest = reading.work, reading.contest
        last = continuing.before() if only_changes else None
        rule = continuing.rule(last, contest, work)
        if last and rule and continuing.stands(last, reading.problem, reading.origin, work):
            return _stand(last.plan, work, by, as_of)
        progress(0.3, _("Scheduling"))
        search = _followed(reading.problem, progress)
        schedule = scheduling.schedule(
            reading.problem,
            deadline,
            seed,
            only=rule,
            threads=2,
            progress=search,
            stability=calm.stability(reading.before, reading.origin),
        )
        held = last.contest if last and rule else contest
        metrics = {"contest": asdict(held), "alone": bool(rule)}
        return publish(reading, schedule, _why(reading), metrics, search.points, progress)


# What a plan is made from


@dataclass(frozen=True, eq=False)
class Reading:
    """The shop and the work as they are at `at`, minute 0 is `origin`; the plan `before`, and what
    has happened since that it does not know (`unknown`). `began` is on the stopwatch."""

    at: datetime
    origin: datetime
    by: str
    seed: int
    before: Plan | None
    unknown: Sequence[Cause]
    work: list[Work]
    contest: Contest
    shop: Shop
    problem: scheduling.Problem
    began: float


def read(
    as_of: datetime, *, by: str, seed: int = 0, unknown: Sequence[Cause] | None = None
) -> Reading:
    """Read all that a plan is made from. Whoever calls holds the planner's lock."""
    began = perf_counter()
    origin = as_of.replace(second=0, microsecond=0)
    _drop_abandoned(by, as_of)
    before = Plan.objects.published().first()
    # before the work and the shop are read: what happens meanwhile is unknown to this plan too
    if unknown is None:
        unknown = causes.unknown_to(before, as_of) if before else []
    work = load_work()
    contest = continuing.contest_now(origin, seed, work)
    shop = shop_for(origin, work)
    problem = problem_of(shop, work)
    return Reading(as_of, origin, by, seed, before, unknown, work, contest, shop, problem, began)


def _why(reading: Reading) -> list[Cause]:
    """Why all is planned anew, what a person wants first."""
    before, found = reading.before, list(reading.unknown)
    if reading.by.startswith("staff:"):
        found.insert(0, Cause("asked"))
    if before is None:
        found.append(Cause("no_plan"))
    elif "repaired" in before.metrics:
        found.append(Cause("only_repaired"))
    elif not continuing.made_for(before, reading.contest.shop) and not found:
        found.append(Cause("other_shop"))
    return found or [Cause("routine")]


def publish(
    reading: Reading,
    schedule: Schedule,
    why: Sequence[Cause],
    metrics: dict[str, Any],
    points: Sequence[figures.Point] = (),
    progress: Progress = lambda share, step: None,
) -> Planned:
    """Check a schedule, write it down and publish it, and tell whom it concerns.

    `metrics` are what the plan keeps of the way it was made, `points` are how its search went.
    Raises `PlanRejected` where the checker found a fault.
    """
    work, by, at = reading.work, reading.by, reading.at
    progress(0.6, _("Checking"))
    violations = scheduling.check(reading.problem, schedule)
    plan = _draft(reading, schedule, violations, why)
    progress(0.7, _("Writing the plan"))
    if not violations:
        _write(plan, reading.shop, work, schedule)
    plan.metrics = metrics | _kept(reading, schedule)
    _tell_of(plan, points, reading.problem, schedule, reading.before)
    _settle(plan, schedule, perf_counter() - reading.began, work, by, at)
    progress(0.9, _("Telling the orders"))
    planned = _follow(plan, reading.problem, schedule, work, by, at)
    _note_told(plan, work)
    return planned


def _kept(reading: Reading, schedule: Schedule) -> dict[str, Any]:
    """What later planners ask of a plan: its shop, what it was made from, what it knows of the
    minute in which it was made, and the rule that won."""
    end = moment_at(reading.origin, schedule.totals.makespan)
    rule = schedule.rule
    if rule == REPAIR and reading.before:
        rule = continuing.winner(reading.before) or ""
    return {
        "made_from": continuing.made_from(reading.problem, reading.origin, end),
        "shop": reading.contest.shop,
        "seen": _seen(reading),
        "rule": rule,
    }


def _seen(reading: Reading) -> list[int]:
    """Steps that a plan knows although they are younger than its minute 0."""
    before, origin = reading.before, reading.origin
    earlier = before.metrics.get("seen", []) if before and before.as_of >= origin else []
    return earlier + [one.step for one in reading.unknown if one.at and one.at > origin]


def _followed(problem: scheduling.Problem, progress: Progress) -> figures.Search:
    """A search that moves the progress from 0.3 to 0.6."""

    def tell(share: float, step: str) -> None:
        progress(0.3 + 0.3 * share, step)

    return figures.Search(len(problem.operation), tell)


def _tell_of(
    plan: Plan,
    points: Sequence[figures.Point],
    problem: scheduling.Problem,
    schedule: Schedule,
    before: Plan | None,
) -> None:
    """The figures that pages show; of a plan with faults only how its search went."""
    metrics, report = figures.of_search(points)
    if not plan.violations:
        own, lists = figures.of_plan(problem, schedule, plan.as_of, before)
        metrics, report = metrics | own, report | lists
    plan.metrics |= metrics
    plan.report = report


# Where nothing is different


def _stand(plan: Plan, work: Sequence[Work], by: str, at: datetime) -> Planned:
    """The plan stays; time has passed, so more of it may be near."""
    until = at + timedelta(minutes=RELEASE_AHEAD_MINUTES)
    entries = PlanEntry.objects.filter(plan=plan, setup_start__lte=until)
    begins = set(entries.values_list("job_id", flat=True))
    near = [one.order.pk for one in work if one.firm and one.jobs[0].pk in begins]
    released = routings.release(near, by=by, at=at)
    return Planned(plan, plan.metrics["operations"], 0, 0, 0, released, stands=True)


def _note_told(plan: Plan, work: Sequence[Work]) -> None:
    """The orders know of the plan: one whose planner was killed before this is made anew."""
    plan.metrics["told"] = continuing.told_of(work)
    Plan.objects.filter(pk=plan.pk).update(metrics=plan.metrics)


# Horizon


def shop_for(origin: datetime, work: Sequence[Work]) -> Shop:
    """The shop over a horizon that holds the load of its busiest work center twice."""
    blocked = _reserved(origin, work)
    month = load_shop(origin, 28)
    days = max(SHORTEST_HORIZON, ceil(2 * _busiest_days(month, work)) + SHORTEST_HORIZON)
    latest = max(origin, *(one.not_before or origin for one in work)) if work else origin
    return load_shop(origin, min(LONGEST_HORIZON, days + (latest - origin).days), blocked)


def _busiest_days(month: Shop, work: Iterable[Work]) -> float:
    load: dict[int, int] = {}
    for one in work:
        for job in one.jobs:
            setup = one.setups.get(job.sequence, 0)
            load[job.work_center_id] = (
                load.get(job.work_center_id, 0) + minutes_left(job) + setup + job.min_lag_minutes
            )
    daily = {
        center: sum(b - a for one in machines for a, b in month.windows[one.pk]) / 28
        for center, machines in month.by_center.items()
    }
    return max((load[center] / daily[center] for center in load if daily.get(center)), default=0)


def _reserved(origin: datetime, work: Iterable[Work]) -> dict[int, list[tuple[int, int]]]:
    """Machine time still held for lines that this plan does not hold yet."""
    planned = {line_id for one in work for line_id in one.line_ids}
    held: dict[int, list[tuple[int, int]]] = {}
    for one in Reservation.objects.active(origin).exclude(order_line__in=planned):
        span = (minute_of(one.start, origin), minute_of(one.end, origin))
        held.setdefault(one.machine_id, []).append(span)
    return held


# Writing


def _drop_abandoned(by: str, at: datetime) -> None:
    """Drafts of planners that were killed; nobody else is planning now."""
    for plan in Plan.objects.filter(status=Plan.Status.DRAFT):
        move(PLAN, plan, "rejected", by=by, at=at, why="its planner was stopped")


def _draft(
    reading: Reading,
    schedule: Schedule,
    violations: Sequence[scheduling.Violation],
    why: Sequence[Cause],
) -> Plan:
    origin, work = reading.origin, reading.work
    aside = {one.job_id for one in schedule.set_aside}
    with transaction.atomic():
        plan = Plan.objects.create(
            as_of=origin,
            created_at=origin,
            solver=schedule.rule,
            seed=reading.seed,
            why=[one.written() for one in causes.named(why)],
            violations=[asdict(one) for one in violations],
            snapshot=snapshot([one for one in work if str(one.order.pk) not in aside]),
        )
        record(PLAN, [(plan.pk, "")], "draft", by=reading.by, at=origin)
    return plan


def snapshot(work: Iterable[Work]) -> dict[str, dict[str, int]]:
    """The demand that work orders answer: pieces per SKU and week in which they are asked for."""
    found: dict[str, dict[str, int]] = {}
    asked = _asked([one.order.pk for one in work])
    for one in work:
        weeks = found.setdefault(one.order.sku, {})
        for peg in one.pegs:
            week = (peg.forecast_week or asked[peg.pk]).isoformat()
            weeks[week] = weeks.get(week, 0) + peg.quantity
    return found


def _asked(order_ids: Sequence[int]) -> dict[int, date]:
    """The week in which each pegged line was ordered."""
    zone = plant_zone()
    pegs = Pegging.objects.filter(work_order__in=order_ids, order_line__isnull=False)
    return {
        pk: monday_of(placed, zone)
        for pk, placed in pegs.values_list("pk", "order_line__order__placed_at")
        if placed is not None
    }


def _write(plan: Plan, shop: Shop, work: Sequence[Work], schedule: Schedule) -> None:
    for start in range(0, len(schedule.operations), ENTRIES):
        _write_entries(plan, shop.origin, schedule.operations[start : start + ENTRIES])
    names = {str(job.pk): job.name for one in work for job in one.jobs}
    PlanRefusal.objects.bulk_create(
        PlanRefusal(
            plan=plan,
            work_order_id=int(one.job_id),
            code=one.reason,
            step=names.get(one.operation_id, ""),
        )
        for one in schedule.set_aside
    )


def _write_entries(
    plan: Plan, origin: datetime, planned: Sequence[scheduling.PlannedOperation]
) -> None:
    columns: dict[str, list[Any]] = {
        "job_id": [int(one.operation_id) for one in planned],
        "machine_id": [int(one.machine_id) for one in planned],
        "setup_start": [moment_at(origin, one.setup_start) for one in planned],
        "start": [moment_at(origin, one.start) for one in planned],
        "end": [moment_at(origin, one.end) for one in planned],
        "setup_minutes": [one.setup_minutes for one in planned],
        "binding": [one.binding for one in planned],
    }
    load(PlanEntry, columns, plan_id=plan.pk)


# Publishing


def _settle(
    plan: Plan, schedule: Schedule, seconds: float, work: Sequence[Work], by: str, at: datetime
) -> None:
    """Publish a plan that passed its check; reject another. One transaction flips old and new."""
    metrics = {**plan.metrics, **asdict(schedule.totals), "operations": len(schedule.operations)}
    metrics |= {"refused": len(schedule.set_aside), "seconds": round(seconds, 2)}
    if plan.violations:
        found = {"metrics": metrics, "report": plan.report}
        move(PLAN, plan, "rejected", by=by, at=at, why="the check found faults", **found)
        raise PlanRejected(plan)
    kept = {line_id for one in work for line_id in one.line_ids}
    with transaction.atomic():
        for old in Plan.objects.published():
            move(PLAN, old, "superseded", by=by, at=at)
        move(PLAN, plan, "published", by=by, at=at, metrics=metrics, report=plan.report)
        # few are reserved, tens of thousands kept
        reserved = Reservation.objects.values_list("pk", "order_line_id")
        held = [pk for pk, line_id in reserved if line_id in kept]
        Reservation.objects.filter(pk__in=held).delete()


def _follow(
    plan: Plan,
    problem: scheduling.Problem,
    schedule: Schedule,
    work: Sequence[Work],
    by: str,
    at: datetime,
) -> Planned:
    """Tell order lines what the plan means for them, and give the floor what is near."""
    planned = [one for one in work if str(one.order.pk) in schedule.finish]
    promised, revised = _promise(plan, problem, schedule, work, by, at)
    _lines_planned(planned, by, at)
    near = [
        one.order.pk
        for one in planned
        if one.firm and _begins(schedule, one) <= RELEASE_AHEAD_MINUTES
    ]
    released = routings.release(near, by=by, at=at)
    return Planned(
        plan, len(schedule.operations), len(schedule.set_aside), promised, revised, released
    )


def _begins(schedule: Schedule, work: Work) -> int:
    return schedule.by_operation[str(work.jobs[0].pk)].setup_start


def _lines_planned(planned: Iterable[Work], by: str, at: datetime) -> None:
    line_ids = sorted({line_id for one in planned for line_id in one.line_ids})
    order_lines.planned(line_ids, by=by, at=at)


def _promise(
    plan: Plan,
    problem: scheduling.Problem,
    schedule: Schedule,
    work: Sequence[Work],
    by: str,
    at: datetime,
) -> tuple[int, int]:
    """Promise lines that have no date yet; revise those that the plan finishes too late for it."""
    last = _last_work(schedule, work)
    zone, reason = plant_zone(), _("First plan")
    dates = {
        work_id: dates_of(moment_at(plan.as_of, schedule.finish[work_id]), at, zone)
        for work_id in set(last.values())
    }
    first: list[LinePromise] = []
    later: list[LinePromise] = []
    for line_id, committed in _committed(last):
        work_id = last[line_id]
        if committed is None:
            first.append(_answer(line_id, dates[work_id], reason))
        elif dates[work_id].p50 > committed:
            cause = _cause(problem, schedule, work_id)
            later.append(_answer(line_id, dates[work_id], cause))
    promised = order_lines.promise_many(first, by=by, at=at)
    return len(promised), len(order_lines.promise_many(later, by=by, at=at))


def _answer(line_id: int, dates: Dates, cause: str) -> LinePromise:
    return LinePromise(line_id, dates.p50, dates.p90, dates.committed, cause)


def _last_work(schedule: Schedule, work: Iterable[Work]) -> dict[int, str]:
    """The work order that finishes last for each line; none where one of them was refused."""
    last: dict[int, str] = {}
    refused: set[int] = set()
    for one in work:
        work_id = str(one.order.pk)
        for line_id in one.line_ids:
            if work_id not in schedule.finish:
                refused.add(line_id)
            elif schedule.finish[work_id] >= schedule.finish.get(last.get(line_id, ""), 0):
                last[line_id] = work_id
    return {line_id: work_id for line_id, work_id in last.items() if line_id not in refused}


def _committed(last: Mapping[int, str]) -> list[tuple[int, date | None]]:
    pegs = Pegging.objects.filter(work_order__in={int(work_id) for work_id in last.values()})
    dates = dict(pegs.values_list("order_line_id", "order_line__committed_date"))
    return [(line_id, dates[line_id]) for line_id in sorted(last)]


def _cause(problem: scheduling.Problem, schedule: Schedule, work_id: str) -> str:
    """What holds a late work order back most, in plain words."""
    code, _machine_id = figures.main_cause(problem, schedule, work_id)
    return str(figures.CAUSES[code])
