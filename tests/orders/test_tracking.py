from datetime import timedelta

import pytest
from django.core import signing

from orders import lifecycle, tracking
from orders.models import Order
from tests.factories import FACTORY, NOW, OAK, lamp, line, order, placed

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def ten_days(settings):
    settings.FACTORY = FACTORY


def test_a_link_opens_its_own_order_and_no_other():
    link = tracking.token(7)
    assert tracking.order_of(link) == 7
    for forged in (link[:-1], "8" + link[1:], "", "7", signing.dumps(7, salt="other")):
        with pytest.raises(tracking.UnknownLink):
            tracking.order_of(forged)


def test_alice_reads_what_she_ordered_and_when_it_comes():
    followed = tracking.follow(placed(quantity=2).pk)
    [row] = followed.lines
    assert row.name == "Lamp"
    assert row.options[0] == ("Material", "Oak")
    assert str(followed.total) == "270.00"
    assert row.committed == (NOW + 10 * DAY).date()
    assert row.slips == []
    assert [step.status for step in followed.history] == [
        "placed",
        "pending",
        "promised",
        "confirmed",
    ]
    assert "1 Mill Lane" in followed.address


def test_a_slip_is_told_with_its_reason():
    made = placed()
    row = made.lines.get()
    late = (NOW + 13 * DAY).date()
    lifecycle.promise(row.pk, late, late, late, "The mill is down.", by="system", at=NOW + DAY)
    [slip] = tracking.follow(made.pk).lines[0].slips
    assert (slip.committed, slip.cause) == (late, "The mill is down.")


def test_a_parcel_is_shown():
    made = placed()
    row = made.lines.get()
    lifecycle.ready([row.pk], by="system", at=NOW)
    lifecycle.ship(made.pk, [row.pk], "Post", "P1", by="staff:bob", at=NOW + DAY)
    followed = tracking.follow(made.pk)
    assert [(parcel.tracking_code, parcel.line_ids) for parcel in followed.parcels] == [
        ("P1", [row.pk])
    ]
    assert str(followed.lines[0].words) == "It is on its way to you."


def test_every_status_has_plain_words():
    assert set(tracking.WORDS) == set(lifecycle.ORDER_LINE.steps) - {""}
    assert set(tracking.ORDER_WORDS) == set(lifecycle.ORDER.steps) - {"", "draft"}


def test_a_basket_cannot_be_followed():
    basket = Order.objects.create(basket_key="alice", created_at=NOW)
    with pytest.raises(tracking.UnknownLink):
        tracking.follow(basket.pk)
    with pytest.raises(tracking.UnknownLink):
        tracking.follow(10**6)


@pytest.mark.parametrize("lines", [1, 6])
def test_following_takes_the_same_queries_for_any_order(lines, django_assert_num_queries):
    made = order([line(lamp(), {**OAK, "height": str(20 + 5 * n)}) for n in range(lines)])
    with django_assert_num_queries(9):
        tracking.follow(made.pk)
