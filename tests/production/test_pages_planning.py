"""The planning page, a plan's own page, and two plans side by side."""

from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from journal.moving import record
from production import mending, netting, planning, pruning, replanning, scheduling, versions
from production.lifecycle import MACHINE, PLAN
from production.models import Job, Machine, Plan, PlanEntry, WorkOrder
from production.views.plan_words import FAULTS
from tests.production.floor import MONDAY, build
from tests.production.workshop import NOW, center, line, product

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def plan(now=NOW):
    netting.run(now)
    return planning.run(now).plan


@pytest.fixture
def two_plans():
    """Alice's 400 lamps, then Bob's three in front of them; Alice's are late from the second on."""
    lamp = product("lamp", (center(), {}))
    line(lamp, 400, due=date(2026, 4, 20))
    first = plan()
    # her 4000 minutes end on Thursday 12 March at 10:40, half an hour later behind Bob's
    WorkOrder.objects.update(due=NOW.replace(day=12, hour=10, minute=50))
    line(lamp, 3, due=date(2026, 3, 2), who="Bob")
    second = plan()
    return first, second


def shown(client, name, *args, query=""):
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def page(client, name, *args, query=""):
    return client.get(reverse(name, args=args) + query).context


def alices():
    return WorkOrder.objects.get(quantity=400)


@pytest.mark.parametrize("name", ["production:planning", "production:compare-plans"])
def test_operators_may_not_see_how_plans_turned_out(signed_in, name):
    assert signed_in("operator").get(reverse(name)).status_code == 403


def test_operators_may_not_open_a_plan(signed_in):
    made = build().plan()
    assert signed_in("operator").get(reverse("production:plan", args=[made.pk])).status_code == 403


# The planning page


def test_without_a_plan_the_page_says_what_to_do(signed_in):
    text = shown(signed_in("planner"), "production:planning")
    assert "There is no plan yet" in text
    assert "Plan now" in text


def test_the_standing_plan_is_told_with_its_late_orders_and_why(signed_in, two_plans):
    client = signed_in("planner")
    context = page(client, "production:planning")
    assert context["told"].plan == two_plans[1]
    # Bob's three lamps end at 8:30 on the day that they should be with him
    late = {row.order.quantity: row.minutes for row in context["late"]}
    assert late[400] == 20
    text = shown(client, "production:planning")
    assert reverse("production:work-order", args=[alices().pk]) in text
    assert "The machines are busy with other orders." in text  # with Bob's
    assert "saw · saw 1" in text


def test_the_versions_name_who_made_them_and_what_moved(signed_in, two_plans):
    rows = page(signed_in("planner"), "production:planning")["versions"]
    assert [row.plan for row in rows] == [two_plans[1], two_plans[0]]
    assert [row.by for row in rows] == ["automatically", "automatically"]
    assert [row.moved for row in rows] == [1.0, None]
    assert [row.replaced for row in rows] == [two_plans[0].pk, None]


def test_old_versions_are_on_the_next_page(signed_in):
    made = [
        Plan.objects.create(status="superseded", as_of=MONDAY, created_at=MONDAY, solver="edd")
        for _ in range(20)
    ]
    client = signed_in("planner")
    first = page(client, "production:planning")["versions"]
    second = page(client, "production:planning", query="?page=2")["versions"]
    assert [row.plan.pk for row in [*first, *second]] == [one.pk for one in reversed(made)]
    assert len(first) > len(second) > 0


def test_a_plan_under_way_is_followed_beside_the_one_that_stands(signed_in, two_plans, monkeypatch):
    monkeypatch.setattr("production.replanning.current_app.send_task", lambda *args, **more: None)
    replanning.ask(by="staff:alice", at=timezone.now())
    text = shown(signed_in("planner"), "production:planning")
    assert "A new plan waits for a worker" in text
    assert "Late orders and why" in text


def test_what_came_of_a_request_is_told_until_it_is_no_news(signed_in, monkeypatch):
    monkeypatch.setattr("production.replanning.current_app.send_task", lambda *args, **more: None)
    line(product("lamp", (center(), {})), 3)
    client = signed_in("planner")

    def told(at):
        replanning.run(replanning.ask(by="staff:alice", at=at), clock=lambda: at)
        return "The new plan is published" in shown(client, "production:planning")

    assert not told(timezone.now() - 3 * HOUR)
    assert told(timezone.now())


def test_a_plan_of_an_earlier_release_is_shown_with_what_it_kept(signed_in):
    made = build().plan()
    made.metrics = {
        "objective": 900,
        "weighted_tardiness": 600,
        "setup_minutes": 300,
        "late_jobs": 2,
        "makespan": 4000,
        "operations": 0,
        "refused": 0,
        "seconds": 1.5,
    }
    made.save()
    text = shown(signed_in("planner"), "production:planning")
    assert "An earlier release kept fewer figures of this plan" in text
    assert shown(signed_in("planner", name="bea"), "production:plan", made.pk)


