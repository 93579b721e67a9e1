from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from production.replenishment.bom import Quantity
from production.replenishment.netting import (
    Demand,
    DemandKind,
    FixedLot,
    InvalidNettingError,
    Item,
    LotForLot,
    NettingResult,
    Peg,
    PeriodLot,
    Receipt,
    SupplyKind,
    net,
)


def weekly(*quantities: int) -> list[Demand]:
    return [Demand(f"week {w}", w, q) for w, q in enumerate(quantities, start=1) if q]


def shape(plan: NettingResult) -> list[tuple[int, int, Quantity]]:
    return [(o.start, o.due, o.quantity) for o in plan.orders]


def test_lot_for_lot_orders_what_each_week_lacks_a_lead_time_ahead():
    # On hand 25, 20 kept. Week 1: 10 − 5 = 5 open, the receipt of 30 in week 1 leaves 25.
    # Week 2: 15 → 10 left. Week 3: 25 − 10 = 15 lacking. Week 4: nothing. Week 5: 30 lacking.
    item = Item(on_hand=25, safety_stock=20, lead_time=2, now=0)
    plan = net(item, weekly(10, 15, 25, 0, 30), [Receipt("purchase 7", 1, 30)])
    assert plan.net == ((3, 15), (5, 30))
    assert shape(plan) == [(1, 3, 15), (3, 5, 30)]


def test_fixed_lots_carry_their_surplus_into_later_weeks():
    # Week 1 lacks 30 → 40; 10 over. Week 2 lacks 30 − 10 = 20 → 40; 20 over serves week 3.
    plan = net(Item(lead_time=1, now=-5, sizing=FixedLot(40)), weekly(30, 30, 20))
    assert shape(plan) == [(0, 1, 40), (1, 2, 40)]


def test_a_fixed_lot_is_ordered_as_often_as_needed():
    assert shape(net(Item(now=-1, sizing=FixedLot(40)), weekly(81))) == [(1, 1, 120)]
    half = net(Item(now=-1, sizing=FixedLot(Decimal("0.5"))), [Demand("A", 1, Decimal("1.2"))])
    assert half.orders[0].quantity == Decimal("1.5")


def test_a_period_lot_gathers_the_weeks_it_covers():
    # Three weeks from the first open one: 1–3 together, then 5–7.
    plan = net(Item(sizing=PeriodLot(3)), weekly(5, 0, 7, 0, 4, 6))
    assert shape(plan) == [(1, 1, 12), (5, 5, 10)]


def test_an_order_that_should_have_started_already_starts_now_and_says_how_late_it_is():
    order = net(Item(lead_time=4, now=10), [Demand("Alice", 11, 1)]).orders[0]
    assert (order.start, order.due, order.needed, order.late) == (10, 14, 11, 3)


def test_a_receipt_serves_nobody_before_it_comes():
    plan = net(Item(), [Demand("Alice", 2, 5)], [Receipt("purchase 7", 3, 5)])
    assert plan.net == ((2, 5),)
    assert Peg(SupplyKind.RECEIPT, "purchase 7", None, 5) in plan.pegs


def test_a_late_receipt_is_used_where_a_new_order_could_not_come_sooner():
    plan = net(Item(lead_time=4), [Demand("Alice", 2, 5)], [Receipt("purchase 7", 3, 5)])
    assert plan.orders == ()
    assert plan.pegs == (Peg(SupplyKind.RECEIPT, "purchase 7", "Alice", 5),)


def test_firm_orders_come_before_the_forecast_of_the_same_period():
    demands = [Demand("a forecast", 1, 5, DemandKind.FORECAST), Demand("Bob", 1, 5)]
    plan = net(Item(on_hand=5), demands)
    assert Peg(SupplyKind.ON_HAND, "on hand", "Bob", 5) in plan.pegs
    assert Peg(SupplyKind.PLANNED, "planned 1", "a forecast", 5) in plan.pegs


def test_stock_below_the_safety_stock_is_refilled():
    plan = net(Item(on_hand=2, safety_stock=5, lead_time=1, now=3), [])
    assert plan.net == ((3, 3),)
    assert shape(plan) == [(3, 4, 3)]


