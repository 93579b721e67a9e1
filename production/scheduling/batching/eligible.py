"""Which operations may share a rack or plate, and with whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from production.scheduling.jobs import Job, Operation
from production.scheduling.plan import PlannedOperation
from production.scheduling.problem import Problem
from production.scheduling.recording import ready_since

Kind = tuple[str, tuple[str, ...], bool]  # set-up family, pools, whether firm


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """An operation that may share: when it may begin as the plan stands, and by when it should be
    done for its order to be in time."""

    operation: Operation
    kind: Kind
    ready: int
    due: float
    weight: int


class Eligible:
    """The operations of a problem that may share a rack or plate: neither pinned nor tied to others
    of their job by a maximum lag. Work for the forecast does not run with firm work: it must never
    hold it up."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        aside = {one.job_id for one in problem.impossible}
        self.kinds: dict[str, Kind] = {}
        for job in problem.jobs:
            if job.id not in aside:
                self.kinds |= {one.id: self._kind(job, one) for one in self._free(job)}

    def _free(self, job: Job) -> list[Operation]:
        tied = {
            one.id
            for before, after in pairwise(job.operations)
            if before.max_lag_after is not None
            for one in (before, after)
        }
        return [
            one
            for one in job.operations
            if one.size and one.pinned is None and one.id not in tied and self._has_rack(one)
        ]

    def _has_rack(self, operation: Operation) -> bool:
        return any(self.problem.machine[one].batch for one in operation.machine_ids)

    def _kind(self, job: Job, operation: Operation) -> Kind:
        pools = tuple(sorted(operation.pools))
        return operation.setup_family, pools, job.id in self.problem.firm_ids

    @cached_property
    def _due(self) -> dict[str, float]:
        """By operation: its job's due date less the least work that follows."""
        found = {}
        for job in self.problem.jobs:
            due = float(job.due)
            for operation in reversed(job.operations):
                found[operation.id] = due
                least = min((one.minutes for one in operation.alternatives), default=0)
                before = 0 if operation is job.operations[0] else least
                due -= before
                due -= self._lag_before(job, operation)
        return found

    def _lag_before(self, job: Job, operation: Operation) -> int:
        at = job.operations.index(operation)
        return job.operations[at - 1].min_lag_after if at else 0

    def members(self, plan: Mapping[str, PlannedOperation]) -> list[Member]:
        """Every operation that is planned and may share, with its times in a plan."""
        ends = {name: one.end for name, one in plan.items()}
        found = []
        for name, kind in self.kinds.items():
            operation = self.problem.operation[name]
            job = self.problem.job[operation.job_id]
            if name in plan:
                ready, _ = ready_since(self.problem, job, operation, ends)
                found.append(Member(operation, kind, ready, self._due[name], job.weight))
        return found
