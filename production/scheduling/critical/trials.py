"""Trials: tabu searches of a fixed length, and what they add up to."""

from collections import deque
from dataclasses import dataclass
from threading import Event

import numpy as np

from production.scheduling.chance import chance

from .graph import lay
from .neighbours import BEST
from .population import Member, Population
from .relinking import between
from .shop import Ints, Shop, lower_bound
from .starts import RULES, dispatched
from .tabu import Search, begin, improve, search_for

AHEAD = 4  # trials under way at once; fixed, so that plans do not depend on the threads
STRETCH = 10_000  # moves of a trial
PATIENCE = 5  # times the room: trials without a better plan before the population starts anew
ROOM, ROOM_AT_MOST = 10, 60  # members of the first population; each later one has half as many more
LEVELS = 8  # of noise in the rules
CHUNK = 200_000  # operations counted anew between two looks at the stop flag
NEAR, FAR = 400, 600  # per mille of the way between two parents


@dataclass(frozen=True)
class Trial:
    """One tabu search, from a rule's plan or from a plan between two parents."""

    search: Search
    moves: int
    parents: tuple[Member, Member] | None
    rule: int
    noise: int

    def work(self, stop: Event) -> Member:
        """Search until the moves are made or the flag is set."""
        search, left = self.search, self.moves
        plan = self._start()
        begin(search, plan)
        chunk = max(20, CHUNK // plan.shape[1])
        while left > 0 and not stop.is_set():
            improve(search, min(chunk, left))
            left -= chunk
        return Member(int(search.notes[BEST]), search.best.copy())

    def _start(self) -> Ints:
        plan = np.empty_like(self.search.best)
        if self.parents:
            one, other = self.parents
            between(one.plan, other.plan, NEAR, FAR, plan, self.search.state)
        else:
            graph, options, state = self.search.graph, self.search.options, self.search.state
            dispatched(graph, options, plan, self.rule, self.noise, state)
        return plan


class Run:
    """One call of the search: its trials, its population and the best plan so far."""

    def __init__(self, shop: Shop, seed: int, iterations: int | None) -> None:
        self.bound = lower_bound(shop)
        self.stop = Event()
        self.made = 0
        self._left = 2**62 if iterations is None else iterations
        self._seed = seed
        self._number = 0  # trials begun
        self._starts = 0  # trials begun from a rule's plan
        self._born = 0  # those of the present population
        self._mean_minutes = int(shop.alt_minutes.mean())
        self._searches = [search_for(shop, self.bound) for _ in range(AHEAD)]
        self._under_way: deque[Trial] = deque()
        self._population = Population(ROOM)
        self._draw = np.random.default_rng(seed)
        self.best = self._first()

    @property
    def solved(self) -> bool:
        """No plan can be shorter."""
        return self.best.makespan <= self.bound

    def _first(self) -> Member:
        """The best plan of the plain rules."""
        search, members = self._searches[0], []
        for rule in range(RULES):
            plan = np.empty_like(search.best)
            dispatched(search.graph, search.options, plan, rule, 0, search.state)
            span = lay(search.graph, search.options, plan)
            members.append(Member(span, plan))
        return min(members, key=lambda member: member.makespan)

    def next_trial(self) -> Trial | None:
        """The trial to begin now; None where no moves are left or the flag is set."""
        moves = min(STRETCH, self._left)
        if moves <= 0 or self.stop.is_set():
            return None
        search = self._searches[self._number % AHEAD]
        search.state[:] = chance(self._seed, self._number)
        self._number += 1
        self._left -= moves
        parents = None if self._born < self._population.room else self._population.pair(self._draw)
        level, rule = divmod(self._starts, RULES)
        if parents is None:
            self._born += 1
            self._starts += 1
        trial = Trial(search, moves, parents, rule, level % LEVELS * self._mean_minutes)
        self._under_way.append(trial)
        return trial

    def take_in(self, member: Member) -> None:
        """Add the plan of the trial that began first."""
        self.made += self._under_way.popleft().moves
        if member.makespan < self.best.makespan:
            self.best = member
        self._population.join(member)
        room = self._population.room
        if self._population.stale > PATIENCE * room:
            self._population, self._born = Population(min(room * 3 // 2, ROOM_AT_MOST)), 0
