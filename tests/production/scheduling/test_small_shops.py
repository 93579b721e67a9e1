"""Tiny shops worked out by hand: one feature each."""

from dataclasses import replace
from typing import Any

import pytest

from production.scheduling import (
    Binding,
    CyclicJobsError,
    DuplicateIdError,
    Fault,
    Job,
    LagError,
    NotPlannedError,
    Pin,
    PlannedOperation,
    Problem,
    Reason,
    SetupMatrix,
    Timetable,
    UnknownReferenceError,
    UnknownRuleError,
    WindowError,
    check,
    dispatch,
    inserted,
    schedule,
    why_late,
)

from .shops import job, machine, problem, times

DAYS = ((0, 100), (200, 300), (400, 500))


def planned(shop: Problem, rule: str = "edd") -> dict[str, tuple[int, int, int]]:
    plan = dispatch(shop, rule)
    assert check(shop, plan) == []
    return times(plan)


def test_the_earlier_due_date_goes_first():
    alice = job("alice", ({"saw": 10}, {}), due=50)
    bob = job("bob", ({"saw": 20}, {}), due=30)
    assert planned(problem([machine()], alice, bob)) == {"bob1": (0, 0, 20), "alice1": (20, 20, 30)}


def test_first_come_is_first_served_under_fifo():
    alice = job("alice", ({"saw": 10}, {}), due=50)
    bob = job("bob", ({"saw": 20}, {}), due=30, release=5)
    found = planned(problem([machine()], alice, bob), "fifo")
    assert found == {"alice1": (0, 0, 10), "bob1": (10, 10, 30)}


def test_work_pauses_while_the_machine_is_closed():
    assert planned(problem([machine(windows=DAYS)], job("alice", ({"saw": 130}, {})))) == {
        "alice1": (0, 0, 230)
    }


def test_work_that_cannot_be_split_waits_for_a_window_that_holds_it():
    long = job("long", ({"saw": 80}, {"splittable": False}), due=10)
    first = job("first", ({"saw": 50}, {}), due=5)
    assert planned(problem([machine(windows=DAYS)], long, first))["long1"] == (200, 200, 280)


def test_a_change_over_comes_between_two_colours_and_is_counted():
    red, blue = {"setup_family": "red"}, {"setup_family": "blue"}
    shop = problem(
        [machine("paint", setup_family="red")],
        job("alice", ({"paint": 10}, red), due=10),
        job("bob", ({"paint": 10}, blue), due=20),
        setups=[SetupMatrix("paint", {("red", "blue"): 15})],
    )
    plan = dispatch(shop, "edd")
    assert times(plan) == {"alice1": (0, 0, 10), "bob1": (10, 25, 35)}
    assert (plan.totals.setup_minutes, plan.totals.weighted_tardiness) == (15, 15)
    assert plan.totals.objective == 30


def test_atcs_groups_colours_where_due_dates_would_alternate_them():
    red, blue = {"setup_family": "red"}, {"setup_family": "blue"}
    colours = [red, blue, red, blue]
    orders = [job(f"j{i}", ({"paint": 10}, c), due=500 + i) for i, c in enumerate(colours)]
    setups = [SetupMatrix("paint", default=30)]
    shop = problem([machine("paint", setup_family="red")], *orders, setups=setups)
    assert dispatch(shop, "edd").totals.setup_minutes == 90
    assert dispatch(shop, "atcs").totals.setup_minutes == 30
    assert schedule(shop).totals.objective == 30


def test_atcs_weighs_worth_urgency_and_change_over_as_its_formula_says():
    """p̄ = (10 + 20 + 15) / 3 = 15, s̄ = 30, at minute 0, red machine; k1 = 2, k2 = 0.4:

    alice log(1/10) - max(40 - 10, 0)/30 - 0       = -3.303
    bob   log(4/20) - max(50 - 20, 0)/30 - 30/12   = -5.109
    carol log(1/15) - max(15 - 15, 0)/30 - 0       = -2.708
    Carol goes first, then alice, then bob, who without the change-over would go before both.
    """
    red, blue = {"setup_family": "red"}, {"setup_family": "blue"}
    shop = problem(
        [machine("paint", setup_family="red")],
        job("alice", ({"paint": 10}, red), due=40),
        job("bob", ({"paint": 20}, blue), due=50, weight=4),
        job("carol", ({"paint": 15}, red), due=15),
        setups=[SetupMatrix("paint", default=30)],
    )
    plan = schedule(shop, only="atcs(2,0.4)")
    assert times(plan) == {"carol1": (0, 0, 15), "alice1": (15, 15, 25), "bob1": (25, 55, 75)}
    assert plan.totals.objective == 4 * 25 + 30


