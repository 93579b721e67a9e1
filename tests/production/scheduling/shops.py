"""Small shops for the tests: a few words instead of many dataclasses, and random ones."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from production.scheduling import (
    Alternative,
    Job,
    Machine,
    Operation,
    Pin,
    Plate,
    Pool,
    Problem,
    Rack,
    Reservation,
    Schedule,
    SetupMatrix,
)
from production.scheduling.worktime import Window

ALWAYS = ((0, 100_000),)


def examples(most: int) -> settings:
    """So many random shops, the same ones in every run, however long they take."""
    return settings(
        max_examples=most,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def machine(name: str = "saw", windows: tuple[Window, ...] = ALWAYS, **more: Any) -> Machine:
    return Machine(name, more.pop("group", name), windows, **more)


def step(job: str, sequence: int, on: dict[str, int], **more: Any) -> Operation:
    """`on` maps machines to minutes."""
    alternatives = tuple(Alternative(name, minutes) for name, minutes in on.items())
    return Operation(f"{job}{sequence}", job, sequence, alternatives, **more)


def job(name: str, *steps: Any, due: int = 1_000, **more: Any) -> Job:
    """`steps` are (machines to minutes, other attributes of the operation)."""
    operations = tuple(step(name, i, on, **extra) for i, (on, extra) in enumerate(steps, 1))
    return Job(name, operations, due, **more)


def problem(machines: Any, *jobs: Job, setups: Any = (), **more: Any) -> Problem:
    return Problem(tuple(machines), tuple(jobs), tuple(setups), **more)


def times(schedule: Schedule) -> dict[str, tuple[int, int, int]]:
    """Where everything stands: {operation: (set-up start, start, end)}."""
    return {p.operation_id: (p.setup_start, p.start, p.end) for p in schedule.operations}


FAMILIES = ("red", "blue", "green")


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    kind = draw(st.sampled_from(["always", "days", "random"]))
    if kind == "always":
        return ((0, 2_000),)
    if kind == "days":
        return tuple((day * 100, day * 100 + 60) for day in range(20))
    lengths = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 120)), max_size=12))
    found, at = [], 0
    for closed, opened in lengths:
        found.append((at + closed, at + closed + opened))
        at += closed + opened
    return tuple(found)


@st.composite
def racks(draw: st.DrawFn) -> Rack | Plate | None:
    kind = draw(st.sampled_from([Rack, Plate, None]))
    capacity = draw(st.integers(2, 9))
    if kind is Plate:
        return Plate(capacity, draw(st.sampled_from([0, 5, 40])))
    return Rack(capacity) if kind else None


@st.composite
def machines(draw: st.DrawFn, *, batches: bool = False) -> tuple[Machine, ...]:
    found = tuple(
        Machine(
            f"M{i}",
            draw(st.sampled_from(["G", "H"])),
            draw(windows()),
            draw(st.sampled_from([None, *FAMILIES])),
            draw(st.sampled_from([0, 0, 7, 150])),
            unlimited=draw(st.integers(0, 4)) == 4,
        )
        for i in range(draw(st.integers(1, 3)))
    )
    if not batches:
        return found
    return tuple(one if one.unlimited else replace(one, batch=draw(racks())) for one in found)


@st.composite
def pools(draw: st.DrawFn) -> tuple[Pool, ...]:
    return tuple(
        Pool(f"P{i}", draw(st.integers(1, 2)), draw(windows()))
        for i in range(draw(st.sampled_from([0, 0, 1, 2])))
    )


@st.composite
def operations(
    draw: st.DrawFn, name: str, names: list[str], pins: bool, crews: tuple[str, ...]
) -> tuple[Operation, ...]:
    found = []
    for i in range(draw(st.integers(1, 3))):
        capable = draw(st.lists(st.sampled_from(names), min_size=i == 0, max_size=3, unique=True))
        capable = capable or [names[0]]
        lag = draw(st.sampled_from([0, 0, 0, 15]))
        longest = draw(st.sampled_from([None, None, lag, lag + 10, lag + 60]))
        pin = None
        if pins and i == 0 and draw(st.integers(0, 3)) == 0:
            start = draw(st.integers(-40, 120))
            end = draw(st.sampled_from([None, start + 30]))
            pin = Pin(capable[0], start, end)
        found.append(
            Operation(
                f"{name}.{i}",
                name,
                i,
                tuple(Alternative(one, draw(st.integers(1, 70))) for one in capable),
                draw(st.sampled_from(FAMILIES)),
                lag,
                longest,
                draw(st.integers(0, 3)) > 0,
                pin,
                tuple(one for one in crews if draw(st.booleans())),
            )
        )
    return tuple(found)


@st.composite
def sized(draw: st.DrawFn, step: Operation) -> Operation:
    """An operation that takes room on a rack, and is alike others more often."""
    return replace(
        step,
        size=draw(st.sampled_from([1, 1, 1, 2, 3, 0])),
        setup_family=draw(st.sampled_from(["red", "red", "red", step.setup_family])),
        pools=draw(st.sampled_from([(), (), step.pools])),
        max_lag_after=draw(st.sampled_from([None, None, None, step.max_lag_after])),
    )


@st.composite
def jobs(
    draw: st.DrawFn,
    name: str,
    names: list[str],
    earlier: Any = (),
    *,
    pins: bool = True,
    crews: tuple[str, ...] = (),
    batches: bool = False,
) -> Job:
    before = draw(st.lists(st.sampled_from(earlier), max_size=1)) if earlier else []
    steps = draw(operations(name, names, pins, crews))
    if batches:
        steps = tuple(draw(sized(one)) for one in steps)
    return Job(
        name,
        steps,
        due=draw(st.integers(0, 600)),
        release=draw(st.sampled_from([0, 0, 30, 200])),
        weight=draw(st.sampled_from([1, 2, 10])),
        firm=draw(st.booleans()),
        predecessors=tuple(before),
    )


@st.composite
def matrices(draw: st.DrawFn) -> SetupMatrix:
    pairs = st.tuples(st.sampled_from(FAMILIES), st.sampled_from(FAMILIES))
    return SetupMatrix(
        "G",
        draw(st.dictionaries(pairs, st.integers(0, 40), max_size=6)),
        draw(st.integers(0, 20)),
        draw(st.dictionaries(st.sampled_from(FAMILIES), st.integers(0, 20), max_size=2)),
    )


@st.composite
def shops(
    draw: st.DrawFn,
    *,
    pins: bool = True,
    batches: bool = False,
    lots: bool = False,
    held: bool = False,
) -> Problem:
    """A random small shop: calendars, change-overs, alternates, lags, pins, levels, forecasts,
    pools, subcontractors, a fence, and where they are asked for racks, plates, transfer lots,
    reservations."""
    found, people = draw(machines(batches=batches)), draw(pools())
    crews = tuple(one.id for one in people)
    names = [one.id for one in found]
    orders: list[Job] = []
    for i in range(draw(st.integers(3 if batches else 1, 7))):
        earlier = [one.id for one in orders]
        order = jobs(f"J{i}", names, earlier, pins=pins, crews=crews, batches=batches)
        orders.append(draw(order))
    fence = draw(st.sampled_from([0, 0, 0, 100]))
    if lots:
        orders = [draw(in_lots(one)) for one in orders]
    if batches and pins:
        orders = [draw(beside(one, orders)) for one in orders]
    shop = Problem(found, tuple(orders), (draw(matrices()),), people, fence)
    if not held:
        return shop
    return replace(shop, reservations=draw(reservations(shop)))


@st.composite
def reservations(draw: st.DrawFn, shop: Problem) -> tuple[Reservation, ...]:
    found = []
    for one in shop.machines:
        for _ in range(0 if one.unlimited else draw(st.sampled_from([1, 2, 0]))):
            start = draw(st.integers(0, 150))
            names = draw(st.lists(st.sampled_from(sorted(shop.job)), max_size=2, unique=True))
            weight = draw(st.sampled_from([None, None, 2, 10]))
            end = start + draw(st.integers(5, 80))
            found.append(Reservation(one.id, start, end, tuple(names), weight))
    return tuple(found)


@st.composite
def in_lots(draw: st.DrawFn, order: Job) -> Job:
    """The order for some pieces, handed on in lots."""
    steps = tuple(
        replace(one, transfer=draw(st.sampled_from([1, 2, 3, 0]))) for one in order.operations
    )
    return replace(order, operations=steps, quantity=draw(st.integers(1, 7)))


@st.composite
def beside(draw: st.DrawFn, order: Job, orders: list[Job]) -> Job:
    """The order, or with its first step pinned together with that of another."""
    others = [one.operations[0] for one in orders if one.operations[0].pinned]
    first, *rest = order.operations
    if not others or first.pinned or draw(st.booleans()):
        return order
    other = draw(st.sampled_from(others))
    first = replace(
        first, pinned=other.pinned, setup_family=other.setup_family, pools=other.pools,
        alternatives=other.alternatives, size=1,
    )  # fmt: skip
    return replace(order, operations=(first, *rest))
