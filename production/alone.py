"""One planner at a time, on any number of hosts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import TypeVar

from journal.alone import Busy, alone

Result = TypeVar("Result")

# How long a plan that somebody else is making is waited for, and how often one looks.
PATIENCE_SECONDS, LOOK_SECONDS = 120, 1


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


def when_free(
    work: Callable[[], Result], waiting: Callable[[], None], *, patience: int = PATIENCE_SECONDS
) -> Result:
    """Do what only one may do at a time; while somebody else does, wait, but not for ever.

    `waiting` is told whenever it looked in vain. Raises `PlanningUnderWay` in the end.
    """
    waited = 0
    while True:
        try:
            return work()
        except PlanningUnderWay:
            if waited >= patience:
                raise
        waiting()
        sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
