"""The five questions, and the orders behind a number."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.urls import reverse

from config import roles
from production import gap
from production.models import GapMeasurement, JobReport
from tests.production.floor import build
from tests.production.test_gap import WEEK_AFTER, earlier_needs, event, snapshot
from tests.production.workshop import MONDAY, NOW, line, product

pytestmark = pytest.mark.django_db


@pytest.fixture
def planner(client):
    roles.ensure()
    user = get_user_model().objects.create_user("bob", is_staff=True)
    user.groups.add(Group.objects.get(name="planner"))
    client.force_login(user)
    return client


@pytest.fixture
def measured():
    """Wanted 10 lamps and 30 mugs, planned 12 and 20."""
    lamp, mug = product("lamp"), product("mug")
    line(lamp, 4)
    line(lamp, 6, who="Bob")
    line(mug, 30, placed=NOW + timedelta(days=5))
    line(mug, 7, placed=NOW + timedelta(days=8))  # the week after
    snapshot({"lamp": 12, "mug": 20})
    gap.measure(WEEK_AFTER)
    return lamp, mug


def page(client, name, *args, status=200, **query):
    answer = client.get(reverse(f"production:{name}", args=args), query)
    assert answer.status_code == status
    return answer.content.decode()


def test_before_the_first_week_the_page_says_what_to_do(planner):
    text = page(planner, "gap")
    assert "No week was measured yet" in text
    assert reverse("production:schedule") in text


def test_five_questions_are_answered_or_say_what_is_lacking(planner, measured):
    text = page(planner, "gap")
    for question in (
        "What do they want?",
        "Which and how many?",
        "When?",
        "As ordered?",
        "Worth it?",
    ):
        assert question in text
    assert "30 % of the pieces differ" in text
    assert "40 wanted, 32 planned" in text
    # ½ (|10/40 − 12/32| + |30/40 − 20/32|) = 12.5 %
    assert "% planned for the wrong product" in text
    assert "120 EUR in goods" in text
    assert "Measured once the floor reported pieces." in text


def test_products_stand_in_the_order_of_the_pieces_they_are_apart(planner, measured):
    lamp, mug = measured
    text = page(planner, "gap")
    addresses = [reverse("production:gap-product", args=[one.pk]) for one in (mug, lamp)]
    assert text.index(addresses[0]) < text.index(addresses[1])


def test_a_week_and_a_product_can_be_asked_for(planner, measured):
    lamp, mug = measured
    text = page(planner, "gap", week=MONDAY.isoformat(), q="lamp")
    assert reverse("production:gap-product", args=[lamp.pk]) in text
    assert reverse("production:gap-product", args=[mug.pk]) not in text
    assert "No product to show" in page(planner, "gap", q="chandelier")


def test_an_unknown_week_shows_the_newest(planner, measured):
    assert "30 % of the pieces differ" in page(planner, "gap", week="1999-01-04")


def test_a_number_opens_down_to_the_orders_behind_it(planner, measured):
    lamp, mug = measured
    text = page(planner, "gap-product", lamp.pk, week=MONDAY.isoformat())
    assert "Bob" in text
    assert text.count(reverse("orders:staff-order", args=[1])[:14]) >= 2
    counted = GapMeasurement.objects.get(measure="volume", product=mug)
    text = page(planner, "gap-product", mug.pk)
    assert counted.wanted == 30
    assert ">30<" in text
    assert ">7<" not in text  # the week after is another number


def test_a_product_that_was_never_measured_says_when_it_will_be(planner):
    assert "was not measured yet" in page(planner, "gap-product", product("vase").pk)


def test_an_unknown_product_is_not_found(planner):
    page(planner, "gap-product", 999, status=404)


def test_orders_and_wishes_are_told_apart(planner, measured):
    lamp, _ = measured
    assert "Only orders are counted" in page(planner, "gap")
    earlier_needs(lamp, answered=5, all_of_them=20)
    event("abandon", lamp, NOW + timedelta(hours=9), "Carol")
    gap.measure(WEEK_AFTER)
    text = page(planner, "gap")
    assert "40 ordered, 0.2 wanted but not ordered" in text  # ¼, rounded to even
    assert "1 wish without an order counts 25 %" in text
    text = page(planner, "gap-product", lamp.pk, week=MONDAY.isoformat())
    assert "Left a configuration" in text
    assert "Carol" not in text


def test_spoiled_pieces_are_told_down_to_the_report(planner):
    floor = build()
    job = floor.work_order().jobs.earliest("pk")
    JobReport.objects.create(job=job, good=3, scrap=1, reason="Blob", by="Bob", at=NOW)
    gap.measure(WEEK_AFTER)
    text = page(planner, "gap")
    assert "1 of 4 pieces spoiled at first" in text
    assert "right the first time" not in text  # a share is told from twenty pieces on
    JobReport.objects.create(job=job, good=12, scrap=4, reason="Blob", by="Bob", at=NOW)
    gap.measure(WEEK_AFTER)
    text = page(planner, "gap")
    assert "75.0 % right the first time" in text
    text = page(planner, "gap-product", floor.configuration.product_id)
    assert "Blob" in text


def test_strangers_are_sent_to_sign_in(client):
    assert client.get(reverse("production:gap")).status_code == 302


def test_fifty_products_cost_no_more_questions_than_two(
    planner, measured, django_assert_max_num_queries
):
    for number in range(60):
        one = product(f"p{number}")
        for measure in ("volume", "mix"):
            GapMeasurement.objects.create(
                measure=measure, week=MONDAY, product=one, value=0.1, measured_at=NOW
            )
    with django_assert_max_num_queries(12):
        page(planner, "gap")


def test_more_surprise_than_before_is_told_as_more(planner, measured):
    GapMeasurement.objects.create(
        measure="choice",
        week=MONDAY,
        value=8.52,
        wanted=40,
        details={"saved_bits": -0.05, "baseline_bits": 8.47},
        measured_at=NOW,
    )
    text = page(planner, "gap")
    assert "0.05 more than last quarter&#x27;s shares, which gave 8.47" in text
