"""A shop of the first version moves to this one with all it has."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from config import preparing
from journal.models import User
from orders.models import Order, Product
from production.models import GapMeasurement
from tests.shops import moving_between_shops

# What 0.1.0 was released with; later versions only add to it.
FIRST_VERSION = [
    ("config", "0001_initial"),
    ("forecasting", "0001_initial"),
    ("journal", "0001_initial"),
    ("orders", "0001_initial"),
    ("production", "0001_initial"),
    ("recommendations", "0001_initial"),
    ("admin", "0003_logentry_add_action_flag_choices"),
    ("sessions", "0001_initial"),
]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def new_database(tmp_path, settings, django_db_blocker):
    with django_db_blocker.unblock(), moving_between_shops(settings) as work_in:
        work_in(tmp_path)
        yield


def first_version():
    """Its tables, and its models as they were."""
    MigrationExecutor(connections["default"]).migrate(FIRST_VERSION)
    loader = MigrationExecutor(connections["default"]).loader
    return loader.project_state(FIRST_VERSION).apps


def move_in(apps):
    """Alice has ordered three lamps at 135.00 each; Bob is staff; a week's gap was measured."""
    apps.get_model("journal", "User").objects.create(username="bob", is_staff=True)
    alice = apps.get_model("orders", "Customer").objects.create(name="Alice", created_at=NOW)
    family = apps.get_model("orders", "ProductFamily").objects.create(code="lamps", name="Lamps")
    lamp = apps.get_model("orders", "Product").objects.create(
        sku="LAMP", name="Lamp", base_price=Decimal("100.00"), family=family
    )
    oak = apps.get_model("orders", "Configuration").objects.create(
        product=lamp, values={"material": "oak"}, digest="d" * 64, created_at=NOW
    )
    order = apps.get_model("orders", "Order").objects.create(
        number="A00001", customer=alice, status="confirmed", created_at=NOW, placed_at=NOW
    )
    apps.get_model("orders", "OrderLine").objects.create(
        order=order,
        position=1,
        configuration=oak,
        quantity=3,
        unit_price=Decimal("135.00"),
        status="promised",
    )
    apps.get_model("journal", "Transition").objects.create(
        kind="order", object_id=order.pk, to_status="confirmed", at=NOW, by="Alice"
    )
    apps.get_model("production", "GapMeasurement").objects.create(
        measure="volume", week=date(2026, 2, 23), value=0.25, measured_at=NOW
    )


def test_rows_of_the_first_version_are_still_there_and_the_shop_works(new_database):
    move_in(first_version())
    assert preparing.pending_migrations()
    call_command("migrate", verbosity=0, interactive=False)
    assert preparing.pending_migrations() == []

    order = Order.objects.get()
    line = order.lines.get()
    assert (order.number, order.customer.name, order.status) == ("A00001", "Alice", "confirmed")
    assert (line.quantity, line.unit_price) == (3, Decimal("135.00"))
    assert line.configuration.values == {"material": "oak"}
    assert Product.objects.get().family.code == "lamps"
    assert GapMeasurement.objects.get().value == 0.25
    # something that only this version has
    GapMeasurement.objects.create(measure="worth", week=NOW, value=1, measured_at=NOW)
    pages_open(order)


def pages_open(order):
    client = Client()
    User.objects.filter(username="bob").update(is_superuser=True)
    client.force_login(User.objects.get(username="bob"))
    for address in ("/", "/staff/", "/staff/orders/"):
        answer = client.get(address, follow=True)
        assert answer.status_code == 200, address
    assert order.number in answer.content.decode()
