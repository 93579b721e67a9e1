from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.methods.cleaning import (
    BadLines,
    BadRules,
    CleanedLines,
    LineRules,
    SeriesRules,
    clean_lines,
    clean_series,
    seasonal_factors,
)
from forecasting.methods.series import Floats

DAY = pd.Timestamp("2024-03-01")


def sale(
    invoice: str, ordinal: int, customer: str | None, item: str, quantity: int, day: int
) -> dict[str, Any]:
    return {
        "invoice": invoice,
        "ordinal": ordinal,
        "customer": customer,
        "item": item,
        "quantity": quantity,
        "at": DAY + pd.Timedelta(days=day),
        "price": 9.0,
    }


def cleaned(*lines: dict[str, Any], **rules: Any) -> CleanedLines:
    return clean_lines(pd.DataFrame(lines), LineRules(**rules))


TWICE = (sale("A1", 1, "Alice", "lamp", 2, 0), sale("A1", 2, "Alice", "lamp", 2, 0))


def test_a_line_written_twice_counts_once():
    result = cleaned(*TWICE)
    assert result.lines["cleaned"].tolist() == [2, 0]
    assert result.lines["rule"].tolist() == ["", "duplicate"]
    assert result.counts == {"duplicate": 1}


def test_identical_lines_may_be_flagged_only_or_kept():
    flagged, kept = cleaned(*TWICE, duplicates="flag"), cleaned(*TWICE, duplicates="keep")
    assert flagged.lines["cleaned"].tolist() == [2, 2]
    assert flagged.counts == {"duplicate": 1}
    assert kept.counts == {}


def test_the_same_line_on_two_invoices_is_two_sales():
    result = cleaned(sale("A1", 1, "Alice", "lamp", 2, 0), sale("A2", 1, "Alice", "lamp", 2, 0))
    assert result.lines["cleaned"].tolist() == [2, 2]


def test_a_return_is_netted_against_the_latest_earlier_sale():
    result = cleaned(
        sale("A1", 1, "Alice", "lamp", 5, 0),
        sale("A2", 1, "Alice", "lamp", 3, 5),
        sale("C1", 1, "Alice", "lamp", -4, 9),
        sale("A3", 1, "Alice", "lamp", 7, 12),
    )
    assert result.lines["cleaned"].tolist() == [4, 0, 0, 7]
    assert result.lines["rule"].tolist() == ["returned", "returned", "return", ""]


def test_a_return_touches_nobody_elses_sale_and_no_other_item():
    result = cleaned(
        sale("A1", 1, "Alice", "lamp", 5, 0),
        sale("B1", 1, "Bob", "vase", 5, 0),
        sale("C1", 1, "Bob", "lamp", -2, 3),
    )
    assert result.lines["cleaned"].tolist() == [5, 5, 0]
    assert result.counts == {"return without sale": 1}


def test_a_return_before_its_sale_finds_none():
    result = cleaned(sale("C1", 1, "Alice", "lamp", -2, 0), sale("A1", 1, "Alice", "lamp", 2, 1))
    assert result.lines["cleaned"].tolist() == [0, 2]


def test_strangers_are_not_taken_for_one_customer():
    result = cleaned(sale("A1", 1, None, "lamp", 2, 0), sale("C1", 1, None, "lamp", -2, 1))
    assert result.lines["cleaned"].tolist() == [2, 0]
    assert result.counts == {"return without sale": 1}


def test_a_bulk_order_is_marked_and_kept():
    lines = [sale(f"A{n}", 1, "Alice", "lamp", 2 + n % 2, n) for n in range(9)]
    result = cleaned(*lines, sale("B1", 1, "Bob", "lamp", 400, 20))
    assert result.counts == {"bulk order": 1}
    assert result.lines["cleaned"].iloc[-1] == 400


def test_a_bulk_order_that_was_cancelled_is_none():
    lines = [sale(f"A{n}", 1, "Alice", "lamp", 2, n) for n in range(9)]
    result = cleaned(
        *lines, sale("B1", 1, "Bob", "lamp", 400, 20), sale("C1", 1, "Bob", "lamp", -400, 21)
    )
    assert "bulk order" not in result.counts


def test_raw_figures_stay_and_a_rule_can_be_undone():
    frame = pd.DataFrame([*TWICE, sale("C1", 1, "Alice", "lamp", -1, 3)])
    result = clean_lines(frame)
    pd.testing.assert_frame_equal(result.lines[list(frame.columns)], frame)
    assert result.lines["cleaned"].tolist() == [1, 0, 0]
    assert result.without("duplicate").tolist() == [1, 2, 0]


LINES = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2", "A3"]),
        st.sampled_from(["Alice", "Bob", None]),
        st.sampled_from(["lamp", "vase"]),
        st.integers(-5, 9),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=15,
)


@settings(max_examples=60, deadline=None)
@given(LINES)
def test_cleaned_quantities_are_never_negative_nor_more_than_sold(rows):
    lines = [sale(who[0], n, *who[1:]) for n, who in enumerate(rows)]
    result = clean_lines(pd.DataFrame(lines)).lines
    assert (result["cleaned"] >= 0).all()
    assert (result["cleaned"] <= result["quantity"].clip(lower=0)).all()
    untouched = result["rule"] == ""
    assert (result["cleaned"] == result["quantity"])[untouched].all()


