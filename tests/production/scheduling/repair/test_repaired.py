"""Repairs of a running plan: five disturbances worked out by hand, and random ones."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from production.scheduling import (
    Machine,
    Operation,
    Pin,
    Problem,
    Reason,
    Schedule,
    check,
    dispatch,
)
from production.scheduling.nervousness import nervousness, places
from production.scheduling.repair import repaired, right_shifted
from tests.production.scheduling.shops import (
    examples,
    job,
    jobs,
    machine,
    problem,
    shops,
    step,
    times,
)

many = examples(60)


def spans(plan: Schedule) -> dict[str, tuple[str, int, int]]:
    """Where everything is processed: {operation: (machine, start, end)}."""
    return {one.operation_id: (one.machine_id, one.start, one.end) for one in plan.operations}


# The five disturbances, by hand


def test_after_a_breakdown_waiting_work_goes_to_the_other_saw():
    """Saw 1 stops from minute 30 to 300 and then finishes Alice's board."""
    shop = problem(
        [machine("saw1", ((0, 30), (300, 9_000))), machine("saw2")],
        job("alice", ({"saw1": 60}, {"pinned": Pin("saw1", 0)}), due=60),
        job("bob", ({"saw1": 60, "saw2": 60}, {}), due=120),
        job("carol", ({"saw2": 30}, {}), due=30),
    )
    before = {"alice1": ("saw1", 0), "bob1": ("saw1", 60), "carol1": ("saw2", 0)}
    shifted, plan = right_shifted(shop, before), repaired(shop, before)
    assert spans(shifted)["bob1"] == ("saw1", 330, 390)
    assert spans(plan) == {
        "alice1": ("saw1", 0, 330),
        "bob1": ("saw2", 30, 90),
        "carol1": ("saw2", 0, 30),
    }
    assert (shifted.totals.objective, plan.totals.objective) == (270 + 270, 270)


def test_a_rush_order_goes_in_front_of_what_can_wait():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 60}, {"pinned": Pin("saw", 0)})),
        job("bob", ({"saw": 60}, {})),
        job("carol", ({"saw": 60}, {})),
        job("dora", ({"saw": 30}, {}), due=90, weight=10),
    )
    before = {"alice1": ("saw", 0), "bob1": ("saw", 60), "carol1": ("saw", 120)}
    assert right_shifted(shop, before).finish["dora"] == 210
    assert repaired(shop, before).finish == {"alice": 60, "dora": 90, "bob": 150, "carol": 210}


def test_every_step_of_a_rush_order_is_inserted():
    shop = problem(
        [machine("saw"), machine("paint")],
        *(job(f"order{i}", ({"saw": 50}, {}), ({"paint": 50}, {}), due=900) for i in range(8)),
        job("dora", ({"saw": 20}, {}), ({"paint": 20}, {}), due=100, weight=10),
    )
    before = {f"order{i}1": ("saw", 50 * i) for i in range(8)}
    before |= {f"order{i}2": ("paint", 50 * i + 50) for i in range(8)}
    plan = repaired(shop, before)
    assert right_shifted(shop, before).finish["dora"] == 470
    assert (plan.totals.objective, plan.finish["dora"] <= 100) == (0, True)


def test_late_material_lets_others_go_first():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 60}, {}), due=120),
        job("bob", ({"saw": 60}, {}), due=300, release=200),
    )
    before = {"bob1": ("saw", 0), "alice1": ("saw", 60)}
    assert right_shifted(shop, before).finish == {"bob": 260, "alice": 320}
    assert repaired(shop, before).finish == {"alice": 60, "bob": 260}


def test_a_scrapped_board_is_sawn_again_at_once_and_its_painting_waits():
    alice = replace(
        job("alice", ({"saw": 30}, {}), ({"paint": 30}, {}), due=80, weight=5),
        operations=(step("alice", 2, {"saw": 30}), step("alice", 3, {"paint": 30})),
    )
    shop = problem([machine("saw"), machine("paint")], alice, job("bob", ({"saw": 100}, {})))
    before = {"bob1": ("saw", 0), "alice3": ("paint", 10)}
    assert right_shifted(shop, before).finish == {"bob": 100, "alice": 160}
    assert repaired(shop, before).finish == {"alice": 60, "bob": 130}


