"""Outlet: how long products take and how free their machines are, estimated for many at once.

A promise is exact and costs one look per order; these figures steer lists and suggestions. They
come from the published plan: the queue in front of each work center.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from production.calendars import minute_of
from production.models import Operation
from production.promising import SHIPPING_DAYS, Board, board
from production.scheduling.worktime import OpenTime

LOOK_AHEAD_DAYS = 14
_DAY = 24 * 60


@dataclass(frozen=True)
class Load:
    """A work center from now on: open minutes a day, share taken, days of queue."""

    daily: float
    taken: float
    queue_days: float


def lead_days(product_ids: Collection[int], now: datetime) -> dict[int, float]:
    """Days until one piece would be delivered, by product id; products without routing are left
    out.

    The longest queue among its work centers, its own work and lags, packing and transit.
    """
    loads = _loads(now)
    found: dict[int, float] = {}
    for product_id, steps in _steps(product_ids).items():
        centers = [loads[step.work_center_id] for step in steps if step.work_center_id in loads]
        if len(centers) == len(steps) and all(load.daily for load in centers):
            work = sum(_days(step, load) for step, load in zip(steps, centers, strict=True))
            queue = max(load.queue_days for load in centers)
            found[product_id] = round(queue + work + SHIPPING_DAYS, 2)
    return found


def free_capacity(product_ids: Collection[int], now: datetime) -> dict[int, float]:
    """Free share (0 … 1) of the next two weeks at the fullest work center that a product needs."""
    loads = _loads(now)
    return {
        product_id: min(
            (
                1 - loads[step.work_center_id].taken
                for step in steps
                if step.work_center_id in loads
            ),
            default=0.0,
        )
        for product_id, steps in _steps(product_ids).items()
    }


def setup_minutes(product_ids: Collection[int], now: datetime) -> dict[int, int]:
    """Minutes of set-up that making a product alone would take, all its steps together."""
    return {
        product_id: sum(step.setup_minutes for step in steps)
        for product_id, steps in _steps(product_ids).items()
    }


def _steps(product_ids: Collection[int]) -> dict[int, list[Operation]]:
    """The steps that every configuration of a product has."""
    found: dict[int, list[Operation]] = {}
    operations = Operation.objects.filter(routing__product__in=product_ids)
    for step in operations.select_related("routing").order_by("routing", "sequence"):
        steps = found.setdefault(step.routing.product_id, [])
        if not step.condition:
            steps.append(step)
    return found


def _days(step: Operation, load: Load) -> float:
    minutes = float(step.run_minutes) + step.setup_minutes + step.teardown_minutes
    return minutes / load.daily + step.min_lag_minutes / _DAY


def _loads(now: datetime) -> dict[int, Load]:
    current = board(now)
    busy = _busy(current, minute_of(now, current.shop.origin))
    return {
        center_id: _load(current, (machine.pk for machine in machines), busy, now)
        for center_id, machines in current.shop.by_center.items()
    }


def _busy(current: Board, start: int) -> dict[int, tuple[int, int]]:
    """Open minutes taken on each machine from `start` on: in the next two weeks, and in all."""
    found: dict[int, tuple[int, int]] = {}
    end = start + LOOK_AHEAD_DAYS * _DAY
    hours = {pk: OpenTime(windows) for pk, windows in current.shop.windows.items()}
    for slot in current.slots:
        worked = hours[slot.machine_id].worked
        soon = worked(min(slot.end, end)) - worked(max(min(slot.start, end), start))
        whole = worked(slot.end) - worked(max(slot.start, start))
        before = found.get(slot.machine_id, (0, 0))
        found[slot.machine_id] = (before[0] + max(0, soon), before[1] + max(0, whole))
    return found


def _load(
    current: Board, machine_ids: Iterable[int], busy: dict[int, tuple[int, int]], now: datetime
) -> Load:
    start = minute_of(now, current.shop.origin)
    end = start + LOOK_AHEAD_DAYS * _DAY
    opened = soon = whole = 0
    for pk in machine_ids:
        hours = OpenTime(current.shop.windows[pk])
        opened += hours.worked(end) - hours.worked(start)
        soon += busy.get(pk, (0, 0))[0]
        whole += busy.get(pk, (0, 0))[1]
    if not opened:
        return Load(0.0, 1.0, 0.0)
    daily = opened / LOOK_AHEAD_DAYS
    return Load(daily, min(1.0, soon / opened), whole / daily)
