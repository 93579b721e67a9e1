"""Features are cut into the bins that scikit-learn would cut them into, and give the same trees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.ensemble._hist_gradient_boosting.binning import _find_binning_thresholds

from forecasting.methods.binning import Bins


def drawn(seed, rows=400):
    """A feature with many values, one with few, one that is often unknown; and weights."""
    rng = np.random.default_rng(seed)
    many, few = rng.lognormal(size=rows), rng.integers(0, 9, rows).astype(float)
    holes = np.where(rng.random(rows) < 0.3, np.nan, np.round(rng.normal(size=rows), 3))
    return np.column_stack([many, few, holes]), rng.choice([0.0, 0.5, 1.0, 3.0], rows)


@given(st.integers(0, 10_000), st.integers(2, 255))
def test_edges_are_those_of_scikit_learn(seed, most):
    features, weight = drawn(seed)
    for column, edges in zip(features.T, Bins.of(features, weight, most).edges, strict=True):
        theirs = _find_binning_thresholds(column, most, sample_weight=weight)
        if edges is None:
            assert len(theirs) < most
        else:
            np.testing.assert_array_equal(edges, theirs)


@pytest.mark.parametrize("seed", range(3))
def test_trees_that_get_the_numbers_of_bins_say_the_same(seed):
    features, weight = drawn(seed)
    target = np.nan_to_num(features[:, 2]) + np.log(features[:, 0])
    bins = Bins.of(features, weight)
    new, _ = drawn(seed + 100)
    plain, ours = (
        HistGradientBoostingRegressor(max_iter=20, random_state=0).fit(
            known, target, sample_weight=weight
        )
        for known in (features, bins.numbers(features))
    )
    np.testing.assert_array_equal(ours.predict(bins.numbers(new)), plain.predict(new))


def test_few_values_and_unknown_ones_stay_as_they_are():
    features = np.array([[7.0], [np.nan], [9.0], [7.0]])
    np.testing.assert_array_equal(Bins.of(features, np.ones(4)).numbers(features), features)
