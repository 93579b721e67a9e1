"""A state change is checked, compared and set, and written down, at once."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from forecasting.lifecycle import TRAINING_RUN
from forecasting.models import TrainingRun
from journal.models import Transition
from journal.moving import IllegalStep, Stale, lifecycle, move, move_many, record, timeline

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def a_run(**fields):
    return TrainingRun.objects.create(
        kind="forecast",
        data_cut=NOW,
        requested_by="staff:alice",
        requested_at=NOW,
        lease_until=NOW,
        **fields,
    )


def test_a_legal_step_changes_the_row_and_writes_who_and_why():
    run = a_run()
    move(TRAINING_RUN, run, "cancelled", by="staff:alice", at=NOW, why="not needed", progress=0.5)
    run.refresh_from_db()
    assert (run.status, run.progress) == ("cancelled", 0.5)
    [row] = timeline(TRAINING_RUN, run.pk)
    assert (row.from_status, row.to_status, row.by, row.why, row.at) == (
        "queued",
        "cancelled",
        "staff:alice",
        "not needed",
        NOW,
    )


def test_an_illegal_step_raises_and_writes_nothing():
    run = a_run()
    with pytest.raises(IllegalStep, match="cannot go from queued to champion"):
        move(TRAINING_RUN, run, "champion", by="staff:alice", at=NOW)
    run.refresh_from_db()
    assert run.status == "queued"
    assert not Transition.objects.exists()


def test_the_second_of_two_people_who_saw_the_same_state_is_refused():
    alices = a_run()
    bobs = TrainingRun.objects.get(pk=alices.pk)
    move(TRAINING_RUN, alices, "training", by="staff:alice", at=NOW)
    with pytest.raises(Stale, match="no longer queued"):
        move(TRAINING_RUN, bobs, "cancelled", by="staff:bob", at=NOW)
    assert [row.to_status for row in Transition.objects.all()] == ["training"]


def test_a_row_rolled_back_leaves_no_transition():
    run = a_run()
    with transaction.atomic():
        move(TRAINING_RUN, run, "training", by="system", at=NOW)
        transaction.set_rollback(True)
    assert not Transition.objects.exists()


def test_many_rows_move_and_those_in_another_state_stay():
    queued = [a_run() for _ in range(3)]
    done = a_run(status="failed")
    moved = move_many(
        TRAINING_RUN, TrainingRun.objects.all(), "queued", "cancelled", by="system", at=NOW
    )
    assert set(moved) == {run.pk for run in queued}
    done.refresh_from_db()
    assert done.status == "failed"


def test_moving_many_takes_a_constant_number_of_queries(django_assert_num_queries):
    for _ in range(20):
        a_run()
    with django_assert_num_queries(5):  # savepoint, ids, update, transitions, release
        move_many(TRAINING_RUN, TrainingRun.objects.all(), "queued", "failed", by="x", at=NOW)


def test_a_new_row_is_recorded_as_coming_from_nothing():
    run = a_run()
    record(TRAINING_RUN, [(run.pk, "")], "queued", by="staff:alice", at=NOW)
    [row] = Transition.objects.all()
    assert str(row) == f"training_run {run.pk}: ∅ → queued"


def test_a_lifecycle_reads_as_a_table():
    door = lifecycle("door", {"open": "closed", "closed": "open locked", "locked": ""})
    assert door.allows("closed", "locked")
    assert not door.allows("locked", "open")
    assert not door.allows("ajar", "open")
