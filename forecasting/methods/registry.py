"""The methods that take part, cheapest first. A shop adds its own with one line.

Each entry makes the method for a horizon; any object with `name` and `fit` will do
(see `method.Method`).
"""

from collections.abc import Callable, Iterable

from forecasting.methods.baselines import Mean, Naive, SeasonalNaive
from forecasting.methods.boosting import Boosting
from forecasting.methods.method import Method
from forecasting.methods.pooled import Pooled
from forecasting.methods.smoothing import Smoothing

METHODS: dict[str, Callable[[int], Method]] = {
    "seasonal naive": lambda _horizon: SeasonalNaive(),
    "naive": lambda _horizon: Naive(),
    "mean": lambda _horizon: Mean(),
    "pooled mean": lambda _horizon: Pooled(),
    "exponential smoothing": lambda _horizon: Smoothing(),
    "boosted trees": lambda horizon: Boosting(horizon=horizon),
}


class UnknownMethod(LookupError):
    """No method of that name is registered."""


def methods_for(horizon: int, names: Iterable[str] | None = None) -> list[Method]:
    """The named methods (all of them by default), ready for a horizon.

    Raises `UnknownMethod`.
    """
    wanted = list(METHODS if names is None else names)
    for name in wanted:
        if name not in METHODS:
            raise UnknownMethod(f"{name} is not a method; there are {', '.join(METHODS)}.")
    return [METHODS[name](horizon) for name in wanted]
