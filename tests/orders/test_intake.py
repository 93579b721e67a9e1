from datetime import date, timedelta
from decimal import Decimal

import pytest

from journal import dispatch
from journal.models import Delivery, Transition
from orders import intake, tracking
from orders.catalogue import ImpossibleConfiguration
from orders.factory import CannotPromise, factory
from orders.models import Customer, Invoice, OptionValue, Order, OrderLine, Product
from tests.factories import ALICE, AT_HOME, FACTORY, NOW, OAK, TenDayFactory, lamp, placed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ten_days(settings):
    settings.FACTORY = FACTORY
    TenDayFactory.calls.clear()


def put(session="alice", quantity=1, raw=None):
    return intake.add(session, lamp().pk, raw or OAK, quantity, NOW)


def basket_of(session):
    return Order.objects.get(basket_key=session, status="draft")


def place(session="alice", form="form-1", now=NOW, **more):
    return intake.place(session, ALICE, AT_HOME, form, now, **more)


def test_the_price_is_worked_out_here():
    assert put().unit_price == Decimal("135.00")


def test_a_price_in_the_form_has_no_way_in():
    with pytest.raises(ImpossibleConfiguration):
        put(raw={**OAK, "unit_price": "0.01"})
    assert not OrderLine.objects.exists()


def test_the_same_choice_again_adds_to_its_line():
    put(quantity=2)
    assert put(quantity=3).quantity == 5
    assert OrderLine.objects.count() == 1


@pytest.mark.parametrize("quantity", [0, -1, 501, 10**12, "1.5", "", "many", True, None, "²"])
def test_an_absurd_quantity_is_refused(quantity):
    with pytest.raises(intake.BadQuantity):
        put(quantity=quantity)
    line = put()
    with pytest.raises(intake.BadQuantity):
        intake.change("alice", line.pk, quantity)
    line.refresh_from_db()
    assert line.quantity == 1


def test_adding_up_cannot_pass_the_limit():
    put(quantity=400)
    with pytest.raises(intake.BadQuantity):
        put(quantity=101)


def test_nobody_reaches_into_another_basket():
    line = put("alice")
    with pytest.raises(intake.NoSuchLine):
        intake.change("bob", line.pk, 9)
    intake.remove("bob", line.pk)
    line.refresh_from_db()
    assert line.quantity == 1
    intake.remove("alice", line.pk)
    assert not OrderLine.objects.exists()


def test_a_product_that_is_not_listed_cannot_be_added():
    Product.objects.filter(pk=lamp().pk).update(listed=False)
    with pytest.raises(intake.NotOnSale):
        put()
    with pytest.raises(intake.NotOnSale):
        intake.add("alice", 10**6, {}, 1, NOW)


def test_an_order_is_placed_promised_invoiced_and_confirmed():
    put(quantity=2)
    order = Order.objects.get(number=place())
    line = order.lines.get()
    assert order.status == "confirmed"
    assert order.placed_at == NOW
    assert (line.status, line.committed_date) == ("promised", (NOW + timedelta(days=10)).date())
    assert line.promises.get().cause == "First plan"
    assert Invoice.objects.get(order=order).amount == Decimal("270.00")
    assert TenDayFactory.calls == [("reserve", [line.pk]), ("commit", order.pk)]
    steps = Transition.objects.order_by("pk").values_list("kind", "from_status", "to_status")
    assert list(steps) == [
        ("order", "", "draft"),
        ("order", "draft", "placed"),
        ("order_line", "", "pending"),
        ("order_line", "pending", "promised"),
        ("order", "placed", "confirmed"),
    ]


def test_a_form_sent_twice_is_one_order():
    put()
    number = place()
    assert place() == number
    assert Order.objects.placed().count() == 1


def test_a_placed_basket_is_empty_again():
    put()
    place()
    assert intake.find("alice") is None
    with pytest.raises(intake.EmptyBasket):
        place(form="form-2")
    put()
    assert place(form="form-3")
    assert Customer.objects.count() == 1  # Alice is known by then


