"""One gradient-boosted model over all series, direct for every step ahead.

A single `HistGradientBoostingRegressor` learns from (series, origin, step) examples drawn from
the past; the step is a feature, so each horizon is forecast directly and errors do not feed back.
Examples are weighted so that every series counts alike, whatever its size. Sources: Ke et al.
(2017) LightGBM; Makridakis et al. (2022), the M5 results; Montero-Manso & Hyndman (2021) on global
models.

The artefact holds the forecasts up to `horizon`, not the trees: trees in scikit-learn can only be
pickled, and serving needs no more than the forecasts (their quantiles come from `quantiles`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from forecasting.methods.binning import Bins
from forecasting.methods.features import at_origin, at_target, scale_at
from forecasting.methods.method import NotEnoughData, Progress, Table, silent
from forecasting.methods.series import Bools, Floats, Panel


@dataclass(frozen=True)
class Examples:
    """Rows to learn from: features (m, F), scaled demand (m,), weights (m,)."""

    features: Floats
    target: Floats
    weight: Floats


@dataclass(frozen=True)
class Boosting:
    """Global direct gradient-boosted trees.

    `horizon`: periods ahead it learns. `rows`: most examples drawn (bounds time and memory).
    `orders`: about how many periods with orders, over all series, make it worth while.
    `threads`: one by default, since idle threads of side-by-side workers spin on shared cores.
    """

    horizon: int = 8
    rows: int = 120_000
    trees: int = 70
    leaves: int = 12
    rate: float = 0.06
    orders: int = 400
    threads: int = 1
    name: str = "boosted trees"

    def fit(self, panel: Panel, seed: int = 0, progress: Progress = silent) -> Table:
        """See `Method.fit`. Raises `NotEnoughData`."""
        self.check(panel)
        examples = self.examples(panel, np.random.default_rng(seed))
        progress(0.3, "learning from past weeks")
        model = self._model(seed)
        blank: Bools = np.asarray(~np.isfinite(examples.features).any(axis=0))
        known = _fill(examples.features, blank)
        bins = Bins.of(known, examples.weight)
        with threadpool_limits(limits=self.threads, user_api="openmp"):
            model.fit(bins.numbers(known), examples.target, sample_weight=examples.weight)
            progress(0.9, "forecasting")
            return Table(self._forecast(model, panel, blank, bins))

    def check(self, panel: Panel) -> None:
        """Raise `NotEnoughData` when there is too little to learn from."""
        needed = self.horizon + 12
        if panel.shape[1] < needed:
            raise NotEnoughData(panel.shape[1], needed, of="periods", stand_in="seasonal naive")
        sold = int((np.nan_to_num(panel.values) > 0).sum())
        if sold < self.orders:
            raise NotEnoughData(sold, self.orders, of="orders", stand_in="seasonal naive")

    def examples(self, panel: Panel, rng: np.random.Generator) -> Examples:
        """A random share of all (series, origin, step) whose target lies in the panel."""
        rows, periods = panel.shape
        first = min(max(8, periods // 4), periods - self.horizon - 1)
        ahead = [min(self.horizon, periods - origin) for origin in range(first, periods)]
        share = min(1.0, self.rows / (rows * sum(ahead)))
        actual, weight = panel.actual, self._weights(panel)
        parts: list[Examples] = []
        for origin, steps in enumerate(ahead, first):
            begun = np.isfinite(panel.values[:, origin - 1])
            drawn = [
                np.flatnonzero(begun & np.isfinite(actual[:, target]) & (rng.random(rows) < share))
                for target in range(origin, origin + steps)
            ]
            parts += self._parts(panel, origin, drawn, weight)
        return Examples(
            np.vstack([part.features for part in parts]),
            np.concatenate([part.target for part in parts]),
            np.concatenate([part.weight for part in parts]),
        )

    def _parts(
        self, panel: Panel, origin: int, drawn: Sequence[NDArray[np.intp]], weight: Floats
    ) -> Iterator[Examples]:
        """Examples of one origin for each step ahead, of the rows `drawn` for it: those that had
        begun by then and whose target could show, thinned to the share."""
        seen = np.unique(np.concatenate(drawn))
        if not seen.size:
            return
        known = panel.rows(seen)
        shared, scale = at_origin(known, origin), scale_at(known.values, origin)
        for step, rows in enumerate(drawn, 1):
            if rows.size:
                at = np.searchsorted(seen, rows)
                features = np.hstack([shared[at], at_target(known.rows(at), origin, step)])
                target = panel.values[rows, origin + step - 1] / scale[at]
                yield Examples(features, target, weight[rows] * scale[at] ** 2)

    def _weights(self, panel: Panel) -> Floats:
        """1 / mean² of each series, so that squared errors count relative to its usual demand."""
        mean = np.nanmean(panel.values, axis=1)
        return np.where(mean > 0, 1.0 / np.where(mean > 0, mean, 1.0) ** 2, 0.0)

    def _model(self, seed: int) -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(
            loss="squared_error",
            max_iter=self.trees,
            max_leaf_nodes=self.leaves,
            learning_rate=self.rate,
            min_samples_leaf=40,
            l2_regularization=1.0,
            max_features=0.5,
            early_stopping=False,
            random_state=seed,
        )

    def _forecast(
        self, model: HistGradientBoostingRegressor, panel: Panel, blank: Bools, bins: Bins
    ) -> Floats:
        origin = panel.shape[1]
        shared, scale = at_origin(panel, origin), scale_at(panel.values, origin)
        steps = [
            np.hstack([shared, at_target(panel, origin, step)])
            for step in range(1, self.horizon + 1)
        ]
        known = (bins.numbers(_fill(step, blank)) for step in steps)
        mean: Floats = np.maximum(
            np.column_stack([model.predict(step) * scale for step in known]), 0.0
        )
        return mean


def _fill(features: Floats, blank: Bools) -> Floats:
    """Zeros in columns that no example knew: scikit-learn cannot bin a column of NaN only."""
    return np.where(blank, 0.0, features)
