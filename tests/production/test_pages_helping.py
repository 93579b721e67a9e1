"""What would help: asked on a page, followed, and told in words."""

from datetime import date

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from journal.models import Transition
from journal.moving import record
from production import netting, planning, remedies
from production.models import Machine, WorkOrder
from production.remedies import FORM, REMEDIES, WHOLE_PLAN, Answer
from production.scheduling import Bottleneck, Effect, Remedies, Remedy, RemedyKind, Totals, Use
from tests.production.workshop import NOW, center, line, product

pytestmark = pytest.mark.django_db

LATE = date(2026, 3, 5)  # wanted on a Thursday: it must be finished three days before, on Monday


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    found = []
    send = "production.remedies.current_app.send_task"
    monkeypatch.setattr(send, lambda name, **more: found.append(more["kwargs"]))
    return found


@pytest.fixture
def saw():
    return center()


@pytest.fixture
def lines(saw):
    """One saw, eight hours a day: seven hours for Alice, then three for Bob, due on Monday too."""
    lamp = product("lamp", (saw, {"run_minutes": 60}))
    shelf = product("shelf", (saw, {"run_minutes": 60}))
    made = line(lamp, 7, LATE), line(shelf, 3, LATE, who="Bob")
    netting.run(NOW)
    planning.run(NOW)
    return made


def address(line_id=None, name="what-helps"):
    return reverse(f"production:{name}", args=[line_id] if line_id else [])


def shown(client, line_id=None, **more):
    answer = client.get(address(line_id), **more)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def order_of(one):
    return WorkOrder.objects.get(pegging__order_line=one)


def ended(line_id, answer=None, to="done", why="", at=None):
    """A question that came to an end, and what it came to."""
    for old, new in (("", "queued"), ("queued", "running"), ("running", to)):
        told = why if new == to else ""
        when = at or timezone.now()
        record(REMEDIES, [(line_id, old)], new, by="staff:alice", at=when, why=told)
    if answer:
        cache.set(f"remedies:{FORM}:{line_id}", answer, 60)


def answer_for(line_id, effects, bottlenecks=(), late=600, order_id=None, complete=True):
    before = Totals(objective=1000, weighted_tardiness=1000, late_jobs=9)
    found = Remedies(before, 4, None, tuple(effects), complete)
    minutes = late if order_id else None
    return Answer(line_id, NOW, order_id, minutes, tuple(bottlenecks), found)


# Who may ask, and asking


def test_operators_neither_see_nor_ask(signed_in, lines):
    client = signed_in("operator")
    assert client.get(address()).status_code == 403
    assert client.post(address(name="ask-what-helps")).status_code == 403


def test_who_may_only_look_sees_the_answer_and_cannot_ask(signed_in, lines):
    client = signed_in("operator")
    Group.objects.get(name="operator").permissions.add(Permission.objects.get(codename="view_plan"))
    assert "Find out" not in shown(client)
    assert client.post(address(name="ask-what-helps")).status_code == 403
    assert not Transition.objects.filter(kind=REMEDIES.kind).exists()


def test_a_planner_asks_and_is_shown_how_far_it_is(
    signed_in, lines, sent, django_capture_on_commit_callbacks
):
    client, bobs = signed_in("planner"), lines[1].pk
    assert "Nobody has asked yet" in shown(client, bobs)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address(bobs, "ask-what-helps"))
    assert answer["Location"] == address(bobs)
    assert sent == [{"line_id": bobs}]
    text = shown(client, bobs)
    assert "The question waits for a worker" in text
    assert f'hx-get="{address(bobs)}"' in text
    assert "Ask again" not in text
    piece = shown(client, bobs, headers={"HX-Request": "true"})
    assert "<html" not in piece
    assert "The question waits for a worker" in piece


@pytest.mark.parametrize("name", ["what-helps", "ask-what-helps"])
def test_a_line_that_nothing_is_made_for_is_not_found(signed_in, name):
    client = signed_in("planner")
    found = (client.get if name == "what-helps" else client.post)(address(99, name))
    assert found.status_code == 404


