"""A tiny real shop: three products, sixty weeks, two customers."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from forecasting import runs
from forecasting.models import TrainingRun
from orders.models import Configuration, Order, OrderLine, Product
from tests.factories import customer, family, group, product

MONDAY = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
NOW = MONDAY + timedelta(hours=9)
WEEKS = 60
QUICK = {"methods": ["seasonal naive", "mean"], "horizon": 4}


def weekly_shop(weeks: int = WEEKS, until: datetime = MONDAY) -> list[Product]:
    """Alice buys four mugs and two bowls every week, Bob a lamp every other week.

    Mugs come in red three times of four, else in blue. The last week ends before `until`.
    """
    mug, bowl, lamp = (product(sku, family=family("tableware")) for sku in ("MUG", "BOWL", "OIL"))
    lamp.family = family("lights")
    lamp.save()
    group(mug, "colour", "select", {"red": "0", "blue": "0"})
    made = {
        (of.pk, colour): Configuration.objects.create(
            product=of,
            values={"colour": colour} if colour else {},
            digest=f"{of.sku}{colour}",
            created_at=until,
        )
        for of, colour in ((mug, "red"), (mug, "blue"), (bowl, ""), (lamp, ""))
    }
    for back in range(weeks, 0, -1):
        at = until - timedelta(weeks=back) + timedelta(days=1, hours=10)
        colour = "blue" if back % 4 == 0 else "red"
        sell(made[mug.pk, colour], 4, at)
        sell(made[bowl.pk, ""], 2, at)
        if back % 2 == 0:
            sell(made[lamp.pk, ""], 1, at, "Bob")
    return [mug, bowl, lamp]


def sell(of: Configuration, quantity: int, at: datetime, to: str = "Alice") -> OrderLine:
    order = Order.objects.create(
        number=f"S{Order.objects.count():05d}",
        customer=customer(to),
        status="confirmed",
        created_at=at,
        placed_at=at,
    )
    return OrderLine.objects.create(
        order=order,
        configuration=of,
        position=1,
        quantity=quantity,
        unit_price=10,
        status="promised",
    )


def trained(cut: datetime = NOW, kind: str = "forecast", **params: object) -> TrainingRun:
    """A run from request to promotion, here and now."""
    asked = runs.request(
        kind, data_cut=cut, by="staff:alice", now=cut, params={**QUICK, **params}, seed=1
    )
    return runs.train(asked.pk, clock=timezone.now)
