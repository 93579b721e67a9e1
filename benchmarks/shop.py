"""A made-to-order shop for the scheduling benchmark: 40 machines, orders with options, due dates.

Printers change colour and material, cells keep shifts, paint goes from light to dark, some work can
be done on several unlike machines. Everything is drawn from one seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from production.scheduling import Alternative, Job, Machine, Operation, Problem, SetupMatrix

DAY, WEEK = 24 * 60, 7 * 24 * 60
NEVER_RESTS = (0, 24)
WEIGHTS = {1: 0.50, 2: 0.28, 4: 0.16, 10: 0.06}
PACE = 1.5  # times as long as in an empty shop is an order expected to take
KNOWN_NOW = 0.65  # share of orders whose material is there; that of the others is on its way
SKILLS_MISSING = 0.3  # share of work on unlike machines that one of them cannot do


@dataclass(frozen=True)
class Cell:
    """Like machines: working days and hours, materials × colours, change-over minutes (colour,
    material), shortest and longest minutes of an operation, whether machines differ in speed."""

    machines: int
    days: int
    hours: tuple[int, int]
    families: tuple[int, int]
    changeovers: tuple[int, int]
    minutes: tuple[int, int]
    unlike: bool = False


CELLS = {
    "fdm": Cell(10, 7, (0, 24), (4, 6), (12, 35), (60, 600)),
    "resin": Cell(4, 7, (0, 24), (3, 3), (15, 40), (60, 360)),
    "powder": Cell(3, 7, (0, 24), (2, 1), (0, 90), (240, 900)),
    "mill": Cell(4, 6, (6, 22), (6, 1), (0, 40), (20, 180), unlike=True),
    "lathe": Cell(3, 6, (6, 22), (5, 1), (0, 30), (15, 120), unlike=True),
    "laser": Cell(3, 6, (6, 22), (4, 1), (0, 15), (10, 60), unlike=True),
    "finish": Cell(3, 6, (6, 22), (2, 1), (0, 10), (15, 90)),
    "paint": Cell(3, 6, (6, 22), (1, 8), (25, 25), (20, 90)),
    "assembly": Cell(5, 5, (6, 22), (3, 1), (0, 15), (20, 150), unlike=True),
    "inspection": Cell(2, 5, (6, 22), (1, 1), (0, 0), (10, 40)),
}
ROUTES: Sequence[tuple[float, tuple[str, ...]]] = (
    (0.30, ("fdm", "finish", "paint", "assembly", "inspection")),
    (0.16, ("resin", "finish", "paint", "inspection")),
    (0.08, ("powder", "finish", "assembly", "inspection")),
    (0.20, ("laser", "mill", "finish", "assembly", "inspection")),
    (0.14, ("lathe", "mill", "inspection")),
    (0.12, ("fdm", "assembly", "inspection")),
)


def made(jobs: int, load: float, seed: int) -> Problem:
    """A problem of `jobs` orders whose due dates ask `load` times what the bottleneck can do."""
    rng = np.random.default_rng(seed)
    speed = {name: _speeds(cell, rng) for name, cell in CELLS.items()}
    routes = rng.choice(len(ROUTES), jobs, p=[share for share, _ in ROUTES])
    steps = [_steps(ROUTES[route][1], rng) for route in routes]
    span = _span(steps) / load
    horizon = int(3 * span + 8 * WEEK)
    machines = tuple(
        Machine(f"{name}-{i}", name, _windows(cell, horizon), "0.0")
        for name, cell in CELLS.items()
        for i in range(cell.machines)
    )
    weights = rng.choice(list(WEIGHTS), jobs, p=list(WEIGHTS.values()))
    orders = tuple(
        _order(number, steps[number], speed, int(weights[number]), span, rng)
        for number in range(jobs)
    )
    return Problem(machines, orders, tuple(_matrix(name, cell) for name, cell in CELLS.items()))


Step = tuple[str, int, str]  # cell, minutes at usual speed, family


def _steps(route: Sequence[str], rng: np.random.Generator) -> list[Step]:
    shade = rng.beta(1, 2.2)  # an order has one colour all the way
    steps = []
    for name in route:
        cell = CELLS[name]
        low, high = cell.minutes
        minutes = int(low + (high - low) * rng.beta(1.3, 2.6))
        materials, colours = cell.families
        material = int(materials * rng.beta(1, 1.8))
        steps.append((name, minutes, f"{material}.{int(colours * shade)}"))
    return steps


def _span(steps: Sequence[Sequence[Step]]) -> float:
    """Minutes in which the busiest cell could do all its work at full use, a set-up for every
    third operation."""
    spans = []
    for name, cell in CELLS.items():
        work = [minutes for one in steps for at, minutes, _ in one if at == name]
        open_share = cell.days * (cell.hours[1] - cell.hours[0]) / (7 * 24)
        changing = len(work) / 3 * max(cell.changeovers)
        spans.append((sum(work) + changing) / cell.machines / open_share)
    return max(spans)


def _order(
    number: int,
    steps: Sequence[Step],
    speed: dict[str, Sequence[float]],
    weight: int,
    span: float,
    rng: np.random.Generator,
) -> Job:
    """An order that is due somewhere in the span. What is due soon is partly made already."""
    wanted = rng.random() * span
    steps = _left(steps, wanted)
    name = f"order-{number}"
    operations = tuple(
        Operation(
            f"{name}.{i}", name, i, _machines(cell, minutes, speed[cell], rng), family,
            splittable=CELLS[cell].hours != NEVER_RESTS,
        )
        for i, (cell, minutes, family) in enumerate(steps)
    )  # fmt: skip
    lead = PACE * (_alone(steps, 0) + DAY * rng.random())
    release = 0 if rng.random() < KNOWN_NOW else max(0, int(wanted - lead))
    due = max(int(wanted), release + int(PACE * (_alone(steps, release) - release)))
    return Job(name, operations, due, release, weight)


def _left(steps: Sequence[Step], wanted: float) -> Sequence[Step]:
    """What is left of an order that is on its way at an ordinary pace."""
    begun = next((i for i in range(len(steps)) if PACE * _alone(steps[i:], 0) <= wanted), -1)
    return steps[begun:]


def _alone(steps: Sequence[Step], release: int) -> int:
    """When an order is finished that has the shop to itself."""
    now = release
    for name, minutes, _ in steps:
        left = minutes
        for opens, closes in _windows(CELLS[name], now + 4 * WEEK):
            start = max(now, opens)
            if left and start < closes:
                now = min(closes, start + left)
                left -= now - start
    return now


def _machines(
    name: str, minutes: int, speed: Sequence[float], rng: np.random.Generator
) -> tuple[Alternative, ...]:
    able = list(range(len(speed)))
    if CELLS[name].unlike and rng.random() < SKILLS_MISSING:
        able.remove(int(rng.integers(len(speed))))
    return tuple(Alternative(f"{name}-{i}", max(1, round(minutes * speed[i]))) for i in able)


def _speeds(cell: Cell, rng: np.random.Generator) -> Sequence[float]:
    if not cell.unlike:
        return [1.0] * cell.machines
    return [float(one) for one in rng.choice([0.85, 1.0, 1.0, 1.2], cell.machines)]


def _windows(cell: Cell, horizon: int) -> tuple[tuple[int, int], ...]:
    """Working hours from a Monday on; a machine that never rests has one window."""
    if cell.hours == NEVER_RESTS:
        return ((0, horizon),)
    opens, closes = (60 * hour for hour in cell.hours)
    days = (day for day in range(horizon // DAY + 1) if day % 7 < cell.days)
    return tuple((day * DAY + opens, day * DAY + closes) for day in days)


def _matrix(name: str, cell: Cell) -> SetupMatrix:
    """Another material costs more than another colour; paint from dark to light costs most."""
    colour_change, material_change = cell.changeovers
    materials, colours = cell.families
    families = [(m, c) for m in range(materials) for c in range(colours)]
    minutes = {}
    for before in families:
        for after in families:
            if before[0] != after[0]:
                needed = material_change
            elif name == "paint" and before[1] > after[1]:
                needed = int(1.6 * colour_change)
            else:
                needed = colour_change
            if before != after:
                minutes[f"{before[0]}.{before[1]}", f"{after[0]}.{after[1]}"] = needed
    return SetupMatrix(name, minutes)
