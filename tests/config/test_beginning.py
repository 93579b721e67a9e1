"""The wizard as an owner uses it: each step by itself, in any order, and what it writes."""

from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from config import zones
from config.models import Beginning, CycleRun
from journal.models import Revision, User
from orders.models import Customer, Order, OrderLine, Product
from production import netting, planning, tasks
from production.models import Calendar, Machine, Operation, Plan, Plant, WorkCenter

pytestmark = pytest.mark.django_db
WEEK = {
    f"{day}_{part}": ""
    for day in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    for part in ("start", "end")
}
WORKDAYS = WEEK | {
    f"{day}_{part}": at
    for day in ["mon", "tue", "wed", "thu"]
    for part, at in (("start", "07:00"), ("end", "15:30"))
}
PLANT = {"name": "Alice & Co", "time_zone": "Europe/Zurich", "currency": "CHF", "language": "en"}


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def alice(client):
    client.force_login(User.objects.create_superuser("alice", password=None))
    return client


def of_rows(prefix, *rows, before=0):
    form = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": before}
    for number, row in enumerate(rows):
        form |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return form


def cell(name, kind="line", machines=1, **more):
    return {"name": name, "kind": kind, "machines": machines, **more}


def send(client, step, data=None):
    return client.post(reverse(f"begin-{step}"), data or {})


def errors(answer):
    assert answer.status_code == 422
    return answer.content.decode()


LAMP = {"name": "Lamp", "family": "Lamps", "price": "89.50"}
SAW = {"name": "Saw it", "cell": "saw", "minutes": "6-10"}


def product(**more):
    asked = of_rows("question", {"name": "Colour", "answers": "White, Night blue +5"})
    made = of_rows("step", SAW, {"name": "", "cell": "saw", "minutes": ""})
    return LAMP | asked | made | more


@pytest.fixture
def saw(alice):
    send(alice, "hours", WORKDAYS | {"holidays": ""})
    send(alice, "cells", of_rows("cell", cell("Saw", machines=2)))
    return alice


def test_the_plant_gets_its_name_zone_currency_and_language(alice, data_dir):
    answer = send(alice, "plant", PLANT | {"language": "zh-hans"})
    assert answer.url == reverse("begin-start")
    plant = Plant.objects.get()
    assert (plant.name, plant.time_zone) == ("Alice & Co", "Europe/Zurich")
    assert Beginning.load().currency == "CHF"
    assert User.objects.get().language == "zh-hans"
    assert zones.chosen(data_dir) == "Europe/Zurich"
    send(alice, "plant", PLANT | {"name": "Alice Ltd"})
    assert Plant.objects.get().name == "Alice Ltd"


def test_a_set_is_written_in_the_owners_currency_and_can_be_taken_back(alice):
    send(alice, "plant", PLANT)
    answer = send(alice, "start", {"start": "gifts"})
    assert answer.url == reverse("begin-hours")
    assert set(Product.objects.values_list("currency", flat=True)) == {"CHF"}
    assert WorkCenter.objects.first().plant.name == "Alice & Co"
    assert Revision.objects.filter(batch=Beginning.load().batch).count() > 100
    send(alice, "take-back")
    assert not Product.objects.exists()
    assert Beginning.load().start == ""


def test_a_set_that_is_in_use_stays(alice):
    send(alice, "start", {"start": "gifts"})
    send(alice, "orders", order("PEN-LINE"))
    answer = alice.post(reverse("begin-take-back"), follow=True)
    assert "PEN-LINE" in answer.content.decode()
    assert Product.objects.count() == 7
    assert Beginning.load().start == "gifts"


@pytest.mark.parametrize("wanted", ["", "submarines"])
def test_where_to_start_is_one_of_those_shown(alice, wanted):
    assert "Choose one of these." in errors(send(alice, "start", {"start": wanted}))


