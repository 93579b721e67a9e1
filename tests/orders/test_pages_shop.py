"""The shop as customers use it, through Django's test client."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import translation

from journal.models import User
from orders import tracking
from orders.models import BehaviourEvent, Consent, Customer, Order, OrderLine
from tests.factories import (
    FACTORY,
    NOW,
    customer,
    family,
    group,
    lamp,
    line,
    order,
    placed,
    product,
)

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHOICE = {"o-material": "oak", "o-finish": "oiled", "o-height": "40", "quantity": "2"}
DELIVERY = {
    "name": "Alice",
    "email": "alice@example.org",
    "street": "1 Mill Lane",
    "postcode": "10115",
    "city": "Berlin",
    "country": "Germany",
}


@pytest.fixture(autouse=True)
def shop(settings):
    settings.FACTORY = FACTORY
    cache.clear()
    return lamp()


@pytest.fixture
def alice():
    return Client(headers={"User-Agent": BROWSER})


@pytest.fixture
def bob():
    """Bob has an account and is signed in."""
    user = User.objects.create_user("bob@example.org", "bob@example.org", "a-long-enough-word")
    customer("Bob", user=user)
    client = Client(headers={"User-Agent": BROWSER})
    client.force_login(user)
    return client


def text(answer):
    """What the page says, without marks and with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def put(client, **changes):
    return client.post(reverse("product", args=["LAMP"]), CHOICE | changes)


def key_of(client):
    page = client.get(reverse("checkout")).content.decode()
    found = re.search(r'name="submission_key" value="([^"]+)"', page)
    assert found
    return found[1]


def check_out(client, **changes):
    form = DELIVERY | {"submission_key": key_of(client)} | changes
    return client.post(reverse("checkout"), form)


def agree(client, *purposes):
    client.post(reverse("consent"), {"purpose": purposes})


# The catalogue


def test_the_catalogue_shows_products_with_price_and_date(alice):
    page = text(alice.get(reverse("home")))
    # 100.00 + steel 0 + no finish 0 + the least height 0
    assert "Lamp" in page
    assert "from €100.00" in page
    assert "With you by" in page


def test_a_price_from_never_breaks_a_rule(alice, shop):
    shop.option_groups.get(code="material").values.filter(code="steel").delete()
    page = text(alice.get(reverse("home")))
    # oak 20 and oiled 5: the cheapest finish, none, does not go with wood
    assert "from €125.00" in page


@pytest.mark.parametrize("where", ["home", "search"])
def test_the_number_of_queries_does_not_grow_with_the_catalogue(
    alice, django_assert_max_num_queries, where
):
    def queries():
        with django_assert_max_num_queries(40) as seen:
            alice.get(reverse(where), {"q": "chair"})
        return len(seen)

    _chairs(8)
    few = queries()
    _chairs(30)
    assert queries() == few


def _chairs(count):
    for number in range(count):
        chair = product(f"CHAIR-{number}", family=family("chairs"))
        if not chair.option_groups.exists():
            group(chair, "colour", "select", {"red": "0", "blue": "3"})


def test_search_finds_by_every_word_and_says_when_there_is_nothing(alice):
    _chairs(2)
    assert "Chair-1" in text(alice.get(reverse("search"), {"q": "chair 1"}))
    assert "nothing like that" in text(alice.get(reverse("search"), {"q": "submarine"}))


def test_chinese_pages_stand_under_their_prefix_with_the_product_name_in_chinese(alice, shop):
    shop.translations = {"zh-hans": {"name": "台灯"}}
    shop.save()
    with translation.override("zh-hans"):
        address = reverse("product", args=["LAMP"])
        found = alice.get(reverse("search"), {"q": "台灯"})
    assert address == "/zh-hans/products/LAMP/"
    assert "台灯" in text(alice.get(address))
    assert "台灯" in text(found)


@pytest.mark.parametrize("listed", [True, False])
def test_a_product_that_is_not_sold_has_no_page(alice, shop, listed):
    shop.listed = listed
    shop.save()
    assert (alice.get(reverse("product", args=["LAMP"])).status_code == 200) is listed


# The configurator


def test_alice_sees_price_and_date_change_with_her_choice(alice):
    answer = alice.post(reverse("quote", args=[lamp().pk]), CHOICE)
    # 100 + oak 20 + oiled 5 + (40 - 20) × 0.50 = 135.00 a piece, 270.00 for two
    assert "€135.00" in text(answer)
    assert "€270.00" in text(answer)
    assert "With you by" in text(answer)
    assert "<html" not in answer.content.decode()


