"""Which method forecasts what: rolling-origin backtests, a choice per demand class, quantiles.

Every method forecasts from at least three past origins, seeing only what was known then (Tashman
2000, "Out-of-sample tests of forecasting accuracy"). Per demand class the smallest RMSSE wins,
among the methods and the mean of the two best. With fewer than three origins a choice would be
luck: then the methods that can run get equal weights, or seasonal naive stands in alone. What is
new was hardly there at any origin: it gets what did best by the series that were new then, or, with
too few of these, the pooled mean.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from forecasting.methods import metrics
from forecasting.methods.backtesting import Backtest, backtest, rolling_origins
from forecasting.methods.baselines import SeasonalNaive
from forecasting.methods.classification import NEW, classify
from forecasting.methods.method import (
    COMBINED,
    Arrays,
    CorruptArtefact,
    Deadline,
    Method,
    Note,
    NotEnoughData,
    Progress,
    never,
    silent,
    stored,
)
from forecasting.methods.pooled import Pooled
from forecasting.methods.quantiles import Bands, Errors, bands, movement, without_backtests
from forecasting.methods.registry import methods_for
from forecasting.methods.series import Bools, Dates, Floats, Panel, Strings

ENOUGH_ORIGINS = 3
ENOUGH_SERIES = 10
"""Series that a class must have before it gets a choice of its own."""
ALL = "all"
FOR_NEW = Pooled.name


class UnusableChoice(ValueError):
    """What was chosen before cannot forecast any more; a choice is due."""


@dataclass(frozen=True)
class Measures:
    """Backtest accuracy, see `metrics`; NaN where nothing is known. `cases`: forecasts judged."""

    rmsse: float
    wape: float
    bias: float
    wql: float
    coverage80: float
    cases: int = 0


@dataclass(frozen=True, eq=False)
class Selection:
    """The choice and its forecast.

    `mean` (n, h), `quantiles` (n, h, 9) at .1 … .9, `starts` (h,) of the periods forecast,
    `classes` (n,). `chosen`: class → methods, equally weighted. `metrics`: method (and
    "combined") → class (and "all") → `Measures`. `origins`: number of periods known at each
    backtest. `notes`: what was lacking. `replaced_incumbent`: False where the
    live choice was kept because the new one was no better in the same backtests. `bands`: what
    put the quantiles around the mean.
    """

    ids: tuple[str, ...]
    starts: Dates
    mean: Floats
    quantiles: Floats
    classes: Strings
    chosen: dict[str, tuple[str, ...]]
    metrics: dict[str, dict[str, Measures]]
    origins: tuple[int, ...]
    notes: tuple[Note, ...]
    replaced_incumbent: bool = True
    bands: Bands | None = None

    def to_arrays(self) -> Arrays:
        """What serving needs, as plain arrays (npz); choice and metrics are JSON of the run."""
        return {
            **(self.bands.to_arrays() if self.bands else {}),
            "ids": np.array(self.ids, dtype=np.str_),
            "starts": self.starts,
            "mean": self.mean,
            "quantiles": self.quantiles,
            "classes": self.classes,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The forecast again, without choice and metrics. Raises `CorruptArtefact`."""
        ids, starts, classes = (stored(arrays, key, 1) for key in ("ids", "starts", "classes"))
        mean, quantiles = stored(arrays, "mean", 2), stored(arrays, "quantiles", 3)
        shape = (ids.size, starts.size)
        if mean.shape != shape or quantiles.shape[:2] != shape or classes.size != ids.size:
            raise CorruptArtefact("The parts of the artefact do not fit together.")
        names = tuple(str(name) for name in ids)
        return cls(names, starts, mean, quantiles, classes, {}, {}, (), ())


