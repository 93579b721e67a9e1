"""What a machine does at any time, counted through: a stretch of any length costs O(log n)."""

from bisect import bisect_right
from collections.abc import Iterable

from production.scheduling.plan import PlannedOperation, Schedule
from production.scheduling.problem import Problem
from production.scheduling.worktime import OpenTime

Span = tuple[int, int]  # open minutes of a machine


class Occupancy:
    """Work and change-overs on every machine of a plan."""

    def __init__(self, problem: Problem, schedule: Schedule) -> None:
        self._available = {one.id: max(0, one.available_from) for one in problem.machines}
        self._open = problem.open_time
        self._busy: dict[str, _Counted] = {}
        self._changing: dict[str, _Counted] = {}
        self._own: dict[str, Span] = {}
        for machine_id, row in schedule.by_machine.items():
            self._count(machine_id, row)

    def _count(self, machine_id: str, row: Iterable[PlannedOperation]) -> None:
        """Blocks of the row, cut where facts overlap: no minute is in two of them."""
        worked = self._open[machine_id].worked
        busy, changing, free = [], [], 0
        for one in row:
            start, end = max(free, worked(one.start)), max(free, worked(one.end))
            setup = min(start, max(free, worked(one.setup_start)))
            self._own[one.operation_id] = self._own.get(one.batch, (setup, start))
            changing.append((setup, start))
            busy.append((start, end))
            free = end
        self._busy[machine_id], self._changing[machine_id] = _Counted(busy), _Counted(changing)

    def open(self, machine_id: str, start: int, end: int) -> int:
        """Open minutes of a machine in [start, end) on the clock."""
        worked = self._open[machine_id].worked
        return worked(end) - worked(start)

    def waiting(self, planned: PlannedOperation, ready: int, start: int) -> dict[str, int]:
        """Minutes by use of the machine of an operation that is ready but waits until `start`."""
        open_time: OpenTime = self._open[planned.machine_id]
        last = open_time.worked(start)
        usable = max(ready, min(self._available[planned.machine_id], start))
        first = open_time.worked(usable)
        busy = self._busy[planned.machine_id].between(first, last)
        changing = self._changing[planned.machine_id].between(first, last)
        setup, begins = self._own[planned.operation_id]
        own = max(0, min(begins, last) - max(setup, first))
        return {
            "busy": busy,
            "changeover": changing - own,
            "setup": own,
            "closed": start - ready - (last - first),
            "held": last - first - busy - changing,
        }


class _Counted:
    """Disjoint spans in their order, and the minutes in front of each."""

    def __init__(self, spans: list[Span]) -> None:
        self.starts = [start for start, _ in spans]
        self.ends = [end for _, end in spans]
        self.before = [0]
        for start, end in spans:
            self.before.append(self.before[-1] + end - start)

    def until(self, minute: int) -> int:
        """Minutes in the spans before a minute."""
        i = bisect_right(self.starts, minute)
        if i == 0:
            return 0
        return self.before[i - 1] + min(minute, self.ends[i - 1]) - self.starts[i - 1]

    def between(self, start: int, end: int) -> int:
        """Minutes in the spans within [start, end)."""
        return self.until(end) - self.until(start)
