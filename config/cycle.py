"""The main job: what was wanted, what will be, what to make, and how far apart they were.

collect → clean, retrain, promote → net → plan, publish the queues → measure the gap. Each step
publishes whole or not at all; whatever stops a cycle, the last good forecast and plan stand.

A cycle does only what changed: each step compares what it would work from with what was live, and
says what it left alone. `everything` does all of it anew (docs/decisions/0011).
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any, TypeVar

from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from config import wording
from config.models import CycleRun
from forecasting import footing, runs, scoring
from forecasting.models import TrainingRun
from forecasting.wording import RULES_OF_WEEKS
from journal import dispatch
from journal.alone import Busy, alone
from orders import waiting, wishes
from production import gap, netting, planning
from production.alone import PATIENCE_SECONDS, PlanningUnderWay, when_free

logger = logging.getLogger("tailorline.cycle")

Progress = Callable[[float, str], None]
Result = TypeVar("Result")


class CycleUnderWay(Exception):
    """Another cycle is running; nothing was changed."""


class CycleFailed(Exception):
    """A step failed; the steps before it are kept, and the last good forecast and plan stand."""


@dataclass(frozen=True)
class Step:
    name: str
    work: Callable[["Cycle", Progress], "Did"]


@dataclass(frozen=True)
class Did:
    """What a step did: a code of `config.wording` and its facts, as JSON keeps them."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cycle:
    """One cycle: that day is `now` everywhere, and nothing later is seen.

    `products`: only these are forecast and planned; None: all that were ever ordered.
    `everything`: do all of it anew, also where nothing or little has changed.
    """

    as_of: datetime
    by: str
    products: list[int] | None
    seed: int
    everything: bool = False

    @property
    def asked(self) -> dict[str, object]:
        """What its training runs are asked for."""
        only_changes = {} if self.everything else {"only_changes": True}
        return {"product_ids": self.products, **only_changes}


def run(
    as_of: datetime,
    *,
    by: str = "system",
    products: list[int] | None = None,
    seed: int = 0,
    everything: bool = False,
    say: Callable[[str, str, float], None] = lambda step, did, seconds: None,
    progress: Progress = lambda share, step: None,
) -> CycleRun:
    """Run the whole cycle as of a moment. `say` hears each step, what it did and its seconds.

    Raises `CycleUnderWay`, and `CycleFailed` naming the step.
    """
    try:
        with alone("cycle"):
            return _run(Cycle(as_of, by, products, seed, everything), say, progress)
    except Busy as busy:
        raise CycleUnderWay(
            "Another cycle is running. Wait until it is done; its progress is on the dashboard."
        ) from busy


def _run(cycle: Cycle, say: Callable[[str, str, float], None], progress: Progress) -> CycleRun:
    row = _begin(cycle)
    for number, step in enumerate(STEPS):
        began = perf_counter()
        with _failing(row, step):
            did = step.work(cycle, _portion(progress, number))
            seconds = round(perf_counter() - began, 2)
            row.steps.append({"step": step.name, **asdict(did), "seconds": seconds})
            row.save(update_fields=["steps"])
        say(step.name, wording.did(row.steps[-1]), seconds)
    row.status, row.finished_at = CycleRun.Status.DONE, timezone.now()
    row.save(update_fields=["status", "finished_at"])
    progress(1, "")
    return row


def _begin(cycle: Cycle) -> CycleRun:
    """A row for this cycle; whichever is still running was killed, for we are alone."""
    now = timezone.now()
    try:
        CycleRun.objects.filter(status=CycleRun.Status.RUNNING).update(
            status=CycleRun.Status.FAILED, error="It was killed.", finished_at=now
        )
        return CycleRun.objects.create(as_of=cycle.as_of, started_at=now)
    except DatabaseError as error:
        raise CycleFailed(f"The cycle could not begin: {error}. Nothing was changed.") from error


@contextmanager
def _failing(row: CycleRun, step: Step) -> Iterator[None]:
    """Whatever goes wrong, the row says where and why, and so does the error."""
    try:
        yield
    except Exception as error:
        _write_down(row, f"{step.name}: {error}")
        raise CycleFailed(
            f"The step “{step.name}” failed: {error}. Earlier steps are kept, and the last good "
            "forecast and plan stand. Mend the cause and run the cycle again."
        ) from error