def choose(
    panel: Panel,
    horizon: int,
    methods: Sequence[Method] | None = None,
    origins: int = 3,
    progress: Progress = silent,
    deadline: Deadline = never,
    seed: int = 0,
    incumbent: Mapping[str, tuple[str, ...]] | None = None,
) -> Selection:
    """Backtest, choose, forecast.

    1. Forecast from `origins` past origins with every method, cheapest first. When `deadline`
       says that time is up, methods not fully tested are left out.
    2. Choose per demand class. An `incumbent` choice stays unless the new one beats it in these
       same backtests (`wins`). 3. Fit what was chosen to all data. 4. Put quantiles around it.
    """
    pool = list(methods_for(horizon) if methods is None else methods)
    tested = backtest(panel, horizon, pool, origins, progress, deadline, seed)
    classes = classify(panel.values)
    enough = len(tested.origins) >= ENOUGH_ORIGINS and bool(tested.forecasts)
    chosen, notes = {}, list(tested.notes)
    replaced = True
    if enough:
        chosen = _choices(tested, classes)
        if incumbent and not _beats(tested, chosen, incumbent, classes):
            # how what is new is forecast is no part of the contest: it was not there to be tested
            kept = {name: names for name, names in chosen.items() if name == NEW}
            chosen, replaced = {**incumbent, **kept}, False
            notes.append(Note("choice_stays"))
        needed = [one for one in pool if any(one.name in names for names in chosen.values())]
    else:
        notes.append(_thin(tested))
        needed = pool if tested.forecasts or not tested.origins else []
    progress(0.85, "forecasting")
    final = _fit_all(panel, horizon, needed, seed, notes)
    if not enough:
        chosen = {ALL: tuple(final)}
        if FOR_NEW in final and NEW in classes:
            chosen[NEW] = (FOR_NEW,)
    if chosen.get(NEW) == (FOR_NEW,):
        count = int((classes == NEW).sum())
        notes.append(Note("new_products", {"products": count, "stand_in": FOR_NEW}))
    mean = _combine(final, chosen, classes)
    learned = _bands(tested, chosen, classes, panel)
    around = learned.around(mean, movement(panel.values), classes)
    progress(1.0, "done")
    starts = panel.future_starts(horizon)
    measured = _measure(tested, chosen, classes)
    facts = tuple(note for place, note in enumerate(notes) if note not in notes[:place])
    return Selection(
        panel.ids,
        starts,
        mean,
        around,
        classes,
        chosen,
        measured,
        tested.origins,
        facts,
        replaced,
        learned,
    )


def renew(
    before: Selection,
    panel: Panel,
    changed: Collection[str],
    around: Bands,
    progress: Progress = silent,
    seed: int = 0,
) -> Selection:
    """Forecast the series in `changed` with the methods that were chosen before, inside the bands
    that were learned then; all others stay as they were.

    A changed series gets the mean that a `choose` would give it that ends with the same choice.
    Nothing is tested, so there are no metrics and no origins. Raises `UnusableChoice`.
    """
    classes = classify(panel.values)
    anew: Bools = np.array([name in changed for name in panel.ids])
    notes: list[Note] = []
    progress(0.2, "forecasting")
    mean, quantiles = _as_before(before, panel.ids, anew)
    mean[anew] = _renewed(before, panel, classes, anew, seed, notes)
    moved = movement(panel.values[anew])
    quantiles[anew] = around.around(mean[anew], moved, classes[anew])
    progress(1.0, "done")
    return Selection(
        panel.ids,
        before.starts,
        mean,
        quantiles,
        classes,
        before.chosen,
        {},
        (),
        tuple(notes),
        replaced_incumbent=False,
        bands=around,
    )


def _as_before(before: Selection, ids: Sequence[str], anew: Bools) -> tuple[Floats, Floats]:
    """Mean and quantiles of each series as they were, zeros for those that come anew."""
    place = {name: row for row, name in enumerate(before.ids)}
    rows = [place[name] for name, changed in zip(ids, anew, strict=True) if not changed]
    mean = np.zeros((len(ids), *before.mean.shape[1:]))
    quantiles = np.zeros((len(ids), *before.quantiles.shape[1:]))
    mean[~anew], quantiles[~anew] = before.mean[rows], before.quantiles[rows]
    return mean, quantiles


