"""Shops with little to go by: every engine says what it lacks, and claims no more than is so."""

import re
import warnings
from collections import Counter
from datetime import timedelta
from html import unescape

import numpy as np
import pytest
import time_machine
from django.conf import settings as project
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from config import cycle
from config.footing import FACTS, grounds
from forecasting import outlook
from forecasting.models import Accuracy, DemandSeries, ForecastPoint, TrainingRun
from orders import tracking
from orders.models import Customer, Order, OrderLine, Product
from production import promising
from production.models import GapMeasurement, Plan, WorkOrder
from recommendations import serving
from tests.journeys import thin_shop
from tests.journeys.shop import BROWSER, words
from tests.journeys.thin_shop import MONDAY, NEVER, NEW, ONE_WEEK, REGULARS, SELDOM, Sold

pytestmark = pytest.mark.django_db

SHOPS = {
    "400 orders": thin_shop.build,
    "3 orders": thin_shop.build_tiny,
    "first hour": thin_shop.build_first_hour,
    "no order": thin_shop.build_empty,
}
WEEK = timedelta(weeks=1)
NO_FIGURE = re.compile(r"\b(nan|NaN|inf|Infinity|None|null|undefined)\b|∞")


@pytest.fixture(autouse=True)
def nothing_kept(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    promising._Kept.plan_key = None
    outlook._model.cache_clear()
    serving._blend.cache_clear()
    yield
    promising._Kept.plan_key = None


@pytest.fixture(autouse=True)
def no_figure_out_of_nothing():
    """A division by zero, or a mean of nothing, is an error here."""
    with np.errstate(divide="raise", invalid="raise", over="raise"), warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


@pytest.fixture
def shop():
    """The shop of 400 orders on the Monday of its first cycle."""
    with time_machine.travel(MONDAY, tick=False) as clock:
        made = thin_shop.build()
        cycle.run(MONDAY)
        yield made, clock


def owner(language="en"):
    user, _new = get_user_model().objects.get_or_create(
        username="olga", defaults={"is_staff": True, "is_superuser": True}
    )
    client = visitor(language)
    client.force_login(user)
    return client


def visitor(language="en"):
    client = Client(headers={"User-Agent": BROWSER})
    client.cookies[project.LANGUAGE_COOKIE_NAME] = language
    return client


def opened(client, address):
    answer = client.get(address, follow=True)
    assert answer.status_code == 200, address
    text = unescape(words(answer))
    assert not NO_FIGURE.search(text), (address, NO_FIGURE.search(text))
    return text


STAFF_PAGES = (
    "dashboard",
    "footing",
    "forecasting:forecasts",
    "forecasting:option-shares",
    "forecasting:runs",
    "production:gap",
    "production:schedule",
    "production:planning",
    "production:queues",
    "production:jobs",
    "production:materials",
    "recommendations:preview",
    "orders:staff-orders",
    "orders:staff-products",
    "orders:staff-customers",
)


def staff_addresses():
    """Every staff page that shows what an engine found."""
    yield from map(reverse, STAFF_PAGES)
    for name, keys in (
        ("forecasting:forecast", DemandSeries.objects.values_list("pk", flat=True)),
        ("forecasting:run", TrainingRun.objects.values_list("pk", flat=True)),
        ("production:gap-product", Product.objects.values_list("pk", flat=True)),
        ("production:queue", ["prints", "bench"]),
        ("production:work-order", WorkOrder.objects.values_list("pk", flat=True)[:5]),
        ("orders:staff-order", Order.objects.order_by("-pk").values_list("pk", flat=True)[:5]),
        ("orders:staff-customer", Customer.objects.values_list("pk", flat=True)[:2]),
    ):
        yield from (reverse(name, args=[key]) for key in keys)
    shares, preview = reverse("forecasting:option-shares"), reverse("recommendations:preview")
    yield from (f"{shares}?product={sku}" for sku in Product.objects.values_list("sku", flat=True))
    people = Customer.objects.values_list("pk", flat=True)[:2]
    yield from (f"{preview}?customer={pk}" for pk in people)


def shop_addresses():
    yield from (reverse("home"), reverse("search") + "?q=hook", reverse("basket"))
    for product in Product.objects.all():
        yield reverse("product", args=[product.sku])
        basket = reverse("recommendations:for-basket")
        yield f"{basket}?product={product.pk}"
    for pk in Order.objects.order_by("-pk").values_list("pk", flat=True)[:3]:
        yield reverse("track", args=[tracking.token(pk)])


@pytest.mark.parametrize("kind", SHOPS)
def test_every_page_of_a_shop_with_little_data_opens_and_shows_no_figure_out_of_nothing(kind):
    with time_machine.travel(MONDAY, tick=False):
        SHOPS[kind]()
        assert cycle.run(MONDAY).status == "done"
        for language in ("en", "zh-hans"):
            boss, stranger = owner(language), visitor(language)
            for address in staff_addresses():
                opened(boss, address)
            for address in shop_addresses():
                opened(stranger, address)


def expected_a_week(product):
    points = ForecastPoint.objects.filter(series__product=product)
    return [point.mean for point in points]


def test_what_hardly_sells_is_expected_hardly_and_what_nobody_ordered_not_at_all(shop):
    made, _clock = shop
    for number in (*SELDOM, ONE_WEEK, *NEW):
        lines = OrderLine.objects.filter(configuration__product=made[number])
        pieces = sum(lines.values_list("quantity", flat=True))
        ahead = sum(expected_a_week(made[number]))
        assert 0 < ahead < max(6, pieces), number
    assert not any(expected_a_week(made[number]) for number in NEVER)
    # 440 lines of about 1.6 pieces in 39 weeks are 18 a week; the forecast of all is near it.
    total = ForecastPoint.objects.filter(series__level="shop").first().mean
    sold = sum(OrderLine.objects.values_list("quantity", flat=True)) / thin_shop.WEEKS
    assert total == pytest.approx(sold, rel=0.25)


def test_no_band_pretends_to_be_sure(shop):
    for point in ForecastPoint.objects.all():
        low, middle, high = (point.quantiles[place] for place in (0, 4, 8))
        assert 0 <= low <= middle <= high
        assert low < high, point
        assert low <= point.mean <= high * 1.5, point


def test_what_sells_every_week_is_not_expected_to_sell_nothing(shop):
    made, _clock = shop
    best = ForecastPoint.objects.filter(series__product=made[0]).first()
    assert best.quantiles[4] >= 1


def test_no_error_is_claimed_for_a_pattern_with_few_tests(shop):
    claimed = Accuracy.objects.exclude(rmsse=None).exclude(wape=None)
    # 28 products now and then, and all together; the others are one each, three times eight weeks
    assert set(claimed.values_list("demand_class", flat=True)) == {"", "intermittent"}
    known = TrainingRun.objects.champion("forecast").metrics
    assert known["cases_by_class"]["smooth"] < 30 <= known["cases_by_class"]["intermittent"]


def test_a_product_page_of_the_forecast_says_how_little_it_rests_on(shop):
    made, _clock = shop
    series = DemandSeries.objects.get(product=made[NEW[0]])
    text = opened(owner(), reverse("forecasting:forecast", args=[series.pk]))
    assert "too short a history to tell a pattern" in text
    assert "nearer to what the shop's products usually sell" in text
    assert "Ordered in 1 of 1 week so far" in text
    assert "less error" not in text


def test_option_shares_say_on_how_many_orders_they_rest(shop):
    made, _clock = shop
    family = OrderLine.objects.filter(configuration__product__family=made[NEW[0]].family).count()
    text = opened(owner(), reverse("forecasting:option-shares") + f"?product={made[NEW[0]].sku}")
    assert f"1 order of this product and {family} of its family" in text


# Suggestions


def bought_together(one, other):
    """Customers who ordered both, ever; an order without a customer is one of its own."""
    lines = OrderLine.objects.values_list("order__customer", "order", "configuration__product")
    had: dict[object, set[int]] = {}
    for customer, order, product in lines:
        had.setdefault(customer or f"order {order}", set()).add(product)
    return sum({one, other} <= products for products in had.values())


def test_every_reason_shown_to_customers_is_true(shop):
    made, _clock = shop
    names = {product.pk: product.name for product in made}
    for product in made:
        for line in serving.for_product(product.pk, serving.Visitor(), MONDAY):
            both = bought_together(product.pk, line.product_id)
            if line.why.startswith("Often ordered with"):
                assert both >= 10
            elif "chose this and" in line.why:
                assert line.why.startswith(f"{both} customers")
                assert both >= 3
            elif line.why.startswith("Similar to"):
                other = Product.objects.get(pk=line.product_id)
                assert other.family_id == product.family_id, (names[product.pk], other.name)
            else:
                assert "lately" in line.why or line.why == "From our catalogue"


def test_suggestions_do_not_repeat_one_product_to_everybody(shop):
    made, _clock = shop
    shown = Counter(
        line.product_id
        for product in made
        for line in serving.for_product(product.pk, serving.Visitor(), MONDAY)
    )
    assert sum(shown.values()) == 4 * len(made)
    assert len(shown) > 30
    assert max(shown.values()) <= len(made) / 3


def test_nobody_is_suggested_what_one_customer_alone_took_together(shop):
    """Alice has had everything: her orders alone make no pair for others."""
    blend = serving.live_blend()
    similar = blend.rankers["cooccurrence"].similar.tocoo()
    for row, column in zip(similar.row, similar.col, strict=True):
        assert bought_together(int(blend.items[row]), int(blend.items[column])) >= 3


# What the shop knows


def told(now=MONDAY):
    return {ground.name: ground for ground in grounds(now)}


def test_a_shop_of_400_orders_is_told_what_each_engine_lacks_and_what_stands_in(shop):
    known = told()
    forecast = known["Forecast"]
    assert forecast.has == ["Order lines: 440. Products: 35. Weeks: 39."]
    # counted by hand: a fair and three new ones; five that nobody ordered
    assert "Products too new to show a pattern: 4." in forecast.lacks
    assert "Products that nobody has ordered yet: 5." in forecast.lacks
    assert "New products: what the shop's products usually sell." in forecast.stands_in
    assert "Past dates: 3" in known["Tests of the forecast"].has[0]
    assert "No visits were noted." in known["Suggestions"].lacks
    assert any("Pairs of products that 3" in line for line in known["Suggestions"].has)
    assert known["Unmet wishes"].stands_in == ["Only orders count as wanted."]
    # 38 of 40 products have a routing of two steps, half of them of a template (19 even numbers)
    dates = known["Promised dates"]
    even = [number for number in range(40) if number % 2 == 0]
    assert f"from a template: {2 * len(even)} of 76." in dates.lacks[0]
    assert "No step was reported" in dates.lacks[1]
    assert dates.lacks[2].endswith("how they are made: 2.")
    assert "Materials that were never counted: 1." in known["Materials"].lacks
    assert known["Gap"].lacks == ["No week had a plan that was made before it began."]
    assert not any(ground.state == "Firm ground" for ground in known.values() if ground.lacks)


def test_a_shop_without_orders_is_told_what_comes_first():
    with time_machine.travel(MONDAY, tick=False):
        thin_shop.build_empty()
        cycle.run(MONDAY)
    forecast = told()["Forecast"]
    assert forecast.state == "Nothing yet"
    assert forecast.lacks == ["Nothing was ordered yet."]
    assert forecast.stands_in == ["Only what is ordered is planned; nothing is made ahead."]


def test_in_its_first_hour_a_shop_plans_what_was_ordered_without_a_forecast():
    with time_machine.travel(MONDAY, tick=False):
        thin_shop.build_first_hour()
        row = cycle.run(MONDAY)
    assert [step["code"] for step in row.steps if step["step"] == "forecast"] == ["no_week"]
    assert WorkOrder.objects.get().pegging.get().order_line == OrderLine.objects.get()
    assert Plan.objects.published().get().entries.count() == 2
    assert not TrainingRun.objects.filter(kind="forecast").exists()
    assert told()["Forecast"].lacks == ["The first week with orders is not over yet."]


def test_a_week_of_few_orders_is_told_in_numbers_not_in_percent(shop):
    made, clock = shop
    # The plan of Monday is made before the week after it begins; that week is measured next.
    at = MONDAY + WEEK + timedelta(days=1)
    thin_shop.order_more(made, [Sold(at + timedelta(hours=n), "Heidi", (n,)) for n in range(5)])
    clock.move_to(MONDAY + 2 * WEEK)
    cycle.run(MONDAY + 2 * WEEK)
    volume = GapMeasurement.objects.get(measure="volume", product=None)
    assert volume.details["lines"] == 5
    boss = owner()
    for page in ("dashboard", "production:gap"):
        text = opened(boss, reverse(page))
        assert not re.search(r"\d %", text), re.findall(r".{60}\d %.{20}", text)
    assert "Order lines in the newest week: 5." in told(MONDAY + 2 * WEEK)["Gap"].lacks


def test_every_finding_of_an_engine_has_its_words_and_the_words_their_figures():
    for code, text in FACTS.items():
        assert str(text).strip(), code
    page_of_nothing = told()
    assert len(page_of_nothing) == len({ground.name for ground in page_of_nothing.values()})
    assert all(ground.lacks for ground in page_of_nothing.values())


def test_regular_sellers_are_most_of_what_is_expected(shop):
    made, _clock = shop
    regular = sum(expected_a_week(made[number])[0] for number in REGULARS)
    rest = sum(expected_a_week(made[number])[0] for number in (*SELDOM, ONE_WEEK, *NEW))
    assert regular > 3 * rest
