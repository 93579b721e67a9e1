"""What would help a late order line, or the whole plan: asked by a person, tried by a worker.

The question is a line of the journal, so the audit shows who asked. The answer stands in the cache
for a day, where losing it costs another question: it is about the shop of the moment when it was
tried, and nothing rests on it.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from journal.models import Transition
from journal.moving import lifecycle, record
from production import continuing, planning, scheduling
from production.modelling import Work, load_work, problem_of
from production.models import Plan
from production.scheduling import Bottleneck, Problem, Remedies, Schedule, Trials

logger = logging.getLogger("tailorline.planning")

REMEDIES = lifecycle(
    "remedies",
    {
        "": "queued",
        "queued": "queued running failed",
        "running": "queued done failed",
        "done": "queued",
        "failed": "queued",
    },
)
WHOLE_PLAN = 0  # stands for a line where the plan is asked about
FORGOTTEN = timedelta(minutes=15)  # a worker that was killed is not waited for
LONGEST = timedelta(minutes=5)  # of trying
KEPT = 24 * 3600  # seconds
FORM = 2  # of answers that are kept: those of an earlier release are not read
TRIALS = Trials()
MOVES_EACH, MOST_MOVES = 20, 200_000  # of the search behind every quick plan


@dataclass(frozen=True)
class Question:
    """The newest question about a line (or WHOLE_PLAN); `share` (0 … 1) says how far it is."""

    line_id: int
    status: str
    by: str
    at: datetime
    why: str
    share: float = 0.0

    @property
    def under_way(self) -> bool:
        return self.status in ("queued", "running")


@dataclass(frozen=True)
class Answer:
    """What was found. Ids are rows' own: groups are work centers, jobs work orders.

    `work_order_id` is the one that finishes last for the line, None for the whole plan or where it
    has no place; `minutes_late` is its lateness in a quick plan of that moment. `bottlenecks` say
    where it (or every late firm order) spent its time, `remedies` what was tried; None where no
    place was found.
    """

    line_id: int
    at: datetime
    work_order_id: int | None
    minutes_late: int | None
    bottlenecks: tuple[Bottleneck, ...] = ()
    remedies: Remedies | None = None


def newest(line_id: int, now: datetime) -> Question | None:
    """The newest question about a line; one that nobody worked on for too long has failed."""
    steps = Transition.objects.filter(kind=REMEDIES.kind, object_id=line_id)
    last = steps.order_by("-pk").first()
    if last is None:
        return None
    status, why = last.to_status, last.why
    if status in ("queued", "running") and last.at < now - FORGOTTEN:
        status, why = "failed", _("No worker finished it. Ask again.")
    share = cache.get(_progress(line_id), 0.0)
    return Question(line_id, status, last.by, last.at, why, share)


def answer(line_id: int) -> Answer | None:
    """What the last question about a line came to, if it is still known."""
    found = cache.get(_answer(line_id))
    return found if isinstance(found, Answer) else None


def ask(line_id: int = WHOLE_PLAN, *, by: str, at: datetime) -> None:
    """Have remedies tried for a line or the whole plan; nothing new while they are being tried."""
    with transaction.atomic():
        last = newest(line_id, at)
        if last and last.under_way:
            return
        _record(line_id, "queued", by, at)
        cache.set(_progress(line_id), 0.0, KEPT)
        transaction.on_commit(lambda: _send(line_id, at))


def run(line_id: int, *, clock: Callable[[], datetime]) -> None:
    """Try remedies for the question about a line; nothing where nobody asks any more."""
    began = clock()
    question = newest(line_id, began)
    if question is None or not question.under_way:
        return
    if question.status == "queued":
        _record(line_id, "running", question.by, began)
    try:
        found = tried(line_id, began, lambda: clock() > began + LONGEST)
    except Exception:
        _record(line_id, "failed", question.by, clock())
        raise
    cache.set(_answer(line_id), found, KEPT)
    _record(line_id, "done", question.by, clock())


def tried(line_id: int, as_of: datetime, deadline: Callable[[], bool]) -> Answer:
    """The answer as of a moment, from the work that is left and the rule of the published plan."""
    origin = as_of.replace(second=0, microsecond=0)
    work = load_work()
    problem = problem_of(planning.shop_for(origin, work), work)
    size = sum(len(job.operations) for job in problem.jobs)
    trials = replace(TRIALS, iterations=min(MOVES_EACH * size, MOST_MOVES))
    plan = _quick(problem, trials)
    job_id = None if line_id == WHOLE_PLAN else _last(plan, _of_line(work, line_id))
    if job_id is None and line_id != WHOLE_PLAN:
        return Answer(line_id, as_of, None, None)
    firm = [job.id for job in problem.jobs if job.firm] if job_id is None else [job_id]
    remedies = scheduling.what_helps(
        problem,
        plan,
        job_id,
        trials=trials,
        before=plan,
        deadline=deadline,
        progress=lambda done, of: cache.set(_progress(line_id), done / of, KEPT),
    )
    return Answer(
        line_id,
        as_of,
        None if job_id is None else int(job_id),
        None if job_id is None else max(0, plan.finish[job_id] - problem.job[job_id].due),
        scheduling.bottlenecks(problem, plan, firm),
        remedies,
    )


def _quick(problem: Problem, trials: Trials) -> Schedule:
    """A plan made as the remedies are: by the rule that won last, if it is known."""
    published = Plan.objects.published().order_by("-pk").first()
    rule = continuing.winner(published) if published else None
    return scheduling.schedule(problem, only=rule, iterations=trials.iterations)


def _of_line(work: Sequence[Work], line_id: int) -> list[str]:
    return [str(one.order.pk) for one in work if line_id in one.line_ids]


def _last(plan: Schedule, job_ids: Iterable[str]) -> str | None:
    """The one that finishes last, None where one of them has no place."""
    finish = {one: plan.finish.get(one) for one in job_ids}
    ends = {one: end for one, end in finish.items() if end is not None}
    if len(ends) < len(finish):
        return None
    return max(ends, key=lambda one: ends[one], default=None)


# The question and its steps


def _record(line_id: int, to: str, by: str, at: datetime, why: str = "") -> None:
    steps = Transition.objects.filter(kind=REMEDIES.kind, object_id=line_id).order_by("-pk")
    old = steps.values_list("to_status", flat=True).first() or ""
    REMEDIES.check(line_id, old, to)
    record(REMEDIES, [(line_id, old)], to, by=by, at=at, why=why)


def _send(line_id: int, at: datetime) -> None:
    try:
        current_app.send_task(
            "production.tasks.find_remedies", kwargs={"line_id": line_id}, queue="planning"
        )
    except (OperationalError, OSError) as error:
        logger.warning("The broker is away (%s); nothing is tried.", error)
        why = _("The background workers cannot be reached. Try again in a minute.")
        _record(line_id, "failed", "system", at, why)


def _progress(line_id: int) -> str:
    return f"remedies:{line_id}:share"


def _answer(line_id: int) -> str:
    return f"remedies:{FORM}:{line_id}"
