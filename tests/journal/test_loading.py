"""Many rows at once, past the model objects: what is read back is what was given."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, models

from journal.loading import load
from journal.models import Delivery, Handling, Revision, Transition
from orders.models import OrderLine
from tests import factories

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_rows_read_as_they_were_given_and_the_rest_is_each_fields_default():
    order, lamp = factories.order(), factories.line().configuration
    columns: dict[str, list[Any]] = {
        "position": [1, 2],
        "configuration_id": [lamp.pk, lamp.pk],
        "unit_price": [Decimal("19.90"), Decimal(5)],
        "requested_date": [date(2026, 3, 9), None],
        "shipped_at": [None, NOON],
    }
    assert load(OrderLine, columns, order_id=order.pk, quantity=3, external_ref=None) == 2
    names = [*columns, "quantity", "external_ref", "status", "priority", "delivered_at"]
    assert list(OrderLine.objects.filter(order=order).values_list(*names)) == [
        (1, lamp.pk, Decimal("19.90"), date(2026, 3, 9), None, 3, None, "pending", 1, None),
        (2, lamp.pk, Decimal("5.00"), None, NOON, 3, None, "pending", 1, None),
    ]


def test_a_row_that_is_loaded_does_not_differ_from_one_that_is_saved():
    given = {
        "dedup_key": "a",
        "recipient": "alice@example.com",
        "subject": 'tab\t "q" \\N',
        "body": "1\n2",
    }
    saved = Delivery.objects.create(**given, due_at=NOON)
    load(
        Delivery, {name: [text] for name, text in (given | {"dedup_key": "b"}).items()}, due_at=NOON
    )
    loaded = Delivery.objects.get(dedup_key="b")
    assert _values(loaded, "dedup_key") == _values(saved, "dedup_key")


def test_json_that_python_takes_for_equal_stays_apart():
    before = [1, True, None, {"sku": "LAMP", "words": ["é", "灯"]}]
    load(
        Revision,
        {"before": before},
        sheet="lamps",
        key="k",
        after={},
        at=NOON,
        by="Alice",
        batch="b",
    )
    read = list(Revision.objects.order_by("pk").values_list("before", flat=True))
    assert [repr(one) for one in read] == [repr(one) for one in before]


def test_rows_that_break_a_rule_are_refused_by_name_and_none_is_kept(transactional_db):
    doubled = {"dedup_key": ["a", "b", "a"]}
    with pytest.raises(IntegrityError):
        load(Delivery, doubled, recipient="bob@example.com", subject="", body="", due_at=NOON)
    assert not Delivery.objects.exists()


def test_rows_after_those_that_were_loaded_get_numbers_of_their_own():
    load(Transition, {"object_id": [1, 2]}, kind="lamp", to_status="made", at=NOON, by="Alice")
    third = Transition.objects.create(kind="lamp", object_id=3, to_status="made", at=NOON, by="Bob")
    assert third.pk not in Transition.objects.filter(object_id__lt=3).values_list("pk", flat=True)


def test_a_name_that_the_model_does_not_have_is_refused():
    with pytest.raises(FieldDoesNotExist, match=r"no transition$"):
        load(Handling, {"transition": [1]}, receiver="mail", due_at=NOON)


@pytest.mark.parametrize("columns", [{}, {"object_id": [1, 2], "by": ["Alice"]}])
def test_columns_of_different_lengths_make_no_table(columns):
    with pytest.raises(ValueError, match="no table"):
        load(Transition, columns, kind="lamp", to_status="made", at=NOON)


def test_no_rows_are_no_work(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert load(Transition, {"object_id": []}, kind="lamp") == 0


def _values(row: models.Model, *without: str) -> dict[str, object]:
    names = {field.attname for field in row._meta.concrete_fields if not field.primary_key}
    return {name: getattr(row, name) for name in names - {*without}}
