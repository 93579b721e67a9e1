"""A problem with batches as one without: what shares a rack or plate is a job of one operation.

The jobs of what it holds are cut there. What comes before in them is a job that the batch waits
for, what follows a job that waits for the batch. Where nothing follows, a minute on a clock stands
for the order's end, so that its due date keeps its weight. Lags that differ within a batch are
waits on the same clock. What is pinned together is not cut: one operation stands on the machine,
the others on the clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, pairwise

from production.scheduling.jobs import NO_DUE_DATE, Alternative, Job, Operation, Pin
from production.scheduling.machines import Machine
from production.scheduling.problem import Problem, Reason
from production.scheduling.reservations import Reservation

Batch = tuple[str, ...]  # operations in the order of their ids; it is called after the first
Batches = tuple[Batch, ...]


def batches_in(groups: Iterable[Iterable[str]]) -> Batches:
    """Groups of operations in one order; an operation alone is no batch."""
    return tuple(sorted(some for one in groups if len(some := tuple(sorted(one))) > 1))


@dataclass(frozen=True, slots=True)
class Cut:
    """The plain problem in which batches are operations.

    `standing_for` tells what an operation stands for where that is several, `owners` of whose jobs
    a job of the plain problem is a part.
    """

    plain: Problem
    batches: Batches
    standing_for: Mapping[str, Batch]
    owners: Mapping[str, tuple[str, ...]]


class Cutter:
    """A problem that is cut again and again, each time for other batches."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.impossible = {one.job_id: one for one in problem.impossible}
        self.mark = _mark(problem)
        self.clock = self._clock()
        self._machines = (*(replace(one, batch=None) for one in problem.machines), self.clock)

    def cut(self, batches: Batches) -> Cut:
        """The plain problem for these batches, of which each is of one kind and nothing in it is
        pinned or tied by a maximum lag. CyclicJobsError where they would wait for each other."""
        parts = _Parts(self, batches)
        for job in self.problem.jobs:
            parts.add(job)
        jobs = (*parts.jobs, *parts.batch_jobs())
        problem, held = self.problem, self._held_for(parts.owners)
        plain = Problem(self._machines, jobs, problem.setups, problem.pools, reservations=held)
        standing = {batch[0]: batch for batch in batches} | self.pinned
        return Cut(plain, batches, standing, parts.owners)

    def _held_for(self, owners: Mapping[str, tuple[str, ...]]) -> tuple[Reservation, ...]:
        """Reservations that name the parts of those whom they are for; a batch where all may."""
        job = self.problem.job
        return tuple(
            replace(
                one,
                job_ids=tuple(
                    part for part, whose in owners.items() if all(one.admits(job[j]) for j in whose)
                ),
                weight=None,
            )
            for held in self.problem.held.values()
            for one in held
        )

    def _clock(self) -> Machine:
        """Where time passes and nothing is occupied."""
        ends = [one.windows[-1][1] for one in self.problem.machines if one.windows]
        pins = [one.pinned.start for one in self.problem.operations() if one.pinned]
        lags = max((one.min_lag_after for one in self.problem.operations()), default=0)
        windows = ((min(0, *pins, 0), max(0, *ends, 0) + lags + 2),)
        return Machine(f"{self.mark}clock", f"{self.mark}clock", windows, unlimited=True)

    @cached_property
    def pinned(self) -> dict[str, Batch]:
        """What stands on racks and plates together, by the operation it is called after."""
        groups = set(self.problem.pinned_together.values())
        found = [tuple(one.id for one in some if self._stands(one)) for some in groups]
        return {some[0]: some for some in found if len(some) > 1}

    def _stands(self, operation: Operation) -> bool:
        """Whether what is pinned is in the plan, with or without the rest of its job."""
        known = self.impossible.get(operation.job_id)
        clashes = known is not None and known.reason == Reason.PIN_CONFLICT
        return not clashes and self.problem.pinned_span(operation) is not None

    def pins(self, job: Job) -> list[Operation]:
        """What stays on the machines of a job that cannot be planned."""
        return [one for one in job.operations if one.pinned and self._stands(one)]

    @cached_property
    def _beside(self) -> set[str]:
        """What is pinned together with the operation that stands on the machine for all."""
        return {one for some in self.pinned.values() for one in some[1:]}

    @cached_property
    def alone(self) -> dict[str, Operation]:
        """Every operation as it is without company."""
        found = {one.id: self._alone(one) for one in self.problem.operations()}
        for job in self.problem.jobs:
            for one, following in pairwise(job.operations):
                if one.transfer and (one.size or following.size):
                    found[one.id] = replace(found[one.id], transfer=0)
        return found

    def _alone(self, operation: Operation) -> Operation:
        if not operation.size:
            return operation
        places = tuple(
            replace(one, minutes=minutes)
            for one in operation.alternatives
            if (minutes := self.problem.alone(operation, one)) is not None
        )
        pin, pools = operation.pinned, operation.pools
        if pin is not None:
            span = self.problem.pinned_span(operation)
            pin, places = (Pin(pin.machine_id, *span) if span else pin), operation.alternatives
            if operation.id in self._beside and span:
                pin, pools = Pin(self.clock.id, *span), ()
            elif together := self.pinned.get(operation.id):
                needed = (self.problem.operation[one].pools for one in together)
                pools = tuple(dict.fromkeys(chain.from_iterable(needed)))
        return replace(operation, alternatives=places, pinned=pin, pools=pools, size=0)

    def places(self, operations: Sequence[Operation]) -> tuple[Alternative, ...]:
        """Machines that hold these operations at once, and how long they take there."""
        found = []
        filled = sum(operation.size for operation in operations)
        for one in operations[0].alternatives:
            batch = self.problem.machine[one.machine_id].batch
            own = [operation.minutes_on(one.machine_id) for operation in operations]
            known = [minutes for minutes in own if minutes is not None]
            if batch and len(known) == len(own) and filled <= batch.capacity:
                found.append(Alternative(one.machine_id, batch.minutes(known)))
        return tuple(found)


