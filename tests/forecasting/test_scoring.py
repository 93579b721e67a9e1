"""Every order is judged by what was published before it came, and by nothing else."""

from datetime import timedelta

import pytest

from forecasting import outlook, scoring
from forecasting.models import OptionScore
from orders import catalogue
from tests.forecasting.shop import NOW, sell, trained, weekly_shop

pytestmark = pytest.mark.django_db
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.fixture
def mug():
    return weekly_shop()[0]


def configured(mug, colour):
    return mug.configurations.get(values={"colour": colour})


def test_the_usual_surprises_less_than_the_unusual(mug):
    trained()
    red = sell(configured(mug, "red"), 1, NOW + DAY)
    blue = sell(configured(mug, "blue"), 1, NOW + DAY)
    assert scoring.score_new_lines(NOW + 2 * DAY) == 2
    bits = dict(OptionScore.objects.values_list("line", "bits"))
    assert bits[red.pk] < 1 < bits[blue.pk]  # less likely than a coin's side: more than one bit


def test_nothing_is_scored_before_something_was_foreseen(mug):
    sell(configured(mug, "red"), 1, NOW + DAY)
    assert scoring.score_new_lines(NOW + 2 * DAY) == 0


def test_orders_from_before_the_first_forecast_stay_without_a_score(mug):
    trained()
    assert scoring.score_new_lines(NOW) == 0


def test_each_order_is_judged_by_the_forecast_before_it(mug):
    early, late = trained(NOW - 4 * WEEK), trained(NOW)
    between = sell(configured(mug, "red"), 1, NOW - WEEK)
    after = sell(configured(mug, "red"), 1, NOW + DAY)
    scoring.score_new_lines(NOW + 2 * DAY)
    judged = dict(OptionScore.objects.values_list("line", "forecast"))
    assert judged[between.pk] == early.forecast.pk
    assert judged[after.pk] == late.forecast.pk


def test_a_score_does_not_change_when_later_orders_come(mug):
    trained()
    line = sell(configured(mug, "blue"), 1, NOW + DAY)
    scoring.score_new_lines(NOW + 2 * DAY)
    before = OptionScore.objects.get(line=line).bits
    for _ in range(20):
        sell(configured(mug, "blue"), 1, NOW + 3 * DAY)
    trained(NOW + WEEK)
    scoring.score_new_lines(NOW + 2 * WEEK)
    assert OptionScore.objects.get(line=line).bits == before


def test_scoring_twice_scores_once(mug):
    trained()
    sell(configured(mug, "red"), 1, NOW + DAY)
    assert scoring.score_new_lines(NOW + 2 * DAY) == 1
    assert scoring.score_new_lines(NOW + 2 * DAY) == 0


def test_lines_placed_after_the_day_are_not_seen(mug):
    trained()
    sell(configured(mug, "red"), 1, NOW + 5 * DAY)
    assert scoring.score_new_lines(NOW + 2 * DAY) == 0


def test_an_option_that_was_withdrawn_is_left_out(mug):
    trained()
    sell(configured(mug, "blue"), 1, NOW + DAY)
    mug.option_groups.get().values.filter(code="blue").delete()
    assert scoring.score_new_lines(NOW + 2 * DAY) == 0


def test_a_damaged_model_scores_nothing_and_stops_nothing(mug, own_models):
    (own_models / trained().artefact).write_bytes(b"rubbish")
    sell(configured(mug, "red"), 1, NOW + DAY)
    assert scoring.score_new_lines(NOW + 2 * DAY) == 0
    assert outlook.published() is not None


def test_the_plain_frequencies_stand_beside_each_score(mug):
    trained()
    line = sell(configured(mug, "red"), 1, NOW + DAY)
    scoring.score_new_lines(NOW + 2 * DAY)
    table = outlook.scores(NOW, NOW + WEEK)
    assert table["line_id"].tolist() == [line.pk]
    assert 0 < table["baseline_bits"].iloc[0] < 1.5


def test_forty_orders_are_judged_in_fewer_questions_than_there_are_orders(
    mug, django_assert_max_num_queries
):
    trained(NOW - WEEK)
    trained(NOW)
    scoring.score_new_lines(NOW)
    for minutes in range(40):
        sell(configured(mug, "red"), 1, NOW + timedelta(minutes=minutes))
    catalogue.sheets([mug.pk])  # what it reads for itself does not count
    with django_assert_max_num_queries(25):
        assert scoring.score_new_lines(NOW + 2 * DAY) == 40