def test_the_machine_that_finishes_first_takes_the_work_change_over_included():
    shop = problem(
        [
            machine("near", group="mill", setup_family="steel"),
            machine("far", group="mill", setup_family="brass"),
        ],
        job("alice", ({"near": 20, "far": 30}, {"setup_family": "brass"})),
        setups=[SetupMatrix("mill", default=15)],
    )
    assert planned(shop) == {"alice1": (0, 0, 30)}
    assert dispatch(shop, "edd").operations[0].machine_id == "far"


def test_paint_cures_on_the_wall_clock_while_the_shop_is_closed():
    shop = problem(
        [machine("paint", DAYS), machine("pack", DAYS)],
        job("alice", ({"paint": 90}, {"min_lag_after": 100}), ({"pack": 5}, {})),
    )
    assert planned(shop)["alice2"] == (200, 200, 205)


def test_the_earlier_step_is_delayed_where_the_later_must_follow_soon():
    shop = problem(
        [machine("glue"), machine("press", available_from=100)],
        job("alice", ({"glue": 10}, {"max_lag_after": 20}), ({"press": 5}, {})),
    )
    plan = dispatch(shop, "edd")
    assert times(plan) == {"alice1": (70, 70, 80), "alice2": (100, 100, 105)}
    assert plan.by_operation["alice1"].binding == Binding.LAG


def test_a_pinned_operation_stays_and_others_go_around_it():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 30}, {"pinned": Pin("saw", 50)}), due=9),
        job("bob", ({"saw": 60}, {}), due=10),
        job("carol", ({"saw": 40}, {}), due=20),
    )
    assert planned(shop) == {"carol1": (0, 0, 40), "alice1": (50, 50, 80), "bob1": (80, 80, 140)}


def test_work_that_ended_before_now_has_no_makespan_and_no_machine_time():
    past = {"pinned": Pin("saw", -30, -2)}
    shop = problem([machine()], job("alice", ({"saw": 28}, past)))
    assert planned(shop) == {"alice1": (-30, -30, -2)}
    assert dispatch(shop, "edd").totals.makespan == 0


def test_a_started_operation_continues_without_another_set_up():
    started = {"pinned": Pin("saw", -20), "setup_family": "oak"}
    shop = problem(
        [machine(windows=((-100, 1_000),), setup_family="pine")],
        job("alice", ({"saw": 30}, started)),
        setups=[SetupMatrix("saw", default=99)],
    )
    assert planned(shop) == {"alice1": (-20, -20, 10)}


def test_a_forecast_job_takes_only_what_firm_jobs_leave():
    shop = problem(
        [machine()],
        job("blank", ({"saw": 30}, {}), due=1, firm=False),
        job("alice", ({"saw": 10}, {}), due=900, release=20),
    )
    assert planned(shop) == {"alice1": (20, 20, 30), "blank1": (30, 30, 60)}


def test_a_work_order_waits_for_the_orders_below_it():
    shop = problem(
        [machine("saw"), machine("desk")],
        job("lamp", ({"desk": 10}, {}), due=5, predecessors=("foot",)),
        job("foot", ({"saw": 40}, {"min_lag_after": 5}), due=90, firm=False),
    )
    assert planned(shop) == {"foot1": (0, 0, 40), "lamp1": (45, 45, 55)}


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([({}, {})], Reason.NO_MACHINE),
        ([({"saw": 301}, {})], Reason.NO_WINDOW),
        ([({"saw": 101}, {"splittable": False})], Reason.NO_WINDOW),
        ([({"saw": 1}, {"min_lag_after": 99_500}), ({"saw": 1}, {})], Reason.NO_WINDOW),
        ([({"saw": 10}, {"max_lag_after": 5}), ({"night": 9}, {})], Reason.MAX_LAG),
        ([({"saw": 9}, {}), ({"saw": 9}, {"pinned": Pin("saw", 20)})], Reason.PIN_ORDER),
    ],
)
def test_an_impossible_job_is_set_aside_and_the_rest_is_planned(steps, reason):
    shop = problem(
        [machine(windows=DAYS), machine("night", ((120, 180),))],
        job("alice", ({"saw": 10}, {})),
        job("bob", *steps),
        job("carol", ({"saw": 10}, {}), predecessors=("bob",)),
    )
    reasons = {one.job_id: one.reason for one in shop.validate()}
    assert reasons == {"bob": reason, "carol": Reason.PREDECESSOR}
    plan = dispatch(shop, "edd")
    assert plan.by_operation["alice1"].start == 0
    assert check(shop, plan) == []


