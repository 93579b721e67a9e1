"""Operators and tools: work that needs more than its machine."""

from dataclasses import replace

import pytest

from production.scheduling import (
    Binding,
    DuplicateIdError,
    DurationError,
    Fault,
    Operation,
    Pin,
    Pool,
    Problem,
    Reason,
    SetupMatrix,
    Timetable,
    UnknownReferenceError,
    WindowError,
    check,
    dispatch,
    inserted,
    schedule,
    why_late,
)

from .shops import ALWAYS, job, machine, problem, times

WELDER = {"pools": ("welder",)}
DAYS = ((0, 60), (100, 160), (200, 260))


def shop(*jobs, units=1, windows=ALWAYS, setups=(), pools=()) -> Problem:
    """Three welding cells side by side."""
    cells = [machine(name, group="cell", setup_family="steel") for name in ("A", "B", "C")]
    welders = Pool("welder", units, windows)
    return problem(cells, *jobs, setups=setups, pools=(welders, *pools))


def planned(found: Problem, rule: str = "edd") -> dict[str, tuple[int, int, int]]:
    plan = dispatch(found, rule)
    assert check(found, plan) == []
    return times(plan)


def test_one_welder_works_in_one_cell_at_a_time():
    alice = job("alice", ({"A": 30}, WELDER), due=40)
    bob = job("bob", ({"B": 20}, WELDER), due=20)
    found = shop(alice, bob)
    assert planned(found) == {"bob1": (0, 0, 20), "alice1": (20, 20, 50)}
    late = why_late(found, dispatch(found, "edd"), "alice")
    assert [(one.operation_id, one.binding, one.waited_for) for one in late.causes] == [
        ("alice1", Binding.POOL, "bob1"),
        ("bob1", Binding.NOW, ""),
    ]


def test_two_welders_work_in_two_cells_and_the_third_order_waits_for_the_first_to_be_free():
    orders = [
        job(name, ({cell: minutes}, WELDER), due=due)
        for name, cell, minutes, due in [
            ("alice", "A", 30, 1),
            ("bob", "B", 20, 2),
            ("carol", "C", 9, 3),
        ]
    ]
    assert planned(shop(*orders, units=2)) == {
        "alice1": (0, 0, 30),
        "bob1": (0, 0, 20),
        "carol1": (20, 20, 29),
    }


def test_work_pauses_while_the_welder_is_away():
    """60 minutes on the first day, 30 on the second; the cell stays taken in between."""
    alice = job("alice", ({"A": 90}, WELDER), due=1)
    bob = job("bob", ({"A": 5}, {}), due=2)
    assert planned(shop(alice, bob, windows=DAYS)) == {
        "alice1": (0, 0, 130),
        "bob1": (130, 130, 135),
    }


def test_work_that_must_not_be_interrupted_waits_for_a_day_with_enough_of_the_welder():
    alice = job("alice", ({"A": 40}, WELDER), due=1)
    bob = job("bob", ({"B": 40}, {**WELDER, "splittable": False}), due=2)
    assert planned(shop(alice, bob, windows=DAYS))["bob1"] == (100, 100, 140)


def test_the_welder_makes_the_change_over_too():
    """Bob has the welder until 20; only then can the cell be changed over for Alice."""
    alice = job("alice", ({"A": 30}, {**WELDER, "setup_family": "brass"}), due=60)
    bob = job("bob", ({"B": 20}, {**WELDER, "setup_family": "steel"}), due=20)
    found = shop(alice, bob, setups=[SetupMatrix("cell", default=15)])
    assert planned(found)["alice1"] == (20, 35, 65)


def test_work_needs_all_of_its_pools_at_once():
    """Alice has the drill head until 10, Bob the welder until 20, Carol needs both."""
    alice = job("alice", ({"A": 10}, {"pools": ("drill head",)}), due=1)
    bob = job("bob", ({"B": 20}, WELDER), due=2)
    carol = job("carol", ({"C": 5}, {"pools": ("welder", "drill head")}), due=3)
    found = shop(alice, bob, carol, pools=[Pool("drill head", 1, ALWAYS)])
    assert planned(found)["carol1"] == (20, 20, 25)


