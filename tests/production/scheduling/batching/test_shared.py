"""Racks and plates worked out by hand: one rule each."""

from dataclasses import replace
from typing import Any

import pytest

from production.scheduling import (
    BatchError,
    Binding,
    Fault,
    Job,
    Machine,
    Operation,
    Pin,
    Plate,
    Pool,
    Problem,
    Rack,
    Reason,
    RemedyKind,
    Reservation,
    Schedule,
    SetupMatrix,
    Stability,
    Timetable,
    check,
    repaired,
    schedule,
    time_of,
    what_helps,
    why_late,
)
from production.scheduling.batching.cutting import Cutter
from production.scheduling.batching.trying import tried
from production.scheduling.dispatch import dispatch as dispatch_plain
from production.scheduling.nervousness import places
from tests.production.scheduling.shops import ALWAYS, job, machine, problem, times

OVEN = machine("oven", batch=Rack(3))
PRINTER = machine("printer", setup_family="red", batch=Plate(10, minutes_each_time=20))


def cured(name: str, minutes: int, due: int = 1_000, release: int = 0, **more: Any) -> Job:
    """An order for the oven."""
    firm = more.pop("firm", True)
    return job(name, ({"oven": minutes}, {"size": 1, **more}), due=due, release=release, firm=firm)


def printed(name: str, minutes: int, size: int = 4, family: str = "red", **more: Any) -> Job:
    return job(name, ({"printer": minutes}, {"size": size, "setup_family": family}), **more)


def planned(shop: Problem) -> tuple[Schedule, dict[str, tuple[int, int, int]]]:
    plan = schedule(shop)
    assert check(shop, plan) == []
    return plan, times(plan)


def together(plan: Schedule) -> dict[str, str]:
    return {one.operation_id: one.batch for one in plan.operations if one.batch}


def test_two_loads_share_the_oven_and_take_as_long_as_the_longer():
    """One after another Bob's would be done at 70."""
    plan, at = planned(problem([OVEN], cured("alice", 30, due=0), cured("bob", 40, due=0)))
    assert at == {"alice1": (0, 0, 40), "bob1": (0, 0, 40)}
    assert together(plan) == {"alice1": "alice1", "bob1": "alice1"}
    assert plan.totals.objective == 80


def test_the_oven_holds_no_more_than_its_places():
    orders = [cured(name, 30, due=0, size=2) for name in ("alice", "bob")]
    plan, at = planned(problem([OVEN], *orders))
    assert sorted(at.values()) == [(0, 0, 30), (30, 30, 60)]
    assert together(plan) == {}


def test_parts_have_plates_of_their_own_where_that_makes_one_of_them_earlier():
    """By themselves 50 and 100; on one plate 80 and 80."""
    shop = problem([PRINTER], printed("alice", 30, due=0), printed("bob", 30, due=0))
    plan, at = planned(shop)
    assert sorted(at.values()) == [(0, 0, 50), (50, 50, 100)]
    assert (plan.totals.objective, together(plan)) == (150, {})


def test_a_plate_saves_time_where_much_is_late_behind_it():
    """Carol's part needs the printer next: by themselves 50 + 50 + 50, shared 80 + 50."""
    shop = problem(
        [PRINTER],
        printed("alice", 30, due=80),
        printed("bob", 30, due=80),
        printed("carol", 30, family="blue", due=130),
    )
    plan, at = planned(shop)
    assert at == {"alice1": (0, 0, 80), "bob1": (0, 0, 80), "carol1": (80, 80, 130)}
    assert plan.totals.objective == 0


def test_a_batch_needs_one_change_over_and_the_plan_counts_it_once():
    shop = problem(
        [PRINTER],
        printed("alice", 30, family="blue", due=95),
        printed("bob", 30, family="blue", due=95),
        setups=[SetupMatrix("printer", default=15)],
    )
    plan, at = planned(shop)
    assert at == {"alice1": (0, 15, 95), "bob1": (15, 15, 95)}
    assert (plan.totals.setup_minutes, plan.totals.objective) == (15, 15)


