"""The flexible job shop as arrays: what the search is given, and what it gives back."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Wide = npt.NDArray[np.int64]

LONGEST = 2**30


class ShopError(ValueError):
    """The arrays do not describe a shop."""


class Shop(NamedTuple):
    """N operations in job order, J jobs, M machines, A alternatives; `build` makes it.

    The index N stands for "none": it ends at 0 and nothing follows it.
    """

    first: Ints  # (J + 1,) operations of job j are first[j] .. first[j + 1] - 1
    before: Ints  # (N + 1,) operation before in the job, N for none
    after: Ints  # (N + 1,) operation after in the job, N for none
    lag: Ints  # (N + 1,) least minutes between an operation's end and the next one's start
    alt_ptr: Ints  # (N + 1,) alternatives of operation o are alt_ptr[o] .. alt_ptr[o + 1] - 1
    alt_machine: Ints  # (A,)
    alt_minutes: Ints  # (A,)
    machines: int


@dataclass(frozen=True)
class Solution:
    """A machine for every operation and an order in which to place them.

    Placed one by one in `order`, each as early as its job and its machine allow, the operations
    start at `start` and the last one ends at `makespan`. `bound` is a proven lower bound.
    """

    alternative: Ints  # (N,) index into the alternatives
    machine: Ints  # (N,)
    start: Ints  # (N,)
    end: Ints  # (N,)
    order: Ints  # (N,)
    makespan: int
    bound: int
    iterations: int


def build(
    first: npt.ArrayLike,
    alt_ptr: npt.ArrayLike,
    alt_machine: npt.ArrayLike,
    alt_minutes: npt.ArrayLike,
    machines: int,
    lag: npt.ArrayLike | None = None,
) -> Shop:
    """Check the arrays and add the neighbours in the jobs.

    Parameters
    ----------
    first : (J + 1,) the operations of job j are `first[j] .. first[j + 1] - 1`, in sequence
    alt_ptr : (N + 1,) the alternatives of operation o are `alt_ptr[o] .. alt_ptr[o + 1] - 1`
    alt_machine, alt_minutes : (A,) machine, from 0, and minutes of each alternative
    machines : how many machines there are
    lag : (N,) least minutes between an operation's end and the next one's start

    Raises
    ------
    ShopError
        The arrays do not fit together, a time is negative or an operation has no machine.

    Examples
    --------
    >>> two_jobs = build([0, 2, 3], [0, 1, 3, 4], [0, 0, 1, 1], [3, 2, 4, 5], 2)
    >>> two_jobs.after.tolist()
    [1, 3, 3, 3]
    """
    starts, ptr = np.asarray(first, np.int64), np.asarray(alt_ptr, np.int64)
    machine, minutes = np.asarray(alt_machine, np.int64), np.asarray(alt_minutes, np.int64)
    count = len(ptr) - 1
    wait = np.zeros(count, np.int64) if lag is None else np.array(lag, np.int64)
    _require(count > 0, "there is no operation")
    _require(len(starts) > 1 and starts[0] == 0 and starts[-1] == count, "jobs and operations")
    _require(bool((np.diff(starts) > 0).all()), "a job has no operation")
    _require(ptr[0] == 0 and bool((np.diff(ptr) > 0).all()), "an operation has no machine")
    _require(len(machine) == len(minutes) == ptr[-1], "machines and minutes of alternatives")
    _require(bool(((machine >= 0) & (machine < machines)).all()), "an unknown machine")
    _require(len(wait) == count and bool((wait >= 0).all()), "a lag is negative or missing")
    _require(bool((minutes >= 0).all()), "a negative time")
    longest = np.maximum.reduceat(minutes, ptr[:-1]).sum() + wait.sum()
    _require(bool(longest < LONGEST), "the times are too long to be counted")

    wait[starts[1:] - 1] = 0
    before, after = np.arange(-1, count), np.arange(1, count + 2)
    before[starts[:-1]] = count
    after[starts[1:] - 1] = count
    before[count] = after[count] = count
    narrow = np.int32
    return Shop(
        starts.astype(narrow),
        before.astype(narrow),
        after.astype(narrow),
        np.append(wait, 0).astype(narrow),
        ptr.astype(narrow),
        machine.astype(narrow),
        minutes.astype(narrow),
        int(machines),
    )


def alternatives(shop: Shop) -> Ints:
    """Machine and minutes of every alternative, (2, A)."""
    return np.stack([shop.alt_machine, shop.alt_minutes])


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise ShopError(fault)


def lower_bound(shop: Shop) -> int:
    """No plan ends earlier: the longest job, the fullest machine, the average load.

    A machine is at least busy with the operations that can run nowhere else, between the shortest
    head and the shortest tail among them.

    >>> lower_bound(build([0, 2, 3], [0, 1, 3, 4], [0, 0, 1, 1], [3, 2, 4, 5], 2))
    5
    """
    count = len(shop.before) - 1
    shortest = np.minimum.reduceat(shop.alt_minutes, shop.alt_ptr[:-1]).astype(np.int64)
    head, tail = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for o in range(count):
        if shop.before[o] < count:
            head[o] = head[o - 1] + shortest[o - 1] + shop.lag[o - 1]
    for o in range(count - 1, -1, -1):
        if shop.after[o] < count:
            tail[o] = tail[o + 1] + shortest[o + 1] + shop.lag[o]
    bound = max(int((head + shortest).max()), -int(-shortest.sum() // shop.machines))
    only = np.diff(shop.alt_ptr) == 1
    where = shop.alt_machine[shop.alt_ptr[:-1]]
    for machine in range(shop.machines):
        here = only & (where == machine)
        if here.any():
            busy = head[here].min() + shortest[here].sum() + tail[here].min()
            bound = max(bound, int(busy))
    return bound
