"""The work that waits for one machine, in order of arrival."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .rules import Floats

Indices = NDArray[np.intp]

_GUESSES = 8


class Queue:
    """Indices of waiting operations; `length` counts them.

    An operation may wait for several machines. It is taken once, by setting its place in the
    array `taken` that all queues share and telling each of its queues that one of them left; it
    is swept out when the queue is read next.
    """

    __slots__ = ("_items", "_size", "_taken", "length")

    def __init__(self, taken: NDArray[np.bool_]) -> None:
        self._taken = taken
        self._items: Indices = np.empty(16, dtype=np.intp)
        self._size = 0
        self.length = 0

    def join(self, index: int) -> None:
        """Add an operation at the end."""
        if self._size == len(self._items):
            self._items = np.concatenate([self._items, np.empty_like(self._items)])
        self._items[self._size] = index
        self._size += 1
        self.length += 1

    def leave(self) -> None:
        """One of those that wait here has been taken."""
        self.length -= 1

    def waiting(self) -> Indices:
        """All that wait, first come first; to be read before anything else is done."""
        if self.length < self._size:
            items = self._items[: self._size]
            kept = items[~self._taken[items]]
            self._items[: len(kept)] = kept
            self._size = len(kept)
        return self._items[: self._size]


def highest_first(scores: Floats) -> Iterator[int]:
    """Positions by falling score, of equals the first; cheap for who takes one of the first few.

    >>> list(highest_first(np.array([1.0, 3.0, 3.0, 2.0])))
    [1, 2, 3, 0]
    """
    left = scores.copy()
    guesses = min(_GUESSES, len(left))
    for _ in range(guesses):
        best = int(left.argmax())
        yield best
        left[best] = -np.inf
    order = np.argsort(-left, kind="stable")
    yield from map(int, order[: len(left) - guesses])