def test_what_is_pinned_without_a_unit_left_takes_none_away():
    """Alice and Bob weld already, though there is one welder: somebody helps Bob out."""
    alice = job("alice", ({"A": 30}, {**WELDER, "pinned": Pin("A", -5, 30)}))
    bob = job("bob", ({"B": 40}, {**WELDER, "pinned": Pin("B", 0, 40)}))
    carol = job("carol", ({"C": 10}, WELDER))
    assert planned(shop(alice, bob, carol))["carol1"] == (30, 30, 40)


def test_a_forecast_job_gets_the_welder_when_no_firm_job_wants_it():
    blank = job("blank", ({"A": 30}, WELDER), due=1, firm=False)
    alice = job("alice", ({"B": 10}, WELDER), due=900, release=20)
    assert planned(shop(blank, alice)) == {"alice1": (20, 20, 30), "blank1": (30, 30, 60)}


def test_the_search_lets_the_weightier_order_have_the_welder_first():
    alice = job("alice", ({"A": 60}, WELDER), due=60)
    bob = job("bob", ({"B": 60}, WELDER), due=60, weight=10)
    found = shop(alice, bob)
    plan = schedule(found, only="fifo")
    assert dispatch(found, "fifo").totals.objective == 600
    assert (plan.finish, check(found, plan)) == ({"bob": 60, "alice": 120}, [])


def test_the_search_spreads_work_over_two_welders():
    """Four hours of work for two welders on three cells: done in two hours, whoever goes first."""
    orders = [job(f"order{i}", ({"ABC"[i % 3]: 60}, WELDER), due=0) for i in range(4)]
    found = shop(*orders, units=2)
    plan = schedule(found)
    assert check(found, plan) == []
    assert plan.totals.objective == 60 + 60 + 120 + 120


def test_a_promise_waits_for_the_welder():
    found = shop(job("alice", ({"A": 30}, WELDER)), windows=DAYS)
    plan = dispatch(found, "edd")
    new = job("new", ({"B": 40}, WELDER))
    answer = Timetable(found, plan).earliest_finish(new)
    assert answer is not None
    assert (answer.operations[0].start, answer.finish) == (30, 110)
    assert answer.operations[0].binding == Binding.POOL
    wider = replace(found, jobs=(*found.jobs, new))
    assert check(wider, inserted(wider, plan, answer)) == []
    with pytest.raises(UnknownReferenceError):
        Timetable(found, plan).earliest_finish(job("new", ({"B": 40}, {"pools": ("nobody",)})))


def test_work_for_a_welder_who_never_comes_while_the_cell_is_open_is_impossible():
    found = problem(
        [machine("A", ((0, 50),))],
        job("alice", ({"A": 10}, WELDER)),
        job("bob", ({"A": 10}, {})),
        pools=(Pool("welder", 1, ((50, 90),)),),
    )
    assert [(one.job_id, one.reason) for one in found.validate()] == [("alice", Reason.NO_WINDOW)]
    assert planned(found) == {"bob1": (0, 0, 10)}


def test_the_checker_catches_a_welder_in_two_cells_and_one_who_is_away():
    alice, bob = job("alice", ({"A": 30}, WELDER)), job("bob", ({"B": 20}, {}))
    found = shop(alice, bob)
    plan = dispatch(found)
    both = shop(alice, replace(bob, operations=(replace(bob.operations[0], pools=("welder",)),)))
    assert [one.fault for one in check(both, plan)] == [Fault.POOL]
    away = {one.fault for one in check(shop(alice, bob, windows=((20, 90),)), plan)}
    assert {Fault.CLOSED, Fault.DURATION} <= away


def test_pools_that_contradict_themselves_are_refused():
    with pytest.raises(DurationError):
        Pool("welder", 0, ALWAYS)
    with pytest.raises(WindowError):
        Pool("welder", 1, ((0, 10), (5, 20)))
    with pytest.raises(DuplicateIdError):
        Operation("alice1", "alice", 1, (), pools=("welder", "welder"))
    with pytest.raises(UnknownReferenceError):
        problem([machine("A")], job("alice", ({"A": 30}, WELDER)))
