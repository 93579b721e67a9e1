"""Many replications of a plan, and what came of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from production.scheduling.arrays import NONE, Numbers, Shop
from production.scheduling.plan import PlannedOperation, Schedule
from production.scheduling.problem import Problem
from production.scheduling.seating import STARTED

from .disturbances import Disturbance, DisturbanceError, Floats, drawn, keys_of
from .layout import laid_out, worked
from .working import Plan, room_for, work

AT_ONCE = 32  # replications whose random numbers lie in memory together
LONGEST = 1 << 20  # minutes that one operation may take

AS_PLANNED = Disturbance()


@dataclass(frozen=True, slots=True)
class Policy:
    """How the floor works its queues.

    Parameters
    ----------
    ahead : minutes before its planned start that an operation may begin; None: as soon as it is
        there and its machine has done what stands in front of it. What a maximum lag ties to its
        successor, and frozen work, never begins before its plan.
    patience : open minutes that a machine waits for the next operation, from when that should have
        begun and the machine was free for it, before it takes one from behind; None: for ever
    look : how many operations behind the next one it looks at then; frozen work is not passed
    """

    ahead: int | None = None
    patience: int | None = None
    look: int = 10

    def __post_init__(self) -> None:
        if min(self.ahead or 0, self.patience or 0, self.look) < 0:
            raise DisturbanceError("neither ahead nor patience nor look is negative")


STRICT = Policy()


@dataclass(frozen=True, eq=False)
class Simulated:
    """R replications of a plan of N operations, J jobs on M machines; minutes from its origin.

    `starts`, `ends`, `setups` (R, N) are of `operations`, in the order of `Schedule.operations`,
    starts and ends on the clock. `repairs` (R, N) are open minutes of breakdowns within them, and
    `worked` (R, N) the other open minutes of their work.
    """

    problem: Problem
    operations: tuple[PlannedOperation, ...]
    job_ids: tuple[str, ...]
    starts: Numbers
    ends: Numbers
    setups: Numbers
    worked: Numbers
    repairs: Numbers

    @property
    def replications(self) -> int:
        """How often the plan was run."""
        return len(self.ends)

    @cached_property
    def finish(self) -> Numbers:
        """Minute at which each planned job is done, (R, J) in the order of `job_ids`."""
        found = np.zeros((self.replications, len(self.job_ids)), dtype=np.int32)
        for j, of in enumerate(self._of_jobs):
            found[:, j] = self.ends[:, of].max(axis=1)
        return found

    @cached_property
    def _of_jobs(self) -> list[list[int]]:
        found: dict[str, list[int]] = {job_id: [] for job_id in self.job_ids}
        for at, one in enumerate(self.operations):
            if one.job_id in found:
                found[one.job_id].append(at)
        return list(found.values())

    @cached_property
    def lateness(self) -> Numbers:
        """Minutes past the due date, (R, J); negative where a job is early."""
        due = np.array([self.problem.job[one].due for one in self.job_ids], dtype=np.int32)
        return self.finish - due

    def quantile(self, share: float) -> Floats:
        """Finish of each job, (J,), that a share of the replications (0.5, 0.9 …) keeps."""
        return np.quantile(self.finish, share, axis=0, method="inverted_cdf").astype(np.float64)

    @property
    def on_time(self) -> Floats:
        """Share of the replications in which each job was in time, (J,)."""
        return (self.lateness <= 0).mean(axis=0)

    @property
    def late_jobs(self) -> NDArray[np.int64]:
        """Number of late jobs, (R,)."""
        return (self.lateness > 0).sum(axis=1)

    @cached_property
    def objective(self) -> NDArray[np.int64]:
        """Weighted minutes late + set-up minutes as `Totals.objective`, (R,)."""
        weight = np.array([self.problem.job[one].weight for one in self.job_ids], dtype=np.int64)
        late = np.maximum(self.lateness, 0) @ weight
        return late + self.setups.sum(axis=1, dtype=np.int64)

    @property
    def makespan(self) -> Numbers:
        """End of the last operation, (R,)."""
        return self.ends.max(axis=1, initial=0)

    def utilisation(self) -> Floats:
        """Share of each machine's open minutes, from 0 to the end of the last operation of all,
        that it works, is set up or repaired: (R, M, 3). 0 where it is never open."""
        machines = {machine.id: m for m, machine in enumerate(self.problem.machines)}
        of = np.array([machines[one.machine_id] for one in self.operations], dtype=np.int64)
        found = np.zeros((self.replications, len(machines), 3))
        for m, machine in enumerate(self.problem.machines):
            open_time = self.problem.open_time[machine.id]
            now = worked(open_time, 0)
            hours = [worked(open_time, int(end)) - now for end in self.makespan]
            for part, minutes in enumerate((self.worked, self.setups, self.repairs)):
                found[:, m, part] = minutes[:, of == m].sum(axis=1) / np.maximum(hours, 1)
        return found

    @cached_property
    def overstayed(self) -> Floats:
        """Share of the replications in which what follows each operation came too late for its
        maximum lag, (N,)."""
        number = {one.operation_id: at for at, one in enumerate(self.operations)}
        found = np.zeros(len(self.operations))
        for job in self.problem.jobs:
            for before, after in zip(job.operations, job.operations[1:], strict=False):
                if before.max_lag_after is not None and {before.id, after.id} <= number.keys():
                    at, then = number[before.id], number[after.id]
                    waited = self.starts[:, then] - self.ends[:, at]
                    found[at] = (waited > before.max_lag_after).mean()
        return found


def simulate(
    problem: Problem,
    schedule: Schedule,
    disturbances: Mapping[str, Disturbance] | None = None,
    *,
    replications: int = 200,
    seed: int = 0,
    policy: Policy = STRICT,
    pieces: Mapping[str, int] | None = None,
) -> Simulated:
    """Run a plan forward many times. The floor keeps its machines and, save for `policy.patience`,
    its order on every machine.

    Parameters
    ----------
    disturbances : by machine group; a group that is not named works as planned
    seed : an operation has the same luck in every plan and problem under one seed
    pieces : how many good pieces an operation makes (1 where it is not named); with few, scrap
        comes in lumps

    Of started work only the minutes that are left vary. Set-ups take their time. Behind the last
    window of a machine it is open without end. Jobs that are set aside do not run, but their
    pinned operations do.

    Raises DisturbanceError where a group, an operation or a number is not a sensible one, and
    where work needs units of pools, which this floor does not know.
    """
    if replications < 1:
        raise DisturbanceError("a plan is run at least once")
    disturbances, pieces = disturbances or {}, pieces or {}
    _require_known(problem, disturbances, pieces)
    shop, plan = laid_out(problem, schedule, policy.ahead)
    number = {operation.id: at for at, operation in enumerate(problem.operations())}
    of = np.array([number[one.operation_id] for one in schedule.operations], dtype=np.int64)
    luck = _Luck(problem, schedule, plan, of, disturbances, pieces, seed)
    runs: list[list[Numbers]] = []
    for first in range(0, replications, AT_ONCE):
        some = range(first, min(replications, first + AT_ONCE))
        runs.append(_run(shop, plan, luck, some, of, policy))
    figures = [np.concatenate(each) for each in zip(*runs, strict=True)]
    job_ids = tuple(job.id for job in problem.jobs if job.id in schedule.finish)
    return Simulated(problem, schedule.operations, job_ids, *figures)


def _require_known(
    problem: Problem, disturbances: Mapping[str, Disturbance], pieces: Mapping[str, int]
) -> None:
    if any(operation.pools for operation in problem.operations()):
        raise DisturbanceError("work that needs people or tools of a pool cannot be simulated yet")
    unknown = sorted(disturbances.keys() - {machine.group for machine in problem.machines})
    unknown += sorted(pieces.keys() - problem.operation.keys())
    if unknown:
        raise DisturbanceError(f"not in the problem: {', '.join(unknown)}")
    if min(pieces.values(), default=1) < 1:
        raise DisturbanceError("an operation makes at least one piece")


def _run(
    shop: Shop, plan: Plan, luck: "_Luck", some: range, of: NDArray[np.int64], policy: Policy
) -> list[Numbers]:
    """Some replications: starts, ends, set-ups, work and repairs of what is planned."""
    size = len(some), len(shop.steps)
    worked, repairs = np.zeros(size, dtype=np.int32), np.zeros(size, dtype=np.int32)
    worked[:, of], repairs[:, of] = luck.minutes(some)
    starts, ends, setups = (np.zeros(size, dtype=np.int32) for _ in range(3))
    patience = NONE if policy.patience is None else policy.patience
    room = room_for(plan)
    if len(of):
        work(
            shop, plan, room, worked + repairs, starts, ends, setups, patience, policy.look
        )  # fmt: skip
    return [each[:, of] for each in (starts, ends, setups, worked, repairs)]


@dataclass(frozen=True, eq=False)
class _Luck:
    """Random minutes of planned operations, (N,), group by group."""

    problem: Problem
    schedule: Schedule
    plan: Plan
    of: NDArray[np.int64]
    disturbances: Mapping[str, Disturbance]
    pieces: Mapping[str, int]
    seed: int
    keys: NDArray[np.uint64] = field(init=False)

    def __post_init__(self) -> None:
        names = [one.operation_id for one in self.schedule.operations]
        object.__setattr__(self, "keys", keys_of(names, self.seed))

    def minutes(self, some: range) -> tuple[Numbers, Numbers]:
        """Open minutes of work and of repairs (R, N); at least one together, as planned where
        nothing is disturbed."""
        operations = self.schedule.operations
        placed = self.plan.placed[self.of]
        origin = self._origins()
        begun = np.maximum(np.minimum(placed["end"], origin) - placed["start"], 0)
        elapsed = np.where(placed["fixed"] == STARTED, begun, 0)
        left = placed["minutes"] - elapsed
        work = np.tile(placed["minutes"].astype(np.float64), (len(some), 1))
        repairs = np.zeros_like(work)
        wanted = np.array([self.pieces.get(one.operation_id, 1) for one in operations])
        groups = np.array([self.problem.machine[one.machine_id].group for one in operations])
        for group, disturbance in self.disturbances.items():
            at = np.flatnonzero((groups == group) & (left > 0))
            if disturbance != AS_PLANNED and len(at):
                more, down = drawn(
                    disturbance, left[at].astype(np.float64), wanted[at], self.keys[at], some
                )
                work[:, at], repairs[:, at] = elapsed[at] + more, down
        return _whole(work, placed["minutes"]), _whole(repairs, np.zeros(len(operations)))

    def _origins(self) -> Numbers:
        now = {machine_id: worked(hours, 0) for machine_id, hours in self.problem.open_time.items()}
        origins = (now[one.machine_id] for one in self.schedule.operations)
        return np.fromiter(origins, dtype=np.int32)


def _whole(minutes: Floats, planned: NDArray[np.int32] | Floats) -> Numbers:
    """Whole minutes; planned work takes at least one."""
    return np.clip(np.rint(minutes), np.minimum(planned, 1), LONGEST).astype(np.int32)