def test_a_week_becomes_shifts_and_days_off(alice):
    days = "2030-12-25 Christmas\n\n2030-12-26"
    assert send(alice, "hours", WORKDAYS | {"holidays": days}).status_code == 302
    calendar = Calendar.objects.get()
    assert [(one.weekday, one.start) for one in calendar.shifts.all()] == [
        (day, time(7)) for day in range(4)
    ]
    assert [(one.day.day, one.reason) for one in calendar.exceptions.order_by("day")] == [
        (25, "Christmas"),
        (26, ""),
    ]
    page = alice.get(reverse("begin-hours")).content.decode()
    assert 'value="07:00"' in page
    assert "2030-12-25 Christmas" in page
    changed = WORKDAYS | {"mon_end": "12:00", "thu_start": "", "thu_end": ""}
    send(alice, "hours", changed | {"holidays": "2030-12-25 Closed"})
    assert [one.end for one in calendar.shifts.all()] == [time(12), time(15, 30), time(15, 30)]
    assert [one.reason for one in calendar.exceptions.all()] == ["Closed"]
    send(alice, "hours", WEEK | {"sat_start": "09:00", "sat_end": "12:00", "holidays": ""})
    assert [(one.weekday, one.start) for one in calendar.shifts.all()] == [(5, time(9))]
    assert not calendar.exceptions.exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"mon_end": ""}, "Fill in both times of Monday"),
        (WEEK, "At least one day must be open."),
        ({"holidays": "Christmas"}, "Christmas"),
    ],
)
def test_hours_that_cannot_be_are_named_and_nothing_is_saved(alice, wrong, told):
    assert told in errors(send(alice, "hours", WORKDAYS | {"holidays": ""} | wrong))
    assert not Calendar.objects.exists()


def test_cells_get_codes_calendars_and_as_many_machines_as_were_said(alice):
    night = cell("Printers", "print", 3, around_the_clock="on")
    rows = of_rows("cell", cell("Saw & drill"), night, cell("喷漆", "line", 2), cell(""))
    assert send(alice, "cells", rows).url == reverse("begin-product")
    found = [
        (one.code, one.calendar.name, one.machines.count()) for one in WorkCenter.objects.all()
    ]
    assert found == [
        ("saw-drill", "Day shift", 1),
        ("printers", "Around the clock", 3),
        ("line", "Day shift", 2),
    ]
    assert Machine.objects.get(code="printers-3").name == "Printers 3"


def test_a_machine_too_many_stands_still_and_comes_back(alice):
    send(alice, "cells", of_rows("cell", cell("Saw", machines=3)))
    for wanted in (1, 2):
        send(alice, "cells", of_rows("cell", cell("Saw", machines=wanted, code="saw"), before=1))
        active = Machine.objects.filter(active=True).order_by("code")
        assert [one.code for one in active] == ["saw-1", "saw-2"][:wanted]
    assert Machine.objects.count() == 3


def test_cells_without_a_name_are_no_cells(alice):
    assert "Fill in at least one line." in errors(send(alice, "cells", of_rows("cell", cell(""))))


def test_a_product_has_options_with_prices_and_steps_with_guessed_times(saw):
    send(saw, "plant", PLANT)
    assert send(saw, "product", product()).url == reverse("begin-orders")
    made = Product.objects.get()
    assert (made.sku, made.base_price, made.currency) == ("LAMP", Decimal("89.50"), "CHF")
    answers = made.option_groups.get().values.values_list("code", "name", "price_delta")
    assert list(answers) == [
        ("white", "White", Decimal(0)),
        ("night-blue", "Night blue", Decimal(5)),
    ]
    step = Operation.objects.get()
    minutes = [step.run_minutes_low, step.run_minutes, step.run_minutes_high]
    assert minutes == [Decimal(6), Decimal(8), Decimal(10)]


