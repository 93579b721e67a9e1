"""Stability: what it costs that a new plan departs from the one that people have seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .arrays import FOREVER, NONE, Numbers, Records, Shop, choices_at
from .clock import worked
from .compiled import inlined, lean, wide
from .nervousness import Place
from .plan import Binding, Schedule
from .problem import Problem

# What an operation pays if it is not on its machine with a start in [low, high], open minutes
# there; and what it pays now
CALM = np.dtype([(name, np.int32) for name in ("machine", "low", "high", "price", "paid")])


@dataclass(frozen=True, slots=True)
class Stability:
    """A price for leaving a place of the plan before; `before` counts minutes from the new origin.

    An operation that was to start before minute `until` and now starts more than `tolerance`
    minutes sooner or later, or on another machine, costs `price` minutes of the objective. What is
    pinned pays nothing: no planner has a say in it.
    """

    before: Mapping[str, Place]
    price: int = 60
    until: int = 24 * 60
    tolerance: int = 15

    def __post_init__(self) -> None:
        if self.price < 0 or self.tolerance < 0:
            raise ValueError("neither a price nor a tolerance is negative")

    def cost(self, plan: Schedule) -> int:
        """What a plan pays for its departures, in minutes of the objective."""
        return self.price * sum(
            self._has_left(self.before[one.operation_id], (one.machine_id, one.start))
            for one in plan.operations
            if one.operation_id in self.before and one.binding != Binding.PINNED
        )

    def _has_left(self, before: Place, now: Place) -> bool:
        if before[1] >= self.until:
            return False
        return before[0] != now[0] or abs(before[1] - now[1]) > self.tolerance


CAREFREE = np.zeros(0, dtype=CALM)  # nothing is paid for any departure


def calm_of(problem: Problem, shop: Shop, stability: Stability | None) -> Records:
    """The table (N,) CALM of a stability; the empty one where nobody asks for it."""
    if stability is None or not stability.price:
        return CAREFREE
    calm = np.zeros(len(shop.steps), dtype=CALM)
    number = {machine.id: at for at, machine in enumerate(problem.machines)}
    starts, machines = np.full((2, len(calm)), [[FOREVER], [NONE]], dtype=np.int32)
    for at, operation in enumerate(problem.operations()):
        if operation.id in stability.before and operation.pinned is None:
            name, starts[at] = stability.before[operation.id]
            machines[at] = number.get(name, NONE)
    choices = choices_at(shop, machines)
    calm["machine"] = np.where(choices == NONE, NONE, shop.choices["machine"][choices])
    calm["price"][starts < stability.until] = stability.price
    _set_bounds(shop, calm, starts, stability.tolerance)
    return calm


@lean
def _set_bounds(shop: Shop, calm: Records, starts: Numbers, tolerance: int) -> None:
    for o in range(len(calm)):
        m = wide(calm[o]["machine"])
        if m != NONE and calm[o]["price"] > 0:
            calm[o]["low"] = worked(shop, m, wide(starts[o]) - tolerance)
            calm[o]["high"] = worked(shop, m, wide(starts[o]) + tolerance + 1) - 1


@inlined
def departure(calm: Records, o: int, m: int, start: int) -> int:
    """What operation o pays for a start on machine m, in open minutes there."""
    one = calm[o]
    stays = one["machine"] == m and one["low"] <= start and start <= one["high"]
    return 0 if stays else wide(one["price"])


@lean
def departures(calm: Records, plan: Records) -> int:
    """What all planned operations pay, noted as paid."""
    total = 0
    for o in range(len(calm)):
        calm[o]["paid"] = 0
        if plan[o]["machine"] != NONE:
            paid = departure(calm, o, wide(plan[o]["machine"]), wide(plan[o]["start"]))
            calm[o]["paid"] = paid
            total += paid
    return total
