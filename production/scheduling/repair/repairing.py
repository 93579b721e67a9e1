"""A plan repaired after a disturbance: right-shift first, then best insertion of what it hurts.

1. Right-shift: machines and turns of the plan before are kept. 2. New work is put where the plan
with it is cheapest; where that costs more than making it last, other jobs make room. 3. What starts
later than before, and costs something by that, is put back where it costs least, until nothing is
gained. 4. Forecast jobs keep what gaps are left to them. The cheaper of 1 and 3 is the repaired
plan.
"""

from collections.abc import Mapping

import numpy as np

from production.scheduling.annealing.windows import NO_PLAN
from production.scheduling.arrays import NONE, Numbers, Records, Shop, choices_at
from production.scheduling.dispatch import Dispatcher, Draft
from production.scheduling.dispatching import JOB, Flags
from production.scheduling.gaps import rows_of
from production.scheduling.nervousness import Place
from production.scheduling.plan import Schedule
from production.scheduling.problem import Problem
from production.scheduling.rows import choose_all, costs, decode, room_for, sort_by_start
from production.scheduling.seating import HELD
from production.scheduling.stability import CAREFREE, Stability, calm_of, departures

from .pricing import set_slopes
from .reinserting import GAP, JUDGED, JUDGED_NEW, WAITING, delayed, insert, reinsert
from .shifting import FIRST, LAST, NEW, line_up, shift_right

REPAIR = "repair"


# How much is tried before a repaired plan is handed over. What is late gets another place SWEEPS
# times, room for new work is made ROUNDS times at most; where nothing else is said it ends at TIMED
# operations timed anew, which take some 100 to 200 ns each. Gaps are compared by their effects on
# the next AHEAD operations. A delay within TOLERANCE minutes of pushing on something counts partly.
SWEEPS, ROUNDS = 4, 5
TIMED, AHEAD = 100_000, 300
TOLERANCE = 3000.0


def right_shifted(problem: Problem, before: Mapping[str, Place]) -> Schedule:
    """The plan before, as late as a problem now forces it to be; see `repaired`."""
    repair = Repair(Dispatcher(problem), before)
    return repair.dispatcher.recorded(repair.right_shifted())


def repaired(
    problem: Problem,
    before: Mapping[str, Place],
    stability: Stability | None = None,
    *,
    timed: int = TIMED,
) -> Schedule:
    """A plan for a disturbed shop that costs no more than the right-shifted plan before.

    Parameters
    ----------
    problem : the shop as it is now; a breakdown or an absent operator closes machines, late
        material is a later release, a rush order a new job, scrap new operations in a job.
        Pinned operations never move
    before : where operations stood, their starts in minutes from the new origin
        (`nervousness.places`)
    stability : what departures from the plan before cost, beside its objective
    timed : operations that may be timed anew before what was found is handed over

    Deterministic. Source: right-shift and rescheduling of affected operations, Abumaizar and
    Svestka (1997); best insertion as in Nawaz, Enscore, Ham (1983).
    """
    dispatcher = Dispatcher(problem)
    repair = Repair(dispatcher, before, calm_of(problem, dispatcher.shop, stability), timed)
    return dispatcher.recorded(repair.repaired())