def test_htmx_is_led_to_the_answer_when_it_is_there(signed_in, lines):
    ended(WHOLE_PLAN, answer_for(WHOLE_PLAN, []))
    assert "Show the answer" in shown(signed_in("planner"), headers={"HX-Request": "true"})


# What came of it


def test_a_late_order_is_told_what_helps_by_really_planning_again(signed_in, lines):
    """Ten hours of work on Monday's eight: one order runs to Tuesday. Two hours more are enough."""
    for one in lines:
        ended(one.pk, remedies.tried(one.pk, NOW, lambda: False))
    client = signed_in("planner")
    texts = [shown(client, one.pk) for one in lines]
    [late] = [text for text in texts if "Nothing is late" not in text]
    assert "2 more hours a day at saw, on 5 days" in late
    assert "This order is in time instead of" in late
    assert "1 order fewer is late." in late
    assert "Busy with others" in late


def test_a_remedy_tells_its_gain_its_price_and_who_gets_later(signed_in, lines, saw):
    alice, bob = map(order_of, lines)
    effects = [
        Effect(
            Remedy(RemedyKind.OVERTIME, str(saw.pk), (str(Machine.objects.get().pk),), "", 840),
            lateness=-480,
            objective=-125,
            late_orders=-3,
            set_aside=0,
            used_minutes=540,
        ),
        Effect(
            Remedy(RemedyKind.FIRST, job_id=str(bob.pk)),
            lateness=-60,
            objective=40,
            late_orders=1,
            set_aside=0,
            used_minutes=0,
            later=((str(alice.pk), 90),),
        ),
    ]
    ended(lines[1].pk, answer_for(lines[1].pk, effects, order_id=bob.pk))
    text = shown(signed_in("planner"), lines[1].pk)
    assert "This order is 8 h 00 min less late: 2 h 00 min instead of 10 h 00 min." in text
    assert "3 orders fewer are late. The whole plan costs 12.5 % less." in text
    assert "Takes 14 h more of open machine time, of which 9.0 h would be used." in text
    assert f"{bob.number} in front of all others" in text
    assert "1 order more is late. The whole plan costs 4.0 % more." in text
    assert "1 order gets later:" in text
    assert f'href="{reverse("production:work-order", args=[alice.pk])}"' in text
    assert "+1 h 30 min" in text


def test_what_gained_nothing_is_told_apart(signed_in, lines, saw):
    machine = str(Machine.objects.get().pk)
    gain = Effect(Remedy(RemedyKind.DAYS, str(saw.pk), (machine,)), None, -500, -1, 0, 0)
    none = Effect(Remedy(RemedyKind.MACHINE, str(saw.pk), (machine,)), None, 0, 0, 0, 0)
    ended(WHOLE_PLAN, answer_for(WHOLE_PLAN, [gain, none], complete=False))
    helpful, _, vain = shown(signed_in("planner")).partition("Tried without gain")
    assert "saw open on the next 2 closed days, 8 hours each" in helpful
    assert "One more machine at saw" not in helpful
    assert "One more machine at saw" in vain
    assert "The time was over before everything was tried." in helpful


def test_one_machine_of_several_is_named(signed_in, lines, saw):
    second = Machine.objects.create(work_center=saw, code="saw-2", name="saw 2")
    remedy = Remedy(RemedyKind.OVERTIME, str(saw.pk), (str(second.pk),))
    ended(WHOLE_PLAN, answer_for(WHOLE_PLAN, [Effect(remedy, None, -1, 0, 0, 0)]))
    assert "2 more hours a day at saw · saw 2, on 5 days" in shown(signed_in("planner"))