def _renewed(
    before: Selection, panel: Panel, classes: Strings, anew: Bools, seed: int, notes: list[Note]
) -> Floats:
    """Means of the series in `anew`; a method is fitted to all, but only where one needs it."""
    horizon = before.starts.size
    chosen = {
        str(name): before.chosen.get(str(name), before.chosen[ALL])
        for name in np.unique(classes[anew])
    }
    names = dict.fromkeys(name for names in chosen.values() for name in names)
    final = _fit_all(panel, horizon, methods_for(horizon, names), seed, notes) if names else {}
    if set(final) != set(names):
        raise UnusableChoice("A method that was chosen can no longer run on these data.")
    mean = np.zeros((len(panel.ids), horizon))
    for name, methods in chosen.items():
        rows = anew & (classes == name)
        mean[rows] = _average(final, methods)[rows]
    return mean[anew]


def _beats(
    tested: Backtest,
    new: Mapping[str, tuple[str, ...]],
    old: Mapping[str, tuple[str, ...]],
    classes: Strings,
) -> bool:
    """Whether the new choice wins over the old one; an old one that can no longer run loses."""
    if not {name for names in old.values() for name in names} <= set(tested.forecasts):
        return True
    ours, theirs = (
        _measures(tested, _combine(tested.forecasts, choice, classes), classes)[ALL]
        for choice in (new, old)
    )
    return wins(ours, theirs)


def wins(challenger: Measures, champion: Measures, margin: float = 0.005) -> bool:
    """Whether a challenger may replace the champion; both from the same backtest.

    It must lower RMSSE by `margin` (a share), must not raise the quantile loss by more, and must
    not be more biased by over five points. A figure that is unknown does not win.
    """
    better = challenger.rmsse < champion.rmsse * (1 - margin)
    not_wider = challenger.wql <= champion.wql * (1 + margin)
    not_slanted = abs(challenger.bias) <= abs(champion.bias) + 0.05
    return better and not_wider and not_slanted


def until_tested(periods: int, horizon: int) -> int:
    """Periods to come until there are enough origins to choose by; 0 where there are.

    >>> until_tested(5, 8)
    17
    """
    more = 0
    while len(rolling_origins(periods + more, horizon, ENOUGH_ORIGINS)) < ENOUGH_ORIGINS:
        more += 1
    return more


def _choices(tested: Backtest, classes: Strings) -> dict[str, tuple[str, ...]]:
    """Class → methods with the smallest RMSSE; "all" for classes with too few series."""
    errors = {name: tested.rmsse(forecast) for name, forecast in tested.forecasts.items()}
    chosen = {ALL: _choice(tested, errors, np.ones(classes.size, dtype=np.bool_))}
    for name in np.unique(classes):
        rows: Bools = classes == name
        if rows.sum() >= ENOUGH_SERIES:
            chosen[str(name)] = _choice(tested, errors, rows)
    if NEW in classes and FOR_NEW in tested.forecasts:
        chosen[NEW] = (_for_new(tested),)
    return chosen


def _for_new(tested: Backtest) -> str:
    """The method with the smallest squared error on series that were new at an origin.

    RMSSE needs a past to scale by, which these do not have.
    """
    then = tested.new_then
    if then.sum() < ENOUGH_SERIES:
        return FOR_NEW
    actual = tested.actual[then]
    errors = {
        name: float(np.nanmean((actual - forecast[then]) ** 2))
        for name, forecast in tested.forecasts.items()
    }
    return min(errors, key=lambda name: errors[name])


def _choice(tested: Backtest, errors: dict[str, Floats], rows: Bools) -> tuple[str, ...]:
    """The best method, or the two best where their mean is better than either."""
    ranked = sorted(errors, key=lambda name: _mean_error(errors[name][:, rows]))
    best, pair = tuple(ranked[:1]), tuple(ranked[:2])
    together = tested.rmsse(_average(tested.forecasts, pair))
    if _mean_error(together[:, rows]) < _mean_error(errors[best[0]][:, rows]):
        return pair
    return best


