"""Customers are told by mail what happens to their order: once, in their language."""

from datetime import timedelta

import pytest

from journal import dispatch
from journal.models import Delivery, Handling, Transition
from orders import lifecycle, tracking
from orders.models import Customer, Order, PromiseRevision
from tests.factories import FACTORY, NOW, customer, line, order, placed

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def ten_days(settings):
    settings.FACTORY = FACTORY


@pytest.fixture
def alices():
    """Alice's order of a lamp, confirmed; the letter that says so is out of the way."""
    made = placed()
    dispatch.drain(NOW)
    Delivery.objects.all().delete()
    return made


def ship(made, code="P1"):
    lines = [row.pk for row in made.lines.all()]
    lifecycle.ready(lines, by="system", at=NOW)
    lifecycle.ship(made.pk, lines, "Post", code, by="staff:bob", at=NOW)


def slip(rows, days, cause="The mill is down.", at=NOW + DAY):
    day = (NOW + days * DAY).date()
    slips = [lifecycle.LinePromise(row.pk, day, day, day, cause) for row in rows]
    lifecycle.promise_many(slips, by="system", at=at)


def letters():
    dispatch.drain(NOW + 3 * DAY)
    assert not Handling.objects.pending().exists()
    return list(Delivery.objects.order_by("pk"))


def test_a_parcel_that_leaves_is_told_with_carrier_code_and_link(alices):
    ship(alices)
    [letter] = letters()
    assert letter.recipient == "alice@example.org"
    assert alices.number in letter.subject
    for said in ("1 × Lamp", "Carrier: Post", "Tracking code: P1"):
        assert said in letter.body
    link = letter.body.split("/track/")[1].strip("/ \n")
    assert tracking.order_of(link) == alices.pk


def test_a_parcel_of_two_lines_is_told_once_and_two_parcels_twice():
    made = order([line(status="ready"), line(status="ready"), line(status="ready")], by=customer())
    first, second, third = (row.pk for row in made.lines.all())
    lifecycle.ship(made.pk, [first, second], "Post", "P1", by="staff:bob", at=NOW)
    assert len(letters()) == 1
    lifecycle.ship(made.pk, [third], "Post", "P2", by="staff:bob", at=NOW)
    assert ["P1" in letter.body for letter in letters()] == [True, False]


def test_a_cancelled_order_is_told_without_the_reason_that_staff_wrote_for_staff(alices):
    lifecycle.cancel(alices.pk, "She never pays.", by="staff:bob", at=NOW)
    [letter] = letters()
    assert "was cancelled" in letter.subject
    assert "never pays" not in letter.body


def test_a_basket_that_is_dropped_is_not_a_cancelled_order():
    basket = Order.objects.create(basket_key="alice", customer=customer(), created_at=NOW)
    lifecycle.cancel(basket.pk, "left", by="system", at=NOW)
    assert letters() == []


def test_a_slip_is_told_with_both_dates_and_its_cause(alices):
    slip(alices.lines.all(), 13)
    [letter] = letters()
    assert "March 15, 2026 instead of March 12, 2026" in letter.body
    assert "The mill is down." in letter.body


def test_a_date_that_comes_nearer_or_stays_is_no_letter(alices):
    slip(alices.lines.all(), 9)
    slip(alices.lines.all(), 9, at=NOW + 2 * DAY)
    assert letters() == []


def test_what_slips_together_is_told_together_and_what_slips_again_again():
    rows = [line(committed_date=NOW.date() + 10 * DAY) for _ in range(2)]
    made = order(rows, by=customer())
    slip(made.lines.all(), 13)
    assert len(letters()) == 1
    slip(made.lines.all()[:1], 16, at=NOW + 2 * DAY)
    assert [letter.body.count("1 × Lamp") for letter in letters()] == [2, 1]


def test_the_same_event_handled_twice_is_one_letter(alices):
    ship(alices)
    letters()
    Handling.objects.update(done_at=None)
    assert len([one for one in letters() if "on its way" in one.subject]) == 1


def test_letters_are_in_the_language_of_the_order_and_so_is_the_cause(alices):
    Order.objects.update(language="zh-hans")
    slip(alices.lines.all(), 13, cause="It must cure or dry.")
    [letter] = letters()
    assert "需要固化或晾干" in letter.body


def test_a_customer_without_an_address_gets_no_letter(alices):
    Customer.objects.update(email="")
    ship(alices)
    assert letters() == []


def test_an_imported_order_never_triggers_a_letter():
    made = order(
        [line(committed_date=NOW.date()), line(status="ready")],
        by=customer(),
        source=Order.Source.IMPORT,
        external_ref="retail:536365",
    )
    first, second = made.lines.all()
    slip([first], 13)
    lifecycle.ship(made.pk, [second.pk], "Post", "P1", by="staff:bob", at=NOW)
    other = order([line()], by=customer(), source=Order.Source.IMPORT)
    lifecycle.cancel(other.pk, "", by="staff:bob", at=NOW)
    assert letters() == []
    # and a replay of thousands of slips writes none of them down to be looked at
    assert PromiseRevision.objects.filter(line=first).exists()
    assert not Transition.objects.filter(kind="promise").exists()
