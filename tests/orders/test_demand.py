from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from orders import demand, lifecycle, waiting, wishes
from orders.behaviour import history, weekly_signals
from orders.catalogue import mark_unavailable
from orders.models import BehaviourEvent, Order, Return
from tests.factories import FACTORY, NOW, OAK, customer, lamp, line, order, placed, product

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = NOW + 30 * DAY


@pytest.fixture(autouse=True)
def ten_days(settings):
    settings.FACTORY = FACTORY


def event(kind, of, at, subject="alice", dwell=0):
    BehaviourEvent.objects.create(
        kind=kind,
        subject=subject,
        product=of,
        dwell_seconds=dwell,
        at=at,
        day=at.date(),
        dedup_key=f"{BehaviourEvent.objects.count()}",
        consent="measure",
    )


def test_lines_are_what_was_ordered_with_their_types():
    alice = customer("Alice")
    of = product("CUP")
    made = order([line(of, quantity=3, requested_date=date(2026, 3, 20))], by=alice)
    order([line(of)], at=NOW + DAY)
    frame = demand.lines(LATER)
    assert list(frame["quantity"]) == [3, 1]
    first = frame.iloc[0]
    assert (first["order_id"], first["product_id"]) == (made.pk, of.pk)
    assert first["placed_at"] == pd.Timestamp(NOW)
    assert first["unit_price"] == 100.0
    assert first["requested_date"] == pd.Timestamp("2026-03-20")
    assert pd.isna(frame["committed_date"]).all()
    assert frame["customer_id"].isna().tolist() == [False, True]
    assert str(frame["placed_at"].dtype) == "datetime64[us, UTC]"
    assert str(frame["customer_id"].dtype) == "Int64"


def test_lines_can_be_narrowed():
    cup, bowl = product("CUP"), product("BOWL")
    order([line(cup), line(bowl)])
    order([line(cup)], at=NOW + DAY)
    assert len(demand.lines(LATER, product_ids=[cup.pk])) == 2
    assert len(demand.lines(LATER, since=NOW + DAY)) == 1


def test_lines_may_be_read_in_part_and_are_the_same_lines():
    cup, alice = product("CUP"), customer("Alice")
    order([line(cup, quantity=2), line(cup, status="cancelled")], by=alice)
    order([line(cup)], at=NOW - DAY)
    whole = demand.lines(LATER)
    some = ["placed_at", "quantity", "customer_id"]
    assert demand.lines(LATER, columns=some).equals(whole[some])
    assert whole["placed_at"].is_monotonic_increasing
    assert demand.lines(NOW - 2 * DAY, columns=some).columns.tolist() == some


def test_an_empty_shop_has_frames_with_columns():
    assert demand.lines(NOW).empty
    assert list(demand.option_sales(NOW).columns)[-1] == "placed_at"
    assert list(wishes.unmet(NOW).columns) == ["product_id", "week", "wants"]
    assert list(weekly_signals(NOW).columns)[:3] == ["product_id", "week", "views"]
    assert demand.returns(NOW).empty
    assert demand.unavailable(NOW).empty
    assert waiting.open_lines(NOW) == []


def test_baskets_and_cancelled_lines_are_not_demand():
    order([line(status="cancelled")])
    order([line()], status="draft")
    assert demand.lines(LATER).empty


def everything(as_of):
    frames = [
        demand.lines(as_of),
        demand.returns(as_of),
        demand.option_sales(as_of),
        wishes.unmet(as_of),
        demand.unavailable(as_of),
        weekly_signals(as_of),
    ]
    return [frame.to_json(date_format="iso") for frame in frames] + [waiting.open_lines(as_of)]