def test_what_the_factory_cannot_promise_stays_in_the_basket(settings):
    settings.FACTORY = "tests.factories.FullFactory"
    put()
    with pytest.raises(CannotPromise, match="No machine"):
        place()
    assert basket_of("alice").lines.count() == 1
    assert not Invoice.objects.exists()


def test_a_reservation_that_fails_undoes_the_whole_order(monkeypatch):
    def taken(*_args):
        raise CannotPromise("Just taken.")

    put()
    monkeypatch.setattr(factory(), "reserve", taken)
    with pytest.raises(CannotPromise):
        place()
    assert basket_of("alice").lines.get().status == "pending"
    assert not Transition.objects.filter(to_status="placed").exists()


def test_a_withdrawn_option_is_named_by_line_and_nothing_is_lost():
    line = put()
    put(raw={**OAK, "material": "walnut"})
    OptionValue.objects.filter(code="oak").update(active=False)
    with pytest.raises(intake.BasketChanged) as refused:
        place()
    [problem] = refused.value.problems
    assert problem.line_id == line.pk
    assert "Oak" in problem.text
    assert basket_of("alice").lines.count() == 2


def test_a_product_that_left_the_shop_is_named():
    line = put()
    Product.objects.update(sold_until=NOW.date() - timedelta(days=1))
    with pytest.raises(intake.BasketChanged) as refused:
        place()
    assert [problem.line_id for problem in refused.value.problems] == [line.pk]


def test_a_new_price_is_shown_before_it_is_charged():
    put()
    Product.objects.update(base_price=Decimal("110.00"))
    with pytest.raises(intake.BasketChanged) as refused:
        place()
    assert "145.00" in refused.value.problems[0].text
    order = Order.objects.get(number=place())
    assert order.total == Decimal("145.00")


def test_a_guest_with_alices_address_does_not_become_alice_with_a_login(django_user_model):
    user = django_user_model.objects.create_user("alice")
    own = Customer.objects.create(
        user=user, name="Alice", email="alice@example.org", created_at=NOW
    )
    put()
    assert Order.objects.get(number=place()).customer != own
    put()
    number = intake.place("alice", ALICE, AT_HOME, "form-2", NOW, customer_id=own.pk)
    assert Order.objects.get(number=number).customer == own


def test_the_confirmation_is_mailed_once_in_the_customers_language(monkeypatch):
    monkeypatch.setattr(tracking, "reverse", lambda name, args: f"/track/{args[0]}/")
    order = placed()
    order_id = order.pk
    dispatch.drain(NOW)
    mail = Delivery.objects.get()
    assert mail.recipient == "alice@example.org"
    assert f"{order.number}" in mail.subject
    assert "135.00 EUR" in mail.body
    link = mail.body.split("/track/")[1].strip("/ \n")
    assert tracking.order_of(link) == order_id


def test_a_basket_is_added_to_with_a_constant_number_of_queries(
    django_assert_max_num_queries,
):
    for height in ("20", "25", "30", "35"):
        put(raw={**OAK, "height": height})
    with django_assert_max_num_queries(18):
        put(raw={**OAK, "height": "45"})


def test_a_line_chosen_anew_keeps_its_place():
    old = put(quantity=2)
    put(raw={**OAK, "height": "50"})
    new = intake.replace("alice", old.pk, lamp().pk, {**OAK, "material": "walnut"}, 3, NOW)
    # 100 + walnut 35.50 + oiled 5 + 20 × 0.50
    assert (new.pk, new.position, new.quantity) == (old.pk, old.position, 3)
    assert new.unit_price == Decimal("150.50")


def test_a_line_chosen_like_another_joins_it():
    oak, walnut = put(quantity=2), put(quantity=1, raw={**OAK, "material": "walnut"})
    joined = intake.replace("alice", walnut.pk, lamp().pk, OAK, 3, NOW)
    assert (joined.pk, joined.quantity) == (oak.pk, 5)
    assert OrderLine.objects.count() == 1


