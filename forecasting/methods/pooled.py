"""A product's average, pulled toward what the shop's products usually sell while it is young.

ŷ = (Σ y after the first period + k · usual) / (periods after it + k). A series begins with a sale,
so its first period says that it began, not how much it sells: it is left out (length-biased
otherwise). Source: Bühlmann (1967), "Experience rating and credibility", ASTIN Bulletin 4(3), with
a fixed credibility k.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.methods.method import Progress, Repeating, silent
from forecasting.methods.series import Bools, Floats, Panel


@dataclass(frozen=True)
class Pooled:
    """The pooled mean of the last `window` periods; see the module.

    `weight`: periods that the usual level is worth (k). `grown`: periods after its first that a
    series must have to say what is usual.
    """

    weight: float = 4.0
    grown: int = 8
    window: int = 52
    name: str = "pooled mean"

    def fit(self, panel: Panel, seed: int = 0, progress: Progress = silent) -> Repeating:
        """See `Method.fit`; never lacks data."""
        seen: Bools = np.isfinite(panel.values)
        after = seen.copy()
        after[np.arange(len(seen)), seen.argmax(axis=1)] = False
        counted: Bools = after[:, -self.window :]
        sold = np.where(counted, panel.values[:, -self.window :], 0.0).sum(axis=1)
        periods = counted.sum(axis=1)
        usual = self._usual(sold, periods, panel.values)
        mean = (sold + self.weight * usual) / (periods + self.weight)
        return Repeating(mean[:, None])

    def _usual(self, sold: Floats, periods: Floats, values: Floats) -> float:
        """The middle one of the grown series; where none is grown, all that was sold so far,
        spread over as many periods as make one grown."""
        grown: Bools = periods >= self.grown
        if grown.any():
            return float(np.median(sold[grown] / periods[grown]))
        spread = max(self.grown, values.shape[1])
        return float(np.nansum(values) / (len(values) * spread))
