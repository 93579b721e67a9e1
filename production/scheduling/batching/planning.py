"""Planning with batches: form them by a rule, plan, form them anew with the planned times, while
that pays. Where nothing may share a rack or plate the plain engine plans, and nothing of this is
asked.

1. Everything runs alone: that says when work arrives. 2. Batches are formed in several ways; the
cheapest plan by a quick rule goes on. 3. The search improves it. 4. Batches join, split, exchange
operations; what makes the plan cheaper stays. 3 and 4 are repeated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from production.scheduling import improving, repair
from production.scheduling.annealing import EFFORT, Effort
from production.scheduling.anytime import Deadline, Progress
from production.scheduling.dispatch import Dispatcher, rules_called
from production.scheduling.dispatch import dispatch as dispatch_plain
from production.scheduling.improving import usual_moves
from production.scheduling.nervousness import Place, places
from production.scheduling.plan import Schedule
from production.scheduling.problem import Problem
from production.scheduling.stability import Stability

from .cutting import Batches, Cutter, batches_in
from .eligible import Eligible
from .forming import TASTES, Taste, formed
from .reforming import Neighbours
from .trying import Planning, Trial, tried

ROUNDS = 4  # times that the search and new batches take turns
TRIALS = 25  # other batches that are tried in a round
GLANCE = 2  # moves an operation with which other batches are judged


def dispatch(
    problem: Problem,
    rule: str = "atcs",
    deadline: Deadline | None = None,
    tastes: Iterable[Taste] = TASTES,
) -> Schedule:
    """`dispatch.dispatch`, with batches formed in the ways of `tastes`; the cheapest plan wins."""
    if not problem.has_batches:
        return dispatch_plain(problem, rule, deadline)
    cutter = Cutter(problem)

    def ruled(plain: Problem) -> Schedule:
        return dispatch_plain(plain, rule, deadline)

    best = _formed(cutter, tried(cutter, (), ruled), tastes, deadline)
    return min(best, tried(cutter, best.batches, ruled), key=_cost).schedule


def schedule(
    problem: Problem,
    deadline: Deadline | None = None,
    seed: int = 0,
    only: str | None = None,
    *,
    iterations: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    effort: Effort = EFFORT,
    stability: Stability | None = None,
) -> Schedule:
    """`improving.schedule`, with batches where machines have racks or plates."""
    if not problem.has_batches:
        return improving.schedule(
            problem,
            deadline,
            seed,
            only,
            iterations=iterations,
            threads=threads,
            progress=progress,
            effort=effort,
            stability=stability,
        )
    cutter = Cutter(problem)
    first = tried(cutter, (), _by_rules(only, deadline))
    best = _formed(cutter, first, TASTES, deadline)
    best = min(best, tried(cutter, best.batches, _by_rules(only, deadline)), key=_cost)
    if stability:
        kept = tried(cutter, _kept(cutter, stability.before), _repairing(stability))
        best = min(best, kept, key=lambda one: one.priced(stability))
    search = _Search(cutter, best, seed, deadline, threads, effort, progress, stability)
    search.rule = first.planned.rule
    search.run(iterations)
    return replace(search.best.schedule, rule=search.rule)


def repaired(
    problem: Problem,
    before: Mapping[str, Place],
    stability: Stability | None = None,
    *,
    timed: int = repair.TIMED,
) -> Schedule:
    """`repair.repaired`; what ran together before stays together."""
    if not problem.has_batches:
        return repair.repaired(problem, before, stability, timed=timed)
    cutter = Cutter(problem)

    def planning(plain: Problem) -> Schedule:
        return repair.repaired(plain, before, stability, timed=timed)

    return tried(cutter, _kept(cutter, before), planning).schedule


def _repairing(stability: Stability) -> Planning:
    """The plan before, repaired, what leaving it costs kept in mind."""
    return lambda plain: repair.repaired(plain, stability.before, stability)


def right_shifted(problem: Problem, before: Mapping[str, Place]) -> Schedule:
    """`repair.right_shifted`; what ran together before stays together."""
    if not problem.has_batches:
        return repair.right_shifted(problem, before)
    cutter = Cutter(problem)
    kept = _kept(cutter, before)
    return tried(cutter, kept, lambda one: repair.right_shifted(one, before)).schedule


def _kept(cutter: Cutter, before: Mapping[str, Place]) -> Batches:
    """What ran together before and still may."""
    eligible = Eligible(cutter.problem)
    found: dict[object, list[str]] = {}
    for name, kind in eligible.kinds.items():
        if name in before:
            found.setdefault((kind, before[name]), []).append(name)
    operation = cutter.problem.operation
    return batches_in(
        some for some in found.values() if cutter.places([operation[one] for one in some])
    )


def _cost(trial: Trial) -> tuple[int, int]:
    return trial.cost


def _by_rules(only: str | None, deadline: Deadline | None) -> Planning:
    """Plan with the cheapest of all rules, or with one."""
    rules = rules_called(only)

    def planning(plain: Problem) -> Schedule:
        dispatcher = Dispatcher(plain)
        return dispatcher.recorded(dispatcher.best(rules, deadline))

    return planning


def _formed(
    cutter: Cutter, alone: Trial, tastes: Iterable[Taste], deadline: Deadline | None
) -> Trial:
    """The cheapest of plans with batches formed in several ways, or the one without any."""
    eligible, best = Eligible(cutter.problem), alone
    quick = _by_rules(alone.planned.rule, None)
    members = eligible.members(alone.plan)
    for taste in tastes:
        if deadline is not None and deadline():
            break
        batches = formed(cutter.problem, members, taste)
        best = min(best, tried(cutter, batches, quick), key=_cost)
    return best


class _Search:
    """The best plan so far, and how it gets better."""

    def __init__(
        self,
        cutter: Cutter,
        best: Trial,
        seed: int,
        deadline: Deadline | None,
        threads: int,
        effort: Effort,
        progress: Progress | None,
        stability: Stability | None,
    ) -> None:
        self.stability = stability
        self.cutter, self.best = cutter, best
        self.rule = best.planned.rule
        self.eligible = Eligible(cutter.problem)
        self.seed, self.chance = seed, np.random.default_rng(seed)
        self.deadline, self.threads, self.effort = deadline, threads, effort
        self.progress, self.made = progress, 0

    def run(self, iterations: int | None) -> None:
        """Search and form anew in turn, until neither gains, or moves or time are used up."""
        size = max(1, len(self.cutter.problem.operation))
        endless = iterations is None and self.deadline is not None
        moves = (usual_moves(size) if iterations is None else iterations) // ROUNDS
        rounds = 0
        while moves and not self._over() and (endless or rounds < ROUNDS):
            self._tell()
            self._take(self.best.batches, moves)
            self._reform(min(TRIALS, moves), GLANCE * size)
            rounds += 1
        self._tell()

    def _over(self) -> bool:
        return self.deadline is not None and self.deadline()

    def _tell(self) -> None:
        if self.progress:
            self.progress(self.made, self.best.cost[1])

    def _reform(self, trials: int, moves: int) -> None:
        """Try batches close by; each that is cheaper is gone on from."""
        left = trials
        while left:
            others = Neighbours(self.cutter, self.eligible, self.best.batches, self.best.plan)
            for batches in others.in_random_order(self.chance):
                left -= 1
                if self._take(batches, moves) or not left or self._over():
                    break
            else:
                return
            if self._over():
                return

    def _take(self, batches: Batches, moves: int) -> bool:
        """Plan with these batches, from the plan so far on; whether that is cheaper."""
        known = self.stability
        if known is None or not known.price:
            known = Stability(places(self.best.planned), price=0)

        def planning(plain: Problem) -> Schedule:
            return improving.schedule(
                plain,
                self.deadline,
                self.seed,
                self.rule,
                iterations=moves,
                threads=self.threads,
                effort=self.effort,
                stability=known,
            )

        found = tried(self.cutter, batches, planning)
        self.made += moves
        if found.priced(self.stability) >= self.best.priced(self.stability):
            return False
        self.best = found
        return True
