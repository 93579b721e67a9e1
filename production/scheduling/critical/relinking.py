"""Plans between two plans."""

import numpy as np

from production.scheduling.chance import Chance, below
from production.scheduling.compiled import kernel

from .shop import Ints


@kernel
def between(a: Ints, b: Ints, near: int, far: int, child: Ints, state: Chance) -> None:
    """Write to `child` a plan `near` to `far` per mille of the way from plan a to b, all (2, N).

    Every operation stands at the weighted mean of its two places, so the order of the jobs holds;
    its machine comes from b with the same weight.
    """
    count = a.shape[1]
    weight = near + below(state, far - near + 1)
    key = np.zeros(count, np.int64)
    for i in range(count):
        key[a[1, i]] += (1000 - weight) * i
        key[b[1, i]] += weight * i
    for o in range(count):
        key[o] = key[o] * 1024 + below(state, 1024)
        child[0, o] = b[0, o] if below(state, 1000) < weight else a[0, o]
    # the keys grow along a job by at least 1000: the noise decides only between equals
    rank = np.argsort(key)
    for i in range(count):
        child[1, i] = rank[i]
