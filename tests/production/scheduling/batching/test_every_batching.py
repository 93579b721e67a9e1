"""The engine against every way to batch a tiny shop, in plain arithmetic."""

from collections.abc import Iterator, Sequence
from itertools import permutations, product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from production.scheduling import (
    Alternative,
    Job,
    Machine,
    Operation,
    Plate,
    Problem,
    Rack,
    SetupMatrix,
    check,
    schedule,
)

ALWAYS = ((0, 5_000),)
Groups = list[list[Operation]]
Step = tuple[tuple[Alternative, ...], int, str]  # where, its size, its family


def partitions(some: Sequence[Operation]) -> Iterator[Groups]:
    """Every way to put operations into groups."""
    if not some:
        yield []
        return
    first, *rest = some
    for groups in partitions(rest):
        yield [[first], *groups]
        for at, group in enumerate(groups):
            yield [*groups[:at], [first, *group], *groups[at + 1 :]]


def cheapest(shop: Problem) -> int:
    """The least cost over all batches, orders and machines.

    Jobs have a step on the saw, one that may share, or both, and one after it on the desk, which
    never makes anybody wait (it is unlimited).
    """
    steps = [one for one in shop.operations() if one.size]
    saws = [one for one in shop.operations() if "saw" in one.machine_ids]
    racks = [one.id for one in shop.machines if one.batch]
    best = None
    for groups in partitions(steps):
        if any(len({one.setup_family for one in group}) > 1 for group in groups):
            continue
        for places in product(racks, repeat=len(groups)):
            if not all(fits(shop, *one) for one in zip(groups, places, strict=True)):
                continue
            for sawn in permutations(saws):
                for turns in permutations(range(len(groups))):
                    order = [(groups[at], places[at]) for at in turns]
                    cost = cost_of(shop, sawn, order)
                    best = cost if best is None else min(best, cost)
    assert best is not None
    return best


def fits(shop: Problem, group: Sequence[Operation], rack: str) -> bool:
    batch = shop.machine[rack].batch
    return bool(batch) and sum(one.size for one in group) <= batch.capacity


def cost_of(
    shop: Problem, sawn: Sequence[Operation], order: list[tuple[list[Operation], str]]
) -> int:
    done = {one.id: max(0, one.release) for one in shop.jobs}
    free = 0
    for one in sawn:
        free = max(free, done[one.job_id]) + one.alternatives[0].minutes
        done[one.job_id] = free + one.min_lag_after
    state = {one.id: (0, one.setup_family) for one in shop.machines if one.batch}
    cost = 0
    for group, rack in order:
        batch, (since, family) = shop.machine[rack].batch, state[rack]
        new = group[0].setup_family
        setup = shop.matrix[rack].between(family, new)
        own = [next(a.minutes for a in one.alternatives if a.machine_id == rack) for one in group]
        minutes = max(own) if isinstance(batch, Rack) else batch.minutes_each_time + sum(own)
        end = max(since + setup, *(done[one.job_id] for one in group)) + minutes
        state[rack], cost = (end, new), cost + setup
        for one in group:
            done[one.job_id] = end + one.min_lag_after
    for job in shop.jobs:
        last = job.operations[-1]
        if "desk" in last.machine_ids:
            done[job.id] += last.alternatives[0].minutes
        elif last.size:
            done[job.id] -= last.min_lag_after
        cost += job.weight * max(0, done[job.id] - job.due)
    return cost


@st.composite
def tiny(draw: st.DrawFn) -> Problem:
    racks = ["R0", "R1"][: draw(st.integers(1, 2))]
    found: list[Job] = []
    for number in range(draw(st.integers(3, 4))):
        name, steps = f"J{number}", list[Step]()
        places = tuple(Alternative(one, draw(st.integers(10, 60))) for one in racks)
        if draw(st.booleans()):
            steps.append(((Alternative("saw", draw(st.integers(5, 40))),), 0, ""))
        steps.append(
            (places, draw(st.integers(1, 2)), draw(st.sampled_from(["red", "red", "red", "blue"])))
        )
        if draw(st.booleans()):
            steps.append(((Alternative("desk", draw(st.integers(5, 40))),), 0, ""))
        found.append(
            Job(
                name,
                tuple(
                    Operation(
                        f"{name}.{at}", name, at, able, family,
                        min_lag_after=draw(st.sampled_from([0, 0, 15])), size=size,
                    )
                    for at, (able, size, family) in enumerate(steps)
                ),
                due=draw(st.integers(0, 150)),
                release=draw(st.sampled_from([0, 0, 30])),
                weight=draw(st.sampled_from([1, 3])),
            )
        )  # fmt: skip
    some: list[Rack | Plate] = [Rack(3), Rack(2), Plate(4, 30), Plate(3, 10)]
    kind = draw(st.sampled_from(some))
    machines = [Machine(one, "G", ALWAYS, "red", batch=kind) for one in racks]
    machines += [Machine("saw", "saw", ALWAYS), Machine("desk", "desk", ALWAYS, unlimited=True)]
    return Problem(tuple(machines), tuple(found), (SetupMatrix("G", default=20),))


def test_the_search_never_beats_the_cheapest_plan_and_mostly_finds_it():
    found: list[bool] = []

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(shop=tiny())
    def search(shop: Problem) -> None:
        plan, least = schedule(shop, seed=3, iterations=4_000), cheapest(shop)
        assert check(shop, plan) == []
        assert plan.totals.objective >= least
        found.append(plan.totals.objective == least)

    search()
    assert sum(found) >= 0.9 * len(found)
