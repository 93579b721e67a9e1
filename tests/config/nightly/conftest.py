"""A shop of twelve lamps, and its first night."""

from datetime import timedelta

import pytest

from config import cycle
from forecasting import training
from forecasting.methods.registry import methods_for
from orders.models import (
    OrderLine,
)
from tests.config.nightly.nights import (
    DAY,
    PRODUCTS,
    WEEK,
    WEEKS,
)
from tests.production.workshop import NOW, center, line, product


@pytest.fixture(autouse=True)
def quick_methods(monkeypatch):
    """Two simple methods, so that there is a choice to go on with."""
    monkeypatch.setattr(
        training,
        "methods_for",
        lambda horizon, names=None: methods_for(horizon, ["mean", "exponential smoothing"]),
    )


@pytest.fixture
def shop():
    """Twelve lamps of which Bob buys some every week; Alice waits for three of the first."""
    saw = center()
    lamps = [
        product(f"lamp-{number}", (saw, {}), colours=["red", "blue"]) for number in range(PRODUCTS)
    ]
    for back in range(1, WEEKS + 1):
        for number, lamp in enumerate(lamps):
            placed = NOW - WEEK * back + timedelta(hours=4)
            pieces = 1 + (back * (number + 2)) % 5
            sold = line(lamp, pieces, placed=placed, values={"colour": "red"}, who="Bob")
            OrderLine.objects.filter(pk=sold.pk).update(status="delivered")
    line(lamps[0], 3, placed=NOW - DAY, values={"colour": "blue"})
    return lamps


@pytest.fixture
def first(shop):
    """The cycle of the first night, which does everything."""
    return cycle.run(NOW)
