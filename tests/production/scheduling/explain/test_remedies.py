"""What would help, tried for real, on shops small enough to plan by hand."""

import pytest
from hypothesis import given, settings

from production.scheduling import (
    NotPlannedError,
    RemedyKind,
    Trials,
    bottlenecks,
    dispatch,
    schedule,
    what_helps,
)
from production.scheduling.explain.capacity import opened, overtime, second, used_minutes
from tests.production.scheduling.shops import job, machine, problem, shops
from tests.production.scheduling.test_properties import many

DAYS = tuple((day * 1440, day * 1440 + 480) for day in range(10))


def tried(found):
    return {(one.remedy.kind, one.remedy.machine_ids, one.remedy.job_id): one for one in found}


@pytest.fixture
def two_orders():
    """One saw, 8 hours a day; Alice's ten hours, then Bob's six: 600 + 360 = 2 × 480 minutes, so
    both are done when the second day ends, at 1440 + 480."""
    return problem(
        [machine("saw", DAYS)],
        job("alice", ({"saw": 600}, {}), due=1440 + 120),
        job("bob", ({"saw": 360}, {}), due=1440 + 300, weight=2),
    )


def test_remedies_of_a_late_order_are_tried_and_the_best_comes_first(two_orders):
    """Bob ends at 1440 + 480, 180 minutes late. Two hours more on day one: 120 minutes earlier.
    A shift of eight hours more on day one: all is done on it, at 960. A second saw: at 360. In
    front of Alice: at 360, and Alice then ends at 1440 + 480, 360 minutes later than she should.
    """
    plan = dispatch(two_orders, "edd")
    assert plan.finish == {"alice": 1560, "bob": 1920}
    found = what_helps(two_orders, plan, "bob", trials=Trials(days=1))
    assert (found.lateness, found.late_orders, found.complete) == (180, 1, True)
    best = tried(found.effects)
    longer = best[RemedyKind.OVERTIME, ("saw",), ""]
    assert (longer.lateness, longer.objective, longer.late_orders) == (-120, -240, 0)
    assert (longer.remedy.open_minutes, longer.used_minutes) == (120, 120)
    shift = best[RemedyKind.SHIFT, ("saw",), ""]
    assert (shift.lateness, shift.objective, shift.late_orders) == (-180, -360, -1)
    assert (shift.remedy.open_minutes, shift.used_minutes) == (480, 480)
    another = best[RemedyKind.MACHINE, ("saw",), ""]
    assert (another.lateness, another.late_orders) == (-180, -1)
    # two days' hours until the end of the plan
    assert another.remedy.open_minutes == 960
    front = best[RemedyKind.FIRST, (), "bob"]
    assert (front.lateness, front.late_orders) == (-180, 0)
    assert (front.objective, front.later) == (-360 + 360, (("alice", 360),))
    # the order's lateness first, then the cost of the plan, then the hours that it takes
    assert [one.remedy.kind for one in found.effects] == [
        RemedyKind.SHIFT,
        RemedyKind.MACHINE,
        RemedyKind.FIRST,
        RemedyKind.OVERTIME,
    ]


def test_the_whole_plan_is_asked_by_what_it_costs(two_orders):
    plan = dispatch(two_orders, "edd")
    found = what_helps(two_orders, plan, trials=Trials(days=1))
    assert found.lateness is None
    assert [(one.remedy.kind, one.lateness, one.objective) for one in found.effects] == [
        (RemedyKind.SHIFT, None, -360),
        (RemedyKind.MACHINE, None, -360),
        (RemedyKind.OVERTIME, None, -240),
        (RemedyKind.FIRST, None, 0),
    ]


def test_the_whole_plan_is_what_customers_have_ordered():
    """Foreseen work that is late asks for nothing; beside a late order it is not counted."""
    foreseen = job("foreseen", ({"saw": 360}, {}), due=100, firm=False)
    shop = problem([machine("saw", DAYS)], job("alice", ({"saw": 60}, {}), due=60), foreseen)
    found = what_helps(shop, dispatch(shop, "edd"))
    assert (found.before.late_jobs, found.late_orders, found.effects) == (1, 0, ())
    alice = job("alice", ({"saw": 60}, {}), due=50)
    shop = problem([machine("saw", DAYS)], alice, foreseen)
    found = what_helps(shop, dispatch(shop, "edd"))
    assert (found.before.late_jobs, found.late_orders) == (2, 1)
    assert [one.remedy.job_id for one in found.effects] == ["alice"]


def test_only_groups_where_late_orders_waited_are_tried():
    shop = problem(
        [machine("saw", DAYS), machine("desk", DAYS)],
        job("alice", ({"saw": 400}, {}), ({"desk": 10}, {}), due=0),
        job("bob", ({"saw": 80}, {}), due=500),
    )
    found = what_helps(shop, dispatch(shop, "edd"), "alice")
    # nobody was in her way: nothing but moving her in front is left to try
    assert [one.remedy.kind for one in found.effects] == [RemedyKind.FIRST]
    assert found.effects[0].lateness == 0


