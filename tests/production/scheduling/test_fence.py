"""The freeze fence: what is only foreseen gives way as its day comes near."""

from dataclasses import replace

from production.scheduling import Fault, Pin, Reason, Timetable, check, dispatch

from .shops import job, machine, problem, times


def test_foreseen_work_does_not_start_in_locked_days_though_the_machine_is_free():
    shop = problem(
        [machine()],
        job("blank", ({"saw": 30}, {}), due=500, firm=False),
        job("alice", ({"saw": 10}, {}), due=900),
        fence=100,
    )
    plan = dispatch(shop)
    assert times(plan) == {"alice1": (0, 0, 10), "blank1": (100, 100, 130)}
    assert check(shop, plan) == []


def test_foreseen_work_that_nobody_ordered_by_the_fence_has_expired():
    shop = problem(
        [machine()],
        job("blank", ({"saw": 30}, {}), due=100, firm=False),
        job("lamp", ({"saw": 30}, {}), due=800, firm=False, predecessors=("blank",)),
        job("alice", ({"saw": 10}, {}), due=50),
        fence=100,
    )
    plan = dispatch(shop)
    reasons = {one.job_id: one.reason for one in plan.set_aside}
    assert reasons == {"blank": Reason.EXPIRED, "lamp": Reason.PREDECESSOR}
    assert (plan.finish, check(shop, plan)) == ({"alice": 10}, [])


def test_what_a_firm_order_waits_for_or_what_has_begun_does_not_expire():
    shop = problem(
        [machine(windows=((-10, 1_000),))],
        job("foot", ({"saw": 30}, {}), due=20, firm=False),
        job("lamp", ({"saw": 10}, {}), due=90, predecessors=("foot",)),
        job("blank", ({"saw": 9}, {"pinned": Pin("saw", -4)}), due=20, firm=False),
        fence=100,
    )
    plan = dispatch(shop)
    assert (plan.finish, check(shop, plan)) == ({"blank": 5, "foot": 35, "lamp": 45}, [])


def test_nothing_is_promised_for_a_forecast_in_locked_days():
    shop = problem([machine()], job("alice", ({"saw": 10}, {})), fence=100)
    timetable = Timetable(shop, dispatch(shop))
    foreseen = job("blank", ({"saw": 30}, {}), due=100, firm=False)
    later = timetable.earliest_finish(replace(foreseen, due=101))
    assert timetable.earliest_finish(foreseen) is None
    assert later is not None
    assert later.finish == 130


def test_the_checker_catches_foreseen_work_in_locked_days():
    blank = job("blank", ({"saw": 30}, {}), due=500, firm=False)
    plan = dispatch(problem([machine()], blank))
    assert [one.fault for one in check(problem([machine()], blank, fence=20), plan)] == [
        Fault.FENCE
    ]
