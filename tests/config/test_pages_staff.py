"""The dashboard: five questions, late orders, today's work, the last cycle."""

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.models import CycleRun
from config.views import alarms
from config.views.dashboard import answers, newest_figures
from journal import dispatch
from journal.models import Delivery, Handling, Transition
from production.models import GapMeasurement, Job
from tests import factories
from tests.production.floor import MONDAY, build

pytestmark = pytest.mark.django_db


def dashboard(client):
    answer = client.get(reverse("dashboard"))
    assert answer.status_code == 200
    return answer.content.decode()


def measured(measure, value, week=date(2026, 2, 23), **fields):
    return GapMeasurement.objects.create(
        measure=measure, value=value, week=week, measured_at=MONDAY, **fields
    )


def test_operators_and_visitors_may_not_see_the_dashboard(client, signed_in):
    assert client.get(reverse("dashboard")).status_code == 302
    assert signed_in("operator").get(reverse("dashboard")).status_code == 403


def links_of(client, page):
    return re.findall(r'href="(/staff/[^"?]*)"', client.get(page).content.decode())


def test_who_tends_machines_is_shown_only_what_the_floor_needs(signed_in):
    links = links_of(signed_in("operator"), reverse("production:queues"))
    assert reverse("production:jobs") in links
    for closed in ("dashboard", "production:gap", "orders:staff-orders", "forecasting:runs"):
        assert reverse(closed) not in links


@pytest.mark.parametrize(
    ("role", "page"), [("planner", "dashboard"), ("operator", "production:due")]
)
def test_staff_begin_where_they_may_work(client, signed_in, role, page):
    answer = signed_in(role).get(reverse("enter"))
    assert answer.url == reverse(page)


def test_customers_begin_in_the_shop_in_their_language(client, django_user_model):
    django_user_model.objects.create_user("carol", password="quite-a-long-word")
    form = {"username": "carol", "password": "quite-a-long-word"}
    assert client.post("/zh-hans/login/", form, follow=True).redirect_chain[-1][0] == "/zh-hans/"


def test_a_new_shop_is_told_that_nothing_is_measured_yet_and_what_to_do(signed_in):
    shown = dashboard(signed_in("planner"))
    assert "The gap has not been measured yet" in shown
    assert "No cycle has run yet" in shown
    assert "Nothing is late" in shown
    assert "There are no machines yet" in shown


def test_every_question_is_answered_in_plain_figures():
    measured("choice", 1.8, wanted=42, details={"baseline_bits": 2.4, "saved_bits": 0.6})
    measured("mix", 0.18, wanted=120, answered=100)
    measured("volume", 0.3, wanted=120, answered=100, details={"bias": -0.17, "money": 1234.5})
    measured("time", 2.5, wanted=40, details={"later_share": 0.25})
    measured("quality", 0.05, wanted=60, answered=57)
    shown = answers(newest_figures())
    # 0.6 of 2.4 bits; 0.3 of 120 pieces; 2.5 days; 5 % of 60; as measured.
    values = [one.value for one in shown]
    assert values[:4] == ["25 %", "36", "60 h", "3"]
    assert "€1,234.50" in values[4]
    assert "17 % less" in shown[4].measure


def test_the_newest_week_of_the_shop_counts():
    measured("mix", 0.5, week=date(2026, 2, 16))
    newest = measured("mix", 0.2)
    lamp = factories.lamp()
    measured("mix", 0.9, week=date(2026, 3, 2), product=lamp)
    assert newest_figures() == {"mix": newest}


def test_late_orders_stand_first_with_the_longest_overdue(signed_in):
    for day in (9, 3):
        factories.order([factories.line(committed_date=date(2026, 3, day))])
    answer = signed_in("planner").get(reverse("dashboard"))
    assert [line.committed_date.day for line in answer.context["late"]] == [3, 9]
    assert answer.context["late_count"] == 2


def test_today_holds_what_is_open_and_not_what_comes_later(signed_in):
    floor = build()
    jobs = [floor.work_order().jobs.get(sequence=10) for _ in range(3)]
    plan = floor.plan(*jobs)
    now = timezone.now()
    ahead = now + timedelta(days=2)
    plan.entries.filter(job=jobs[2]).update(
        setup_start=ahead, start=ahead, end=ahead + timedelta(hours=1)
    )
    Job.objects.filter(pk=jobs[1].pk).update(status="done")
    answer = signed_in("planner").get(reverse("dashboard"))
    assert [entry.job_id for entry in answer.context["today"]] == [jobs[0].pk]