def test_while_the_operator_of_a_cell_is_absent_urgent_work_is_done_by_hand():
    shift_later = ((480, 9_000),)
    shop = problem(
        [machine("mill1", shift_later), machine("mill2", shift_later), machine("bench")],
        job("alice", ({"mill1": 60, "mill2": 60, "bench": 90}, {}), due=60),
        job("bob", ({"mill1": 60, "mill2": 60, "bench": 90}, {}), due=900),
    )
    before = {"alice1": ("mill1", 0), "bob1": ("mill2", 0)}
    plan = repaired(shop, before)
    assert right_shifted(shop, before).finish == {"alice": 540, "bob": 540}
    assert spans(plan) == {"alice1": ("bench", 0, 90), "bob1": ("mill2", 480, 540)}


# What stays


def test_frozen_work_stays_whatever_it_costs():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 60}, {"pinned": Pin("saw", 100)})),
        job("bob", ({"saw": 60}, {})),
        job("dora", ({"saw": 60}, {}), due=60, weight=10, release=90),
    )
    before = {"bob1": ("saw", 0), "alice1": ("saw", 100)}
    plan = repaired(shop, before)
    assert plan.finish == {"bob": 60, "alice": 160, "dora": 220}


def test_an_undisturbed_plan_is_left_alone():
    shop = problem(
        [machine("saw1"), machine("saw2")],
        *(job(f"order{i}", ({"saw1": 30, "saw2": 30}, {}), due=100 + 30 * i) for i in range(6)),
    )
    plan = dispatch(shop, "edd")
    again = repaired(shop, places(plan))
    assert nervousness(places(plan), places(again)).moved == 0
    assert again.operations == plan.operations


def test_what_a_maximum_lag_ties_together_is_shifted_together():
    """Paint must be baked within 5 minutes; the oven is out of use until minute 100."""
    shop = problem(
        [machine("paint"), machine("oven", ((100, 9_000),))],
        job("alice", ({"paint": 10}, {"max_lag_after": 5}), ({"oven": 20}, {})),
        job("bob", ({"paint": 40}, {})),
    )
    before = {"alice1": ("paint", 0), "alice2": ("oven", 10), "bob1": ("paint", 10)}
    plan = repaired(shop, before)
    assert times(plan)["alice1"][1:] == (85, 95)
    assert times(plan)["alice2"][1:] == (100, 120)
    assert check(shop, plan) == []


def test_forecast_work_gives_way():
    """Blanks for the forecast were to be sawn first; then the saw stops until minute 100."""
    shop = problem(
        [machine("saw", ((100, 9_000),))],
        job("blanks", ({"saw": 60}, {}), due=60, firm=False, weight=10),
        job("alice", ({"saw": 60}, {}), due=60),
    )
    before = {"blanks1": ("saw", 0), "alice1": ("saw", 60)}
    assert repaired(shop, before).finish == {"alice": 160, "blanks": 220}


def test_what_no_longer_fits_before_the_horizon_is_set_aside():
    shop = problem(
        [machine("saw", ((0, 100),))],
        job("alice", ({"saw": 60}, {})),
        job("dora", ({"saw": 60}, {}), due=60, weight=10),
    )
    plan = repaired(shop, {"alice1": ("saw", 0)})
    assert [one.job_id for one in plan.set_aside] == ["dora"]
    assert check(shop, plan) == []


# Random disturbances of random shops


@st.composite
def disturbed(draw: st.DrawFn) -> tuple[Problem, Schedule]:
    """A plan, and the problem some time later, when something has gone wrong."""
    shop = draw(shops())
    plan = dispatch(shop, draw(st.sampled_from(["fifo", "edd"])))
    now = draw(st.sampled_from([0, 0, 25, 90]))
    shop = draw(st.sampled_from([stopped, rushed, delayed, scrapped]))(draw, begun(shop, plan, now))
    return shop, plan


def begun(shop: Problem, plan: Schedule, now: int) -> Problem:
    """The problem at a later minute: what has begun stays where it is."""
    pins = {
        one.operation_id: Pin(one.machine_id, one.start, one.end)
        for one in plan.operations
        if one.setup_start < now
    }
    return replace(
        shop,
        machines=tuple(
            replace(one, available_from=max(now, one.available_from)) for one in shop.machines
        ),
        jobs=tuple(
            replace(one, operations=tuple(pinned(step, pins) for step in one.operations))
            for one in shop.jobs
        ),
    )