def _write_down(row: CycleRun, error: str) -> None:
    row.status, row.finished_at, row.error = CycleRun.Status.FAILED, timezone.now(), error
    try:
        row.save(update_fields=["status", "finished_at", "error"])
    except DatabaseError:  # a full disk, say; the next cycle sees that this one is dead
        logger.exception("The failure could not be written down: %s", error)


def _portion(progress: Progress, number: int) -> Progress:
    def part(share: float, what: str) -> None:
        progress((number + share) / len(STEPS), what)

    return part


def _collect(cycle: Cycle, progress: Progress) -> Did:
    """Let everything that happened reach those who wait for it, and count what is wanted."""
    done = dispatch.drain(cycle.as_of)
    wanted = len(waiting.open_lines(cycle.as_of, product_ids=cycle.products))
    unmet = len(wishes.unmet(cycle.as_of))
    return Did("collected", {"open": wanted, "unmet": unmet, "done": done})


def _score(cycle: Cycle, progress: Progress) -> Did:
    """Judge new orders by what was published before them, before anything is learned from them."""
    return Did("scored", {"lines": scoring.score_new_lines(cycle.as_of)})


def _forecast(cycle: Cycle, progress: Progress) -> Did:
    if lacking := footing.lacks_history(cycle.as_of, cycle.products):
        return Did(lacking)  # a shop of the first days still plans what is ordered
    run = _trained(TrainingRun.Kind.FORECAST, cycle)
    facts = {name: run.metrics[name] for name in ("products", "weeks")}
    if "stands" in run.metrics:
        return Did("forecast_stands", facts)
    corrections: dict[str, int] = run.metrics.get("cleaned", {})
    facts["cleaned"] = sum(corrections.get(rule, 0) for rule in RULES_OF_WEEKS)
    facts["status"] = run.status
    if "renewed" in run.metrics:
        return Did("forecast_renewed", {**facts, "renewed": run.metrics["renewed"]})
    return Did("forecast", facts)


def _rank(cycle: Cycle, progress: Progress) -> Did:
    run = _trained(TrainingRun.Kind.RANKING, cycle)
    known = {name: run.metrics[name] for name in ("items", "users")}
    if "stands" in run.metrics:
        return Did("ranking_stands", known)
    code = "ranking_renewed" if run.metrics.get("renewed") else "ranked"
    return Did(code, {**known, "status": run.status})


def _trained(kind: str, cycle: Cycle) -> TrainingRun:
    """A training run done here and now, through the same row and steps as one in a worker."""
    run = runs.train_here(
        kind,
        data_cut=cycle.as_of,
        by=cycle.by,
        clock=timezone.now,
        params=cycle.asked,
        seed=cycle.seed,
    )
    if run.status == TrainingRun.Status.FAILED:
        raise CycleFailed(run.notes[-1])
    if not run.metrics:
        raise CycleFailed(_("the training was cancelled"))
    return run


def _net(cycle: Cycle, progress: Progress) -> Did:
    netted = _when_free(
        lambda: netting.run(
            cycle.as_of, by=cycle.by, product_ids=cycle.products, progress=progress
        ),
        progress,
    )
    facts = {
        "made": netted.made,
        "foreseen": netted.foreseen,
        "resized": netted.resized,
        "cancelled": netted.cancelled,
        "refused": len(netted.refused),
    }
    return Did("netted", facts)


def _plan(cycle: Cycle, progress: Progress) -> Did:
    planned = _when_free(
        lambda: planning.run(
            cycle.as_of,
            by=cycle.by,
            seed=cycle.seed,
            progress=progress,
            only_changes=not cycle.everything,
        ),
        progress,
    )
    facts = {
        "operations": planned.operations,
        "refused": planned.refused,
        "released": planned.released,
    }
    if planned.stands:
        return Did("plan_stands", facts)
    return Did("planned" if planned.contested else "planned_alone", facts)


def _when_free(work: Callable[[], Result], progress: Progress) -> Result:
    try:
        return when_free(work, lambda: progress(0, _("Waiting for the plan that is being made")))
    except PlanningUnderWay as busy:
        text = _("another plan was still being made after %(seconds)d seconds of waiting")
        raise CycleFailed(text % {"seconds": PATIENCE_SECONDS}) from busy


def _measure(cycle: Cycle, progress: Progress) -> Did:
    return Did("measured", gap.measure(cycle.as_of, product_ids=cycle.products).facts())


STEPS = (
    Step("collect", _collect),
    Step("score", _score),
    Step("forecast", _forecast),
    Step("suggestions", _rank),
    Step("net", _net),
    Step("plan", _plan),
    Step("gap", _measure),
)