def test_products_of_one_name_get_codes_of_their_own_and_share_the_family(saw):
    send(saw, "product", product())
    assert send(saw, "product", product(more="yes", family="lamps")).url == reverse("begin-product")
    assert list(Product.objects.order_by("sku").values_list("sku", "family__code")) == [
        ("LAMP", "lamps"),
        ("LAMP-2", "lamps"),
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"step-0-name": ""}, "Say at least one step"),
        ({"step-0-minutes": "some"}, "Saw it: "),
        ({"step-0-minutes": "10-6"}, "begins with the larger number"),
        ({"question-0-answers": "White"}, "needs two answers"),
        ({"price": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_product_that_cannot_be_is_explained_and_nothing_is_saved(saw, wrong, told):
    assert told in errors(send(saw, "product", product(**wrong)))
    assert not Product.objects.exists()


def order(sku="LAMP", **more):
    due = timezone.now().date() + timedelta(days=20)
    return {"product": sku, "quantity": "3", "due_on": str(due), "customer": "Bob"} | more


def test_the_first_order_is_on_the_board_at_once(saw):
    send(saw, "product", product())
    answer = saw.post(reverse("begin-orders"), order(), follow=True)
    assert "Load of the cells" in answer.content.decode()
    line = OrderLine.objects.get()
    assert (line.order.number or line.order.external_ref) == "A-1001"
    assert line.configuration.values == {"colour": "white"}
    assert (line.order.customer.name, line.quantity) == ("Bob", 3)


def test_the_example_table_can_be_brought_in_as_it_stands(saw):
    send(saw, "product", product())
    example = saw.get(reverse("begin-orders")).context["table"].initial["table"]
    assert send(saw, "orders", {"table": example}).status_code == 302
    assert Order.objects.count() == 1
    assert Customer.objects.get().name == "Alice"


def test_a_table_as_a_file_is_taken_whole_or_not_at_all(saw):
    send(saw, "product", product())
    head = "order,position,customer,product,options,quantity,placed_on,due_on\n"
    good = "7,1,Carol,LAMP,colour=white,2,2026-03-02,2030-01-07\n"
    bad = "8,1,Carol,GATE,,2,2026-03-02,2030-01-07\n"

    def upload(text):
        return send(
            saw, "orders", {"table": "", "file": SimpleUploadedFile("mine.csv", text.encode())}
        )

    assert "line 3, column product" in errors(upload(head + good + bad))
    assert "mine.txt" not in errors(upload("no table at all"))
    assert not Order.objects.exists()
    assert not Customer.objects.exists()
    assert upload(head + good).status_code == 302
    assert Customer.objects.get().external_ref == "Carol"


def test_the_plan_is_asked_for_and_ends_the_wizard(
    saw, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(
        "production.replanning.current_app.send_task",
        lambda name, **task: sent.append((name, task)),
    )
    send(saw, "product", product())
    send(saw, "orders", order())
    with django_capture_on_commit_callbacks(execute=True):
        assert send(saw, "plan").url == reverse("begin-plan")
    [(name, task)] = sent
    assert name == tasks.replan.name
    tasks.replan(**task["kwargs"])
    assert Plan.objects.get().status == "published"
    assert OrderLine.objects.get().status == "planned"
    page = saw.get(reverse("begin-plan")).content.decode()
    assert reverse("production:schedule") in page
    known = saw.get(reverse("begin")).context["all"]
    assert [step.code for step in known if not step.done] == ["start"]
    closing = saw.get(reverse("begin-next")).context["payoffs"]
    assert [one.done for one in closing] == [True, False, False, False]


def test_every_page_opens_in_a_shop_without_anything(alice):
    for name in (
        "",
        "-plant",
        "-start",
        "-hours",
        "-cells",
        "-product",
        "-orders",
        "-plan",
        "-next",
    ):
        assert alice.get(reverse(f"begin{name}")).status_code == 200, name


def test_only_administrators_begin(client):
    client.force_login(User.objects.create_user("carol", password=None, is_staff=True))
    for name in ("", "-plant", "-start", "-plan"):
        assert client.get(reverse(f"begin{name}")).status_code == 403
    assert client.post(reverse("begin-take-back")).status_code == 403


def test_the_dashboard_shows_the_way_until_the_shop_runs(alice):
    assert reverse("begin") in alice.get(reverse("dashboard")).content.decode()
    now = timezone.now()
    run = CycleRun.objects.create(as_of=now, started_at=now)
    assert reverse("begin") not in alice.get(reverse("dashboard")).content.decode()
    run.delete()
    netting.run(now)
    planning.run(now)
    assert reverse("begin") not in alice.get(reverse("dashboard")).content.decode()