def pinned(operation: Operation, pins: dict[str, Pin]) -> Operation:
    return replace(operation, pinned=pins.get(operation.id, operation.pinned))


def stopped(draw: st.DrawFn, shop: Problem) -> Problem:
    """A machine, or every one of its group, is out of use for a while."""
    name = draw(st.sampled_from([one.id for one in shop.machines]))
    group = draw(st.sampled_from([None, shop.machine[name].group]))
    start = draw(st.integers(0, 120))
    end = start + draw(st.integers(1, 200))
    return replace(
        shop,
        machines=tuple(
            closed(one, start, end) if name == one.id or group == one.group else one
            for one in shop.machines
        ),
    )


def closed(one: Machine, start: int, end: int) -> Machine:
    pieces = [
        piece
        for opens, closes in one.windows
        for piece in ((opens, min(closes, start)), (max(opens, end), closes))
        if piece[0] < piece[1]
    ]
    return replace(one, windows=tuple(pieces))


def rushed(draw: st.DrawFn, shop: Problem) -> Problem:
    names, known = [one.id for one in shop.machines], [one.id for one in shop.jobs]
    new = draw(jobs("rush", names, known, pins=False))
    return replace(shop, jobs=(*shop.jobs, replace(new, firm=True)))


def delayed(draw: st.DrawFn, shop: Problem) -> Problem:
    late = draw(st.sampled_from([one.id for one in shop.jobs]))
    by = draw(st.integers(1, 300))
    return replace(
        shop,
        jobs=tuple(replace(one, release=by) if one.id == late else one for one in shop.jobs),
    )


def scrapped(draw: st.DrawFn, shop: Problem) -> Problem:
    """A step is to be made again, in front of the one that comes next."""
    hit = draw(st.sampled_from(shop.jobs))
    at = draw(st.integers(0, len(hit.operations) - 1))
    again = replace(hit.operations[at], id=f"{hit.id}.again", pinned=None)
    behind = hit.operations[at + 1 :]
    if any(one.pinned for one in behind):
        return shop
    steps = (*hit.operations[: at + 1], again, *behind)
    made = replace(hit, operations=tuple(replace(one, sequence=i) for i, one in enumerate(steps)))
    return replace(shop, jobs=tuple(made if one is hit else one for one in shop.jobs))


def is_to_stand(shop: Problem, plan: Schedule, operation: Operation) -> bool:
    """Not where pins collide, or where one runs past the last opening of its machine."""
    colliding = {one.job_id for one in plan.set_aside if one.reason == Reason.PIN_CONFLICT}
    return operation.job_id not in colliding and shop.pinned_span(operation) is not None


def cost(shop: Problem, plan: Schedule) -> tuple[int, int]:
    return sum(shop.job[one.job_id].weight for one in plan.set_aside), plan.totals.objective


@many
@given(disturbed())
def test_a_repaired_plan_passes_the_checker_and_costs_no_more_than_right_shift(case):
    shop, before = case
    shifted, plan = right_shifted(shop, places(before)), repaired(shop, places(before))
    assert check(shop, shifted) == []
    assert check(shop, plan) == []
    assert cost(shop, plan) <= cost(shop, shifted)


@many
@given(disturbed())
def test_frozen_work_never_moves_and_the_same_repair_comes_out_twice(case):
    shop, before = case
    plan = repaired(shop, places(before))
    stands = {one.operation_id: (one.machine_id, one.start) for one in plan.operations}
    for operation in shop.operations():
        if operation.pinned and is_to_stand(shop, plan, operation):
            assert stands[operation.id] == (operation.pinned.machine_id, operation.pinned.start)
    assert repaired(shop, places(before)) == plan


@many
@given(shops())
def test_shifted_without_a_disturbance_no_firm_work_starts_later(shop):
    plan = dispatch(shop, "edd")
    firm = shop.with_predecessors(one.id for one in shop.jobs if one.firm)
    shifted = right_shifted(shop, places(plan))
    for one in plan.operations:
        if one.job_id in firm:
            now = shifted.by_operation[one.operation_id]
            assert (now.machine_id, now.start <= one.start) == (one.machine_id, True)
