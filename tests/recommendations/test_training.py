"""A ranking from orders and visits to a published version."""

from datetime import timedelta

import pytest

from forecasting import artefacts
from orders import demand
from orders.models import BehaviourEvent
from recommendations.models import Ranking
from recommendations.rankers import Blend
from recommendations.training import listed_products, ordered
from tests.factories import customer, lamp, line, order, product
from tests.forecasting.shop import NOW, trained

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def own_models(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def blend(run):
    return Blend.from_arrays(artefacts.load(run.artefact, run.artefact_digest)[0])


def test_a_ranking_knows_what_was_ordered_and_what_is_listed():
    cup, vase = product("CUP"), product("VASE")
    order([line(cup)], at=NOW - DAY, by=customer("Alice"))
    run = trained(NOW, "ranking")
    assert run.status == "champion", run.notes
    assert set(blend(run).items) == {str(cup.pk), str(vase.pk)}
    assert Ranking.objects.get(run=run).published_at is not None
    assert (run.metrics["items"], run.metrics["users"], run.metrics["events"]) == (2, 1, 1)


def test_few_customers_get_standard_weights_and_a_note():
    order([line(product("CUP"))], at=NOW - DAY, by=customer("Alice"))
    assert "standard weights" in trained(NOW, "ranking").notes[0]


def test_training_is_blind_to_what_came_later():
    cup, bowl = product("CUP"), product("BOWL")
    order([line(cup)], at=NOW - DAY, by=customer("Alice"))
    order([line(bowl)], at=NOW + DAY, by=customer("Bob"))
    assert trained(NOW, "ranking").metrics["users"] == 1


def test_guests_orders_still_tell_what_goes_together():
    cup, bowl = product("CUP"), product("BOWL")
    made = order([line(cup), line(bowl)], at=NOW - DAY)
    log = ordered(demand.lines(NOW))
    assert log.users == (f"order:{made.pk}",)
    assert set(log.items) == {str(cup.pk), str(bowl.pk)}


def test_visits_count_less_than_orders_and_searches_not_at_all():
    cup = product("CUP")
    for place, (kind, of) in enumerate((("view", cup), ("search", cup), ("view", None))):
        BehaviourEvent.objects.create(
            kind=kind,
            subject="alice",
            product=of,
            at=NOW - DAY,
            day=(NOW - DAY).date(),
            dedup_key=str(place),
            consent="measure",
        )
    assert trained(NOW, "ranking").metrics["events"] == 1


def test_content_knows_the_options_on_offer():
    made = lamp()
    [listing] = [one for one in listed_products() if one.item == str(made.pk)]
    assert ("material", "oak") in listing.attributes
    assert listing.price == 100.0


def test_an_empty_shop_gets_no_ranking_and_keeps_the_old_one():
    run = trained(NOW, "ranking")
    assert run.status == "rejected"
    assert Ranking.objects.get(run=run).published_at is None