def test_a_shop_with_many_late_orders_costs_as_few_queries_as_one(
    signed_in, django_assert_max_num_queries
):
    saw = center()
    for number in range(60):
        line(product(f"lamp{number}", (saw, {})), 20, due=date(2026, 3, 2), who=f"Alice {number}")
    plan()
    plan(NOW + HOUR)
    client = signed_in("planner")
    made = Plan.objects.published().get()
    assert made.metrics["late_orders"] > 25
    for name, args in (
        ("production:planning", ()),
        ("production:plan", (made.pk,)),
        ("production:compare-plans", ()),
    ):
        with django_assert_max_num_queries(14):
            shown(client, name, *args)


def test_the_curve_tells_what_the_search_took_off_the_plan_that_it_began_with(signed_in, two_plans):
    _first, second = two_plans
    points = [[0.5, 0, 20_000], [1.5, 600, 14_000], [4.5, 900, 11_000]]
    Plan.objects.filter(pk=second.pk).update(report={**second.report, "search": points})
    client = signed_in("planner")
    curve = page(client, "production:planning")["told"].curve
    [(_best, best), (_rule, rule)] = curve.series
    # forty steps of a tenth of a second: what was found at 1.5 is known from the tenth on
    assert (best[0], best[9], best[10], best[-2], best[-1]) == (20, 20, 14, 14, 11)
    assert rule == [20] * 41
    assert curve.labels[10] == "1.50 s"
    text = shown(client, "production:planning")
    assert (
        "<strong>45.0 %</strong> off the cost of the plan that it began with, in 900 moves" in text
    )


def test_a_search_that_found_nothing_better_says_so(signed_in, two_plans):
    _first, second = two_plans
    points = [[0.5, 0, 20_000], [1.5, 600, 20_000]]
    Plan.objects.filter(pk=second.pk).update(report={**second.report, "search": points})
    text = shown(signed_in("planner"), "production:planning")
    assert "In 600 moves the search found nothing better" in text


# One plan


def test_a_plan_s_late_orders_are_turned_through(signed_in):
    saw = center()
    for number in range(30):
        line(product(f"lamp{number}", (saw, {})), 48, due=date(2026, 3, 2), who=f"Alice {number}")
    made = plan()
    client = signed_in("planner")
    count = made.metrics["late_orders"]
    pages = [
        page(client, "production:plan", made.pk, query=f"?page={number}")["late"]
        for number in (1, 2)
    ]
    by_lateness = [row.minutes for rows in pages for row in rows]
    assert len(by_lateness) == count > 25
    assert by_lateness == sorted(by_lateness, reverse=True)


def test_a_plan_whose_hours_are_forgotten_keeps_its_figures_and_says_so(signed_in, two_plans):
    first, second = two_plans
    client = signed_in("planner")
    assert "no longer kept" not in shown(client, "production:plan", first.pk)
    planning.run(second.as_of + HOUR)
    pruning.prune(second.as_of + 2 * HOUR)
    text = shown(client, "production:plan", first.pk)
    assert "The hours of this plan are no longer kept" in text
    assert "Cells in this plan" in text


def test_a_rejected_plan_shows_its_faults_in_plain_words(signed_in, monkeypatch):
    line(product("lamp", (center(), {})), 3)
    plan()
    step = Job.objects.get()
    order = str(step.work_order_id)
    faults = [
        scheduling.Violation(scheduling.Fault.OVERLAP, str(step.pk), "saw-1 is busy to 30"),
        scheduling.Violation(scheduling.Fault.RELEASE, order, "starts before 9", of_job=True),
        scheduling.Violation(scheduling.Fault.OVERLAP, str(step.pk), "saw-1 is busy to 40"),
    ]
    monkeypatch.setattr(scheduling, "check", lambda problem, schedule: faults)
    with pytest.raises(planning.PlanRejected) as rejected:
        planning.run(NOW)
    client = signed_in("planner")
    told = page(client, "production:plan", rejected.value.plan.pk)["told"].faults
    number = step.work_order.number
    assert [(fault.count, fault.examples) for fault in told] == [
        (2, [(step.work_order_id, f"{number} saw it")]),
        (1, [(step.work_order_id, number)]),
    ]
    text = shown(client, "production:plan", rejected.value.plan.pk)
    assert "Two steps stand on one machine at the same time." in text
    assert "A step begins before its material is there." in text
    assert "The newest plan was rejected" in shown(client, "production:planning")


def test_every_fault_of_the_check_has_words():
    assert {*FAULTS} == {*scheduling.Fault}


def test_a_plan_whose_planner_was_killed_says_so(signed_in):
    killed = Plan.objects.create(as_of=NOW, created_at=NOW, solver="edd")
    record(PLAN, [(killed.pk, "")], "draft", by="system", at=NOW)
    line(product("lamp", (center(), {})))
    plan()
    assert "Its planner was stopped" in shown(signed_in("planner"), "production:plan", killed.pk)


# Two plans


def test_one_plan_cannot_be_compared(signed_in):
    line(product("lamp", (center(), {})))
    plan()
    assert "There is only one plan" in shown(signed_in("planner"), "production:compare-plans")


