"""What staff see of forecasts and their training, and what planners may do."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from forecasting import runs
from forecasting.models import DemandPoint, DemandSeries, ForecastPoint, OptionShare, TrainingRun
from orders.models import Product
from tests.factories import product
from tests.forecasting.shop import foreseen, sell, this_monday, weekly_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def planner(signed_in):
    return signed_in("planner", name="planner-bob")


@pytest.fixture
def live():
    weekly_shop(2, this_monday())
    return foreseen()


def page(client, name, *args, status=200, **query):
    answer = client.get(reverse(f"forecasting:{name}", args=args), query)
    assert answer.status_code == status
    return answer.content.decode()


def post(client, name, *args, **data):
    return client.post(reverse(f"forecasting:{name}", args=args), data)


def series(sku="MUG"):
    return DemandSeries.objects.get(product__sku=sku)


PAGES = ["forecasts", "option-shares", "runs", "summary"]


@pytest.mark.parametrize("name", PAGES)
def test_a_shop_without_a_forecast_is_told_what_to_do(planner, name):
    text = page(planner, name)
    assert "Train" in text or "Training runs" in text


@pytest.mark.parametrize("name", PAGES)
def test_strangers_are_sent_to_sign_in_and_operators_away(client, signed_in, name):
    assert client.get(reverse(f"forecasting:{name}")).status_code == 302
    page(signed_in("operator"), name, status=403)


def test_the_list_shows_what_is_ahead_the_most_first(planner, live):
    text = page(planner, "forecasts")
    assert text.index("Mug") < text.index("Bowl") < text.index("Oil")
    assert "20 % less error" in text  # 0.8 against 1.0 of the better naive one
    assert "Long average and Same week last year" in text


def test_families_and_the_shop_show_what_their_products_sold(planner, live):
    for sku, pieces in (("BOWL", 2), ("OIL", 7)):
        one = DemandSeries.objects.get(product__sku=sku)
        for back in range(1, 31):
            week = (this_monday() - timedelta(weeks=back)).date()
            DemandPoint.objects.create(series=one, week=week, raw=pieces, cleaned=pieces + back)
    shown = planner.get(reverse("forecasting:forecasts")).context
    past = {row.series.product.sku: row.past for row in shown["rows"]}
    shop, tableware, lights = shown["sums"]
    assert shop.series.level == "shop"
    assert [len(weeks) for weeks in past.values()] == [26, 26, 26]
    assert lights.past == past["OIL"]  # its only product
    assert tableware.past == [a + b for a, b in zip(past["MUG"], past["BOWL"], strict=True)]
    assert shop.past == [a + b for a, b in zip(tableware.past, lights.past, strict=True)]


def test_the_list_can_be_searched_and_narrowed(planner, live):
    assert "Bowl" not in page(planner, "forecasts", q="mug").split("Products</h2>")[1]
    family = DemandSeries.objects.get(level="family", family__code="lights")
    table = page(planner, "forecasts", family=family.pk).split("Products</h2>")[1]
    assert "Oil" in table
    assert "Bowl" not in table
    assert "Nothing fits" in page(planner, "forecasts", q="chandelier")


def test_fifty_products_cost_no_more_questions_than_three(
    planner, live, django_assert_max_num_queries
):
    for number in range(50):
        one = DemandSeries.objects.create(level="product", product=product(f"P{number}"))
        ForecastPoint.objects.create(
            forecast=live,
            series=one,
            week=this_monday().date(),
            mean=1,
            quantiles=[1.0] * 9,
            method="mean",
        )
    with django_assert_max_num_queries(13):
        page(planner, "forecasts")


def test_a_forecast_that_has_run_out_says_so(planner, live):
    for point in ForecastPoint.objects.filter(forecast=live):
        point.week -= timedelta(weeks=60)
        point.save()
    assert "lies in the past" in page(planner, "forecasts")
    assert "lies in the past" in page(planner, "summary")


def test_a_product_shows_history_band_method_and_what_was_corrected(planner, live):
    text = page(planner, "forecast", series().pk)
    assert "80 %" in text
    assert "Expects the average of all weeks so far." in text
    assert "brought down to the usual level" in text
    assert "sold most weeks, in similar amounts" in text


def test_families_and_the_shop_add_up_their_products(planner, live):
    shop = DemandSeries.objects.get(level="shop")
    assert "Adds up the forecasts of the products." in page(planner, "forecast", shop.pk)
    assert "I know better" not in page(planner, "forecast", shop.pk)


def test_a_planner_overrides_a_week_with_a_reason(planner, live):
    week = this_monday().date().isoformat()
    post(planner, "override", series().pk, week=week, expected="40", why="Trade fair")
    point = ForecastPoint.objects.get(series=series(), week=week)
    assert (point.override, point.override_by) == (40, "staff:planner-bob")
    text = page(planner, "forecast", series().pk)
    assert "Trade fair" in text
    assert "instead of 4.0" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"why": ""},
        {"expected": "-1"},
        {"expected": "many"},
        {"week": "1999-01-04"},
        {"expected": ""},
    ],
)
def test_a_wrong_override_is_answered_with_the_form_and_changes_nothing(planner, live, wrong):
    asked = {"week": this_monday().date().isoformat(), "expected": "40", "why": "Fair"}
    answer = post(planner, "override", series().pk, **{**asked, **wrong})
    assert answer.status_code == 422
    assert not ForecastPoint.objects.filter(override__isnull=False).exists()


def test_option_shares_are_shown_in_words_the_likeliest_first(planner, live):
    text = page(planner, "option-shares")
    assert text.index("Red") < text.index("Blue")
    assert "75 %" in text  # in whole percent: few orders stand behind it


def test_one_product_of_the_option_shares_is_open_and_its_address_says_which(planner, live):
    for share in list(OptionShare.objects.filter(product__sku="MUG")):
        share.pk, share.product_id = None, Product.objects.get(sku="BOWL").pk
        share.save()
    assert "?product=MUG" in page(planner, "option-shares")
    for sku, name in (("MUG", "Mug"), ("BOWL", "Bowl")):
        opened = planner.get(reverse("forecasting:option-shares"), {"product": sku})
        assert opened.context["shared"].name == name


def test_training_starts_at_once_and_shows_its_progress(planner):
    answer = post(planner, "train", "forecast")
    run = TrainingRun.objects.get()
    assert answer.url == reverse("forecasting:run", args=[run.pk])
    assert (run.status, run.requested_by) == ("queued", "staff:planner-bob")
    text = page(planner, "run", run.pk)
    assert reverse("forecasting:run-progress", args=[run.pk]) in text
    assert "Stop" in text


def test_pressing_twice_trains_once(planner):
    post(planner, "train", "forecast")
    post(planner, "train", "forecast")
    post(planner, "train", "ranking")
    assert sorted(TrainingRun.objects.values_list("kind", flat=True)) == ["forecast", "ranking"]


def test_the_progress_is_told_in_words_until_it_is_done(planner):
    run = runs.request("forecast", data_cut=timezone.now(), by="x", now=timezone.now())
    TrainingRun.objects.filter(pk=run.pk).update(
        status="training", progress=0.45, step="learning options"
    )
    answer = planner.get(reverse("forecasting:run-progress", args=[run.pk]))
    assert "learning options" in answer.content.decode()
    assert 'value="45"' in answer.content.decode()
    assert "HX-Refresh" not in answer.headers
    TrainingRun.objects.filter(pk=run.pk).update(status="champion")
    answer = planner.get(reverse("forecasting:run-progress", args=[run.pk]))
    assert answer.headers["HX-Refresh"] == "true"


def test_a_run_can_be_stopped_once(planner):
    run = runs.request("forecast", data_cut=timezone.now(), by="x", now=timezone.now())
    post(planner, "cancel", run.pk)
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert post(planner, "cancel", run.pk).status_code == 302


def test_a_run_says_in_plain_words_what_was_chosen_and_how_good_it_was(planner, live):
    text = page(planner, "run", live.run_id)
    assert "Long average and Same week last year" in text
    assert "20 % less error" in text
    assert "Weeks evened out" in text


def test_a_failed_run_says_why_and_that_the_live_model_stands(planner):
    run = runs.request("forecast", data_cut=timezone.now(), by="x", now=timezone.now())
    runs.fail(
        run, "Nothing was ordered before this day, so nothing can be forecast.", now=timezone.now()
    )
    text = page(planner, "run", run.pk)
    assert "The live model goes on serving." in text
    assert "Nothing was ordered before this day" in text
    assert "The last training failed" in page(planner, "summary")


def test_a_candidate_goes_live_by_hand_and_back_again(planner, live):
    live.run.status = "retired"
    live.run.save()
    newer = foreseen("challenger")
    TrainingRun.objects.filter(pk=live.run_id).update(status="champion")
    post(planner, "promote", newer.run_id, why="Easter is in it")
    newer.run.refresh_from_db()
    assert newer.run.status == "champion"
    assert "Go back to the earlier live model" in page(planner, "run", newer.run_id)
    assert "Easter is in it" in page(planner, "run", newer.run_id)
    post(planner, "roll-back", "forecast", why="Too high")
    live.run.refresh_from_db()
    assert live.run.status == "champion"


def test_what_cannot_go_live_does_not_and_says_so(planner, live):
    run = runs.request("forecast", data_cut=timezone.now(), by="x", now=timezone.now())
    answer = planner.post(reverse("forecasting:promote", args=[run.pk]), follow=True)
    assert "cannot go live" in answer.content.decode()
    live.run.refresh_from_db()
    assert live.run.status == "champion"


def test_there_may_be_nothing_to_go_back_to(planner, live):
    answer = planner.post(reverse("forecasting:roll-back", args=["forecast"]), follow=True)
    assert "no earlier live model" in answer.content.decode()


@pytest.mark.parametrize("name", ["train", "roll-back"])
def test_who_may_only_read_cannot_train(signed_in, live, name):
    assert post(signed_in("operator"), name, "forecast").status_code == 403


def test_a_get_never_changes_anything(planner, live):
    for name, args in (
        ("train", ["forecast"]),
        ("roll-back", ["forecast"]),
        ("promote", [live.run_id]),
        ("cancel", [live.run_id]),
        ("override", [series().pk]),
    ):
        assert planner.get(reverse(f"forecasting:{name}", args=args)).status_code == 405


def test_the_dashboards_part_tells_this_week(planner, live):
    text = page(planner, "summary")
    assert "Pieces expected this week" in text
    assert "20 % less error" in text


def test_an_old_forecast_is_marked_old(planner, live):
    live.as_of = timezone.now() - timedelta(days=12)
    live.save()
    assert "Over a week old" in page(planner, "summary")


def test_the_page_of_an_unknown_product_is_not_found(planner):
    page(planner, "forecast", 999, status=404)


def test_an_order_placed_now_does_not_move_a_published_forecast(planner, live):
    before = page(planner, "forecasts").split("Products</h2>")[1]
    sell(product("MUG").configurations.all()[0], 500, timezone.now())
    assert page(planner, "forecasts").split("Products</h2>")[1] == before