@pytest.mark.parametrize("column", ["quantity", "at"])
def test_lines_that_lack_a_column_are_named(column):
    frame = pd.DataFrame([*TWICE])
    with pytest.raises(BadLines, match=column):
        clean_lines(frame.drop(columns=column))
    frame[column] = None
    with pytest.raises(BadLines):
        clean_lines(frame)


def steady(rows: int = 1, periods: int = 40, seed: int = 2) -> Floats:
    return np.random.default_rng(seed).poisson(20, (rows, periods)).astype(float)


def test_a_spike_and_a_dip_are_replaced_by_the_usual_level():
    values = steady()
    values[0, 10], values[0, 30] = 300.0, 0.0
    result = clean_series(values)
    assert result.counts == {"spike": 1, "dip": 1}
    assert result.rule[0, 10] == "spike"
    assert result.rule[0, 30] == "dip"
    assert 14 < result.cleaned[0, 10] < 26
    assert 14 < result.cleaned[0, 30] < 26


def test_raw_values_stay_and_each_rule_can_be_undone():
    values = steady()
    values[0, 10], values[0, 30] = 300.0, 0.0
    result = clean_series(values)
    np.testing.assert_array_equal(result.raw, values)
    assert result.without("spike")[0, 10] == 300
    assert result.without("spike")[0, 30] > 0


def test_ordinary_noise_is_left_alone():
    values = steady(30, 60)
    result = clean_series(values)
    assert sum(result.counts.values()) <= 2


def test_a_lasting_step_is_no_outlier():
    values = np.hstack([steady(1, 30), steady(1, 30) * 5])
    assert clean_series(values).counts == {}


def test_a_peak_that_comes_every_year_is_no_outlier():
    values = steady(1, 48, seed=5)
    values[0, 5::12] = 90.0
    assert not (clean_series(values, season=12).rule[0, 5::12] == "spike").all()
    once = steady(1, 48, seed=5)
    once[0, 17] = 150.0
    assert clean_series(once, season=12).rule[0, 17] == "spike"


def test_quiet_weeks_of_a_slow_mover_and_its_usual_sizes_are_normal():
    values = np.zeros((1, 60))
    values[0, ::5] = 10.0
    assert clean_series(values).counts == {}
    values[0, 25] = 500.0
    result = clean_series(values)
    assert result.counts == {"spike": 1}
    assert result.cleaned[0, 25] == pytest.approx(10)


def test_a_week_in_which_the_whole_shop_peaks_is_an_event():
    values = steady(10, 40)
    values[:, 20] = 200.0
    assert clean_series(values).counts == {}


def test_a_stock_out_gets_the_level_around_it():
    values = steady()
    values[0, 15:18] = 0.0
    mask = np.zeros(values.shape, dtype=bool)
    mask[0, 15:18] = True
    result = clean_series(values, censored=mask)
    assert result.counts == {"stock-out or closure": 3}
    assert (result.cleaned[0, 15:18] > 14).all()
    np.testing.assert_array_equal(result.censored, mask)


def test_what_was_sold_in_a_stock_out_week_is_the_least():
    values = steady()
    values[0, 15] = 60.0
    mask = values == 60.0
    assert clean_series(values, censored=mask).cleaned[0, 15] == 60


def test_weeks_before_birth_stay_unknown():
    values = steady()
    values[0, :5] = np.nan
    result = clean_series(values, censored=np.ones(values.shape, dtype=bool))
    assert np.isnan(result.cleaned[0, :5]).all()
    assert np.isfinite(result.cleaned[0, 5:]).all()


def test_seasonal_factors_find_the_shape():
    shape = np.array([0.5, 1.0, 1.5, 1.0])
    factors = seasonal_factors(np.tile(10 * shape, 5)[None], 4)
    np.testing.assert_allclose(factors[0, :4], [0.75, 1.0, 1.25, 1.0])  # half-way to 1


def test_one_year_is_not_enough_for_seasonal_factors():
    assert (seasonal_factors(steady(1, 60), 52) == 1).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 500), st.floats(0.05, 30), st.integers(1, 30))
def test_cleaning_never_makes_demand_negative_or_unknown(seed, mean, periods):
    rng = np.random.default_rng(seed)
    values = rng.poisson(mean, (3, periods)) * rng.choice([1.0, 1.0, 9.0], (3, periods))
    result = clean_series(values, 4, rng.random(values.shape) < 0.1)
    assert (result.cleaned >= 0).all()
    np.testing.assert_array_equal(result.cleaned[result.rule == ""], values[result.rule == ""])


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"window": 4}, {"event": 0}])
def test_rules_that_make_no_sense_are_named(wrong):
    with pytest.raises(BadRules):
        SeriesRules(**wrong)
    with pytest.raises(BadRules):
        LineRules(bulk_lines=1)


def test_a_mask_of_another_shape_is_named():
    with pytest.raises(BadRules):
        clean_series(steady(), censored=np.zeros((2, 2), dtype=bool))