def test_the_standing_plan_is_compared_with_the_one_before(signed_in, two_plans):
    first, second = two_plans
    compared = page(signed_in("planner"), "production:compare-plans")["compared"]
    assert (compared.before, compared.after) == (first, second)
    became = {row.order.quantity: (row.minutes, row.became) for row in compared.became_late}
    assert became[400] == (20, "")
    assert compared.no_longer_late == []
    [(order, moved)] = compared.moved
    assert (order, moved.steps, moved.shift) == (alices(), 1, 30)


def test_turned_around_the_same_orders_come_back_into_time(signed_in, two_plans):
    first, second = two_plans
    query = f"?before={second.pk}&after={first.pk}"
    compared = page(signed_in("planner"), "production:compare-plans", query=query)["compared"]
    came_back = {row.order.quantity: row.before for row in compared.no_longer_late}
    assert came_back[400] == 20
    assert compared.became_late == []
    assert [moved.shift for _order, moved in compared.moved] == [-30]


def test_what_is_late_no_longer_because_it_is_finished_or_refused_is_told_apart(
    signed_in, two_plans
):
    first, second = two_plans
    query = f"?before={second.pk}&after={first.pk}"
    client = signed_in("planner")

    def became():
        rows = page(client, "production:compare-plans", query=query)["compared"].no_longer_late
        return {row.order.quantity: row.became for row in rows}

    assert became()[400] == ""
    WorkOrder.objects.filter(quantity=400).update(status="completed")
    assert became()[400] == "done"
    Plan.objects.filter(pk=first.pk).update(report={**first.report, "refused": [alices().pk]})
    assert became()[400] == "refused"


def test_what_moved_is_counted_as_it_was_written_down(two_plans):
    first, second = (Plan.objects.get(pk=one.pk) for one in two_plans)
    written = versions.compare(first, second).changes
    del second.metrics["changes"]
    cache.clear()
    assert versions.compare(first, second).changes == written


def test_plans_without_hours_are_compared_by_their_figures(signed_in, two_plans):
    first, second = two_plans
    third = plan(NOW + timedelta(minutes=5))
    PlanEntry.objects.filter(plan__in=[first, second]).delete()
    cache.clear()
    query = f"?before={first.pk}&after={third.pk}"
    client = signed_in("planner")
    text = shown(client, "production:compare-plans", query=query)
    assert "what moved between them cannot be counted" in text
    compared = page(client, "production:compare-plans", query=query)["compared"]
    assert 400 in {row.order.quantity for row in compared.became_late}


@pytest.mark.parametrize("query", ["?before=1&after=1", "?before=x&after=7", "?before=99999"])
def test_a_choice_that_is_none_is_said_in_words(signed_in, two_plans, query):
    text = shown(signed_in("planner"), "production:compare-plans", query=query)
    assert "Choose two different plans" in text


def test_differences_say_whether_they_are_good(signed_in, two_plans):
    rows = page(signed_in("planner"), "production:compare-plans")["rows"]
    late = next(row for row in rows if row.label == "Late orders")
    assert (late.before, late.better) == (0, False)
    operations = next(row for row in rows if row.label == "Operations")
    assert (operations.more, operations.better) == (1, None)


# A repaired plan


@pytest.fixture
def repaired(monkeypatch):
    """Saw 1 is down from 6:10 on, so Alice's lamps of this morning go to saw 2, behind Bob's."""
    monkeypatch.setattr("celery.current_app.send_task", lambda *a, **k: None, raising=False)
    lamp = product("lamp", (center(machines=2), {}))
    line(lamp, 41, due=date(2026, 3, 5))
    line(lamp, 6, due=date(2026, 3, 20), who="Bob")
    plan()
    saw = PlanEntry.objects.get(job__quantity=41).machine
    record(MACHINE, [(saw.pk, "idle")], "down", by="bob", at=NOW + 10 * MINUTE)
    Machine.objects.filter(pk=saw.pk).update(status="down", name="Big <saw>")
    return mending.run(NOW + 110 * MINUTE).plan


def test_a_repaired_plan_says_after_what_and_how_many_near_steps_stayed(signed_in, repaired):
    client = signed_in("planner")
    text = shown(client, "production:planning")
    told = page(client, "production:planning")["told"]
    # staff read the hours of the plant, Berlin
    why = "Repaired after: Big &lt;saw&gt; is down (07:10)"
    assert text.count(why) == 2  # beside the plan's figures, and in its row of the list
    assert (told.repair.near, told.repair.stayed) == (2, 1)
    assert "of its 2 steps of the next two days, 1 stayed in their place" in text
    assert shown(client, "production:plan", repaired.pk).count(why) == 1


def test_a_plan_that_a_person_asked_for_says_so(signed_in, two_plans):
    planning.run(NOW + HOUR, by="staff:alice")
    text = shown(signed_in("planner"), "production:planning")
    assert "Somebody asked for it" in text


def test_of_many_causes_the_first_are_told_and_the_rest_are_counted(signed_in, two_plans):
    causes = [{"code": "routine", "subject": 0, "name": "", "at": ""}] * 5
    Plan.objects.published().update(why=causes)
    text = shown(signed_in("planner"), "production:planning")
    assert "It was time for a new plan; it was time for a new plan; it was" in text
    assert "new plan; 2 more" in text
