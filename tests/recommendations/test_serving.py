"""Suggestions follow what a visitor did a moment ago, and never break a page."""

from datetime import timedelta

import pytest

from forecasting.models import TrainingRun
from orders.models import BehaviourEvent
from recommendations import serving
from recommendations.serving import Visitor
from tests.factories import customer, line, order, product
from tests.forecasting.shop import NOW, trained

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def own_models(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    serving._blend.cache_clear()
    return tmp_path


@pytest.fixture
def shop():
    """Twelve people bought a cup with a saucer, twelve a lamp with a bulb."""
    goods = {sku: product(sku) for sku in ("CUP", "SAUCER", "LAMP", "BULB", "VASE")}
    for number in range(12):
        at = NOW - timedelta(days=40 - number)
        order([line(goods["CUP"]), line(goods["SAUCER"])], at=at, by=customer(f"Carol {number}"))
        order([line(goods["LAMP"]), line(goods["BULB"])], at=at, by=customer(f"Dan {number}"))
    trained(NOW, "ranking")
    return goods


def first(found):
    return found[0].product_id


def test_what_is_bought_together_is_suggested_together(shop):
    nobody = Visitor()
    assert first(serving.for_product(shop["CUP"].pk, nobody, NOW)) == shop["SAUCER"].pk
    assert first(serving.for_basket([shop["LAMP"].pk], nobody, NOW)) == shop["BULB"].pk


def test_a_product_is_never_suggested_beside_itself_or_twice(shop):
    found = [one.product_id for one in serving.for_product(shop["CUP"].pk, Visitor(), NOW)]
    assert shop["CUP"].pk not in found
    assert len(found) == len(set(found))


def test_a_new_order_changes_the_next_list(shop):
    alice = customer("Alice")
    visitor = Visitor(customer_id=alice.pk)
    order([line(shop["LAMP"])], at=NOW, by=alice)
    found = serving.for_basket([], visitor, NOW + DAY)
    assert first(found) == shop["BULB"].pk
    assert found[0].why == "Because you ordered Lamp"
    order([line(shop["CUP"])], at=NOW + DAY, by=alice)
    later = [one.product_id for one in serving.for_basket([], visitor, NOW + 2 * DAY)]
    assert shop["SAUCER"].pk in later[:2]
    assert shop["CUP"].pk not in later  # has it already


def test_a_new_view_changes_the_next_list(shop):
    bob = Visitor(subject="bob")
    before = [one.product_id for one in serving.for_basket([], bob, NOW)]
    seen = shop["SAUCER"] if before[0] != shop["CUP"].pk else shop["BULB"]
    wanted = {shop["SAUCER"].pk: shop["CUP"].pk, shop["BULB"].pk: shop["LAMP"].pk}[seen.pk]
    BehaviourEvent.objects.create(
        kind="view",
        subject="bob",
        product=seen,
        at=NOW,
        day=NOW.date(),
        dedup_key="1",
        consent="personal",
    )
    assert before[0] != wanted
    assert first(serving.for_basket([], bob, NOW + DAY)) == wanted


def test_what_is_no_longer_sold_is_not_suggested(shop):
    shop["SAUCER"].listed = False
    shop["SAUCER"].save()
    found = serving.for_product(shop["CUP"].pk, Visitor(), NOW)
    assert shop["SAUCER"].pk not in [one.product_id for one in found]


def test_every_line_has_a_reason(shop):
    found = serving.for_basket([], Visitor(), NOW)
    assert found
    assert all(one.why for one in found)


def test_a_product_that_came_after_the_training_is_no_stumbling_block(shop):
    new = product("TEAPOT")
    assert serving.for_product(new.pk, Visitor(), NOW)
    assert serving.for_basket([new.pk], Visitor(), NOW)


def test_without_a_ranking_the_list_is_empty():
    assert serving.for_basket([], Visitor(), NOW) == []


def test_a_damaged_ranking_gives_an_empty_list(shop, own_models):
    run = TrainingRun.objects.champion("ranking")
    serving._blend.cache_clear()
    (own_models / run.artefact).write_bytes(b"rubbish")
    assert serving.for_product(shop["CUP"].pk, Visitor(), NOW) == []


def test_the_product_page_stands_with_a_damaged_ranking(shop, own_models, client):
    run = TrainingRun.objects.champion("ranking")
    serving._blend.cache_clear()
    (own_models / run.artefact).unlink()
    assert client.get(f"/slots/recommendations/product/{shop['CUP'].pk}/").status_code == 200


def test_a_suggestion_shows_what_it_costs_at_least(shop, client):
    page = client.get(f"/slots/recommendations/product/{shop['CUP'].pk}/").content.decode()
    assert page.count("€100.00") == page.count("product-card") > 0


def test_a_list_costs_few_questions(shop, django_assert_max_num_queries):
    alice = customer("Alice")
    order([line(shop["LAMP"])], at=NOW, by=alice)
    with django_assert_max_num_queries(5):
        serving.for_product(shop["CUP"].pk, Visitor(alice.pk, "alice"), NOW + DAY)