def _mark(problem: Problem) -> str:
    """What no name in the problem begins with, for the names of what is new."""
    mark = "+"
    names = [*problem.job, *problem.operation, *problem.machine]
    while any(name.startswith(mark) for name in names):
        mark += "+"
    return mark


class _Parts:
    """The jobs of one cut as they come about."""

    def __init__(self, cutter: Cutter, batches: Batches) -> None:
        self.cutter, self.problem = cutter, cutter.problem
        self.batch_of = {one: batch for batch in batches for one in batch}
        self.jobs: list[Job] = []
        self.owners: dict[str, tuple[str, ...]] = {}
        operation = self.problem.operation
        self._lag = {one: min(operation[name].min_lag_after for name in one) for one in batches}
        self._before: dict[Batch, list[str]] = {batch: [] for batch in batches}
        self._release = dict.fromkeys(batches, 0)

    def add(self, job: Job) -> None:
        """The parts of a job; the last one carries the name of the whole."""
        if job.id in self.cutter.impossible:
            for operation in self.cutter.pins(job):
                self._add(job, [self.cutter.alone[operation.id]], (), 0)
            return
        release, waits = self.problem.earliest(job), self._awaited(job.predecessors)
        some: list[Operation] = []
        for operation in job.operations:
            batch = self.batch_of.get(operation.id)
            if batch is None:
                some.append(self.cutter.alone[operation.id])
                continue
            if some:
                waits, release = (self._add(job, some, waits, release),), 0
            self._before[batch] += waits
            self._release[batch] = max(self._release[batch], release)
            waits, release = (self._called(batch),), 0
            some = self._wait(operation, batch, last=operation is job.operations[-1])
        self._end(job, some, waits, release)

    def batch_jobs(self) -> list[Job]:
        """Each batch as a job of one operation."""
        return [self._batch_job(batch) for batch in self._before]

    def _batch_job(self, batch: Batch) -> Job:
        members = [self.problem.operation[one] for one in batch]
        name, first = self._called(batch), members[0]
        operation = Operation(
            id=first.id,
            job_id=name,
            sequence=0,
            alternatives=self.cutter.places(members),
            setup_family=first.setup_family,
            min_lag_after=self._lag[batch],
            splittable=all(one.splittable for one in members),
            pools=first.pools,
        )
        self.owners[name] = tuple(one.job_id for one in members)
        firm = any(self.problem.job[one.job_id].firm for one in members)
        before = tuple(dict.fromkeys(self._before[batch]))
        release = self._release[batch]
        return Job(name, (operation,), NO_DUE_DATE, release, firm=firm, predecessors=before)

    # What waits for what

    def _called(self, batch: Batch) -> str:
        return f"{self.cutter.mark}{batch[0]}"

    def _awaited(self, predecessors: Iterable[str]) -> tuple[str, ...]:
        """What stands for the ends of these jobs."""
        found = []
        for one in predecessors:
            last = self.problem.job[one].operations[-1]
            batch = self.batch_of.get(last.id)
            ends = batch and last.min_lag_after == self._lag[batch]
            found.append(self._called(batch) if batch and ends else one)
        return tuple(found)

    # Parts

    def _wait(self, operation: Operation, batch: Batch, *, last: bool) -> list[Operation]:
        """What lets the time pass that an operation needs more than its batch, and the minute that
        stands for the end of a job."""
        minutes = max(operation.min_lag_after - self._lag[batch], int(last))
        if not minutes:
            return []
        name = f"{self.cutter.mark}{operation.id}"
        place = Alternative(self.cutter.clock.id, minutes)
        return [Operation(name, operation.job_id, operation.sequence, (place,))]

    def _add(
        self, job: Job, some: Sequence[Operation], waits: tuple[str, ...], release: int
    ) -> str:
        """A part that is wanted only by what waits for it; its name."""
        name = f"{self.cutter.mark}{some[0].id}"
        operations = tuple(replace(one, job_id=name) for one in some)
        part = replace(
            job, id=name, operations=operations, due=NO_DUE_DATE, release=release, weight=1,
            predecessors=waits,
        )  # fmt: skip
        self.owners[name] = (job.id,)
        self.jobs.append(part)
        return name

    def _end(
        self, job: Job, some: Sequence[Operation], waits: tuple[str, ...], release: int
    ) -> None:
        """The part that carries the due date."""
        due, operations = job.due, tuple(some)
        if (batch := self.batch_of.get(job.operations[-1].id)) is not None:
            due += self._lag[batch] + some[0].alternatives[0].minutes
        self.owners[job.id] = (job.id,)
        self.jobs.append(
            replace(job, operations=operations, due=due, release=release, predecessors=waits)
        )
