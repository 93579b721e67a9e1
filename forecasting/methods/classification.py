"""Demand classes of Syntetos, Boylan and Croston.

Source: Syntetos, Boylan & Croston (2005), "On the categorization of demand patterns", Journal of
the Operational Research Society 56(5). ADI is the mean interval between periods with demand, CV²
the squared coefficient of variation of the sizes; cut-offs 1.32 and .49.
"""

import numpy as np

from forecasting.methods.series import Floats, Strings

ADI_LIMIT = 1.32
CV2_LIMIT = 0.49
NEW = "new"
NEW_BELOW = 8
"""Periods since its first demand below which a series is new."""
CLASSES = ("smooth", "erratic", "intermittent", "lumpy", NEW)


def intervals_and_variation(values: Floats) -> tuple[Floats, Floats]:
    """ADI and CV² of each series; `values` (n, T) → two arrays (n,).

    Counted since the first period with demand; sizes are those above zero. A series without
    demand has an infinite ADI and a CV² of 0.

    >>> import numpy as np
    >>> intervals_and_variation(np.array([[0.0, 4.0, 0.0, 4.0, 0.0]]))
    (array([2.]), array([0.]))
    """
    demand = np.where(np.isfinite(values), values, 0.0)
    sold = demand > 0
    times = sold.sum(axis=1)
    since = np.where(times > 0, values.shape[1] - sold.argmax(axis=1), 0)
    some = np.maximum(times, 1)
    mean = demand.sum(axis=1) / some
    variance = (np.where(sold, demand - mean[:, None], 0.0) ** 2).sum(axis=1) / some
    adi = np.where(times > 0, since / some, np.inf)
    return adi, np.where(mean > 0, variance / np.where(mean > 0, mean, 1.0) ** 2, 0.0)


def classify(values: Floats, new_below: int = NEW_BELOW) -> Strings:
    """Demand class of each series; `values` (n, T) → names (n,), one of `CLASSES`.

    A series with fewer than `new_below` periods since its first demand, or with fewer than two
    periods of demand, is new: its pattern cannot be told yet.
    """
    adi, cv2 = intervals_and_variation(values)
    sold = np.where(np.isfinite(values), values, 0.0) > 0
    age = np.where(sold.any(axis=1), values.shape[1] - sold.argmax(axis=1), 0)
    often, even = adi < ADI_LIMIT, cv2 < CV2_LIMIT
    names: Strings = np.select(
        [(age < new_below) | (sold.sum(axis=1) < 2), often & even, often, even],
        [NEW, "smooth", "erratic", "intermittent"],
        "lumpy",
    ).astype(np.str_)
    return names
