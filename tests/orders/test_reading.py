"""Small reads for suggestions and for pages that list lines."""

from datetime import timedelta

import pandas as pd
import pytest

from orders import behaviour, catalogue, demand
from orders.models import BehaviourEvent
from tests.factories import NOW, customer, line, order, product

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_names_are_in_the_readers_language_and_unknown_products_left_out():
    cup = product("CUP")
    assert catalogue.names([cup.pk, 999]) == {cup.pk: "Cup"}


def test_what_one_customer_ordered_is_told_newest_first_and_not_ahead_of_time():
    alice, cup, bowl = customer("Alice"), product("CUP"), product("BOWL")
    order([line(cup)], at=NOW, by=alice)
    order([line(bowl)], at=NOW + DAY, by=alice)
    order([line(bowl)], at=NOW, by=customer("Bob"))
    assert [pk for pk, _at in demand.ordered_by(alice.pk, NOW + 2 * DAY)] == [bowl.pk, cup.pk]
    assert demand.ordered_by(alice.pk, NOW) == [(cup.pk, NOW)]


def test_a_cancelled_order_was_not_ordered():
    alice = customer("Alice")
    order([line(product("CUP"), status="cancelled")], by=alice, status="cancelled")
    assert demand.ordered_by(alice.pk, NOW + DAY) == []


def test_events_are_told_until_a_moment_oldest_first():
    cup = product("CUP")
    for place, (of, at) in enumerate(((cup, NOW), (None, NOW - DAY), (cup, NOW + DAY))):
        BehaviourEvent.objects.create(
            kind="view",
            subject="alice",
            product=of,
            dwell_seconds=place,
            at=at,
            day=at.date(),
            dedup_key=str(place),
            consent="measure",
        )
    told = behaviour.events(NOW)
    assert told["dwell_seconds"].tolist() == [1, 0]
    assert told["product_id"].isna().tolist() == [True, False]
    assert behaviour.events(NOW, since=NOW)["at"].tolist() == [pd.Timestamp(NOW)]


def test_no_events_still_have_their_columns():
    columns = ["subject", "kind", "product_id", "dwell_seconds", "at"]
    assert list(behaviour.events(NOW).columns) == columns


def test_orders_are_named_with_their_customer():
    known = order([line(product("CUP"))], by=customer("Alice"))
    guest = order([line(product("CUP"))])
    assert demand.named_orders([known.pk, guest.pk, 999]) == {
        known.pk: (known.number, "Alice"),
        guest.pk: (guest.number, ""),
    }