class Repair:
    """A disturbed problem and the plan before it, laid out in tables; `calm` prices departures, at
    most about `timed` operations are timed anew."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        before: Mapping[str, Place],
        calm: Records = CAREFREE,
        timed: int = TIMED,
    ) -> None:
        self.dispatcher, self.shop, self.calm = dispatcher, dispatcher.shop, calm
        self.timed = timed
        self.starts, choices = _places(dispatcher.problem, self.shop, before)
        steps = self.shop.steps.copy()
        known = choices != NONE
        steps["first"][known], steps["beyond"][known] = choices[known], choices[known] + 1
        for at in np.flatnonzero(known) if dispatcher.problem.held else ():
            machine = self.shop.choices["machine"]  # all stretches of it that are left
            while (k := steps["beyond"][at]) < self.shop.steps["beyond"][at]:
                if machine[k] != machine[k - 1]:
                    break
                steps["beyond"][at] += 1
        self.kept = self.shop._replace(steps=steps)
        self.held = dispatcher.held()
        self.room = room_for(self.shop)
        self.after = np.ceil(WAITING * dispatcher.facts.after).astype(np.int32)
        self.weights = dispatcher.facts.weight.astype(np.int32)

    def right_shifted(self) -> Draft:
        """Machines and turns as they were."""
        return self.with_forecast(self._firm())

    def repaired(self) -> Draft:
        """The right-shifted plan, or what best insertion makes of it if that is cheaper.

        Where departures have a price, insertion heeds it once and ignores it once: it takes the
        best next step, and which of both ends cheaper, departures paid, nobody knows before.
        """
        firm = self._firm()
        drafts = [self.with_forecast(firm)]
        for calm in (self.calm, CAREFREE) if len(self.calm) else (CAREFREE,):
            mended = self._mended(firm, calm)
            if mended is not None:
                drafts.append(self.with_forecast(mended))
        return min(drafts, key=lambda draft: self.dispatcher.priced(draft, self.calm))

    def with_forecast(self, firm: Draft) -> Draft:
        """The other jobs in the gaps of a plan, on the machines that they had if they can."""
        whole = self._shifted(firm, firm=False)
        return Draft(whole.plan, whole.aside, REPAIR, firm)

    # Right-shift

    def _firm(self) -> Draft:
        standing = self.dispatcher.standing
        return self._shifted(Draft(standing, self.dispatcher.impossible, REPAIR), firm=True)

    def _shifted(self, draft: Draft, *, firm: bool) -> Draft:
        """One class of jobs right-shifted, and again without the jobs without a place."""
        aside, order = dict(draft.aside), self._turns(draft.plan, firm)
        if not len(order):
            return Draft(draft.plan, aside, REPAIR)
        bounds = np.zeros(len(self.shop.steps), dtype=np.int64)
        while True:
            rows = rows_of(self.shop, draft.plan.copy())
            jobs = np.zeros(len(self.dispatcher.problem.jobs), dtype=JOB)
            jobs["aside"] = self.dispatcher.flags(aside)
            if not shift_right(
                self.shop, self.kept, rows, order, self.starts, jobs, bounds, int(firm)
            ):
                return Draft(rows.plan, aside, REPAIR)
            aside |= self.dispatcher.reasons(jobs)

    def _turns(self, plan: Records, firm: bool) -> Numbers:
        """Operations of a class that are to be placed, by the starts that they had."""
        steps = self.shop.steps
        keys = np.where(self.starts == NEW, LAST, self.starts.astype(np.int64))
        fixed = plan["fixed"] != 0
        tied = (steps["before"] != NONE) & (steps["longest"][steps["before"]] != NONE)
        keys[fixed | (tied & fixed[steps["before"]])] = FIRST
        depths = np.zeros(len(keys), dtype=np.int64)
        line_up(self.shop, keys, depths)
        order = np.lexsort((depths, keys))
        return order[(steps["firm"][order] == firm) & ~fixed[order]].astype(np.int32)

    # Best insertion

    def _mended(self, firm: Draft, calm: Records) -> Draft | None:
        """The firm part of a plan after insertion; None where nothing was gained, there is nothing,
        or units of pools would have to be found too."""
        if len(self.shop.pools) or not len(self.shop.steps):
            return None
        repair = _Insertion(self, firm, calm)
        cost = repair.cost
        if cost == NO_PLAN:
            return None
        repair.insert_new()
        if repair.cost >= cost:
            repair.make_room()
        repair.reinsert_late()
        if repair.cost >= cost:
            return None
        plan = repair.plan
        plan["fixed"][repair.stays] = 0
        return Draft(plan, firm.aside, REPAIR)


class _Insertion:
    """A firm plan as a list that is being mended; `cost` is its objective as decoded, with what it
    pays for departures."""

    def __init__(self, repair: Repair, firm: Draft, calm: Records) -> None:
        self.repair, self.shop = repair, repair.shop
        self.plan, self.calm = firm.plan.copy(), calm.copy()
        self.stays = repair.held & (self.plan["fixed"] == 0) & (self.plan["machine"] != NONE)
        self.plan["fixed"][self.stays] = HELD
        self.order = repair.dispatcher.by_start(self.plan)
        self.cost = self._decoded()
        n = len(self.order)
        self.marks, self.touched = np.zeros(n, dtype=np.int32), np.zeros(n + 1, dtype=np.int32)
        self.gaps_new = np.zeros(JUDGED_NEW, dtype=GAP)
        self.gaps, self.counts = np.zeros(JUDGED, dtype=GAP), np.zeros(2, dtype=np.int64)

    def insert_new(self) -> None:
        """Put new work that nothing known waits for where the plan with it is cheapest."""
        new = self._loose()
        if len(new):
            self._replace(new, must=True)

    def make_room(self) -> None:
        """Take jobs that hold back others out of the plan, one after another, and put each back
        where it costs least: where all are late, light ones wait for heavy ones."""
        tried = np.zeros(len(self.repair.dispatcher.problem.jobs), dtype=np.bool_)
        for _ in range(ROUNDS):
            some = self._in_the_way(tried)
            if not len(some) or self.counts[1] >= self.repair.timed:
                return
            tried[self.shop.steps["job"][some[0]]] = True
            self._replace(some)

    def _in_the_way(self, tried: Flags) -> Numbers:
        """Operations of the job that pushes on the most cost for its weight; none where no job
        does."""
        set_slopes(self.shop, self.plan, self.order, TOLERANCE)
        steps, plan, job = self.shop.steps, self.plan, self.shop.steps["job"]
        free = (plan["fixed"] == 0) & (plan["machine"] != NONE) & (plan["down"] != NONE)
        pushed = np.where(free, plan["minutes"] * plan["price"][plan["down"]], 0.0)
        scores = np.bincount(job, pushed) / np.bincount(job, self.repair.weights)
        scores *= np.bincount(job)
        tied = (steps["waits"] < steps["waits_end"]) | (steps["awaited"] < steps["awaited_end"])
        barred = tied | self.repair.held | (plan["machine"] == NONE)
        scores[tried | (np.bincount(job, barred) > 0)] = 0.0
        worst = int(np.argmax(scores))
        if scores[worst] <= 0:
            return np.zeros(0, dtype=np.int32)
        return np.flatnonzero((job == worst) & (plan["fixed"] == 0)).astype(np.int32)

    def _replace(self, some: Numbers, *, must: bool = False) -> None:
        """Take operations out of the list and put them back in turn."""
        order, plan, cost = self.order.copy(), self.plan.copy(), self.cost
        out = np.zeros(len(plan), dtype=np.bool_)
        out[some] = True
        old = order[~out[order]]
        for name in ("place", "choice", "machine", "up", "down"):
            self.plan[name][some] = NONE
        decode(self.shop, self.plan, old, self.repair.room)
        set_slopes(self.shop, self.plan, old, TOLERANCE)
        self.order[: len(old)] = old
        inserted = insert(
            self.shop, self.plan, self.order, len(old), some, self.repair.after[some],
            self.shop.steps["due"][some], self.repair.weights[some],
            self.marks, self.touched, self.gaps_new if must else self.gaps, self.counts, self.calm,
            AHEAD,
        )  # fmt: skip
        self.cost = self._decoded() if inserted else NO_PLAN
        if self.cost >= cost and not (must and inserted):
            self.order, self.plan, self.cost = order, plan, cost
        else:
            sort_by_start(self.shop, self.plan, self.order)
            self._decoded()

    def reinsert_late(self) -> None:
        """Put what starts later than before to other places, until nothing is gained."""
        found = np.zeros(len(self.order), dtype=np.int32)
        for _ in range(SWEEPS):
            if self.counts[1] >= self.repair.timed:
                return
            sort_by_start(self.shop, self.plan, self.order)
            cost = self._decoded()
            order, choice = self.order.copy(), self.plan["choice"].copy()
            set_slopes(self.shop, self.plan, self.order, TOLERANCE)
            count = delayed(self.shop, self.plan, self.order, self.repair.starts, found)
            reinsert(
                self.shop, self.plan, self.order, found[:count],
                self.marks, self.touched, self.gaps, self.counts,
                self.calm, AHEAD, self.repair.timed,
            )  # fmt: skip
            self.cost = self._decoded()
            if self.cost >= cost:
                self.order[:] = order
                choose_all(self.shop, self.plan, order, choice[order])
                self.cost = self._decoded()
                return

    def _loose(self) -> Numbers:
        """New operations that only new ones wait for, job by job in the order of waiting."""
        steps = self.shop.steps
        new = (self.repair.starts == NEW) & (self.plan["fixed"] == 0)
        new &= self.plan["machine"] != NONE
        if not new.any():
            return np.zeros(0, dtype=np.int32)
        loose = new.copy()
        for o in self.order[new[self.order]][::-1].tolist():
            waiting = self.shop.awaited[steps["awaited"][o] : steps["awaited_end"][o]].tolist()
            waiting += [o + 1] if steps["after"][o] != NONE else []
            loose[o] = all(loose[v] or self.plan["machine"][v] == NONE for v in waiting)
        some = self.order[loose[self.order]].tolist()
        turns: dict[int, int] = {}
        for turn, o in enumerate(some):
            turns.setdefault(int(steps["job"][o]), turn)
        some.sort(key=lambda o: (turns[int(steps["job"][o])], o))
        return np.array(some, dtype=np.int32)

    def _decoded(self) -> int:
        if not decode(self.shop, self.plan, self.order, self.repair.room):
            return NO_PLAN
        paid = departures(self.calm, self.plan)
        return paid + int(sum(costs(self.shop, self.plan, self.order)))


def _places(problem: Problem, shop: Shop, before: Mapping[str, Place]) -> tuple[Numbers, Numbers]:
    """By operation: its start before, NEW without one; the alternative that it had, NONE where it
    can be done there no more."""
    number = {machine.id: at for at, machine in enumerate(problem.machines)}
    nowhere = ("", NEW)
    places = [before.get(operation.id, nowhere) for operation in problem.operations()]
    starts = np.array([start for _, start in places], dtype=np.int32)
    machines = np.array([number.get(name, NONE) for name, _ in places], dtype=np.int32)
    return starts, choices_at(shop, machines)
