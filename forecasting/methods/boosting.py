"""One gradient-boosted model over all series, direct for every step ahead.

A single `HistGradientBoostingRegressor` learns from (series, origin, step) examples drawn from
the past; the step is a feature, so each horizon is forecast directly and errors do not feed back.
Examples are weighted so that every series counts alike, whatever its size. Sources: Ke et al.
(2017) LightGBM; Makridakis et al. (2022), the M5 results; Montero-Manso & Hyndman (2021) on global
models.

The artefact holds the forecasts up to `horizon`, not the trees: trees in scikit-learn can only be
pickled, and serving needs no more than the forecasts (their quantiles come from `quantiles`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

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
        with threadpool_limits(limits=self.threads, user_api="openmp"):
            model.fit(known, examples.target, sample_weight=examples.weight)
            progress(0.9, "forecasting")
            return Table(self._forecast(model, panel, blank))

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
        pairs = [
            (origin, step)
            for origin in range(first, periods)
            for step in range(1, min(self.horizon, periods - origin) + 1)
        ]
        share = min(1.0, self.rows / (rows * len(pairs)))
        parts, origin_now, shared = [], -1, np.empty((0, 0))
        weight = self._weights(panel)
        for origin, step in pairs:
            if origin != origin_now:
                origin_now, shared = origin, at_origin(panel, origin)
            drawn = self._draw(panel, origin, step, share, rng)
            parts.append(self._part(panel, origin, step, drawn, shared, weight))
        return Examples(
            np.vstack([part.features for part in parts]),
            np.concatenate([part.target for part in parts]),
            np.concatenate([part.weight for part in parts]),
        )

    def _draw(
        self, panel: Panel, origin: int, step: int, share: float, rng: np.random.Generator
    ) -> NDArray[np.intp]:
        """Rows that had begun by the origin, whose target could show, thinned to the share."""
        begun = np.isfinite(panel.values[:, origin - 1])
        shows = np.isfinite(panel.actual[:, origin + step - 1])
        return np.flatnonzero(begun & shows & (rng.random(panel.shape[0]) < share))

    def _part(
        self,
        panel: Panel,
        origin: int,
        step: int,
        drawn: NDArray[np.intp],
        shared: Floats,
        weight: Floats,
    ) -> Examples:
        scale = scale_at(panel.values, origin)[drawn]
        features = np.hstack([shared[drawn], at_target(panel, origin, step)[drawn]])
        target = panel.values[drawn, origin + step - 1] / scale
        return Examples(features, target, weight[drawn] * scale**2)

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

    def _forecast(self, model: HistGradientBoostingRegressor, panel: Panel, blank: Bools) -> Floats:
        origin = panel.shape[1]
        shared, scale = at_origin(panel, origin), scale_at(panel.values, origin)
        steps = [
            np.hstack([shared, at_target(panel, origin, step)])
            for step in range(1, self.horizon + 1)
        ]
        mean: Floats = np.maximum(
            np.column_stack([model.predict(_fill(step, blank)) * scale for step in steps]), 0.0
        )
        return mean


def _fill(features: Floats, blank: Bools) -> Floats:
    """Zeros in columns that no example knew: scikit-learn cannot bin a column of NaN only."""
    return np.where(blank, 0.0, features)