def test_nothing_that_happens_later_changes_what_was_known():
    kept, dropped = placed(), placed(values={**OAK, "height": "20"})
    event("view", lamp(), NOW, dwell=9)
    event("abandon", lamp(), NOW, "bob")
    mark_unavailable(lamp().pk, NOW.date(), NOW.date(), "Sold out")
    seen = NOW + timedelta(minutes=5)
    then = everything(seen)
    assert len(waiting.open_lines(seen)) == 2

    by: Any = {"by": "system", "at": NOW + DAY}
    row = kept.lines.get()
    late = (NOW + 13 * DAY).date()
    lifecycle.promise(row.pk, late, late, late, "Late", **by)
    lifecycle.ready([row.pk], **by)
    lifecycle.cancel(dropped.pk, "", **by)
    parcel = lifecycle.ship(kept.pk, [row.pk], "Post", "P", **by)
    lifecycle.deliver(parcel.pk, **by)
    lifecycle.take_back(row.pk, 1, "", by="system", at=NOW + DAY)
    placed(now=NOW + DAY)
    event("order", lamp(), NOW + DAY, "bob")
    event("view", lamp(), NOW + DAY)
    mark_unavailable(lamp().pk, NOW.date(), (NOW + 9 * DAY).date(), "Sold out")
    assert everything(seen) == then
    assert everything(LATER) != then
    assert list(demand.lines(LATER)["status"]) == ["returned", "promised"]


def test_the_first_order_counts_until_the_day_it_is_cancelled():
    """Alice orders on the first day, Bob on the fifth; Alice cancels on the third."""
    alices, bobs = placed(), placed(now=NOW + 4 * DAY)
    lifecycle.cancel(alices.pk, "changed her mind", by="staff:carol", at=NOW + 2 * DAY)
    of = [lamp().pk]
    assert demand.first_ordered(NOW - DAY, of) is None
    assert demand.first_ordered(NOW + DAY, of) == NOW
    assert demand.first_ordered(NOW + 3 * DAY, of) is None
    assert demand.first_ordered(NOW + 5 * DAY, of) == bobs.placed_at == NOW + 4 * DAY
    # the lines of these days are the same orders'
    assert [len(demand.lines(NOW + n * DAY)) for n in (-1, 1, 3, 5)] == [0, 1, 0, 1]


def test_what_a_customer_had_ordered_counts_until_it_is_cancelled():
    alice = customer("Alice")
    made = order([line()], by=alice)
    lifecycle.cancel(made.pk, "", by="staff:carol", at=NOW + 2 * DAY)
    assert demand.ordered_by(alice.pk, NOW + DAY) == [(lamp().pk, NOW)]
    assert demand.ordered_by(alice.pk, NOW + 3 * DAY) == []


def test_option_sales_list_every_finite_value():
    order([line(lamp(), {**OAK, "extras": ["dimmer", "plug"], "engraving": "Bob"}, quantity=2)])
    order([line(product("CUP"))])
    frame = demand.option_sales(LATER)
    assert sorted(zip(frame["group"], frame["value"], strict=True)) == [
        ("extras", "dimmer"),
        ("extras", "plug"),
        ("finish", "oiled"),
        ("material", "oak"),
    ]
    assert set(frame["quantity"]) == {2}


def test_open_lines_are_due_when_committed_else_asked_else_two_weeks_on():
    a, b, c = date(2026, 3, 30), date(2026, 3, 10), NOW.date() + 14 * DAY
    made = order(
        [
            line(committed_date=a, requested_date=b, priority=4),
            line(requested_date=b),
            line(),
            line(status="shipped"),
        ],
        by=customer("Bob"),
    )
    order([line()], status="on_hold")
    found = waiting.open_lines(LATER)
    assert [item.due for item in found] == [b, c, a]
    assert (found[2].weight, found[2].customer_name, found[2].sku) == (4, "Bob", "LAMP")
    assert {item.order_id for item in found} == {made.pk}


def test_five_abandonments_of_one_person_are_one_want():
    for hour in range(5):
        event("abandon", lamp(), NOW + timedelta(hours=hour))
    event("basket", lamp(), NOW + 2 * DAY)
    event("abandon", lamp(), NOW, "bob")
    event("abandon", lamp(), NOW + 40 * DAY)  # a new need
    frame = wishes.unmet(NOW + 50 * DAY)
    assert list(frame["wants"]) == [2, 1]
    assert list(frame["week"]) == [pd.Timestamp("2026-03-02"), pd.Timestamp("2026-04-06")]
    assert len(wishes.unmet(NOW + 50 * DAY, since=NOW + 7 * DAY)) == 1


