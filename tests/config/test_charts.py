from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    bar_chart,
    fan_chart,
    line_chart,
    nice_ticks,
    spark_path,
)
from config.templatetags import charts

# the drawing area lies between 52 and 628, so its middle is 340
FLOOR, CEILING = HEIGHT - BOTTOM, TOP


@given(st.floats(-1e6, 1e6), st.floats(0.01, 1e6))
def test_nice_ticks_cover_the_range_in_equal_steps(low, width):
    ticks = nice_ticks(low, low + width)
    steps = [b - a for a, b in pairwise(ticks)]
    slack = (steps[0]) * 1e-6
    assert ticks[0] <= low + slack
    assert ticks[-1] >= low + width - slack
    assert max(steps) - min(steps) <= slack
    assert 2 <= len(ticks) <= 8


def test_a_line_runs_from_the_lower_left_to_the_upper_right():
    chart = line_chart("Made", ["Mon", "Tue"], [("pieces", [0, 10])])
    assert chart.lines[0].path == f"M{LEFT:g} {FLOOR:g}L{WIDTH - RIGHT:g} {CEILING:g}"


def test_a_single_point_is_a_dot_in_the_middle():
    chart = line_chart("Made", ["Mon"], [("pieces", [10])])
    assert chart.lines[0].dots == [((LEFT + WIDTH - RIGHT) / 2, CEILING)]
    assert '<circle class="line s1 dot" cx="340.0" cy="12.0"' in charts.line_chart(
        "Made", ["Mon"], [("pieces", [10])]
    )


def test_a_point_between_two_gaps_is_a_dot_and_the_others_are_a_line():
    chart = line_chart("Made", list("MTWTFS"), [("pieces", [0, None, 10, None, 5, 5])])
    assert [y for _x, y in chart.lines[0].dots] == [FLOOR, CEILING]


def test_a_fan_with_one_week_behind_it_shows_that_week_once():
    chart = fan_chart("Demand", [("Mon", 10)], [("Tue", 20)])
    assert [len(line.dots) for line in chart.lines] == [1, 0]
    assert [len(line.dots) for line in fan_chart("Demand", [("Mon", 10)], []).lines] == [1, 0]


def test_a_missing_value_leaves_a_gap_in_the_line():
    chart = line_chart("Made", ["Mon", "Tue", "Wed", "Thu"], [("pieces", [1, None, 2, 3])])
    assert chart.lines[0].path.count("M") == 2


def test_the_axis_includes_zero_so_that_small_changes_stay_small():
    chart = line_chart("Made", ["Mon", "Tue"], [("pieces", [98, 99])])
    assert chart.y_ticks[0].value == 0


def test_every_number_of_a_line_chart_stands_in_its_table():
    chart = line_chart("Made", ["Mon", "Tue"], [("wanted", [3, None]), ("made", [2, 1])])
    assert chart.columns == ["wanted", "made"]
    assert list(chart.rows) == [("Mon", [3, 2]), ("Tue", [None, 1])]


def test_the_fan_opens_from_the_last_known_value():
    chart = fan_chart("Demand", [("Mon", 10), ("Tue", 20)], [("Wed", 20)], [("80 %", [10], [30])])
    tuesday = f"M{(LEFT + WIDTH - RIGHT) / 2:g} "
    assert chart.areas[0].path.startswith(tuesday)
    assert chart.lines[1].path.startswith(tuesday)
    assert chart.divider == (LEFT + WIDTH - RIGHT) / 2


def test_the_table_of_a_fan_holds_the_edges_of_every_band():
    chart = fan_chart("Demand", [("Mon", 10)], [("Tue", 20)], [("80 %", [10], [30])])
    assert chart.columns == ["history", "forecast", "80 % ↓", "80 % ↑"]
    assert list(chart.rows) == [("Mon", [10, None, None, None]), ("Tue", [None, 20, 10, 30])]


def test_a_band_of_another_length_than_the_forecast_is_refused():
    with pytest.raises(ValueError, match="2 values for 1 places"):
        fan_chart("Demand", [], [("Tue", 20)], [("80 %", [1, 2], [3, 4])])


def test_a_negative_bar_hangs_below_the_zero_line():
    chart = bar_chart("Gap", [("Volume", 5), ("Choice", -5)])
    up, down = chart.bars
    assert up.y + up.height == pytest.approx(down.y)
    assert up.height == pytest.approx(down.height)


def test_long_axes_are_labelled_sparsely():
    chart = line_chart("Made", [str(n) for n in range(104)], [("pieces", [1.0] * 104)])
    assert len(chart.x_ticks) <= 7


def test_a_chart_without_any_number_says_that_it_is_empty():
    assert line_chart("Made", ["Mon"], [("pieces", [None])]).empty


def test_one_value_makes_no_sparkline():
    assert spark_path([3]) == ""
    assert spark_path([0, 1], width=10, height=10) == "M1 9L9 1"