def test_what_is_of_two_families_is_never_on_one_plate():
    shop = problem([PRINTER], printed("alice", 30), printed("bob", 30, family="blue"))
    plan, _ = planned(shop)
    assert together(plan) == {}


def test_the_oven_waits_for_a_load_that_is_about_to_come():
    """Alice could begin at 0 and Bob at 60; together from 5 on both are done by 65."""
    shop = problem([OVEN], cured("alice", 60, due=65), cured("bob", 60, due=65, release=5))
    plan, at = planned(shop)
    assert at == {"alice1": (5, 5, 65), "bob1": (5, 5, 65)}
    assert plan.by_operation["alice1"].binding == Binding.BATCH
    assert plan.by_operation["bob1"].binding == Binding.MATERIAL


def test_the_oven_does_not_wait_for_a_load_that_would_make_all_late():
    shop = problem([OVEN], cured("alice", 60, due=60), cured("bob", 60, due=200, release=50))
    assert planned(shop)[1] == {"alice1": (0, 0, 60), "bob1": (60, 60, 120)}


def test_each_order_goes_its_own_way_after_the_batch():
    """Alice's table dries 30 minutes before it is packed, Bob's goes to the saw at once."""
    shop = problem(
        [OVEN, machine("saw"), machine("pack")],
        job("alice", ({"oven": 40}, {"size": 1, "min_lag_after": 30}), ({"pack": 5}, {}), due=75),
        job("bob", ({"oven": 40}, {"size": 1}), ({"saw": 10}, {}), due=50),
        job("carol", ({"pack": 5}, {}), due=90, release=0, predecessors=("alice",)),
    )
    plan, at = planned(shop)
    assert {one: span[1:] for one, span in at.items()} == {
        "alice1": (0, 40),
        "alice2": (70, 75),
        "bob1": (0, 40),
        "bob2": (40, 50),
        "carol1": (75, 80),
    }
    assert plan.by_operation["alice2"].binding == Binding.LAG
    assert plan.totals.objective == 0


def test_what_waits_for_the_last_step_of_an_order_waits_for_its_batch_and_its_lag():
    shop = problem(
        [OVEN, machine("saw")],
        job("foot", ({"oven": 40}, {"size": 1, "min_lag_after": 10}), due=40),
        job("top", ({"oven": 30}, {"size": 1, "min_lag_after": 25}), due=40),
        job("table", ({"saw": 5}, {}), due=70, predecessors=("foot", "top")),
    )
    plan, at = planned(shop)
    assert at["table1"] == (65, 65, 70)
    assert (together(plan)["foot1"], plan.totals.objective) == ("foot1", 0)


def test_curing_behind_the_last_step_makes_no_order_late():
    """Both are out of the oven at 30, as wanted; what they hold back waits until they are cured."""
    orders = [cured(name, 30, due=30, min_lag_after=15) for name in ("alice", "bob")]
    cutter = Cutter(problem([OVEN], *orders))
    assert tried(cutter, (("alice1", "bob1"),), dispatch_plain).cost == (0, 0)


def test_a_running_plate_stays_and_nobody_joins_it():
    running = Pin("oven", -10, 30)
    shop = problem(
        [machine("oven", ((-100, 1_000),), batch=Rack(3))],
        cured("alice", 40, due=0, pinned=running),
        cured("bob", 25, due=0, pinned=running),
        cured("carol", 30, due=0),
    )
    plan, at = planned(shop)
    assert at == {"alice1": (-10, -10, 30), "bob1": (-10, -10, 30), "carol1": (30, 30, 60)}
    assert together(plan) == {"alice1": "alice1", "bob1": "alice1"}


def test_a_running_plate_without_an_end_takes_what_is_on_it():
    """20 minutes each time, 30 and 15 for the parts: begun at -10 it is done at 55."""
    running = {"pinned": Pin("printer", -10), "size": 4}
    orders = [
        job(name, ({"printer": minutes}, running)) for name, minutes in (("alice", 30), ("bob", 15))
    ]
    shop = problem([machine("printer", ((-100, 1_000),), batch=Plate(10, 20))], *orders)
    assert planned(shop)[1] == {"alice1": (-10, -10, 55), "bob1": (-10, -10, 55)}