def _mean_error(errors: Floats) -> float:
    """Mean over what is known; infinite when nothing is, so that it never wins."""
    known = errors[np.isfinite(errors)]
    return float(known.mean()) if known.size else float("inf")


def _average(forecasts: Mapping[str, Floats], names: Sequence[str]) -> Floats:
    mean: Floats = np.mean([forecasts[name] for name in names], axis=0)
    return mean


def _combine(
    forecasts: Mapping[str, Floats], chosen: Mapping[str, tuple[str, ...]], classes: Strings
) -> Floats:
    """Each class's chosen methods, equally weighted; works on (n, h) and on (o, n, h)."""
    result = _average(forecasts, chosen[ALL]).copy()
    for name, names in chosen.items():
        rows = classes == name
        result[..., rows, :] = _average(forecasts, names)[..., rows, :]
    return result


def _thin(tested: Backtest) -> Note:
    return Note("few_origins", {"tested": len(tested.origins), "needed": ENOUGH_ORIGINS})


def _fit_all(
    panel: Panel, horizon: int, methods: Sequence[Method], seed: int, notes: list[Note]
) -> dict[str, Floats]:
    """Forecasts (n, h) from all data; seasonal naive when no method can run."""
    final = {}
    for method in methods:
        try:
            final[method.name] = method.fit(panel, seed).predict(horizon)
        except NotEnoughData as thin:
            notes.append(thin.note(method.name))
    if not final:
        stand_in = SeasonalNaive()
        final[stand_in.name] = stand_in.fit(panel, seed).predict(horizon)
    return final


def _bands(
    tested: Backtest,
    chosen: Mapping[str, tuple[str, ...]],
    classes: Strings,
    panel: Panel,
) -> Bands:
    """Bands for the final forecast, from its own backtest errors where there are any."""
    used = {name for names in chosen.values() for name in names}
    if tested.forecasts and used <= set(tested.forecasts):
        past = _combine(tested.forecasts, chosen, classes)
        return bands(Errors(tested.actual, past, tested.movement, classes))
    return without_backtests(panel.values, classes)


def _measure(
    tested: Backtest, chosen: Mapping[str, tuple[str, ...]], classes: Strings
) -> dict[str, dict[str, Measures]]:
    """Backtest measures of each method and of what was chosen, per class and over all."""
    forecasts = dict(tested.forecasts)
    if forecasts and {name for names in chosen.values() for name in names} <= set(forecasts):
        forecasts[COMBINED] = _combine(tested.forecasts, chosen, classes)
    return {name: _measures(tested, forecast, classes) for name, forecast in forecasts.items()}


def _measures(tested: Backtest, forecast: Floats, classes: Strings) -> dict[str, Measures]:
    errors, around = tested.rmsse(forecast), _held_out_quantiles(tested, forecast, classes)
    result = {}
    for name in [ALL, *(str(one) for one in np.unique(classes))]:
        rows = (classes == name) | (name == ALL)
        actual = np.vstack(list(tested.actual[:, rows]))
        mean, quantiles = np.vstack(list(forecast[:, rows])), np.vstack(list(around[:, rows]))
        actual = np.where(np.isfinite(mean), actual, np.nan)
        known = errors[:, rows][np.isfinite(errors[:, rows])]
        result[name] = Measures(
            float(known.mean()) if known.size else float("nan"),
            metrics.wape(actual, mean),
            metrics.bias(actual, mean),
            metrics.wql(actual, quantiles),
            metrics.coverage80(actual, quantiles),
            int(np.isfinite(actual).sum()),
        )
    return result


def _held_out_quantiles(tested: Backtest, forecast: Floats, classes: Strings) -> Floats:
    """Quantiles (o, n, h, 9) of each origin, learned from the other origins only."""
    errors = Errors(tested.actual, forecast, tested.movement, classes)
    count = len(tested.origins)
    result = []
    for place in range(count):
        others = [other for other in range(count) if other != place] or [place]
        mean = np.where(np.isfinite(forecast[place]), forecast[place], 0.0)
        learned = bands(errors.origins(others))
        result.append(learned.around(mean, errors.movement[place], classes))
    return np.array(result)
