"""One planner at a time, on any number of hosts."""

from collections.abc import Iterator
from contextlib import contextmanager

from journal.alone import Busy, alone


class PlanningUnderWay(Exception):
    """Somebody else is netting or planning right now; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Another plan is being made right now. Try again when it is done.")


@contextmanager
def planning_alone() -> Iterator[None]:
    """Hold the planner's lock, or raise `PlanningUnderWay` at once."""
    try:
        with alone("planning"):
            yield
    except Busy as busy:
        raise PlanningUnderWay from busy