def test_work_for_the_forecast_never_makes_the_oven_wait_or_takes_a_firm_place():
    shop = problem(
        [machine("oven", batch=Rack(2))],
        cured("blank", 60, due=900, firm=False),
        cured("alice", 30, due=30),
        cured("bob", 30, due=30),
    )
    assert planned(shop)[1] == {"alice1": (0, 0, 30), "bob1": (0, 0, 30), "blank1": (30, 30, 90)}


def test_a_batch_holds_one_operator():
    shop = problem(
        [OVEN, machine("desk")],
        cured("alice", 30, due=30, pools=("baker",)),
        cured("bob", 30, due=30, pools=("baker",)),
        job("carol", ({"desk": 10}, {"pools": ("baker",)}), due=40),
        pools=[Pool("baker", 1, ALWAYS)],
    )
    assert planned(shop)[1] == {"alice1": (0, 0, 30), "bob1": (0, 0, 30), "carol1": (30, 30, 40)}


def test_who_may_not_use_what_is_held_does_not_ride_with_whom_it_is_for():
    held = Reservation("oven", 0, 100, ("alice",))
    orders = [cured(name, 30, due=30) for name in ("alice", "bob")]
    shop = problem([OVEN], *orders, reservations=(held,))
    assert planned(shop)[1] == {"alice1": (0, 0, 30), "bob1": (100, 100, 130)}


def test_what_the_next_step_must_follow_soon_has_the_oven_to_itself():
    """A limit of today: a longest wait ties it to its neighbours, so it is not batched."""
    tied = {"size": 1, "max_lag_after": 5}
    shop = problem(
        [OVEN, machine("press")],
        job("alice", ({"oven": 30}, tied), ({"press": 5}, {}), due=0),
        cured("bob", 30, due=0),
    )
    assert together(planned(shop)[0]) == {}


def test_what_is_larger_than_every_plate_is_impossible():
    shop = problem([PRINTER], printed("alice", 30, size=11), printed("bob", 30, size=10))
    assert [(one.job_id, one.reason) for one in shop.validate()] == [("alice", Reason.NO_MACHINE)]
    assert planned(shop)[1] == {"bob1": (0, 0, 50)}


def test_work_without_a_size_runs_alone_and_needs_no_plate():
    shop = problem([PRINTER], printed("alice", 30, size=0), printed("bob", 30, size=0))
    assert sorted(end for *_, end in planned(shop)[1].values()) == [30, 60]


def test_a_batch_that_fits_into_no_shift_is_undone():
    """Two parts take 80 minutes, the printer is open for 60 at a time and must not stop."""
    hours = ((0, 60), (100, 160))
    orders = [
        job(name, ({"printer": 30}, {"size": 4, "splittable": False}), due=0)
        for name in ("alice", "bob")
    ]
    shop = problem([machine("printer", hours, batch=Plate(10, 20))], *orders)
    assert sorted(planned(shop)[1].values()) == [(0, 0, 50), (100, 100, 150)]


def test_a_late_order_names_who_its_batch_waited_for():
    shop = problem(
        [OVEN, machine("saw")],
        cured("alice", 60, due=20),
        job("bob", ({"saw": 5}, {}), ({"oven": 60}, {"size": 1}), due=10, weight=9),
    )
    plan, _ = planned(shop)
    late = why_late(shop, plan, "alice")
    assert [(one.operation_id, one.binding, one.waited_for) for one in late.causes] == [
        ("alice1", Binding.BATCH, "bob2"),
        ("bob2", Binding.PREDECESSOR, "bob1"),
        ("bob1", Binding.NOW, ""),
    ]
    assert sum(one.minutes for one in time_of(shop, plan, "alice").stretches) == 65


def test_a_price_on_departures_keeps_what_people_have_seen():
    """Bob is in time if he does not wait for Alice, but a departure costs more than his delay."""
    orders = [cured("alice", 30, release=5), cured("bob", 30, due=30)]
    shop = problem([OVEN], *orders)
    before = {"alice1": ("oven", 5), "bob1": ("oven", 5)}
    calm = schedule(shop, stability=Stability(before, price=50, tolerance=0))
    assert times(calm) == {"alice1": (5, 5, 35), "bob1": (5, 5, 35)}
    assert times(schedule(shop))["bob1"] == (0, 0, 30)