def test_two_frozen_operations_at_one_time_are_not_both_kept():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 30}, {"pinned": Pin("saw", 10)})),
        job("bob", ({"saw": 30}, {"pinned": Pin("saw", 20)})),
    )
    assert [(one.job_id, one.reason) for one in shop.validate()] == [("bob", Reason.PIN_CONFLICT)]
    assert planned(shop) == {"alice1": (10, 10, 40)}


def test_a_job_crowded_out_of_the_horizon_is_set_aside_whole():
    shop = problem(
        [machine(windows=((0, 100),)), machine("desk")],
        job("alice", ({"saw": 70}, {}), due=10),
        job("bob", ({"desk": 5}, {}), ({"saw": 70}, {}), due=20),
    )
    plan = dispatch(shop, "edd")
    assert [(one.job_id, one.reason) for one in plan.set_aside] == [("bob", Reason.NO_WINDOW)]
    assert times(plan) == {"alice1": (0, 0, 70)}
    assert check(shop, plan) == []


def test_contradictory_data_raise_a_named_error():
    alice = job("alice", ({"saw": 10}, {}))
    with pytest.raises(DuplicateIdError):
        problem([machine()], alice, alice)
    with pytest.raises(UnknownReferenceError):
        problem([machine("mill")], alice)
    with pytest.raises(CyclicJobsError):
        problem([machine()], replace(alice, predecessors=("alice",)))
    with pytest.raises(WindowError):
        machine(windows=((0, 10), (5, 20)))
    with pytest.raises(LagError):
        job("bob", ({"saw": 1}, {"min_lag_after": 5, "max_lag_after": 4}))
    with pytest.raises(UnknownRuleError):
        dispatch(problem([machine()], alice), "gut feeling")


def test_the_deadline_stops_after_the_plan_at_hand():
    asked: list[int] = []

    def passed() -> bool:
        asked.append(1)
        return True

    shop = problem([machine()], job("alice", ({"saw": 10}, {})))
    plan = schedule(shop, deadline=passed)
    assert (plan.finish, check(shop, plan)) == ({"alice": 10}, [])
    # behind the first of all rules, and in front of the first window of the search
    assert len(asked) == 2


def test_the_rule_that_won_may_plan_alone():
    """Bob is urgent and came second: first come, first served alone would make him wait, and the
    search behind it lets him go first."""
    shop = problem(
        [machine()],
        job("alice", ({"saw": 30}, {}), due=1_000),
        job("bob", ({"saw": 30}, {}), due=30, release=0),
    )
    best = schedule(shop)
    assert schedule(shop, only=best.rule) == best
    assert schedule(shop, only="fifo").rule == "fifo"
    assert dispatch(shop, "fifo").totals.objective == 30
    assert schedule(shop, only="fifo").totals.objective == 0
    assert best.totals.objective == 0
    with pytest.raises(UnknownRuleError):
        schedule(shop, only="gut feeling")


# Promises


def test_a_promise_uses_the_gap_that_is_long_enough():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 30}, {"pinned": Pin("saw", 20)})),
        job("bob", ({"saw": 30}, {"pinned": Pin("saw", 90)})),
    )
    timetable = Timetable(shop, dispatch(shop, "edd"))
    for minutes, finish in [(20, 20), (40, 90), (41, 161)]:
        answer = timetable.earliest_finish(job("new", ({"saw": minutes}, {})))
        assert answer is not None
        assert answer.finish == finish