def test_what_must_be_written_first_hides_neither_price_nor_date(alice, shop):
    group(shop, "words", "text", required=True, price_delta=Decimal("4"))
    group(shop, "day", "date", required=True)
    page = alice.get(reverse("product", args=["LAMP"]))
    # 100 + oak 20 + oiled 5 + words 4
    assert "€129.00" in text(page)
    assert "With you by" in text(page)
    assert "Please fill in." not in text(page)
    answer = put(alice)
    assert answer.status_code == 422
    assert "Please fill in." in text(answer)


def test_without_scripts_the_update_button_shows_the_same(alice):
    page = put(alice, update="1")
    assert page.status_code == 200
    assert "€135.00" in text(page)
    assert not OrderLine.objects.exists()


def test_what_a_rule_forbids_is_disabled_with_the_rules_own_words(alice):
    page = alice.post(reverse("quote", args=[lamp().pk]), CHOICE).content.decode()
    none_at_all = re.search(r'<input[^>]*id="o-finish-none"[^>]*>', page)
    assert none_at_all
    assert "disabled" in none_at_all[0]
    assert "Wood needs a finish." in page


def test_an_impossible_choice_comes_back_with_its_errors_and_loses_nothing(alice):
    answer = put(alice, **{"o-finish": "none", "o-engraving": "For Bob", "quantity": "3"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Wood needs a finish." in page
    assert 'value="For Bob"' in page
    assert 'value="3"' in page
    assert not OrderLine.objects.exists()


@pytest.mark.parametrize("quantity", ["0", "-1", "99999999999999", "many", "1.5", ""])
def test_an_absurd_quantity_is_an_error_at_its_field(alice, quantity):
    answer = put(alice, quantity=quantity)
    assert answer.status_code == 422
    assert 'id="quantity_error"' in answer.content.decode()
    assert not OrderLine.objects.exists()


def test_a_price_in_the_form_is_not_read(alice):
    put(alice, unit_price="0.01", price="0.01", **{"o-price": "0.01"})
    assert OrderLine.objects.get().unit_price == Decimal("135.00")


def test_a_factory_that_cannot_make_it_says_why(alice, settings):
    settings.FACTORY = "tests.factories.FullFactory"
    assert "No machine can make this size." in text(put(alice, update="1"))


# Basket and checkout


def test_the_basket_changes_and_removes_lines(alice):
    put(alice)
    item = OrderLine.objects.get()
    address = reverse("change-line", args=[item.pk])
    alice.post(address, {"quantity": "5"})
    assert "€675.00" in text(alice.get(reverse("basket")))
    wrong = alice.post(address, {"quantity": "0"})
    assert wrong.status_code == 422
    assert "pieces-error" in wrong.content.decode()
    alice.post(address, {"remove": "1", "quantity": "5"})
    assert not OrderLine.objects.exists()


def test_an_edited_line_takes_the_place_of_the_old_one(alice):
    put(alice)
    old = OrderLine.objects.get()
    put(alice, line=str(old.pk), **{"o-material": "walnut"})
    assert OrderLine.objects.get().configuration.values["material"] == "walnut"


def test_an_edit_that_is_impossible_keeps_the_old_line(alice):
    put(alice)
    old = OrderLine.objects.get()
    put(alice, line=str(old.pk), **{"o-finish": "none"})
    assert OrderLine.objects.get() == old


def test_nobody_changes_somebody_elses_basket(alice, bob):
    put(alice)
    item = OrderLine.objects.get()
    put(bob)
    bob.post(reverse("change-line", args=[item.pk]), {"quantity": "9"})
    bob.post(reverse("change-line", args=[item.pk]), {"remove": "1"})
    item.refresh_from_db()
    assert item.quantity == 2


def test_alice_orders_as_a_guest_and_follows_her_order_by_its_link(alice):
    put(alice)
    answer = check_out(alice)
    placed_order = Order.objects.get(status="confirmed")
    token = tracking.token(placed_order.pk)
    assert answer.url == reverse("order-placed", args=[token])
    assert placed_order.number in text(alice.get(answer.url))
    page = Client().get(reverse("track", args=[token]))
    assert "€270.00" in text(page)
    assert "We have promised you a date." in text(page)
    assert page["Referrer-Policy"] == "no-referrer"


def test_a_checkout_sent_twice_orders_once(alice):
    put(alice)
    form = DELIVERY | {"submission_key": key_of(alice)}
    first = alice.post(reverse("checkout"), form)
    again = alice.post(reverse("checkout"), form)
    assert Order.objects.placed().count() == 1
    # the token carries no secret of its own: both lead to the same order
    numbers = {Order.objects.get().number in text(alice.get(a.url)) for a in (first, again)}
    assert numbers == {True}


def test_a_checkout_without_address_or_with_a_damaged_form_is_refused(alice):
    put(alice)
    answer = check_out(alice, street="", email="nobody")
    assert answer.status_code == 422
    assert 'value="Berlin"' in answer.content.decode()
    assert check_out(alice, submission_key="guess").status_code == 422
    assert check_out(alice, requested_date="2020-01-01").status_code == 422
    assert not Order.objects.placed().exists()


def test_a_price_that_moved_is_shown_before_anything_is_ordered(alice, shop):
    put(alice)
    key = key_of(alice)
    shop.base_price = Decimal("110.00")
    shop.save()
    answer = alice.post(reverse("checkout"), DELIVERY | {"submission_key": key})
    assert answer.status_code == 409
    assert "is now 145.00" in text(answer)
    assert check_out(alice).status_code == 302


def test_a_date_that_slipped_since_the_page_was_read_is_shown_and_accepted_by_ordering_again(
    alice, settings
):
    put(alice)
    page = alice.get(reverse("checkout"))
    form = DELIVERY | {"submission_key": key_of(alice), "shown_date": date_on(page)}
    settings.FACTORY = "tests.factories.BusyFactory"
    answer = alice.post(reverse("checkout"), form)
    assert answer.status_code == 409
    assert "Order again to accept the new date" in text(answer)
    assert not Order.objects.placed().exists()
    assert (
        alice.post(reverse("checkout"), form | {"shown_date": date_on(answer)}).status_code == 302
    )


def date_on(page):
    found = re.search(r'name="shown_date" value="(\d{4}-\d\d-\d\d)"', page.content.decode())
    assert found
    return found[1]


@pytest.mark.parametrize("damaged", ["", "soon", "2026-99-99"])
def test_a_damaged_date_in_the_form_stops_nobody(alice, damaged):
    put(alice)
    assert check_out(alice, shown_date=damaged).status_code == 302


def test_a_wish_beyond_a_year_is_an_error_at_its_field(alice):
    put(alice)
    answer = check_out(alice, requested_date="2999-01-01")
    assert answer.status_code == 422
    assert "more than a year away" in text(answer)
    assert list(answer.context["form"].errors) == ["requested_date"]


def test_the_order_page_says_what_was_asked_and_what_is_promised(alice):
    def page(made):
        return text(alice.get(reverse("track", args=[tracking.token(made.pk)])))

    early, late = placed(requested=NOW.date()), placed(requested=NOW.date() + timedelta(days=30))
    assert "You asked for Mon 2 Mar . The earliest that we can promise" in page(early)
    assert "With you by Wed 1 Apr" in page(late)
    assert "You asked for Wed 1 Apr ." in page(late)
    assert "The earliest" not in page(late)


def test_an_empty_basket_cannot_be_checked_out(alice):
    assert alice.get(reverse("checkout")).url == reverse("basket")


# Whose order it is


def test_bob_sees_his_orders_and_nobody_elses(bob):
    put(bob)
    check_out(bob)
    mine = Order.objects.get(customer__name="Bob")
    hers = placed()
    listed = text(bob.get(reverse("my-orders")))
    assert mine.number in listed
    assert hers.number not in listed
    assert bob.get(reverse("order-detail", args=[mine.number])).status_code == 200
    assert bob.get(reverse("order-detail", args=[hers.number])).status_code == 404


def test_orders_of_an_account_want_a_sign_in(alice):
    hers = placed()
    for answer in (
        alice.get(reverse("my-orders")),
        alice.get(reverse("order-detail", args=[hers.number])),
    ):
        assert answer.url.startswith(reverse("login"))


def test_bob_signs_up_and_keeps_his_basket_and_his_consent():
    client = Client(headers={"User-Agent": BROWSER})
    agree(client, "measure")
    put(client)
    form = {"name": "Bob", "email": "Bob@Example.org", "password": "quite-a-long-word"}
    assert client.post(reverse("sign-up"), form)["Location"] == reverse("basket")
    assert "€270.00" in text(client.get(reverse("basket")))
    assert Customer.objects.filter(name="Bob", user__username="bob@example.org").exists()
    assert Consent.objects.filter(purpose="measure").count() == 2
    assert Client().post(reverse("sign-up"), form).status_code == 422


def test_a_weak_password_opens_no_account(alice):
    form = {"name": "Alice", "email": "alice@example.org", "password": "12345678"}
    assert alice.post(reverse("sign-up"), form).status_code == 422
    assert not User.objects.exists()


def test_signing_in_keeps_the_basket(alice):
    User.objects.create_user("carol", password="quite-a-long-word")
    put(alice)
    alice.post(reverse("login"), {"username": "carol", "password": "quite-a-long-word"})
    assert "€270.00" in text(alice.get(reverse("basket")))


@pytest.mark.parametrize("token", ["forged", "MQ:1abcde:forged-signature", "a:b:c:d"])
@pytest.mark.parametrize("page", ["track", "order-placed"])
def test_a_forged_link_gets_a_plain_page(alice, token, page):
    answer = alice.get(reverse(page, args=[token]))
    assert answer.status_code == 404
    assert "We cannot find the order" in text(answer)


def test_the_order_page_says_why_a_date_moved(alice):
    held = order([line(lamp(), status="planned")], by=customer())
    item = held.lines.get()
    for day, cause in (("2026-03-12", "First plan"), ("2026-03-16", "The laser was repaired")):
        item.promises.create(
            p50=day, p90=day, committed_date=day, cause=cause, at="2026-03-02T09:00Z"
        )
    item.committed_date = "2026-03-16"
    item.save()
    page = text(alice.get(reverse("track", args=[tracking.token(held.pk)])))
    assert "The date has moved" in page
    assert "The laser was repaired" in page
    assert "First plan" not in page


def test_the_number_of_queries_of_an_order_does_not_grow_with_its_lines(
    alice, django_assert_max_num_queries
):
    def queries(lines):
        held = order([line(lamp()) for _ in range(lines)], by=customer())
        with django_assert_max_num_queries(40) as seen:
            alice.get(reverse("track", args=[tracking.token(held.pk)]))
        return len(seen)

    assert queries(1) == queries(12)


# What is noted


def look_around(client):
    client.get(reverse("product", args=["LAMP"]))
    client.get(reverse("search"), {"q": "submarine"})
    client.post(reverse("quote", args=[lamp().pk]), CHOICE)
    put(client)


def test_nothing_is_noted_without_consent(alice):
    look_around(alice)
    alice.post(reverse("collect"), CHOICE | {"product": lamp().pk, "seconds": "9", "left": "1"})
    agree(alice)
    look_around(alice)
    assert not BehaviourEvent.objects.exists()


def test_with_consent_looks_searches_choices_and_baskets_are_noted(alice):
    agree(alice, "measure")
    look_around(alice)
    kinds = set(BehaviourEvent.objects.values_list("kind", flat=True))
    assert kinds == {"view", "search", "configure", "basket"}
    assert BehaviourEvent.objects.get(kind="search").details["results"] == 0


def test_a_beacon_tells_how_long_and_what_was_left(alice):
    agree(alice, "measure")
    alice.get(reverse("product", args=["LAMP"]))
    report = CHOICE | {"product": lamp().pk, "seconds": "42", "left": "1", "o-engraving": "For Bob"}
    assert alice.post(reverse("collect"), report).status_code == 204
    assert BehaviourEvent.objects.get(kind="view").dwell_seconds == 42
    assert "engraving" not in BehaviourEvent.objects.get(kind="abandon").details


@pytest.mark.parametrize(
    "report", [{}, {"product": "x"}, {"product": "999"}, {"product": "9" * 40, "seconds": "²"}]
)
def test_a_broken_beacon_is_dropped(alice, report):
    agree(alice, "measure")
    assert alice.post(reverse("collect"), report).status_code == 204
    assert not BehaviourEvent.objects.exists()


def test_a_beacon_without_the_forms_token_is_refused():
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("collect"), {"product": "1"}).status_code == 403


def test_staff_and_bots_are_left_out(bob):
    bob.get(reverse("home"))
    agree(bob, "measure")
    User.objects.update(is_staff=True)
    bob.get(reverse("product", args=["LAMP"]))
    User.objects.update(is_staff=False)
    bob.get(reverse("product", args=["LAMP"]), headers={"User-Agent": "Googlebot/2.1"})
    assert not BehaviourEvent.objects.exists()
    bob.get(reverse("product", args=["LAMP"]))
    assert BehaviourEvent.objects.count() == 1


def test_consent_is_asked_once_and_can_be_taken_back(alice):
    assert "May we note" in text(alice.get(reverse("home")))
    agree(alice, "measure", "personalise")
    assert "May we note" not in text(alice.get(reverse("home")))
    agree(alice, "personalise")
    standing = Consent.objects.filter(withdrawn_at=None).values_list("purpose", flat=True)
    assert list(standing) == ["personalise"]


def test_the_question_can_be_answered_on_the_first_page_that_a_visitor_opens():
    strict = Client(enforce_csrf_checks=True, headers={"User-Agent": BROWSER})
    page = strict.get(reverse("home")).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "purpose": "measure"}
    assert strict.post(reverse("consent"), form).status_code == 302
    assert Consent.objects.exists()


def test_the_answer_to_the_question_leads_back_to_the_page_and_nowhere_else(alice):
    to_basket = alice.post(reverse("consent"), {"next": reverse("basket")})
    away = alice.post(reverse("consent"), {"next": "https://elsewhere.example/"})
    assert (to_basket.url, away.url) == (reverse("basket"), reverse("privacy"))