def test_the_one_machine_of_a_group_where_the_order_waits_is_tried_alone():
    shop = problem(
        [machine("saw1", DAYS, group="saw"), machine("saw2", DAYS, group="saw")],
        job("alice", ({"saw1": 480}, {}), due=0),
        job("bob", ({"saw1": 60}, {}), due=1),
    )
    found = what_helps(shop, dispatch(shop, "edd"), "bob", trials=Trials(days=1))
    # bob waits out the night for the last time: 1440 + 60 → 540
    alone = tried(found.effects)[RemedyKind.OVERTIME, ("saw1",), ""]
    both = tried(found.effects)[RemedyKind.OVERTIME, ("saw1", "saw2"), ""]
    assert alone.lateness == both.lateness == 540 - 1500
    assert (alone.remedy.open_minutes, both.remedy.open_minutes) == (120, 240)
    assert found.effects.index(alone) < found.effects.index(both)


def test_an_order_in_time_needs_no_remedy_and_one_without_a_place_is_refused(two_orders):
    plan = dispatch(two_orders, "edd")
    assert what_helps(two_orders, plan, "alice").effects == ()
    with pytest.raises(NotPlannedError):
        what_helps(two_orders, plan, "carol")


def test_hours_that_nobody_needs_change_nothing():
    """Alice waits for the closed saw, and with another one no less."""
    shop = problem(
        [machine("saw", ((1_440, 2_000), (2_880, 4_000)))], job("alice", ({"saw": 60}, {}), due=0)
    )
    found = what_helps(shop, dispatch(shop, "edd"), "alice", trials=Trials(days=1))
    effects = tried(found.effects)
    another = effects[RemedyKind.MACHINE, ("saw",), ""]
    assert (another.lateness, another.objective, another.used_minutes) == (0, 0, 0)


def test_a_deadline_ends_the_trials_and_progress_is_told(two_orders):
    plan = dispatch(two_orders, "edd")
    told: list[tuple[int, int]] = []
    found = what_helps(
        two_orders,
        plan,
        "bob",
        deadline=lambda: len(told) == 2,
        progress=lambda done, of: told.append((done, of)),
    )
    assert (len(found.effects), found.complete, told) == (2, False, [(1, 4), (2, 4)])


def test_breaks_stay_breaks_and_the_past_stays_as_it_was():
    shift = ((-600, -100), (0, 200), (230, 480), (1440, 1900), (2880, 3000))
    saw = machine(windows=shift)
    assert overtime(saw, 60, 5).spans == ((480, 540), (1900, 1960))
    assert overtime(saw, 60, 5).machine.windows == tuple(sorted((*shift, (480, 540), (1900, 1960))))
    assert overtime(machine(), 60, 5).spans == ()


def test_closed_days_are_opened_when_the_day_before_would_have_ended():
    """Friday ends at 480; Saturday and Sunday at 1,920 and 3,360; Monday opens at 4,320."""
    friday_and_monday = ((0, 200), (230, 480), (4_320, 4_800))
    assert opened(machine(windows=friday_and_monday), 300, 5).spans == (
        (1_620, 1_920),
        (3_060, 3_360),
    )
    assert opened(machine(windows=friday_and_monday), 300, 1).spans == ((1_620, 1_920),)
    # two days in a row have no closed one between them
    assert opened(machine(windows=DAYS), 300, 5).spans == ()


def test_an_order_that_waits_for_monday_is_done_on_saturday():
    shop = problem(
        [machine("saw", ((0, 480), (4_320, 4_800)))],
        job("alice", ({"saw": 400}, {}), due=400),
        job("bob", ({"saw": 200}, {}), due=480),
    )
    plan = dispatch(shop, "edd")
    assert plan.finish["bob"] == 4_320 + 120
    found = what_helps(shop, plan, "bob", trials=Trials(overtime=60, shift=480))
    saturday = tried(found.effects)[RemedyKind.DAYS, ("saw",), ""]
    # 80 minutes on Friday, 120 from 1,440 on
    assert (saturday.lateness, saturday.used_minutes) == (1_560 - 4_440, 120)


def test_a_second_machine_costs_its_hours_until_the_end_of_the_plan():
    saw = machine("saw", DAYS, available_from=30)
    shop = problem([saw, machine("saw+")], job("alice", ({"saw": 10}, {})))
    added = second(shop, saw, 1500)
    assert added.machine.id == "saw++"
    assert added.minutes == 450 + 60
    assert used_minutes(dispatch(shop, "edd"), added) == 0


def test_trials_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        Trials(days=0)
    with pytest.raises(ValueError, match="not negative"):
        Trials(groups=-1)


@settings(many, max_examples=40)
@given(shop=shops())
def test_the_same_question_has_the_same_answer_and_names_only_scarce_groups(shop):
    plan = schedule(shop, seed=1)
    found = what_helps(shop, plan, trials=Trials(overtime=20, shift=40, days=2))
    assert found == what_helps(shop, plan, trials=Trials(overtime=20, shift=40, days=2))
    named = {row.group for row in bottlenecks(shop, plan)}
    assert {one.remedy.group for one in found.effects} <= named | {""}
    late = [one.id for one in shop.jobs if one.firm and plan.finish.get(one.id, 0) > one.due]
    assert late or not found.effects
    # nobody has to use more hours or another machine
    added = [one for one in found.effects if one.remedy.kind != RemedyKind.FIRST]
    assert all((one.set_aside, one.objective) <= (0, 0) for one in added)
