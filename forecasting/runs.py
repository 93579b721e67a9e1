"""Training runs: rows with a lease, whoever works on them; the live model serves until one wins.

A run is requested, claimed by a worker, trained under a heartbeat, evaluated, and promoted or
rejected. A worker that dies stops its heartbeat; the sweep hands the run to another, three
attempts at most. Forecasts and rankings share all of this; each registers its trainer.

While a trainer computes, a thread extends the lease: a method may be silent for minutes, and yet
the lease is short, so that the run of a killed worker is taken up again within a minute.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.module_loading import import_string

from forecasting.lifecycle import TRAINING_RUN
from forecasting.models import TrainingRun
from journal.leasing import LEASE, Clock, Lease
from journal.moving import Stale, move, record

__all__ = [
    "Beat",
    "Cancelled",
    "CannotRollBack",
    "Outcome",
    "TrainingRun",
    "before_live",
    "cancel",
    "champion",
    "promote",
    "register",
    "request",
    "roll_back",
    "sweep",
    "train",
]

logger = logging.getLogger("tailorline.runs")

QUEUE_LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 3


class Cancelled(Exception):
    """Somebody cancelled the run, or its lease went to another worker."""


class CannotRollBack(Exception):
    """There is no such earlier model to go back to."""


class CannotTrain(Exception):
    """What a trainer lacks, in plain words that staff read."""


class Beat(Protocol):
    """What a trainer calls as it goes: `progress` 0 … 1 and the step in plain words."""

    def __call__(self, progress: float, step: str) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """What a trainer found: metrics, notes for staff (each a key of `wording.SAID`, or a code of
    `wording.NOTES` with its facts), and whether it beats the live model.

    `publish` makes the version readable by one flip of a row; it is called when the run wins.
    """

    metrics: Mapping[str, Any]
    wins: bool
    publish: Callable[[datetime], None]
    notes: Sequence[str | Mapping[str, Any]] = ()
    artefact: str = ""
    digest: str = ""


class Inherit(Protocol):
    """Told which live run another is about to replace, in the transaction that does it."""

    def __call__(self, before: TrainingRun, run: TrainingRun, *, by: str, now: datetime) -> Any: ...


Trainer = Callable[[TrainingRun, Beat], Outcome]

_trainers: dict[str, Trainer] = {}
_heirs: dict[str, Inherit] = {}


def register(kind: str, trainer: Trainer, inherit: Inherit | None = None) -> None:
    """`inherit` brings what people said about the live run over to the one that replaces it."""
    _trainers[kind] = trainer
    if inherit is not None:
        _heirs[kind] = inherit


def later(name: str) -> Trainer:
    """The trainer of a dotted name, loaded when it trains: most processes never do, and what it
    needs takes them seconds to load."""

    def train(run: TrainingRun, beat: Beat) -> Outcome:
        trainer: Trainer = import_string(name)
        return trainer(run, beat)

    return train


def champion(kind: str) -> TrainingRun | None:
    """The live run of a kind."""
    return TrainingRun.objects.champion(kind)


def request(
    kind: str,
    *,
    data_cut: datetime,
    by: str,
    now: datetime,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> TrainingRun:
    """Ask for a training; a worker takes it up."""
    with transaction.atomic():
        run = TrainingRun.objects.create(
            kind=kind,
            params=dict(params or {}),
            seed=seed,
            data_cut=data_cut,
            code_version=settings.VERSION,
            requested_by=by,
            requested_at=now,
            lease_until=now + QUEUE_LEASE,
        )
        record(TRAINING_RUN, [(run.pk, "")], "queued", by=by, at=now)
    return run


def request_now(kind: str, *, by: str, now: datetime) -> TrainingRun:
    """Ask by hand for a training on everything known now; joins one that is under way."""
    under_way = TrainingRun.objects.filter(kind=kind).under_way().first()
    return under_way or request(kind, data_cut=now, by=by, now=now)


def train(run_id: int, *, clock: Clock) -> TrainingRun:
    """Do one run from claim to promotion or rejection; a run that another has is left alone."""
    run = TrainingRun.objects.get(pk=run_id)
    if run.status != TrainingRun.Status.QUEUED:
        return run
    try:
        _claim(run, clock())
    except Stale:
        return run
    return _work(run, clock)


def train_here(
    kind: str,
    *,
    data_cut: datetime,
    by: str,
    clock: Clock,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> TrainingRun:
    """Ask for a training and do it in this process: it is claimed before a worker can see it."""
    now = clock()
    with transaction.atomic():
        run = request(kind, data_cut=data_cut, by=by, now=now, params=params, seed=seed)
        _claim(run, now)
    return _work(run, clock)


def _claim(run: TrainingRun, now: datetime) -> None:
    move(
        TRAINING_RUN,
        run,
        "training",
        by="system",
        at=now,
        started_at=now,
        lease_until=now + LEASE,
        attempts=F("attempts") + 1,
        progress=0,
        step="",
    )


def _work(run: TrainingRun, clock: Clock) -> TrainingRun:
    heart = _Heart(run, clock)
    try:
        with heart.lease.kept_alive():
            outcome = _trainers[run.kind](run, heart)
        _evaluate(run, outcome, clock)
    except (Cancelled, Stale):
        logger.info("%s is no longer this worker's", run)
    except CannotTrain as reason:
        _give_up(run, str(reason), clock())
    except Exception as error:  # whatever went wrong, the run must say so and the live model stands
        logger.exception("%s failed", run)
        _give_up(run, f"{type(error).__name__}: {error}", clock())
    run.refresh_from_db()
    return run


def _give_up(run: TrainingRun, why: str, now: datetime) -> None:
    """Fail a run, unless another worker has it by now: that one may well succeed."""
    with transaction.atomic():
        if _held(run).select_for_update().first():
            fail(run, why, now=now)


def _held(run: TrainingRun) -> "QuerySet[TrainingRun]":
    """The row, while it is in the hands of the worker that claimed it as `run`."""
    return TrainingRun.objects.filter(
        pk=run.pk, status=TrainingRun.Status.TRAINING, attempts=run.attempts
    )


class _Heart:
    """Brings the trainer's progress, and stops the work when the run was taken away."""

    def __init__(self, run: TrainingRun, clock: Clock) -> None:
        self.lease = Lease(_held(run), clock)

    def __call__(self, progress: float, step: str) -> None:
        if not self.lease.is_due and progress < 1:
            return
        if not self.lease.extend(progress=progress, step=step[:120]):
            raise Cancelled


