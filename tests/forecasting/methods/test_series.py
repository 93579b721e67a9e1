import dataclasses

import numpy as np
import pytest

from forecasting.methods import series
from forecasting.methods.series import Panel
from tests.forecasting.methods.panels import panel, weeks

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (np.empty((0, 3)), series.EmptyPanel),
        (np.empty((2, 0)), series.EmptyPanel),
        ([[1.0, -1.0]], series.NegativeDemand),
        ([[NAN, NAN]], series.NoObservations),
        ([[1.0, NAN, 2.0]], series.MissingPeriods),
        ([[1.0, float("inf")]], series.InfiniteDemand),
    ],
)
def test_bad_values_are_named(values, error):
    with pytest.raises(error):
        panel(values)


def test_the_message_names_the_series():
    with pytest.raises(series.NegativeDemand, match="P1"):
        panel([[1.0, 2.0], [3.0, -4.0]])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"ids": ("a",)}, series.ShapeMismatch),
        ({"ids": ("a", "a")}, series.RepeatedSeries),
        ({"starts": weeks(2)}, series.ShapeMismatch),
        ({"starts": weeks(3)[::-1]}, series.IrregularPeriods),
        ({"starts": weeks(6)[[0, 1, 5]]}, series.IrregularPeriods),
        ({"season": 0}, series.BadSeason),
        ({"signals": {"views": np.ones((2, 2))}}, series.ShapeMismatch),
        ({"known": {"price": np.ones((2, 2))}}, series.ShapeMismatch),
        ({"censored": np.zeros((1, 3), dtype=bool)}, series.ShapeMismatch),
    ],
)
def test_parts_that_do_not_fit_are_named(change, error):
    good = panel([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    with pytest.raises(error):
        dataclasses.replace(good, **change)


def test_series_begin_with_their_first_row_and_quiet_weeks_are_zero():
    starts = weeks(4)
    table = Panel.from_long(
        ["vase", "lamp", "lamp", "lamp"],
        starts[[3, 1, 3, 3]],
        np.array([5.0, 1.0, 2.0, 3.0]),
    )
    assert table.ids == ("lamp", "vase")
    np.testing.assert_array_equal(table.values, [[1, 0, 5], [NAN, NAN, 5]])
    assert table.starts[0] == starts[1]


def test_a_day_that_starts_no_week_is_refused():
    with pytest.raises(series.IrregularPeriods):
        Panel.from_long(["a", "a"], np.array(["2024-01-01", "2024-01-04"], "M8[D]"), np.ones(2))


def test_as_of_shows_only_what_was_known():
    full = Panel(
        np.array([[1.0, 2.0, 3.0], [NAN, NAN, 9.0]]),
        ("old", "young"),
        weeks(3),
        signals={"views": np.arange(6.0).reshape(2, 3)},
        known={"price": np.ones((2, 5))},
    )
    past, begun = full.as_of(2)
    assert past.ids == ("old",)
    assert begun.tolist() == [0]
    assert past.signals["views"].tolist() == [[0.0, 1.0]]
    assert past.known["price"].shape == (1, 5)


def test_before_anything_began_there_is_no_panel():
    with pytest.raises(series.EmptyPanel):
        panel([[NAN, 1.0]]).as_of(1)


def test_future_periods_follow_the_last():
    assert panel([[1.0, 2.0]]).future_starts(2).tolist() == weeks(4)[2:].tolist()


def test_censored_periods_are_not_judged():
    full = dataclasses.replace(panel([[1.0, 2.0]]), censored=np.array([[False, True]]))
    np.testing.assert_array_equal(full.actual, [[1.0, NAN]])
    assert full.rows([0]).actual.shape == (1, 2)
