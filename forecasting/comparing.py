"""How much better than doing nothing clever: a forecast's tests on past weeks, side by side."""

from collections.abc import Iterable

from forecasting.methods.method import COMBINED
from forecasting.models import Accuracy, TrainingRun

YARDSTICKS = ("naive", "seasonal naive")


def skill(accuracies: Iterable[Accuracy]) -> dict[str, float]:
    """Share of the naive forecast's error that the chosen methods save, by demand class ("": all).

    The yardstick is the better of “last week again” and “same week last year”, so that nobody
    shines against a bad one. Below 0: naive would have been better.
    """
    errors: dict[str, dict[str, float]] = {}
    for one in accuracies:
        if one.rmsse is not None:
            errors.setdefault(one.demand_class, {})[one.method] = one.rmsse
    return {
        name: round(1 - found[COMBINED] / naive, 4)
        for name, found in errors.items()
        if COMBINED in found
        and (naive := min((found[one] for one in YARDSTICKS if one in found), default=0.0)) > 0
    }


def skill_of(run: TrainingRun) -> dict[str, float]:
    return skill(run.accuracies.all())
