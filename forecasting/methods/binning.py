"""Feature values cut into bins before trees are grown on them.

Trees look for their splits among at most 255 bins of a feature. Scikit-learn (1.9) sorts a feature
anew for each of the 254 edges between them where examples have weights; here it is sorted once, and
the trees get the numbers of bins. They are the same trees.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.methods.series import Bools, Floats

MOST = 255


@dataclass(frozen=True, eq=False)
class Bins:
    """Edges of each feature's bins, None where its few values are bins of their own. A value is in
    bin i when it is above edge i − 1 and not above edge i."""

    edges: tuple[Floats | None, ...]

    @classmethod
    def of(cls, features: Floats, weight: Floats, most: int = MOST) -> "Bins":
        """Bins of equal weight, for `features` (m, F) of which NaN is unknown, and `weight` (m,).

        Edges are weighted quantiles, "averaged inverted CDF" (Hyndman & Fan 1996).

        >>> one = Bins.of(np.array([[1.0], [2.0], [3.0], [4.0]]), np.ones(4), most=2)
        >>> one.edges[0].tolist(), one.numbers(np.array([[2.4], [2.6], [np.nan]])).ravel().tolist()
        ([2.5], [0.0, 1.0, nan])
        """
        return cls(tuple(_edges(column, weight, most) for column in features.T))

    def numbers(self, features: Floats) -> Floats:
        """The bins' numbers (m, F); what is unknown, or has no edges, stays as it is."""
        found = features.copy()
        for column, edges in enumerate(self.edges):
            if edges is not None:
                values = features[:, column]
                number = np.searchsorted(edges, values).astype(np.float64)
                found[:, column] = np.where(np.isnan(values), np.nan, number)
        return found


def _edges(values: Floats, weight: Floats, most: int) -> Floats | None:
    counted: Bools = ~np.isnan(values) & (weight != 0)
    values, weight = values[counted], weight[counted]
    order = np.argsort(values)
    values, below = values[order], np.cumsum(weight[order])
    if np.unique(values).size <= most:
        return None
    wanted = np.linspace(0, 100, most + 1)[1:-1] / 100 * below[-1]
    last = values.size - 1
    place = np.minimum(np.searchsorted(below, wanted), last)
    inside = below[place] - wanted > np.finfo(np.float64).eps
    following = values[np.minimum(place + 1, last)]
    return np.unique(np.where(inside, values[place], (values[place] + following) / 2))
