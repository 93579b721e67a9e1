"""Replaced plans forget their hours; what they decided on is kept."""

from datetime import timedelta

import pytest

from journal.moving import move
from production import gap, netting, planning, pruning
from production.lifecycle import PLAN
from production.models import Plan, PlanEntry, PlanRefusal
from tests.production.workshop import NEXT_MONDAY, NOW, center, forecast, line, product

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def replaced():
    """A plan of two lamps and a gate that nobody can make, replaced two hours later, and again."""
    saw = center()
    lamp = product("lamp", (saw, {}))
    line(lamp)
    line(lamp, who="Bob", due=NEXT_MONDAY)
    line(product("gate", (saw, {"capability": "steel"})))
    forecast({(lamp, NEXT_MONDAY): 3.0})
    netting.run(NOW)
    planning.run(NOW)
    planning.run(NOW + 2 * HOUR)
    planning.run(NOW + 2.5 * HOUR)
    return Plan.objects.earliest("pk")


def rows(plan):
    return plan.entries.count(), plan.refusals.count()


def test_a_replaced_plan_keeps_its_hours_for_one_hour(replaced):
    before = rows(replaced)
    assert before == (3, 1)
    assert pruning.prune(NOW + 3 * HOUR - timedelta(seconds=1)) == 0
    assert rows(replaced) == before
    assert pruning.prune(NOW + 3 * HOUR) == 4
    assert rows(replaced) == (0, 0)


def test_the_published_plan_and_the_one_before_it_can_be_compared_however_old(replaced):
    standing = Plan.objects.exclude(pk=replaced.pk)
    before = [rows(plan) for plan in standing]
    pruning.prune(NOW + timedelta(days=400))
    assert [rows(plan) for plan in standing] == before == [(3, 1), (3, 1)]


def test_who_was_late_is_kept_for_a_month(replaced):
    month = NOW + timedelta(days=30)
    pruning.prune(month - timedelta(seconds=1))
    assert all(plan.report for plan in Plan.objects.all())
    pruning.prune(month)
    assert [bool(plan.report) for plan in Plan.objects.order_by("pk")] == [False, True, True]


def test_the_draft_of_a_planner_that_was_killed_goes_once_it_is_rejected(replaced):
    Plan.objects.filter(pk=replaced.pk).update(status="draft")
    replaced.refresh_from_db()
    move(PLAN, replaced, "rejected", by="system", at=NOW + 4 * HOUR)
    pruning.prune(NOW + 5 * HOUR)
    assert rows(replaced) == (0, 0)
    assert Plan.objects.get(pk=replaced.pk).status == "rejected"


def test_the_gap_still_compares_with_a_plan_whose_hours_are_gone(replaced):
    week_before = NOW - timedelta(days=7)
    Plan.objects.filter(pk=replaced.pk).update(
        as_of=week_before, snapshot={"lamp": {NOW.date().isoformat(): 5}}
    )
    measured_before = gap.measure(NOW + timedelta(days=7)).shop
    pruning.prune(NOW + timedelta(days=7))
    assert gap.measure(NOW + timedelta(days=7)).shop == measured_before
    # Three pieces were ordered in the week: one lamp, one lamp, one gate; five lamps were planned.
    assert measured_before[NOW.date()]["volume"] == pytest.approx((3 + 1) / 3)


def test_many_rows_go_in_short_steps(replaced, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(pruning, "ROWS", 2)
    # old reports, which plans (2), entries 2 + 1 and the look that finds no more, refusals 1 and
    # the last look
    with django_assert_num_queries(1 + 2 + 2 + 2 + 1 + 2 + 1):
        assert pruning.prune(NOW + 3 * HOUR) == 4
    assert PlanEntry.objects.count() == 6
    assert PlanRefusal.objects.count() == 2


def test_nothing_to_forget_costs_two_questions(replaced, django_assert_num_queries):
    pruning.prune(NOW + 3 * HOUR)
    with django_assert_num_queries(2):
        assert pruning.prune(NOW + 4 * HOUR) == 0