def test_a_repaired_plan_keeps_its_batches():
    orders = [cured(name, 30, due=30) for name in ("alice", "bob")]
    before = places(schedule(problem([OVEN], *orders)))
    broken = problem([machine("oven", ((20, 1_000),), batch=Rack(3))], *orders)
    plan = repaired(broken, before)
    assert check(broken, plan) == []
    assert times(plan) == {"alice1": (20, 20, 50), "bob1": (20, 20, 50)}


def test_what_helps_plans_with_batches():
    shop = problem([OVEN], *(cured(name, 30, due=30) for name in ("alice", "bob", "carol", "dave")))
    effects = what_helps(shop, schedule(shop), "dave").effects
    assert RemedyKind.MACHINE in {one.remedy.kind for one in effects}


def test_promises_and_tables_refuse_a_shop_with_batches():
    shop = problem([OVEN], cured("alice", 30))
    with pytest.raises(BatchError):
        Timetable(shop, schedule(shop))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Rack(0),
        lambda: Plate(4, -1),
        lambda: Operation("a", "a", 1, (), size=-1),
        lambda: Machine("oven", "oven", ALWAYS, unlimited=True, batch=Rack(2)),
    ],
)
def test_racks_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=r"room|negative|less|queues"):
        wrong()


def test_a_shop_without_racks_is_planned_as_before():
    """A size means nothing where no machine has a rack."""
    orders = [job(name, ({"saw": 30}, {"size": 2}), due=0) for name in ("alice", "bob")]
    shop = problem([machine()], *orders)
    plain = problem(
        [machine()],
        *(replace(one, operations=(replace(one.operations[0], size=0),)) for one in orders),
    )
    assert schedule(shop) == schedule(plain)


# Tampered plans

SHOP = problem(
    [OVEN, machine("kiln", batch=Rack(9))],
    job("alice", ({"oven": 30, "kiln": 50}, {"size": 1}), due=0),
    job("bob", ({"oven": 30, "kiln": 50}, {"size": 2}), due=0),
    job("carol", ({"kiln": 20}, {"size": 3, "setup_family": "hot"}), due=500),
    job("dave", ({"oven": 10, "kiln": 10}, {"size": 0}), due=500),
    setups=[SetupMatrix("oven", default=5)],
)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("bob1", {"start": 1, "setup_start": 1, "end": 31}),
        ("bob1", {"machine_id": "kiln"}),
        ("bob1", {"batch": ""}),
        ("bob1", {"setup_start": 0, "setup_minutes": 5}),
        ("alice1", {"batch": "bob1"}),
        ("carol1", {"batch": "alice1"}),
        ("dave1", {"batch": "alice1"}),
    ],
)
def test_the_checker_catches_a_tampered_batch(name, change):
    plan = schedule(SHOP)
    assert (check(SHOP, plan), together(plan)) == ([], {"alice1": "alice1", "bob1": "alice1"})
    bad = tuple(
        replace(one, **change) if one.operation_id == name else one for one in plan.operations
    )
    found = {one.fault for one in check(SHOP, replace(plan, operations=bad))}
    assert found & {Fault.BATCH, Fault.OVERLAP}


def test_the_checker_catches_an_overfull_oven_and_a_running_batch_that_is_torn_apart():
    plan = schedule(SHOP)
    fuller = replace(SHOP.jobs[1].operations[0], size=3)
    full = replace(
        SHOP, jobs=(SHOP.jobs[0], replace(SHOP.jobs[1], operations=(fuller,)), *SHOP.jobs[2:])
    )
    assert [one.fault for one in check(full, plan)] == [Fault.BATCH]
    pin = Pin("oven", 0, 30)
    running = problem([OVEN], cured("alice", 30, pinned=pin), cured("bob", 30, pinned=pin))
    apart = schedule(running)
    apart = replace(apart, operations=tuple(replace(one, batch="") for one in apart.operations))
    assert Fault.BATCH in {one.fault for one in check(running, apart)}