def test_the_last_cycle_tells_what_each_step_did(signed_in):
    CycleRun.objects.create(
        status="failed",
        as_of=MONDAY,
        started_at=MONDAY,
        steps=[{"step": "net", "did": "3 work orders for orders", "seconds": 1.2}],
        error="plan: no machine",
    )
    shown = dashboard(signed_in("planner"))
    assert "Make work orders" in shown
    assert "3 work orders for orders" in shown
    assert "plan: no machine" in shown


def failed(receiver, hours, attempts=10):
    at = timezone.now() - timedelta(hours=hours)
    step = Transition.objects.create(kind="order", object_id=1, to_status="confirmed", at=at)
    return step.handlings.create(
        receiver=receiver,
        attempts=attempts,
        due_at=at + timedelta(days=1),
        error="OSError: refused",
    )


def test_what_the_shop_could_not_do_stands_on_the_dashboard_with_what_it_means(signed_in):
    failed("orders.mail_confirmation", 9)
    failed("orders.mail_confirmation", 3)
    failed("production.work_begun", 5, attempts=9)
    answer = signed_in("admin").get(reverse("dashboard"))
    [alarm] = answer.context["alarms"]
    assert (alarm.what, alarm.count) == ("Mails that confirm an order", 2)
    assert timezone.now() - alarm.since > timedelta(hours=8)
    shown = answer.content.decode()
    assert "do not know yet that their order is confirmed" in shown
    assert "OSError: refused" in shown


def test_a_shop_without_failures_shows_no_alarm(signed_in):
    assert "What needs your help" not in dashboard(signed_in("admin"))


def test_planners_see_alarms_but_only_administrators_try_again(signed_in):
    duty = failed("orders.mail_confirmation", 9)
    client = signed_in("planner")
    shown = dashboard(client)
    assert "Tell an administrator" in shown
    assert "OSError" not in shown
    answer = client.post(reverse("try-again"), {"receiver": duty.receiver})
    assert answer.status_code == 403


def test_trying_again_makes_the_work_due_at_once(signed_in):
    duty, other = failed("orders.mail_confirmation", 9), failed("production.work_begun", 9)
    client = signed_in("admin")
    answer = client.post(reverse("try-again"), {"receiver": duty.receiver}, follow=True)
    assert "1 task is tried again now" in answer.content.decode()
    assert list(Handling.objects.due(timezone.now())) == [duty]
    assert other.due_at > timezone.now()


def test_mails_given_up_on_stand_there_too_and_are_sent_again(signed_in):
    for number in (1, 2):
        Delivery.objects.create(
            dedup_key=f"order:{number}:sent",
            recipient="bob@example.org",
            subject="On its way",
            status="failed",
            attempts=10,
            due_at=timezone.now(),
            error="SMTPConnectError: 421",
        )
    client = signed_in("admin")
    shown = dashboard(client)
    assert "Mails that could not be sent" in shown
    assert "SMTPConnectError: 421" in shown
    answer = client.post(reverse("try-again"), {"receiver": alarms.MAILS}, follow=True)
    assert "2 mails are on their way again" in answer.content.decode()
    assert set(Delivery.objects.values_list("status", "attempts")) == {("pending", 0)}
    assert "Mails that could not be sent" not in dashboard(client)


def test_trying_again_needs_a_form_of_ours(signed_in):
    signed_in("admin")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.get(username="admin"))
    answer = strict.post(reverse("try-again"), {"receiver": "orders.mail_confirmation"})
    assert answer.status_code == 403
    assert strict.get(reverse("try-again")).status_code == 405


def test_many_failures_cost_no_more_queries_than_one(signed_in, django_assert_num_queries):
    client = signed_in("admin")
    dashboard(client)
    failed("orders.mail_confirmation", 9)
    with CaptureQueriesContext(connection) as one:
        dashboard(client)
    for hours in range(30):
        failed("orders.mail_confirmation", hours)
        failed("production.work_begun", hours)
    with django_assert_num_queries(len(one)):
        dashboard(client)


def test_everything_that_may_fail_has_words_of_its_own():
    assert set(dispatch._receivers) <= set(alarms.WORDS)


def test_the_dashboard_of_a_busy_shop_costs_few_queries(signed_in, django_assert_max_num_queries):
    floor = build()
    for _ in range(20):
        floor.work_order()
        factories.order([factories.line(committed_date=date(2026, 3, 3))])
    floor.plan(*Job.objects.all())
    client = signed_in("planner")
    with django_assert_max_num_queries(26):
        dashboard(client)
