"""Working-time arithmetic: wall-clock minutes to open minutes of one machine, and back."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

Window = tuple[int, int]


def shared(*calendars: Sequence[Window]) -> tuple[Window, ...]:
    """The stretches in which all calendars are open; each is sorted and disjoint.

    >>> shared(((0, 480), (600, 900)), ((400, 700),))
    ((400, 480), (600, 700))
    """
    first, *others = calendars
    found = tuple(first)
    for other in others:
        both, i, j = [], 0, 0
        while i < len(found) and j < len(other):
            opens, closes = max(found[i][0], other[j][0]), min(found[i][1], other[j][1])
            if opens < closes:
                both.append((opens, closes))
            if found[i][1] < other[j][1]:
                i += 1
            else:
                j += 1
        found = tuple(both)
    return found


class OpenTime:
    """The open minutes of a machine, counted through.

    Every question is one binary search over the cumulative open time, so it costs O(log windows).

    >>> day_shifts = OpenTime([(0, 480), (1440, 1920)])
    >>> day_shifts.worked(600), day_shifts.start_at(480), day_shifts.end_at(480)
    (480, 1440, 480)
    """

    __slots__ = ("before", "ends", "starts", "total")

    def __init__(self, windows: Iterable[Window]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in windows:
            self._append(start, end)
        self.before = [0]
        for start, end in zip(self.starts, self.ends, strict=True):
            self.before.append(self.before[-1] + end - start)
        self.total = self.before.pop()

    def _append(self, start: int, end: int) -> None:
        if self.ends and self.ends[-1] == start:
            self.ends[-1] = end
        else:
            self.starts.append(start)
            self.ends.append(end)

    def worked(self, minute: int) -> int:
        """Open minutes before a wall-clock minute."""
        i = bisect_right(self.starts, minute) - 1
        if i < 0:
            return 0
        return self.before[i] + min(minute, self.ends[i]) - self.starts[i]

    def reached(self, minute: int) -> int:
        """The smallest number of open minutes whose end is at or after a wall-clock minute.

        Past the last window that is one more than the machine has.
        """
        work = self.worked(minute)
        if not self.starts or self.end_at(work) < minute:
            return work + 1
        return work

    def start_at(self, work: int) -> int:
        """The wall-clock minute at which the open minute number `work` begins.

        Work before the first window counts straight back from it (set-ups of the past).
        Raises ValueError when the machine has no such minute.
        """
        if not self.starts or work >= self.total:
            raise ValueError(f"the machine has {self.total} open minutes, asked for {work}")
        if work < 0:
            return self.starts[0] + work
        i = bisect_right(self.before, work) - 1
        return self.starts[i] + work - self.before[i]

    def end_at(self, work: int) -> int:
        """The wall-clock minute at which `work` open minutes have passed.

        Raises ValueError when the machine has fewer.
        """
        if not self.starts or work > self.total:
            raise ValueError(f"the machine has {self.total} open minutes, asked for {work}")
        i = max(0, bisect_left(self.before, work) - 1)
        return self.starts[i] + work - self.before[i]

    def opens(self, work: int) -> int:
        """The open minute with which the window of an open minute begins."""
        return self.before[max(0, bisect_right(self.before, work) - 1)]

    def fit(self, start: int, setup: int, minutes: int, *, splittable: bool) -> int | None:
        """Earliest start of processing at or after open minute `start`, or None.

        Work that cannot be split needs its set-up and processing inside one window.
        """
        if not splittable:
            found = self._fit_unsplit(start, setup, minutes)
            if found is None:
                return None
            start = found
        return start if start + minutes <= self.total else None

    def _fit_unsplit(self, start: int, setup: int, minutes: int) -> int | None:
        i = max(0, bisect_right(self.before, start) - 1)
        while i < len(self.before):
            opens = self.before[i]
            closes = self.before[i + 1] if i + 1 < len(self.before) else self.total
            start = max(start, opens + setup)
            if start + minutes <= closes:
                return start
            i += 1
        return None