def test_a_wish_that_an_order_followed_is_met():
    event("abandon", lamp(), NOW)
    event("order", lamp(), NOW + 3 * DAY)
    event("abandon", product("CUP"), NOW)  # another product stays wanted
    event("order", lamp(), NOW + 3 * DAY, "bob")
    assert list(wishes.unmet(LATER)["product_id"]) == [product("CUP").pk]


def test_a_need_tells_its_first_sign_and_when_it_was_answered():
    event("basket", lamp(), NOW)
    event("abandon", lamp(), NOW + DAY)
    event("order", lamp(), NOW + 3 * DAY)
    event("abandon", lamp(), NOW + 2 * DAY, "bob")
    frame = wishes.needs(LATER)
    assert frame["kind"].tolist() == ["basket", "abandon"]
    assert frame["at"].tolist() == [NOW, NOW + 2 * DAY]
    assert frame["answered_at"].iloc[0] == NOW + 3 * DAY
    assert pd.isna(frame["answered_at"].iloc[1])
    # Two days on the order was still to come.
    assert wishes.needs(NOW + 2 * DAY)["answered_at"].isna().all()


def test_signals_are_counted_by_product_and_week():
    event("view", lamp(), NOW, dwell=30)
    event("view", lamp(), NOW + 6 * DAY, "bob", dwell=12)
    event("basket", lamp(), NOW + 7 * DAY)
    event("order", lamp(), NOW)
    frame = weekly_signals(LATER)
    assert frame["week"].tolist() == [pd.Timestamp("2026-03-02"), pd.Timestamp("2026-03-09")]
    assert frame.iloc[0][["views", "dwell_seconds", "baskets"]].tolist() == [2, 42, 0]
    assert frame.iloc[1][["views", "dwell_seconds", "baskets"]].tolist() == [0, 0, 1]
    assert weekly_signals(LATER, product_ids=[lamp().pk + 1]).empty


def test_history_is_newest_first_and_ends_now():
    event("view", lamp(), NOW)
    event("basket", lamp(), NOW + DAY)
    event("order", lamp(), NOW + 2 * DAY)
    assert history("alice", NOW + DAY) == [
        ("basket", lamp().pk, NOW + DAY),
        ("view", lamp().pk, NOW),
    ]
    assert len(history("alice", LATER, most=1)) == 1


def test_returns_and_closed_days_are_told():
    Return.objects.create(product=lamp(), quantity=2, at=NOW)
    assert demand.returns(LATER).iloc[0][["product_id", "quantity"]].tolist() == [lamp().pk, 2]
    mark_unavailable(lamp().pk, date(2026, 3, 1), date(2026, 3, 9), "Sold out")
    mark_unavailable(lamp().pk, date(2026, 3, 1), date(2026, 3, 7), "Sold out")
    frame = demand.unavailable(datetime(2026, 3, 5, tzinfo=UTC))
    assert frame["end"].tolist() == [pd.Timestamp("2026-03-05")]
    assert demand.unavailable(LATER)["end"].tolist() == [pd.Timestamp("2026-03-07")]


def test_demand_asks_the_same_queries_however_much_there_is(django_assert_max_num_queries):
    order([line(lamp(), OAK) for _ in range(5)])
    assert Order.objects.count() == 1
    with django_assert_max_num_queries(6):
        demand.lines(LATER)
    with django_assert_max_num_queries(6):
        waiting.open_lines(LATER)
    with django_assert_max_num_queries(8):
        demand.option_sales(LATER)


def test_lines_of_tells_what_lines_ask_for_whether_or_not_their_order_is_confirmed():
    draft = order([line(lamp(), {"gift": True}, 3)], status="draft").lines.get()
    certain = order([line(product("MUG"))]).lines.get()
    order([line(product("HAT"))])
    assert waiting.lines_of([certain.pk, draft.pk]) == [
        waiting.LineContent(draft.pk, lamp().pk, {"gift": True}, 3),
        waiting.LineContent(certain.pk, product("MUG").pk, {}, 1),
    ]
