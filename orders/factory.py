"""Port: fast questions to whoever makes the goods. `settings.FACTORY` names the adapter."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


class CannotPromise(Exception):
    """No date can be given; `reason` is in words for the customer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Wanted:
    """So many pieces of a checked choice."""

    product_id: int
    values: Mapping[str, object]
    quantity: int


@dataclass(frozen=True)
class Promise:
    """When everything that was asked about can be there: the band, and the date to commit to."""

    p50: date
    p90: date
    committed: date
    reason: str


class Factory(Protocol):
    """`promise` and `earliest` only read; the others write in the caller's transaction, briefly."""

    def promise(self, wanted: Sequence[Wanted], now: datetime) -> Promise:
        """One date for all of `wanted`; raises `CannotPromise`."""

    def earliest(self, product_ids: Collection[int], now: datetime) -> dict[int, date]:
        """For lists: when one piece of each product, chosen as it is first shown, could be there.

        A constant number of queries. What nobody can make is left out.
        """

    def reserve(self, line_ids: Sequence[int], now: datetime, expires_at: datetime) -> Promise:
        """Hold capacity for these lines until then; raises `CannotPromise`.

        The promise is that of the places held: somebody may have been faster since `promise`.
        """

    def commit(self, order_id: int, now: datetime) -> None:
        """The order is certain: what was reserved for it stays."""

    def release(self, line_ids: Sequence[int]) -> None:
        """These lines need nothing any more; releasing twice does no harm."""


def factory() -> Factory:
    return _adapter(settings.FACTORY)


@lru_cache
def _adapter(path: str) -> Factory:
    return cast(Factory, import_string(path)())