def test_a_line_that_cannot_be_replaced_stays_as_it_was():
    old, other = put(quantity=2), put(quantity=499, raw={**OAK, "height": "50"})
    with pytest.raises(ImpossibleConfiguration):
        intake.replace("alice", old.pk, lamp().pk, {**OAK, "finish": "none"}, 1, NOW)
    with pytest.raises(intake.BadQuantity):  # 499 and 2 are more than a line may hold
        intake.replace("alice", old.pk, lamp().pk, {**OAK, "height": "50"}, 2, NOW)
    assert list(OrderLine.objects.order_by("pk").values_list("pk", "quantity")) == [
        (old.pk, 2),
        (other.pk, 499),
    ]


def test_a_line_that_is_gone_is_added_again_and_somebody_elses_is_left_alone():
    bobs = put("bob")
    mine = intake.replace("alice", bobs.pk, lamp().pk, OAK, 4, NOW)
    bobs.refresh_from_db()
    assert (bobs.quantity, mine.quantity) == (1, 4)
    assert mine.order == basket_of("alice")


# Which date it is


def told(number):
    line = OrderLine.objects.get(order__number=number)
    return line.committed_date, [promise.committed_date for promise in line.promises.all()]


def test_the_order_keeps_the_date_of_the_places_that_were_reserved(settings):
    settings.FACTORY = "tests.factories.BusyFactory"
    put()
    # NOW is 2 March: ten days, and three more because somebody was faster
    number = place(shown=date(2026, 3, 20))
    assert told(number) == (date(2026, 3, 15), [date(2026, 3, 15)])


@pytest.mark.parametrize("shown", [date(2026, 3, 12), None])
def test_a_date_that_has_slipped_is_told_before_anything_is_ordered(settings, shown):
    settings.FACTORY = "tests.factories.BusyFactory"
    put()
    with pytest.raises(intake.BasketChanged, match="March 15, 2026"):
        place(shown=shown)
    assert basket_of("alice").lines.get().status == "pending"
    assert not Invoice.objects.exists()
    assert not Transition.objects.filter(to_status="placed").exists()
    assert told(place(shown=date(2026, 3, 15)))[0] == date(2026, 3, 15)


def test_a_form_sent_twice_finds_its_order_whatever_became_of_the_date(settings):
    put()
    number = place(shown=date(2026, 3, 12))
    settings.FACTORY = "tests.factories.BusyFactory"
    assert place(shown=date(2026, 3, 12)) == number


def test_a_wish_for_later_is_what_we_commit_to():
    put()
    number = place(requested_date=date(2026, 4, 10))
    assert told(number) == (date(2026, 4, 10), [date(2026, 4, 10)])
    assert OrderLine.objects.get().promises.get().cause == "The day that you asked for."


def test_a_slip_that_the_wish_leaves_room_for_is_no_news(settings):
    settings.FACTORY = "tests.factories.BusyFactory"
    put()
    number = place(shown=date(2026, 3, 12), requested_date=date(2026, 4, 10))
    assert told(number)[0] == date(2026, 4, 10)


def test_a_wish_that_is_too_early_gets_the_honest_date():
    put()
    number = place(requested_date=date(2026, 3, 4))
    assert told(number)[0] == date(2026, 3, 12)
    assert OrderLine.objects.get().requested_date == date(2026, 3, 4)


@pytest.mark.parametrize("wish", [date(2026, 3, 1), date(2027, 3, 4), date(9999, 1, 1)])
def test_a_wish_in_the_past_or_beyond_a_year_is_refused(wish):
    put()
    with pytest.raises(intake.BadWish):
        place(requested_date=wish)
    assert basket_of("alice").lines.count() == 1


@pytest.mark.parametrize("wish", [date(2026, 3, 2), date(2027, 3, 3)])
def test_today_and_the_last_day_of_a_year_may_be_wished_for(wish):
    put()
    assert place(requested_date=wish)
