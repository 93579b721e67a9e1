"""A small population of good and different plans."""

from dataclasses import dataclass, field

import numpy as np

from .shop import Ints


@dataclass(frozen=True)
class Member:
    """A plan (2, N) of choices and order, and its makespan."""

    makespan: int
    plan: Ints


@dataclass
class Population:
    """At most `room` members; a newcomer takes the place of the worst one.

    Members whose plans differ in less than `nearness` of their operations count as one.
    """

    room: int
    nearness: float = 0.1
    members: list[Member] = field(default_factory=list)
    stale: int = 0

    def join(self, newcomer: Member) -> None:
        """Let a plan in where it is good and new."""
        improved = all(newcomer.makespan < m.makespan for m in self.members)
        self.stale = 0 if improved else self.stale + 1
        if any(self._alike(newcomer, m) for m in self.members):
            return
        if len(self.members) < self.room:
            self.members.append(newcomer)
            return
        worst = max(range(self.room), key=lambda i: self.members[i].makespan)
        if newcomer.makespan <= self.members[worst].makespan:
            self.members[worst] = newcomer

    def pair(self, draw: np.random.Generator) -> tuple[Member, Member] | None:
        """Two members by lot; None where there are not yet two."""
        if len(self.members) < 2:
            return None
        i, j = draw.choice(len(self.members), 2, replace=False)
        return self.members[i], self.members[j]

    def _alike(self, a: Member, b: Member) -> bool:
        if a.makespan != b.makespan:
            return False
        return bool(differing(a.plan, b.plan) < self.nearness * a.plan.shape[1])


def differing(a: Ints, b: Ints) -> int:
    """How many operations have another machine, or a place more than 2 away, in plans (2, N)."""
    shift = np.abs(np.argsort(a[1]) - np.argsort(b[1]))
    return int(((a[0] != b[0]) | (shift > 2)).sum())
