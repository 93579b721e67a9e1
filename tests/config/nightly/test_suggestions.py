"""Whatever makes a difference to the suggestions is learned the same night."""

from datetime import timedelta
from decimal import Decimal

import pytest

from config import cycle
from orders.models import (
    BehaviourEvent,
    OrderLine,
)
from tests.config.nightly.nights import (
    DAY,
    TONIGHT,
    did,
    live,
    night,
)
from tests.production.workshop import NOW

pytestmark = pytest.mark.django_db


def a_visit(lamp, at=NOW - DAY):
    return BehaviourEvent.objects.create(
        kind="view",
        subject="carol",
        product=lamp,
        at=at,
        day=at.date(),
        dedup_key=f"{lamp.pk}",
        consent="measure",
    )


def test_a_visit_is_learned_from_the_same_night(shop, first):
    a_visit(shop[0], at=NOW + timedelta(hours=2))
    codes, little = night()
    assert codes["suggestions"] == "ranking_renewed"
    assert little == night(everything=True)[1]


def test_a_withdrawn_consent_takes_the_visits_out_of_the_suggestions(shop):
    visit = a_visit(shop[0])
    cycle.run(NOW)
    assert live("ranking").metrics["users"] == 3  # Alice, Bob and a visitor
    visit.delete()
    row = cycle.run(TONIGHT)
    assert did(row)["suggestions"] == "ranking_renewed"
    assert live("ranking").metrics["users"] == 2


def test_an_order_that_no_longer_names_its_customer_is_somebody_elses(shop, first):
    old = OrderLine.objects.filter(status="delivered").first().order
    old.customer = None
    old.save()
    row = cycle.run(TONIGHT)
    assert did(row)["suggestions"] == "ranking_renewed"
    assert live("ranking").metrics["users"] == 3


def test_a_product_that_is_described_otherwise_is_suggested_anew(shop, first):
    shop[0].base_price = Decimal(99)
    shop[0].save()
    assert did(cycle.run(TONIGHT))["suggestions"] == "ranking_renewed"