def test_nothing_wanted_plans_nothing_and_leaves_the_stock():
    plan = net(Item(on_hand=3), [])
    assert plan.orders == ()
    assert plan.pegs == (Peg(SupplyKind.ON_HAND, "on hand", None, 3),)


@pytest.mark.parametrize(
    ("item", "demands", "receipts"),
    [
        (Item(on_hand=1.5), [], []),  # type: ignore[arg-type]
        (Item(on_hand=-1), [], []),
        (Item(lead_time=-1), [], []),
        (Item(), [Demand("Alice", 1, -2)], []),
        (Item(), [Demand("Alice", 1, 0.5)], []),  # type: ignore[arg-type]
        (Item(), [Demand("Alice", 1, 1), Demand("Alice", 2, 1)], []),
        (Item(), [], [Receipt("p", 1, 1), Receipt("p", 2, 1)]),
        (Item(), [Demand("safety stock", 1, 1)], []),
    ],
)
def test_impossible_input_is_refused(item, demands, receipts):
    with pytest.raises(InvalidNettingError):
        net(item, demands, receipts)


@pytest.mark.parametrize("size", [0, -1, 2.5])
def test_a_lot_of_nothing_is_refused(size):
    with pytest.raises(InvalidNettingError):
        FixedLot(size)


quantities = st.one_of(st.integers(0, 60), st.decimals(0, 60, places=2))
timed = st.lists(st.tuples(st.integers(-2, 12), quantities), max_size=8)
sizings = st.one_of(
    st.just(LotForLot()),
    st.builds(FixedLot, st.integers(1, 25)),
    st.builds(PeriodLot, st.integers(1, 4)),
)
items = st.builds(
    Item,
    on_hand=quantities,
    safety_stock=quantities,
    lead_time=st.integers(0, 4),
    now=st.integers(-2, 3),
    sizing=sizings,
)


@given(items, timed, timed)
def test_pegs_add_up_to_every_supply_and_every_demand(item, wanted, coming):
    demands = [Demand(f"demand {i}", p, q) for i, (p, q) in enumerate(wanted)]
    receipts = [Receipt(f"receipt {i}", p, q) for i, (p, q) in enumerate(coming)]
    plan = net(item, demands, receipts)
    assert all(p.quantity > 0 for p in plan.pegs)
    for d in demands:
        assert sum(p.quantity for p in plan.pegs if p.demand == d.key) == d.quantity
    for r in receipts:
        assert sum(p.quantity for p in plan.pegs if p.supply == r.key) == r.quantity
    for o in plan.orders:
        assert sum(p.quantity for p in plan.pegs if p.supply == o.key) == o.quantity
    free = max(item.on_hand - item.safety_stock, 0)
    assert sum(p.quantity for p in plan.pegs if p.supply == "on hand") == free


@given(items, timed, timed)
def test_no_supply_serves_a_demand_that_an_order_could_serve_sooner(item, wanted, coming):
    demands = {f"demand {i}": p for i, (p, _) in enumerate(wanted)}
    receipts = {f"receipt {i}": p for i, (p, _) in enumerate(coming)}
    plan = net(
        item,
        [Demand(k, p, q) for (k, p), (_, q) in zip(demands.items(), wanted, strict=True)],
        [Receipt(k, p, q) for (k, p), (_, q) in zip(receipts.items(), coming, strict=True)],
    )
    for peg in plan.pegs:
        if peg.demand in demands and peg.supply in receipts:
            soonest = max(demands[peg.demand], item.now + item.lead_time)
            assert receipts[peg.supply] <= soonest
    for order in plan.orders:
        assert order.start >= item.now
        assert order.due == order.start + item.lead_time


@given(timed)
def test_lot_for_lot_never_orders_more_than_is_lacking(wanted):
    demands = [Demand(f"demand {i}", p, q) for i, (p, q) in enumerate(wanted)]
    plan = net(Item(now=-2), demands)
    assert [(o.needed, o.quantity) for o in plan.orders] == list(plan.net)
    assert sum(o.quantity for o in plan.orders) == sum(d.quantity for d in demands)
