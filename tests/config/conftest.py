"""Who edits the shop's tables in a test, and what there is to edit."""

from decimal import Decimal

import pytest

from tests.production.workshop import center, product


@pytest.fixture
def shelf(db):
    """Three products: two pendants for 10.00 and 19.99, a chair for 49.90."""
    cell = center("saw", machines=2)
    for sku, price in (("pendant", "10.00"), ("pendant-tall", "19.99"), ("chair", "49.90")):
        made = product(sku, (cell, {}))
        made.base_price = Decimal(price)
        made.save()
