"""Timelines written down as a schedule, each start with its binding reason."""

from collections.abc import Iterable, Iterator, Mapping

from .jobs import Job, Operation
from .plan import Binding, PlannedOperation, Schedule, finishes, totals
from .problem import Impossible, Problem
from .timeline import Timeline


def record(
    problem: Problem,
    timelines: Iterable[Timeline],
    set_aside: tuple[Impossible, ...],
    rule: str,
) -> Schedule:
    """The schedule that the timelines hold, ordered by start of processing."""
    spans = {}
    timelines = list(timelines)
    for timeline in timelines:
        for gap, operation in enumerate(timeline.operations):
            start, end = _clock(problem, timeline, gap)
            spans[operation.id] = (timeline, gap, start, end)
            if operation.pools:
                begin = start if operation.pinned else timeline.setup_start(operation, gap, start)
                timeline.holding.take(problem.pools_of(operation), begin, end)
    ends = {operation_id: span[3] for operation_id, span in spans.items()}
    planned = []
    for operation_id, (timeline, gap, start, end) in spans.items():
        operation = problem.operation[operation_id]
        job = problem.job[operation.job_id]
        binding = binding_of(timeline, gap, start, ready_since(problem, job, operation, ends))
        planned.append(planned_at(timeline, gap, start, end, binding))
    planned.sort(key=lambda one: (one.start, one.machine_id, one.end, one.operation_id))
    finish = finishes(planned, {one.job_id for one in set_aside})
    return Schedule(tuple(planned), totals(problem, planned, finish), set_aside, rule)


def planned_at(
    timeline: Timeline, gap: int, start: int, end: int, binding: Binding
) -> PlannedOperation:
    """A block of a timeline as a planned operation with its set-up as late as possible."""
    operation = timeline.operations[gap]
    return PlannedOperation(
        operation_id=operation.id,
        job_id=operation.job_id,
        machine_id=timeline.machine.id,
        setup_start=timeline.setup_start(operation, gap, start),
        start=start,
        end=end,
        setup_minutes=setup_of(timeline, gap),
        binding=binding,
    )


def setup_of(timeline: Timeline, gap: int) -> int:
    """Set-up minutes of a block; none for a pinned operation that has started."""
    operation = timeline.operations[gap]
    if operation.pinned and operation.pinned.start <= 0:
        return 0
    return timeline.setup(timeline.family(gap), operation.setup_family)


def _clock(problem: Problem, timeline: Timeline, gap: int) -> tuple[int, int]:
    operation = timeline.operations[gap]
    span = problem.pinned_span(operation) if operation.pinned else None
    if span is not None:
        return span
    return timeline.open.start_at(timeline.starts[gap]), timeline.open.end_at(timeline.ends[gap])


def ready_since(
    problem: Problem, job: Job, operation: Operation, ends: Mapping[str, int]
) -> tuple[int, Binding]:
    """When an operation could have started but for its machine, and what it waited for."""
    if operation.pinned:
        return operation.pinned.start, Binding.PINNED
    return max(_waits(problem, job, operation, ends), key=lambda wait: wait[0])


def _waits(
    problem: Problem, job: Job, operation: Operation, ends: Mapping[str, int]
) -> Iterator[tuple[int, Binding]]:
    yield 0, Binding.NOW
    before = [o for o in job.operations if o.sequence < operation.sequence]
    if before:
        since, why = _after(before[-1], ends)
        yield since - before[-1].min_lag_after + problem.lag_after(job, before[-1]), why
        return
    yield job.release, Binding.MATERIAL
    yield problem.earliest(job), Binding.CALENDAR
    for predecessor in job.predecessors:
        yield _after(problem.job[predecessor].operations[-1], ends)


def _after(operation: Operation, ends: Mapping[str, int]) -> tuple[int, Binding]:
    binding = Binding.LAG if operation.min_lag_after else Binding.PREDECESSOR
    return ends[operation.id] + operation.min_lag_after, binding


def binding_of(timeline: Timeline, gap: int, start: int, since: tuple[int, Binding]) -> Binding:
    """The reason for a start: work ready, machine or pool busy, closed, or a lag that follows."""
    ready, source = since
    if source == Binding.PINNED or start == ready:
        return source
    operation = timeline.operations[gap]
    time, setup = timeline.time_for(operation), setup_of(timeline, gap)
    begun = time.worked(start)
    free = timeline.free(gap)
    if time is not timeline.open:
        free = time.worked(timeline.open.end_at(free))
    if begun == free + setup > time.worked(ready):
        return Binding.MACHINE
    if begun == time.worked(ready):
        return Binding.CALENDAR
    pools = timeline.pools_of(operation)
    given_back = timeline.holding.given_back_by(pools, timeline.setup_start(operation, gap, start))
    if given_back is not None and begun == time.worked(given_back) + setup:
        return Binding.POOL
    if operation.max_lag_after is not None:
        return Binding.LAG
    return Binding.MACHINE if operation.splittable else Binding.CALENDAR
