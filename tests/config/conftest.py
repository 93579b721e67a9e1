"""Who edits the shop's tables in a test, and what there is to edit."""

from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from tests.production.workshop import center, product


@pytest.fixture
def signed_in(client):
    def sign_in(role):
        user = get_user_model().objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def shelf(db):
    """Three products: two pendants for 10.00 and 19.99, a chair for 49.90."""
    cell = center("saw", machines=2)
    for sku, price in (("pendant", "10.00"), ("pendant-tall", "19.99"), ("chair", "49.90")):
        made = product(sku, (cell, {}))
        made.base_price = Decimal(price)
        made.save()