def test_a_promise_leaves_time_for_the_change_over_behind_it():
    frozen = {"pinned": Pin("saw", 50), "setup_family": "oak"}
    shop = problem(
        [machine(setup_family="oak")],
        job("alice", ({"saw": 30}, frozen)),
        setups=[SetupMatrix("saw", default=10)],
    )
    plan = dispatch(shop, "edd")
    new = job("new", ({"saw": 30}, {"setup_family": "pine"}))
    answer = Timetable(shop, plan).earliest_finish(new)
    assert answer is not None
    assert (answer.operations[0].start, answer.finish) == (10, 40)
    assert [(a.operation_id, a.setup_start) for a in answer.adjusted] == [("alice1", 40)]
    wider = replace(shop, jobs=(*shop.jobs, new))
    assert check(wider, inserted(wider, plan, answer)) == []


# Why late


def test_a_late_job_names_the_job_it_waited_for():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 50}, {}), due=10, release=5),
        job("bob", ({"saw": 50}, {}), due=20, release=5),
    )
    late = why_late(shop, dispatch(shop, "edd"), "bob")
    assert late.minutes == 85
    assert [(c.operation_id, c.binding, c.waited_for) for c in late.causes] == [
        ("bob1", Binding.MACHINE, "alice1"),
        ("alice1", Binding.MATERIAL, ""),
    ]
    with pytest.raises(NotPlannedError):
        why_late(shop, dispatch(shop, "edd"), "nobody")


# Tampered plans

SHOP = problem(
    [machine("saw", DAYS, group="g", setup_family="red"), machine("desk", group="d")],
    job(
        "alice",
        ({"saw": 10}, {"setup_family": "blue", "min_lag_after": 10, "max_lag_after": 30}),
        ({"desk": 10}, {}),
        release=5,
    ),
    job("bob", ({"saw": 10}, {"setup_family": "blue", "splittable": False}), due=60),
    job("carol", ({"desk": 10}, {"pinned": Pin("desk", 200)})),
    job("dave", ({"desk": 10}, {}), predecessors=("alice",)),
    setups=[SetupMatrix("g", default=5)],
)


def moved(operation_id: str, minutes: int) -> tuple[str, Any]:
    def tamper(one: PlannedOperation) -> PlannedOperation:
        shift: Any = {
            name: getattr(one, name) + minutes for name in ("setup_start", "start", "end")
        }
        return replace(one, **shift)

    return operation_id, tamper


def changed(name: str, /, **values: Any) -> tuple[str, Any]:
    return name, lambda one: replace(one, **values)


@pytest.mark.parametrize(
    ("fault", "tampering"),
    [
        (Fault.UNKNOWN, changed("bob1", operation_id="eve1")),
        (Fault.MACHINE, changed("bob1", machine_id="desk")),
        (Fault.TOO_EARLY, moved("dave1", -500)),
        (Fault.CLOSED, moved("bob1", 100)),
        (Fault.DURATION, changed("alice2", end=200)),
        (Fault.SPLIT, changed("bob1", setup_start=95, start=95, end=205)),
        (Fault.OVERLAP, moved("bob1", 5)),
        (Fault.SETUP, changed("bob1", setup_minutes=0, setup_start=5)),
        (Fault.PRECEDENCE, moved("dave1", -30)),
        (Fault.PRECEDENCE, moved("alice2", -20)),
        (Fault.MIN_LAG, moved("alice2", -5)),
        (Fault.MAX_LAG, moved("alice2", 500)),
        (Fault.RELEASE, moved("alice1", -14)),
        (Fault.PINNED, moved("carol1", 1)),
        (Fault.OBJECTIVE, moved("dave1", 2_000)),
        (Fault.MISSING, ("bob1", lambda one: None)),
    ],
)
def test_the_checker_catches(fault, tampering):
    plan = dispatch(SHOP, "fifo")
    assert check(SHOP, plan) == []
    name, tamper = tampering
    operations = [tamper(one) if one.operation_id == name else one for one in plan.operations]
    bad = replace(plan, operations=tuple(one for one in operations if one))
    assert fault in {violation.fault for violation in check(SHOP, bad)}


def test_the_checker_catches_an_operation_planned_twice_and_a_job_left_out_silently():
    plan = dispatch(SHOP, "fifo")
    twice = replace(plan, operations=(*plan.operations, plan.operations[0]))
    assert Fault.TWICE in {violation.fault for violation in check(SHOP, twice)}
    shop = problem([machine()], job("bob", ({}, {})))
    silent = replace(dispatch(shop), set_aside=())
    assert Fault.SET_ASIDE in {violation.fault for violation in check(shop, silent)}


def test_a_job_without_operations_is_refused():
    with pytest.raises(ValueError, match="no operations"):
        Job("alice", (), 10)
