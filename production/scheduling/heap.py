"""A heap of numbers for kernels: the least one comes out first (Williams 1964).

A number tells when and who: `(minute << bits) + who`. The caller keeps the room and the size.
"""

import numpy as np
from numpy.typing import NDArray

from .compiled import part, wide

Keys = NDArray[np.int64]


@part
def push(heap: Keys, size: Keys, key: int) -> None:
    """Put a number into a heap of `size[0]` numbers."""
    at = wide(size[0])
    size[0] = at + 1
    while at > 0 and heap[(at - 1) >> 1] > key:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = key


@part
def pop(heap: Keys, size: Keys) -> int:
    """Take the least number out of a heap that holds one at least."""
    last = wide(size[0]) - 1
    least, key, at, child = wide(heap[0]), wide(heap[last]), wide(0), wide(1)
    size[0] = last
    while child < last:
        if child + 1 < last and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[at] = heap[child]
        at, child = child, 2 * child + 1
    heap[at] = key
    return least
