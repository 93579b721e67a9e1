"""Staff see a customer's suggestions as the shop would show them, and why."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from journal.models import User
from orders import collecting
from recommendations import serving
from recommendations.serving import Visitor
from tests.factories import customer, line, order, product
from tests.forecasting.shop import trained

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_models(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    serving._blend.cache_clear()


@pytest.fixture
def shop():
    """Twelve people bought a cup with a saucer, twelve a lamp with a bulb."""
    now = timezone.now()
    goods = {sku: product(sku) for sku in ("CUP", "SAUCER", "LAMP", "BULB", "VASE")}
    for number in range(12):
        at = now - timedelta(days=40 - number)
        order([line(goods["CUP"]), line(goods["SAUCER"])], at=at, by=customer(f"Carol {number}"))
        order([line(goods["LAMP"]), line(goods["BULB"])], at=at, by=customer(f"Dan {number}"))
    trained(now, "ranking")
    return goods


@pytest.fixture
def alice(shop):
    """She has a lamp and agreed to personal suggestions."""
    made = customer("Alice")
    now = timezone.now()
    order([line(shop["LAMP"])], at=now - timedelta(days=1), by=made)
    collecting.give_consent(collecting.subject_of_customer(made.pk), "personalise", now)
    return made


def preview(client, **query):
    answer = client.get(reverse("recommendations:preview"), query)
    assert answer.status_code == 200
    return answer


def skus(place):
    return [card.sheet.sku for card in place.cards]


def test_only_who_may_see_suggestions_and_customers_may_look(client, signed_in):
    assert client.get(reverse("recommendations:preview")).status_code == 302
    assert signed_in("quality").get(reverse("recommendations:preview")).status_code == 403
    olga = User.objects.create_user("olga", is_staff=True)
    olga.user_permissions.add(Permission.objects.get(codename="view_ranking"))
    client.force_login(olga)  # suggestions, but no customers
    assert client.get(reverse("recommendations:preview")).status_code == 403


def test_it_shows_the_lists_that_the_shop_would_show_with_their_reasons(signed_in, shop, alice):
    answer = preview(signed_in("planner"), customer=alice.pk, product=shop["VASE"].pk)
    page, basket = answer.context["places"]
    now, visitor = timezone.now(), Visitor(alice.pk, collecting.subject_of_customer(alice.pk))
    served = serving.for_product(shop["VASE"].pk, visitor, now)
    assert [(card.sheet.product_id, card.why) for card in page.cards] == [
        (one.product_id, one.why) for one in served
    ]
    assert page.cards[0].why == "Because you ordered Lamp"
    assert page.cards[0].sheet.sku == "BULB"
    assert skus(basket)[0] == "BULB"


def test_the_product_that_the_customer_ordered_last_is_looked_at_first(signed_in, shop, alice):
    order([line(shop["CUP"])], at=timezone.now() - timedelta(days=5), by=alice)
    page, _basket = preview(signed_in("planner"), customer=alice.pk).context["places"]
    assert page.title == "On the page of Lamp"


def test_without_consent_a_customer_sees_what_everybody_sees(signed_in, shop, alice):
    collecting.withdraw_consent(
        collecting.subject_of_customer(alice.pk), "personalise", timezone.now()
    )
    answer = preview(signed_in("planner"), customer=alice.pk, product=shop["VASE"].pk)
    assert "Did not agree to personal suggestions" in answer.content.decode()
    page = answer.context["places"][0]
    # Nobody ever bought a vase, so all that is left to say is what everybody buys.
    assert sorted(skus(page)) == ["BULB", "CUP", "LAMP", "SAUCER"]
    assert not any("you ordered" in card.why for card in page.cards)


def test_customers_are_found_by_name_and_e_mail(signed_in):
    alice, bob = customer("Alice", email="a@example.org"), customer("Bob", email="b@example.net")
    client = signed_in("planner")
    assert preview(client, q="ali").context["found"] == [alice]
    assert preview(client, q="EXAMPLE.NET").context["found"] == [bob]


def test_who_was_forgotten_is_not_found(signed_in):
    gone = customer("Carol", anonymised_at=timezone.now())
    answer = preview(signed_in("planner"), customer=gone.pk)
    assert answer.context["customer"] is None
    assert answer.context["found"] == []


@pytest.mark.parametrize("query", [{"customer": "x"}, {"customer": 10**30}])
def test_a_damaged_address_shows_the_choice_again(signed_in, query):
    assert preview(signed_in("planner"), **query).context["customer"] is None


def test_a_product_that_nobody_sells_is_not_looked_at(signed_in, shop, alice):
    places = preview(signed_in("planner"), customer=alice.pk, product=99).context["places"]
    assert places[0].title == "On the page of Lamp"


def test_an_empty_shop_is_told_what_to_do_next(signed_in):
    shown = preview(signed_in("planner")).content.decode()
    assert "No suggestions are live" in shown
    assert reverse("forecasting:runs") in shown
    assert "No customers yet" in shown
