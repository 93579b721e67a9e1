"""A plan improved window by window, from the first days to the last and again."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import numpy as np

from production.scheduling.anytime import Deadline, Progress
from production.scheduling.arrays import Numbers, Records, Shop
from production.scheduling.chance import chance
from production.scheduling.rows import choose_all, costs, decode, room_for, sort_by_start
from production.scheduling.stability import CAREFREE, departures

from .annealing import Window, anneal
from .pricing import set_prices


@dataclass(frozen=True, slots=True)
class Effort:
    """How the list is cut and heated.

    `width` operations are moved at a time, effects followed `ahead` operations further; each sweep
    makes `moves` moves an operation, from `hot` to `cold` minutes. A delay within `tolerance`
    minutes of pushing something on counts in part.
    """

    width: int = 1000
    ahead: int = 500
    moves: int = 30
    hot: float = 8.0
    cold: float = 0.5
    tolerance: float = 3000.0

    def __post_init__(self) -> None:
        if min(self.width, self.moves) < 1 or self.ahead < 0:
            raise ValueError("a window holds at least one operation, a sweep makes a move of each")
        if not 0 < self.cold <= self.hot or self.tolerance <= 0:
            raise ValueError("temperatures fall and are above 0, as the tolerance is")


EFFORT = Effort()
HOTTER, HOTTEST = 4.0, 1_000.0  # a sweep that brought nothing is followed by a hotter one
NO_PLAN = int(np.iinfo(np.int64).max)


class Search:
    """A plan that is being improved; `cost` is its objective as decoded, never a guess, with what
    it pays for departures from the plan before (`departed`)."""

    def __init__(
        self,
        shop: Shop,
        plan: Records,
        order: Numbers,
        seed: int,
        effort: Effort,
        calm: Records = CAREFREE,
    ) -> None:
        self.shop = shop._replace(seats=shop.seats.copy())
        self.plan, self.order, self.effort = plan, order, effort
        self.seed, self.calm = seed, calm.copy()
        self.departed = 0
        self.made = self.timed = 0
        self.room = room_for(shop)
        self.cost = self._decoded()

    def improve(
        self,
        iterations: int | None,
        deadline: Deadline | None,
        progress: Progress | None,
        threads: int,
        most_timed: int | None = None,
    ) -> None:
        """Anneal windows until the moves are made, so many operations timed or the time is over."""
        if progress:
            progress(0, self.cost - self.departed)
        if not len(self.order):
            return
        heat = 1.0
        with ThreadPoolExecutor(threads) as pool:
            for sweep in count():
                before = self.cost
                for number, batch in enumerate(self._batches(sweep)):
                    if _reached(self.made, iterations) or _reached(self.timed, most_timed):
                        return
                    if deadline and deadline():
                        return
                    self._anneal(batch, (self.seed, sweep, number), heat, pool)
                    if progress:
                        progress(self.made, self.cost - self.departed)
                heat = 1.0 if self.cost < before or heat > HOTTEST else heat * HOTTER

    def _anneal(
        self, batch: list[Window], seeds: tuple[int, ...], heat: float, pool: ThreadPoolExecutor
    ) -> None:
        set_prices(self.shop, self.plan, self.order, self.effort.tolerance)
        runs = [
            pool.submit(self._annealed, window, (*seeds, i), heat) for i, window in enumerate(batch)
        ]
        found, seats, timed = zip(*(run.result() for run in runs), strict=True)
        self.made += sum(self.effort.moves * (one.high - one.low) for one in batch)
        self.timed += sum(timed)
        self._take_over(batch, found, seats)

    def _batches(self, sweep: int) -> Iterator[list[Window]]:
        """Windows that overlap by half; two far apart at a time, as one does not see the other."""
        size = len(self.order)
        width = min(size, self.effort.width)
        begin = (sweep % 2) * width // 4
        lows = sorted({0, size - width, *range(begin, size - width, max(1, width // 2))})
        half = (len(lows) + 1) // 2
        for i in range(half):
            pair = [lows[i], *lows[half + i : half + i + 1]]
            apart = len(pair) == 1 or pair[0] + width <= pair[1]
            windows = [self._window(low, width) for low in pair]
            yield from [windows] if apart else [[one] for one in windows]

    def _window(self, low: int, width: int) -> Window:
        size = len(self.order)
        return Window(low, low + width, min(size, low + width + self.effort.ahead))

    def _annealed(
        self, window: Window, seeds: tuple[int, ...], heat: float
    ) -> tuple[Numbers, Records, int]:
        """The best list of one window and its seats, found on a copy of the plan, and how much was
        timed for it."""
        size, n = window.high - window.low, len(self.order)
        best, urgent = np.zeros((2, size), dtype=np.int32), np.zeros(size, dtype=np.int32)
        marks, touched = np.zeros(n, dtype=np.int32), np.zeros(n + 1, dtype=np.int32)
        plan = self.plan.copy()
        plan["trial"] = 0
        shop = self.shop._replace(seats=self.shop.seats.copy())
        effort = self.effort
        _gained, timed = anneal(
            shop, plan, self.order.copy(), marks, touched, chance(*seeds), window,
            effort.moves * size, heat * effort.hot, heat * effort.cold, urgent, best,
            self.calm.copy(),
        )  # fmt: skip
        return best, shop.seats, timed

    def _take_over(
        self, batch: list[Window], found: Sequence[Numbers], seats: Sequence[Records]
    ) -> None:
        """Keep what makes the whole plan cheaper: all of it, or one window."""
        choices = [list(zip(batch, found, seats, strict=True))]
        if len(batch) > 1:
            choices += [[one] for one in choices[0]]
        for some in choices:
            order, choice = self.order.copy(), self.plan["choice"].copy()
            units = self.shop.seats["unit"].copy()
            for window, best, held in some:
                moved = np.isin(held["operation"], best[0])
                self.shop.seats["unit"][moved] = held["kept"][moved]
                self.order[window.low : window.high] = best[0]
                choose_all(self.shop, self.plan, best[0], best[1])
            cost = self._decoded()
            if cost <= self.cost:
                self.cost = cost
                sort_by_start(self.shop, self.plan, self.order)
                self._decoded()
                return
            self.order[:] = order
            self.shop.seats["unit"][:] = units
            choose_all(self.shop, self.plan, order, choice[order])
        self._decoded()

    def _decoded(self) -> int:
        if not decode(self.shop, self.plan, self.order, self.room):
            return NO_PLAN
        self.departed = departures(self.calm, self.plan)
        return self.departed + int(sum(costs(self.shop, self.plan, self.order)))


def _reached(count: int, limit: int | None) -> bool:
    return limit is not None and count >= limit