def test_the_hours_of_late_orders_add_up_by_cell_and_cause(signed_in, lines, saw):
    paint = center("paint")
    found = [
        Bottleneck(str(paint.pk), Use.BUSY, 600, 2, 500.0),
        Bottleneck("", Use.OVERDUE, 1200, 1, 250.0),
        Bottleneck(str(saw.pk), Use.CLOSED, 180, 1, 150.0),
        Bottleneck(str(paint.pk), Use.CLOSED, 120, 1, 100.0),
    ]
    ended(WHOLE_PLAN, answer_for(WHOLE_PLAN, [], found))
    client = signed_in("planner")
    table = client.get(address()).context["told"].table
    assert [str(column) for column in table.columns] == ["Busy with others", "Machine closed"]
    rows = [(str(row.label), [spent for _, spent in row.cells], row.total) for row in table.rows]
    assert rows == [
        ("paint", [600, 120], 720),
        ("saw", [0, 180], 180),
        ("Late before now", [0, 0], 1200),
    ]
    assert [row.share for row in table.rows] == [0.6, 0.15, 0.25]
    assert [spent for _, spent in table.sums] == [600, 300]
    assert table.total == 2100
    assert "Nothing that was tried would help." in shown(client)


# Nothing to tell


def test_where_nothing_is_late_nothing_was_tried(signed_in):
    calm = line(product("lamp", (center(), {})), 1)
    netting.run(NOW)
    planning.run(NOW)
    for line_id in (WHOLE_PLAN, calm.pk):
        ended(line_id, remedies.tried(line_id, NOW, lambda: False))
    client = signed_in("planner")
    assert "Every order is in time as it is" in shown(client)
    assert "This order is in time as it is" in shown(client, calm.pk)


def test_a_line_without_a_place_and_one_that_is_done_are_told_apart(signed_in, lines):
    bobs = lines[1].pk
    ended(bobs, Answer(bobs, NOW, None, None))
    client = signed_in("planner")
    assert "This position has no place in a plan" in shown(client, bobs)
    WorkOrder.objects.update(status="completed")
    assert "All work for this position is done or was cancelled." in shown(client, bobs)


def test_an_answer_that_is_forgotten_is_said_to_be(signed_in, lines):
    ended(WHOLE_PLAN)
    cache.clear()
    text = shown(signed_in("planner"))
    assert "The answer is no longer known" in text
    assert "Ask again" in text


@pytest.mark.parametrize(
    ("why", "said"),
    [("The workers cannot be reached.",) * 2, ("", "Something went wrong while remedies were")],
)
def test_a_question_that_failed_says_why(signed_in, lines, why, said):
    ended(WHOLE_PLAN, to="failed", why=why)
    text = shown(signed_in("planner"))
    assert "The question was not answered" in text
    assert said in text
    assert "Ask again" in text


# The ways there


def test_late_orders_lead_to_what_would_help_them(signed_in, lines):
    client = signed_in("planner")
    text = client.get(reverse("production:planning")).content.decode()
    links = [address(one.pk) in text for one in lines]
    assert sorted(links) == [False, True]  # one of the two is late
    assert f'href="{address()}"' in text


def test_a_work_order_leads_to_what_would_help_it_while_it_is_open(signed_in, lines):
    client, order = signed_in("planner"), order_of(lines[0])
    page = reverse("production:work-order", args=[order.pk])
    assert address(lines[0].pk) in client.get(page).content.decode()
    WorkOrder.objects.update(status="completed")
    assert address(lines[0].pk) not in client.get(page).content.decode()


def test_many_remedies_cost_as_few_queries_as_one(
    signed_in, lines, saw, django_assert_max_num_queries
):
    orders = [str(order_of(one).pk) for one in lines]
    effects, found = [], []
    for number in range(12):
        cell = center(f"cell{number}", machines=3)
        machine = str(cell.machines.first().pk)
        remedy = Remedy(RemedyKind.OVERTIME, str(cell.pk), (machine,))
        later = tuple((one, 60) for one in orders)
        effects.append(Effect(remedy, None, -100, 0, 0, 0, later))
        found.append(Bottleneck(str(cell.pk), Use.BUSY, 600, 2, 500.0))
    ended(WHOLE_PLAN, answer_for(WHOLE_PLAN, effects, found))
    client = signed_in("planner")
    with django_assert_max_num_queries(10):
        shown(client)
