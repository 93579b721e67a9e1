"""The adapter of orders' port `Factory`: dates and capacity from the published plan."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from orders import catalogue, waiting
from orders.factory import CannotPromise, Promise, Wanted
from production import routings
from production.calendars import moment_at, plant_zone
from production.models import Plan, Plant, Reservation
from production.promising import (
    Piece,
    Place,
    answer,
    board,
    dates_of,
    place_all,
)
from production.routings import CannotBeMade


class Factory:
    """Answers at once; nothing here waits for a new plan."""

    def promise(self, wanted: Sequence[Wanted], now: datetime) -> Promise:
        """One date for everything wanted, in its order. Raises `CannotPromise`."""
        return _answer(_places(_pieces(wanted), now), now)

    def earliest(self, product_ids: Collection[int], now: datetime) -> dict[int, date]:
        """The date that would be committed to for one piece, chosen as the shop first shows it."""
        first = {
            pk: catalogue.opening(sheet) for pk, sheet in catalogue.sheets(product_ids).items()
        }
        current, zone = board(now), plant_zone()
        found: dict[int, date] = {}
        for product_id, making in routings.makings(product_ids).items():
            try:
                place = current.place(routings.freeze(making, first[product_id], 1), now)
            except CannotBeMade:
                continue
            found[product_id] = dates_of(place.finish, now, zone).committed
        return found

    def reserve(self, line_ids: Sequence[int], now: datetime, expires_at: datetime) -> Promise:
        """Hold machine time for lines; holding it again replaces what was held.

        The promise is that of the places held. Raises `CannotPromise`, and then holds nothing.
        """
        board(now)  # built before the write lock is taken
        with transaction.atomic():
            _one_at_a_time()
            self.release(line_ids)
            wanted = _of_lines(line_ids)
            places = _places([piece for _, piece in wanted], now)
            origin = board(now).shop.origin
            Reservation.objects.bulk_create(
                reservation
                for (line_id, _), place in zip(wanted, places, strict=True)
                for reservation in _reservations(line_id, place, origin, expires_at)
            )
        return _answer(places, now)

    def commit(self, order_id: int, now: datetime) -> None:
        """The order is certain: what was reserved for it stays until a plan holds it."""
        held = Reservation.objects.filter(order_line__order_id=order_id)
        held.active(now).update(expires_at=None)

    def release(self, line_ids: Sequence[int]) -> None:
        Reservation.objects.filter(order_line__in=list(line_ids)).delete()


def sweep(now: datetime, after: timedelta = timedelta(days=1)) -> int:
    """Forget reservations that ran out; they hold nothing any more. Returns how many."""
    return Reservation.objects.filter(expires_at__lte=now - after).delete()[0]


def _pieces(wanted: Iterable[Wanted]) -> list[Piece]:
    return [Piece(one.product_id, one.values, one.quantity) for one in wanted]


def _places(pieces: Sequence[Piece], now: datetime) -> list[Place]:
    try:
        return place_all(pieces, now)
    except CannotBeMade as problem:
        raise CannotPromise(problem.reason) from problem


def _answer(places: Sequence[Place], now: datetime) -> Promise:
    dates, reason = answer(places, now)
    return Promise(dates.p50, dates.p90, dates.committed, reason)


def _one_at_a_time() -> None:
    """Two reservations at once must not find the same gap: the second waits for the first."""
    if not Plan.objects.published().select_for_update().first():
        Plant.objects.select_for_update().order_by("pk").first()


def _of_lines(line_ids: Sequence[int]) -> list[tuple[int, Piece]]:
    return [
        (line.line_id, Piece(line.product_id, line.values, line.quantity))
        for line in waiting.lines_of(line_ids)
    ]


def _reservations(
    line_id: int, place: Place, origin: datetime, expires_at: datetime
) -> list[Reservation]:
    return [
        Reservation(
            order_line_id=line_id,
            machine_id=slot.machine_id,
            sequence=slot.sequence,
            setup_family=slot.family,
            start=moment_at(origin, slot.start),
            end=moment_at(origin, slot.end),
            expires_at=expires_at,
        )
        for slot in place.slots
    ]
