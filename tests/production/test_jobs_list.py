"""The list of jobs: what is found, in which order, and what its files hold."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from config import roles
from journal.lists import paging
from production.models import Job, Machine, Pegging, Plan, PlanEntry, WorkOrder
from tests.production import workshop
from tests.spreadsheets import csv_rows

pytestmark = pytest.mark.django_db
JOBS = "/staff/jobs/"


@pytest.fixture
def alice(client):
    roles.ensure()
    user = get_user_model().objects.create_user("alice", is_staff=True)
    user.groups.add(Group.objects.get(name="planner"))
    client.force_login(user)
    return client


@pytest.fixture
def saw():
    return workshop.center("saw", machines=2)


def work(number, cell, *, due=timedelta(days=3), steps=("Cut",), of=None, line=None):
    """A work order and its steps, one job each."""
    of = of or workshop.product(f"lamp-{number}")
    line = line or workshop.line(of)
    order = WorkOrder.objects.create(
        number=f"W{number}",
        configuration=line.configuration,
        quantity=2,
        due=timezone.now() + due,
        created_at=workshop.NOW,
    )
    Pegging.objects.create(work_order=order, order_line=line, quantity=2)
    return [
        Job.objects.create(
            work_order=order,
            sequence=place,
            name=name,
            work_center=cell,
            quantity=2,
            run_minutes=10,
        )
        for place, name in enumerate(steps, 1)
    ]


def planned(job, machine):
    plan = Plan.objects.published().first() or Plan.objects.create(
        status="published", as_of=workshop.NOW, created_at=workshop.NOW, solver="rules"
    )
    start = timezone.now() + timedelta(hours=1)
    PlanEntry.objects.create(
        plan=plan,
        job=job,
        machine=machine,
        setup_start=start,
        start=start,
        end=start + timedelta(hours=1),
    )


def found(client, query=""):
    return client.get(JOBS + query).context["found"]


def test_the_most_urgent_unfinished_jobs_come_first(alice, saw):
    [later] = work(1, saw, due=timedelta(days=9))
    cut, glue = work(2, saw, due=timedelta(days=1), steps=("Cut", "Glue"))
    [done] = work(3, saw)
    Job.objects.filter(pk=done.pk).update(status="done")
    assert found(alice) == [cut, glue, later]
    assert found(alice, "?sort=-due") == [later, glue, cut]
    assert found(alice, "?status=done") == [done]
    assert found(alice, "?status=all&sort=job") == [later, cut, glue, done]


def test_only_late_work_is_what_is_past_its_date_and_unfinished(alice, saw):
    [late], [done], [_early] = (
        work(number, saw, due=timedelta(days=days)) for number, days in ((1, -1), (2, -1), (3, 1))
    )
    Job.objects.filter(pk=done.pk).update(status="done")
    assert found(alice, "?late=on") == [late]
    assert alice.get(f"{JOBS}?late=on").context["rows"][0].late
    assert not alice.get(f"{JOBS}?status=done").context["rows"][0].late


def test_a_job_is_found_by_order_work_order_and_sku(alice, saw):
    line = workshop.line(workshop.product("table"))
    [of_table] = work(71, saw, line=line)
    [of_lamp] = work(72, saw)
    assert found(alice, f"?q={line.order.number}") == [of_table]
    assert found(alice, "?q=w72") == [of_lamp]
    assert found(alice, "?q=tab") == [of_table]


def test_a_job_belongs_to_the_machine_that_has_it_or_else_to_the_planned_one(alice, saw):
    first, second = Machine.objects.order_by("code")
    [waiting], [moved], _other = work(1, saw), work(2, saw), work(3, saw)
    planned(waiting, first)
    planned(moved, first)
    Job.objects.filter(pk=moved.pk).update(machine=second)
    assert found(alice, "?machine=saw-1") == [waiting]
    assert found(alice, "?machine=saw-2") == [moved]
    assert [job.machine_name for job in found(alice, "?sort=job")] == ["saw 1", "saw 2", None]


def test_jobs_of_a_cell_and_of_some_days(alice, saw):
    [sawn] = work(1, saw)
    [painted] = work(2, workshop.center("paint"), due=timedelta(days=20))
    assert found(alice, "?cell=paint") == [painted]
    day = timezone.localdate() + timedelta(days=10)
    assert found(alice, f"?due_until={day}") == [sawn]
    assert found(alice, f"?due_from={day}") == [painted]


def test_a_file_of_jobs_names_the_orders_and_what_is_shown(alice, saw):
    line = workshop.line(workshop.product("table"))
    cut, _glue = work(1, saw, line=line, steps=("Cut", "Glue"))
    WorkOrder.objects.filter(pk=cut.work_order_id).update(due=datetime(2026, 3, 2, 8, tzinfo=UTC))
    work(2, saw)
    header, *rows = csv_rows(alice.get(f"{JOBS}?q=tab&sort=-job&as=csv"))
    told = [dict(zip(header, row, strict=True)) for row in rows]
    assert [one["Job"] for one in told] == ["W1 · Glue", "W1 · Cut"]
    assert {one["Orders"] for one in told} == {line.order.number}
    assert {one["Due (Europe/Berlin)"] for one in told} == {"2026-03-02 09:00:00"}


def test_a_job_for_many_orders_names_three_and_counts_the_others(alice, saw):
    lamp = workshop.product("lamp")
    lines = [workshop.line(lamp, who=name) for name in ("Alice", "Bob", "Carol", "Dan", "Eve")]
    [job] = work(1, saw, of=lamp, line=lines[0])
    for line in lines[1:]:
        Pegging.objects.create(work_order=job.work_order, order_line=line, quantity=1)
    numbers = [line.order.number for line in lines]
    answer = alice.get(JOBS)
    [row] = answer.context["rows"]
    assert [text for text, _url in row.cells[-1].links] == numbers[:3]
    assert '<span class="muted">+ 2</span>' in answer.content.decode()
    _header, row = csv_rows(alice.get(f"{JOBS}?as=csv"))
    assert row[-1] == ", ".join(numbers)


def test_sixty_jobs_cost_as_many_queries_as_five(
    alice, saw, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(paging, "A_PAGE", 60)
    for expected in (5, 60):
        for number in range(Job.objects.count(), expected):
            work(number, saw)
        # session, user, two for permissions, views, ids, rows, pegs, cells, machines
        with django_assert_num_queries(10):
            assert len(found(alice)) == expected


def test_operators_read_the_jobs_and_see_no_link_that_refuses_them(client, saw):
    roles.ensure()
    olga = get_user_model().objects.create_user("olga", is_staff=True)
    olga.groups.add(Group.objects.get(name="operator"))
    client.force_login(olga)
    [job] = work(1, saw)
    assert found(client) == [job]
    line = job.work_order.pegging.get().order_line
    shown = client.get(JOBS).content.decode()
    assert line.order.number in shown
    assert f"/staff/orders/{line.order_id}/" not in shown
