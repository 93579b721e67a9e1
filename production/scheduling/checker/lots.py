"""Whether every lot of pieces is there when the next step needs it, lot by lot on the clock."""

from collections.abc import Sequence

from production.scheduling.jobs import Job, Operation
from production.scheduling.plan import PlannedOperation
from production.scheduling.worktime import Window

Walked = tuple[PlannedOperation, Sequence[Window]]  # an operation in its place, and when it is open


def soonest(
    job: Job, operation: Operation, following: Operation, walks: tuple[Walked, Walked]
) -> int:
    """The shortest wait of any lot, from its end at one step to its start at the next; below 0
    where a lot is wanted before it is made."""
    (before, hours), (after, hours_after) = walks
    minutes, minutes_after = _open_in(before, hours), _open_in(after, hours_after)
    if not operation.transfer or operation.size or following.size or not minutes:
        return after.start - before.end
    waits, made = [], 0
    while made < job.quantity:
        with_lot = min(job.quantity, made + operation.transfer)
        done = _passed(hours, before.start, -(-minutes * with_lot // job.quantity))
        begins = _begun(hours_after, after.start, minutes_after * made // job.quantity)
        waits.append(begins - done)
        made = with_lot
    return min(waits)


def _open_in(planned: PlannedOperation, hours: Sequence[Window]) -> int:
    return sum(
        max(0, min(planned.end, closes) - max(planned.start, opens)) for opens, closes in hours
    )


def _passed(hours: Sequence[Window], start: int, minutes: int) -> int:
    """The clock when so many open minutes have passed."""
    for opens, closes in hours:
        begin = max(start, opens)
        if begin < closes:
            if minutes <= closes - begin:
                return begin + minutes
            minutes -= closes - begin
    raise ValueError("not so many minutes are left")


def _begun(hours: Sequence[Window], start: int, minutes: int) -> int:
    """The clock when the open minute behind so many others begins."""
    return _passed(hours, start, minutes + 1) - 1
