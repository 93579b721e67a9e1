"""What works: machines, what they share, and their change-overs. Times are whole minutes from the
plan's origin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from .errors import BatchError, DurationError, WindowError
from .worktime import Window


@dataclass(frozen=True, slots=True)
class Rack:
    """Room for several operations at once, as in an oven: a batch takes as long as the longest.

    >>> Rack(6).minutes([30, 45])
    45
    """

    capacity: int

    def __post_init__(self) -> None:
        _require_room(self.capacity)

    def minutes(self, own: Iterable[int]) -> int:
        """Of a batch, from those of its operations."""
        return max(own)


@dataclass(frozen=True, slots=True)
class Plate:
    """Room for several parts at once, as on the plate of a printer: one after another is made, and
    all are taken off together. `minutes_each_time` come on top of their own.

    >>> Plate(100, minutes_each_time=20).minutes([30, 45])
    95
    """

    capacity: int
    minutes_each_time: int = 0

    def __post_init__(self) -> None:
        _require_room(self.capacity)
        if self.minutes_each_time < 0:
            raise DurationError("a plate takes negative time")

    def minutes(self, own: Iterable[int]) -> int:
        """Of a batch, from those of its operations."""
        return self.minutes_each_time + sum(own)


def _require_room(capacity: int) -> None:
    if capacity < 1:
        raise BatchError("a rack or plate has room for at least one")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine and its open windows `[start, end)`, sorted and disjoint.

    The last window's end is the horizon. Let the windows reach back to the earliest pinned start,
    or give pins their end. At an `unlimited` one nothing queues or needs a set-up: a subcontractor,
    whose lead time counts in its windows, or an oven that always has room. One with a `batch` works
    on several operations together: they begin and end as one.
    """

    id: str
    group: str
    windows: tuple[Window, ...]
    setup_family: str | None = None
    available_from: int = 0
    unlimited: bool = False
    batch: Rack | Plate | None = None

    def __post_init__(self) -> None:
        _require_windows(self.id, self.windows)
        if self.unlimited and self.batch:
            raise BatchError(f"{self.id}: where nothing queues, nothing shares a batch")


@dataclass(frozen=True, slots=True)
class Pool:
    """People or tools that work needs besides its machine: `units` alike, there in the windows.

    Two welders on day shift, one drill head. Windows are `[start, end)`, sorted and disjoint.
    """

    id: str
    units: int
    windows: tuple[Window, ...]

    def __post_init__(self) -> None:
        _require_windows(self.id, self.windows)
        if self.units < 1:
            raise DurationError(f"{self.id}: a pool has at least one unit")


def _require_windows(owner: str, windows: Iterable[Window]) -> None:
    windows = tuple(windows)
    if any(start >= end for start, end in windows):
        raise WindowError(f"{owner}: a window ends before it starts")
    if any(later[0] < earlier[1] for earlier, later in pairwise(windows)):
        raise WindowError(f"{owner}: windows overlap or are out of order")


@dataclass(frozen=True, slots=True)
class SetupMatrix:
    """Change-over minutes of a machine group; the same family needs none.

    >>> paint = SetupMatrix("paint", {("black", "white"): 40}, default=15, initial={"white": 5})
    >>> paint.between("black", "white"), paint.between(None, "white")
    (40, 5)
    """

    group: str
    minutes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    default: int = 0
    initial: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if min([self.default, *self.minutes.values(), *self.initial.values()]) < 0:
            raise DurationError(f"{self.group}: a change-over takes negative time")

    def between(self, before: str | None, after: str) -> int:
        """Minutes from one family to the next; `None` is a machine that was never set up."""
        if before == after:
            return 0
        if before is None:
            return self.initial.get(after, self.default)
        return self.minutes.get((before, after), self.default)
