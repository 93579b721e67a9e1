"""Schedule, queues, work orders and *plan now*, as planners and operators use them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from journal.models import Transition
from production import netting, planning, replanning, tasks
from production.alone import planning_alone
from production.models import Job, Machine, Plan, PlanEntry, PlanRefusal, WorkOrder
from tests.production import workshop
from tests.production.floor import MONDAY, build

pytestmark = pytest.mark.django_db
SEND = "production.replanning.current_app.send_task"


@pytest.fixture
def sent(monkeypatch):
    """Messages to workers, kept instead of sent."""
    kept = []
    monkeypatch.setattr(SEND, lambda name, **message: kept.append((name, message)))
    return kept


def newest():
    last = replanning.newest(timezone.now())
    assert last is not None
    return last


def html(client, name, *args, query=""):
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("page", ["production:schedule", "production:planning"])
def test_operators_may_not_see_the_schedule(signed_in, page):
    assert signed_in("operator").get(reverse(page)).status_code == 403


def test_operators_see_the_queues_and_the_work(signed_in):
    order = build().work_order()
    client = signed_in("operator")
    assert "print" in html(client, "production:queues")
    assert order.number in html(client, "production:queue", "print")
    assert order.number in html(client, "production:work-order", order.pk)


def test_a_visitor_sees_no_queue(client):
    assert client.get(reverse("production:queues")).status_code == 302


def test_quality_may_not_plan(signed_in, sent):
    assert signed_in("quality").post(reverse("production:plan-now")).status_code == 403
    assert sent == []


# The schedule


def test_the_schedule_shows_each_machine_with_its_work_and_links_to_the_order(signed_in):
    line = workshop.line(workshop.product("lamp", (workshop.center(), {})), 3)
    netting.run(workshop.NOW)
    planning.run(workshop.NOW)
    shown = html(signed_in("planner"), "production:schedule")
    assert "saw 1" in shown
    assert "saw it" in shown
    assert reverse("orders:staff-order", args=[line.order_id]) in shown


def test_late_work_and_set_ups_are_marked_and_can_be_filtered(signed_in):
    floor = build()
    late, fine = (floor.work_order() for _ in range(2))
    floor.plan(*Job.objects.filter(work_center=floor.printing))
    WorkOrder.objects.filter(pk=late.pk).update(due=MONDAY)
    PlanEntry.objects.filter(job__work_order=fine).update(setup_minutes=25)
    client = signed_in("planner")

    def entries(query):
        answer = client.get(reverse("production:schedule") + query)
        return [entry.job.work_order_id for entry in answer.context["page"]]

    assert entries("") == [late.pk, fine.pk]
    assert entries("?late=on") == [late.pk]
    assert entries("?setup=on") == [fine.pk]
    assert entries("?cell=assembly") == []
    assert entries("?day=2026-03-03") == []
    shown = html(client, "production:schedule")
    assert "Late</span>" in shown
    assert 'aria-label="Set-up"' in shown


def test_refusals_are_told_in_plain_words(signed_in):
    floor = build()
    order = floor.work_order()
    plan = floor.plan()
    plan.metrics = {"refused": 1}
    plan.save()
    PlanRefusal.objects.create(plan=plan, work_order=order, code="no_machine", step="Cut steel")
    shown = html(signed_in("planner"), "production:schedule")
    assert "What could not be planned" in shown
    assert "No machine can do the step “Cut steel”." in shown


def test_of_many_refusals_the_most_urgent_are_shown_and_all_on_request(signed_in):
    floor = build()
    orders = [floor.work_order() for _ in range(12)]
    plan = floor.plan()
    plan.metrics = {"refused": 12}
    plan.save()
    for number, order in enumerate(orders):
        WorkOrder.objects.filter(pk=order.pk).update(due=MONDAY + timedelta(days=12 - number))
        PlanRefusal.objects.create(plan=plan, work_order=order, code="no_machine", step="Cut")
    client = signed_in("planner")

    def refused(query):
        answer = client.get(reverse("production:schedule") + query)
        return [refusal.work_order_id for refusal in answer.context["refusals"]]

    urgent_first = [order.pk for order in reversed(orders)]
    assert refused("") == urgent_first[:10]
    assert refused("?refused=all") == urgent_first


def test_without_a_plan_the_page_says_what_to_do(signed_in):
    assert "There is no plan yet" in html(signed_in("planner"), "production:schedule")


def test_fifty_entries_cost_as_few_queries_as_one(signed_in, django_assert_max_num_queries):
    floor = build()
    for _ in range(50):
        floor.work_order()
    floor.plan(*Job.objects.filter(work_center=floor.printing))
    client = signed_in("planner")
    with django_assert_max_num_queries(12):
        html(client, "production:schedule")
    with django_assert_max_num_queries(12):
        html(client, "production:queue", "print")
    with django_assert_max_num_queries(12):
        html(client, "production:queues")


# Plan now


def ask(client):
    return client.post(reverse("production:plan-now"))


def test_plan_now_answers_at_once_and_a_worker_plans(
    signed_in, sent, django_capture_on_commit_callbacks
):
    workshop.line(workshop.product("lamp", (workshop.center(), {})), 3)
    client = signed_in("planner")
    with django_capture_on_commit_callbacks(execute=True):
        assert ask(client)["Location"] == reverse("production:planning")
    assert "waits for a worker" in html(client, "production:planning")
    [(name, message)] = sent
    assert (name, message["queue"]) == ("production.tasks.replan", "planning")
    tasks.replan(**message["kwargs"])
    assert Plan.objects.published().exists()
    assert "The new plan is published" in html(client, "production:planning")
    assert set(Transition.objects.filter(kind="replanning").values_list("by", flat=True)) == {
        "staff:planner"
    }


def test_asking_twice_is_one_plan(signed_in, sent, django_capture_on_commit_callbacks):
    client = signed_in("planner")
    with django_capture_on_commit_callbacks(execute=True):
        ask(client)
        ask(client)
    assert len(sent) == 1


def test_a_message_that_comes_twice_plans_once(sent):
    request_id = replanning.ask(by="staff:alice", at=timezone.now())
    tasks.replan(request_id=request_id)
    tasks.replan(request_id=request_id)
    assert Plan.objects.count() == 1


def test_a_planner_that_is_busy_for_long_is_said_in_plain_words(sent, monkeypatch):
    waited: list[int] = []
    monkeypatch.setattr("production.alone.sleep", waited.append)
    request_id = replanning.ask(by="staff:alice", at=timezone.now())
    with planning_alone():
        tasks.replan(request_id=request_id)
    last = newest()
    assert last.status == "failed"
    assert last.why.startswith("Another plan was being made")
    assert sum(waited) == 120


def test_a_planner_that_breaks_leaves_the_old_plan_and_says_so(monkeypatch, sent):
    def broken(*args, **kwargs):
        raise ValueError("the saw fell down")

    monkeypatch.setattr(planning, "run", broken)
    request_id = replanning.ask(by="staff:alice", at=timezone.now())
    with pytest.raises(ValueError, match="fell down"):
        tasks.replan(request_id=request_id)
    assert newest().status == "failed"


def test_without_workers_the_answer_is_honest(monkeypatch, django_capture_on_commit_callbacks):
    def away(*args, **kwargs):
        raise OperationalError("no broker")

    monkeypatch.setattr(SEND, away)
    with django_capture_on_commit_callbacks(execute=True):
        replanning.ask(by="staff:alice", at=timezone.now())
    last = newest()
    assert (last.status, last.under_way) == ("failed", False)


def test_a_request_that_nobody_finished_can_be_asked_again(sent):
    first = replanning.ask(by="staff:alice", at=MONDAY)
    assert replanning.ask(by="staff:bob", at=MONDAY + timedelta(minutes=5)) == first
    assert replanning.ask(by="staff:bob", at=MONDAY + timedelta(minutes=20)) == first + 1


def test_the_progress_is_polled_as_a_fragment_until_it_is_done(signed_in, sent):
    client = signed_in("planner")
    replanning.ask(by="staff:alice", at=timezone.now())
    address = reverse("production:planning")
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert f'hx-get="{address}"' in fragment
    tasks.replan(request_id=1)
    assert "hx-get" not in client.get(address, headers={"HX-Request": "true"}).content.decode()


# Queues and slots


def test_a_queue_tells_set_up_changes_lateness_and_who_has_a_job(signed_in):
    floor = build()
    floor.work_order()
    floor.work_order()
    first, second = Job.objects.filter(work_center=floor.printing)
    Job.objects.filter(pk=second.pk).update(setup_family="black")
    held = {"status": "running", "machine": floor.printer, "operator": floor.bob}
    Job.objects.filter(pk=first.pk).update(**held)
    floor.plan(second)
    shown = html(signed_in("operator"), "production:queue", "print")
    assert "At work" in shown
    assert "Bob" in shown
    assert 'aria-label="Change to"' in shown
    assert "black" in shown
    assert "Late</span>" in shown  # due in March


def test_a_machine_holds_its_set_up_until_another_family_comes(signed_in):
    floor = build()
    jobs = [floor.work_order().jobs.get(sequence=10) for _ in range(3)]
    for job, family in zip(jobs, ("white", "white", "black"), strict=True):
        Job.objects.filter(pk=job.pk).update(setup_family=family)
    Machine.objects.update(setup_family="white")
    floor.plan(*jobs)
    answer = signed_in("operator").get(reverse("production:queue", args=["print"]))
    assert [row.change for row in answer.context["ready"]] == ["", "", "black"]


def test_an_empty_queue_tells_where_work_comes_from(signed_in):
    build()
    assert "Nothing to do here" in html(signed_in("operator"), "production:queue", "print")


def test_the_work_of_an_order_shows_its_steps_on_the_orders_page(signed_in):
    line = workshop.line(workshop.product("lamp", (workshop.center(), {})), 3)
    netting.run(workshop.NOW)
    shown = html(signed_in("planner"), "orders:staff-order", line.order_id)
    assert WorkOrder.objects.get().number in shown
    assert "saw it" in shown


def test_the_cells_show_their_machines_jobs_and_the_time_left(signed_in):
    floor = build()
    job = floor.work_order().jobs.get(sequence=10)
    Job.objects.filter(pk=job.pk).update(status="running", machine=floor.printer)
    floor.plan(job)
    PlanEntry.objects.update(end=timezone.now() + timedelta(minutes=30))
    client = signed_in("operator")
    shown = html(client, "production:cells-now")
    assert "Printer 1" in shown
    assert "left" in shown
    PlanEntry.objects.update(end=timezone.now() - timedelta(seconds=1), start=MONDAY)
    assert "longer than planned" in html(client, "production:cells-now")


def test_the_cells_of_a_large_shop_cost_few_queries(signed_in, django_assert_max_num_queries):
    floor = build()
    for number in range(40):
        Machine.objects.create(work_center=floor.printing, code=f"p{number}", name=f"P{number}")
    client = signed_in("operator")
    with django_assert_max_num_queries(8):
        html(client, "production:cells-now")
