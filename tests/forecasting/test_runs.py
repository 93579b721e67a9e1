"""Training runs survive their workers, and the live model serves until one wins."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from forecasting import runs
from forecasting.models import TrainingRun
from journal import leasing

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def pass_(self, **time):
        self.now += timedelta(**time)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def trainer(monkeypatch):
    """A trainer that the test scripts: `trainer.work(run, beat)`, winning unless told."""

    class Trainer:
        wins = True
        published: list[int] = []

        def work(self, run, beat):
            beat(0.5, "half way")

        def __call__(self, run, beat):
            self.work(run, beat)
            return runs.Outcome(
                metrics={"rmsse": 0.7},
                wins=self.wins,
                publish=lambda now: self.published.append(run.pk),
            )

    trainer = Trainer()
    trainer.published = []
    monkeypatch.setattr(runs, "_trainers", {"forecast": trainer})
    return trainer


def ask(clock, data_cut=None):
    return runs.request(
        "forecast", data_cut=data_cut or clock(), by="staff:alice", now=clock(), seed=1
    )


def test_a_run_that_wins_becomes_live_and_the_old_one_retires(clock, trainer):
    first = runs.train(ask(clock).pk, clock=clock)
    assert first.status == "champion"
    second = runs.train(ask(clock).pk, clock=clock)
    first.refresh_from_db()
    assert (first.status, second.status) == ("retired", "champion")
    assert trainer.published == [first.pk, second.pk]


def test_a_run_that_is_no_better_is_rejected_and_the_live_one_stays(clock, trainer):
    live = runs.train(ask(clock).pk, clock=clock)
    trainer.wins = False
    loser = runs.train(ask(clock).pk, clock=clock)
    live.refresh_from_db()
    assert (live.status, loser.status) == ("champion", "rejected")
    assert trainer.published == [live.pk]


def test_a_run_that_fails_says_why_and_the_live_one_stays(clock, trainer):
    live = runs.train(ask(clock).pk, clock=clock)

    def breaks(run, beat):
        raise ValueError("the history is empty")

    trainer.work = breaks
    broken = runs.train(ask(clock).pk, clock=clock)
    live.refresh_from_db()
    assert (live.status, broken.status) == ("champion", "failed")
    assert broken.notes == ["ValueError: the history is empty"]


def test_a_replay_of_an_older_day_publishes_but_never_becomes_live(clock, trainer):
    live = runs.train(ask(clock).pk, clock=clock)
    older = runs.train(ask(clock, data_cut=NOW - timedelta(weeks=9)).pk, clock=clock)
    live.refresh_from_db()
    assert (live.status, older.status) == ("champion", "challenger")
    assert older.pk in trainer.published


def test_a_message_delivered_twice_trains_once(clock, trainer):
    run = ask(clock)
    runs.train(run.pk, clock=clock)
    runs.train(run.pk, clock=clock)
    assert trainer.published == [run.pk]


def test_a_run_whose_worker_died_is_handed_out_again_after_its_lease(clock, trainer):
    run = ask(clock)
    TrainingRun.objects.filter(pk=run.pk).update(
        status="training", attempts=1, lease_until=NOW + leasing.LEASE
    )
    assert runs.sweep(NOW + timedelta(seconds=30)) == []
    clock.pass_(minutes=5)
    assert runs.sweep(clock()) == [run.pk]
    assert runs.train(run.pk, clock=clock).status == "champion"


def test_a_run_that_killed_three_workers_is_given_up(clock, trainer):
    run = ask(clock)
    TrainingRun.objects.filter(pk=run.pk).update(
        status="training", attempts=3, lease_until=NOW - timedelta(minutes=1)
    )
    assert runs.sweep(NOW) == []
    run.refresh_from_db()
    assert run.status == "failed"
    assert "died three times" in run.notes[-1]


def test_a_worker_whose_run_was_taken_away_stops_and_publishes_nothing(clock, trainer):
    def slow(run, beat):
        clock.pass_(minutes=10)
        runs.sweep(clock())  # the lease ran out; somebody else may have it now
        beat(0.9, "almost")

    trainer.work = slow
    run = runs.train(ask(clock).pk, clock=clock)
    assert run.status == "queued"
    assert trainer.published == []


def test_progress_is_written_at_most_once_a_second(clock, trainer, django_assert_max_num_queries):
    def eager(run, beat):
        with django_assert_max_num_queries(2):
            for step in range(500):
                beat(step / 1000, "counting")
        clock.pass_(seconds=2)
        beat(0.6, "counted")

    trainer.work = eager
    run = runs.train(ask(clock).pk, clock=clock)
    assert run.step == "counted"


def test_going_back_puts_the_earlier_model_live_again(clock, trainer):
    first = runs.train(ask(clock).pk, clock=clock)
    clock.pass_(days=7)
    second = runs.train(ask(clock).pk, clock=clock)
    runs.roll_back("forecast", by="staff:alice", now=clock(), why="too high at Easter")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("champion", "retired")


def test_there_is_nothing_to_go_back_to_at_first(clock, trainer):
    runs.train(ask(clock).pk, clock=clock)
    with pytest.raises(runs.CannotRollBack):
        runs.roll_back("forecast", by="staff:alice", now=clock(), why="")


def test_a_cancelled_run_stops_at_its_next_heartbeat(clock, trainer):
    def cancelled(run, beat):
        runs.cancel(TrainingRun.objects.get(pk=run.pk), by="staff:alice", now=clock())
        clock.pass_(seconds=5)
        beat(0.5, "…")

    trainer.work = cancelled
    assert runs.train(ask(clock).pk, clock=clock).status == "cancelled"
    assert trainer.published == []


def taken_over(run):
    """The lease ran out, the sweep gave the run back and another worker claimed it."""
    TrainingRun.objects.filter(pk=run.pk).update(status="training", attempts=run.attempts + 1)


@pytest.mark.parametrize("end", ["finishes", "breaks"])
def test_a_worker_that_wakes_up_too_late_leaves_the_run_to_the_one_that_has_it(clock, trainer, end):
    def slow(run, beat):
        taken_over(run)
        if end == "breaks":
            raise ValueError("somebody removed my rows")

    trainer.work = slow
    run = runs.train(ask(clock).pk, clock=clock)
    assert (run.status, run.attempts) == ("training", 2)
    assert trainer.published == []


def test_a_run_done_here_is_never_seen_waiting_by_a_worker(clock, trainer):
    run = runs.train_here("forecast", data_cut=clock(), by="command", clock=clock)
    assert (run.status, run.attempts) == ("champion", 1)
    assert runs.sweep(NOW + timedelta(days=1)) == []


@pytest.mark.django_db(transaction=True)
def test_the_lease_of_a_trainer_that_says_nothing_is_kept(clock, trainer, monkeypatch):
    monkeypatch.setattr(leasing, "PULSE", timedelta(milliseconds=5))

    def silent(run, beat):
        clock.pass_(minutes=1)
        kept = NOW + timedelta(minutes=1) + leasing.LEASE
        until = time.monotonic() + 20
        while TrainingRun.objects.get(pk=run.pk).lease_until != kept:
            assert time.monotonic() < until, "no heartbeat came"

    trainer.work = silent
    assert runs.train(ask(clock).pk, clock=clock).status == "champion"


def test_a_trainer_that_is_silent_for_too_long_loses_its_lease(clock, trainer, monkeypatch):
    monkeypatch.setattr(leasing, "PULSE", timedelta(0))
    run = ask(clock)
    heart = runs._Heart(run, clock)
    clock.pass_(minutes=31)
    thread = threading.Thread(target=heart.lease.keep_alive, args=(threading.Event(),), daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()  # it gave up by itself
    run.refresh_from_db()
    assert run.lease_until == NOW + runs.QUEUE_LEASE


def test_going_back_twice_goes_further_back(clock, trainer):
    first = runs.train(ask(clock).pk, clock=clock)
    for _ in range(2):
        clock.pass_(days=7)
        runs.train(ask(clock).pk, clock=clock)
    for _ in range(2):
        live = runs.roll_back("forecast", by="staff:alice", now=clock(), why="too high")
    assert live.pk == first.pk