def _evaluate(run: TrainingRun, outcome: Outcome, clock: Clock) -> None:
    now = clock()
    with transaction.atomic():
        if not _held(run).select_for_update().first():
            raise Cancelled
        move(
            TRAINING_RUN,
            run,
            "evaluated",
            by="system",
            at=now,
            metrics=dict(outcome.metrics),
            notes=list(outcome.notes),
            artefact=outcome.artefact,
            artefact_digest=outcome.digest,
            finished_at=now,
            progress=1,
        )
        if not outcome.wins:
            why = "no better than the live one"
            move(TRAINING_RUN, run, "rejected", by="system", at=now, why=why)
            return
        move(TRAINING_RUN, run, "challenger", by="system", at=now)
        outcome.publish(now)
        if _is_newest(run):
            promote(run, by="system", now=now, why="won its backtest")


def _is_newest(run: TrainingRun) -> bool:
    """A replay of an older day publishes its version, but never becomes live over a newer one."""
    live = champion(run.kind)
    return live is None or live.data_cut <= run.data_cut


def promote(run: TrainingRun, *, by: str, now: datetime, why: str = "") -> None:
    """Make a challenger (or, going back, a retired run) the live model; the old one retires."""
    with transaction.atomic():
        if live := champion(run.kind):
            if inherit := _heirs.get(run.kind):
                inherit(live, run, by=by, now=now)
            move(TRAINING_RUN, live, "retired", by=by, at=now, why=why)
        move(TRAINING_RUN, run, "champion", by=by, at=now, why=why)


def roll_back(kind: str, *, by: str, now: datetime, why: str) -> TrainingRun:
    """Put the model that was live before the present one back."""
    earlier = before_live(kind)
    if earlier is None:
        raise CannotRollBack(f"There is no earlier {kind} model to go back to.")
    promote(earlier, by=by, now=now, why=why)
    return earlier


def before_live(kind: str) -> TrainingRun | None:
    """The model that was live before the present one; going back again goes further back."""
    live = champion(kind)
    runs = TrainingRun.objects.filter(kind=kind, status=TrainingRun.Status.RETIRED)
    if live is not None:
        runs = runs.filter(
            Q(data_cut__lt=live.data_cut) | Q(data_cut=live.data_cut, pk__lt=live.pk)
        )
    return runs.order_by("-data_cut", "-pk").first()


def cancel(run: TrainingRun, *, by: str, now: datetime) -> None:
    move(TRAINING_RUN, run, "cancelled", by=by, at=now, finished_at=now)


def fail(run: TrainingRun, why: str, *, now: datetime) -> None:
    run.refresh_from_db()
    if TRAINING_RUN.allows(run.status, "failed"):
        notes = [*run.notes, why]
        move(
            TRAINING_RUN, run, "failed", by="system", at=now, why=why, notes=notes, finished_at=now
        )


def sweep(now: datetime) -> list[int]:
    """Take runs back from workers that were not heard of; returns the runs to hand out again."""
    again = []
    for run in TrainingRun.objects.abandoned(now):
        try:
            if run.status == TrainingRun.Status.TRAINING:
                if run.attempts >= MOST_ATTEMPTS:
                    fail(run, "Its worker died three times.", now=now)
                    continue
                why = "its worker was not heard of"
                move(TRAINING_RUN, run, "queued", by="system", at=now, why=why)
        except Stale:
            continue
        TrainingRun.objects.filter(pk=run.pk).update(lease_until=now + QUEUE_LEASE)
        again.append(run.pk)
    return again
