"""Who holds the units of pools from when to when, for promises and for reasons."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from .machines import Pool

Span = tuple[int, int]


class Holding:
    """Stretches on the clock in which a unit of a pool is held.

    >>> welders = Holding([Pool("welders", 2, ((0, 480),))])
    >>> welders.take(["welders"], 0, 60)
    >>> welders.take(["welders"], 30, 90)
    >>> welders.free_from(["welders"], 20, 50), welders.free_from(["welders"], 60, 100)
    (60, 60)
    """

    __slots__ = ("_ends", "_held", "_longest", "_units")

    def __init__(self, pools: Iterable[Pool]) -> None:
        self._units = {pool.id: pool.units for pool in pools}
        self._held: dict[str, list[Span]] = {one: [] for one in self._units}
        self._ends: dict[str, list[int]] = {one: [] for one in self._units}
        self._longest = dict.fromkeys(self._units, 0)

    def take(self, pools: Iterable[str], begin: int, end: int) -> None:
        """Hold a unit of each pool."""
        for pool in pools:
            insort(self._held[pool], (begin, end))
            insort(self._ends[pool], end)
            self._longest[pool] = max(self._longest[pool], end - begin)

    def give_back(self, pools: Iterable[str], begin: int, end: int) -> None:
        """Hold them no more."""
        for pool in pools:
            self._held[pool].remove((begin, end))
            self._ends[pool].remove(end)

    def free_from(self, pools: Iterable[str], begin: int, end: int) -> int:
        """`begin` where one more unit of every pool may be held from then to `end`; else a later
        minute before which that is impossible."""
        return max((self._free_from(pool, begin, end) for pool in pools), default=begin)

    def _free_from(self, pool: str, begin: int, end: int) -> int:
        held: list[int] = []
        spans = self._held[pool]
        first = bisect_left(spans, (begin - self._longest[pool], begin))
        for start, until in spans[first : bisect_left(spans, (end, end))]:
            if until > begin:
                held = [one for one in held if one > start] + [until]
                if len(held) >= self._units[pool]:
                    return min(held)
        return begin

    def given_back_by(self, pools: Iterable[str], minute: int) -> int | None:
        """The last minute up to this one at which somebody gave back a unit of a pool."""
        found = []
        for pool in pools:
            at = bisect_right(self._ends[pool], minute)
            found += self._ends[pool][at - 1 : at] if at else []
        return max(found, default=None)
