"""Rows that were found and not read yet: how many there are, and a page of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from django.db.models import QuerySet


class Found(Protocol):
    """What a page needs of rows. A list is such, where everything is read anyway."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[dict[str, Any]]: ...

    def __getitem__(self, part: slice, /) -> Sequence[dict[str, Any]]: ...


@dataclass(frozen=True)
class QueriedRows:
    """The rows of an ordered query; `read` brings those of a query, by primary key."""

    query: "QuerySet[Any]"
    read: Callable[["QuerySet[Any]"], dict[int, dict[str, Any]]]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.read(self.query).values())

    def __getitem__(self, part: slice, /) -> Sequence[dict[str, Any]]:
        start, stop, _step = part.indices(self._count)
        keys = self._keys(start, max(start, stop))
        rows = self.read(self.query.model._default_manager.filter(pk__in=keys)) if keys else {}
        return [rows[key] for key in keys if key in rows]

    def _keys(self, start: int, stop: int) -> list[int]:
        """From the end that is nearer: it is skipping that takes long."""
        keys = self.query.values_list("pk", flat=True)
        if start <= self._count // 2:
            return list(keys[start:stop])
        return list(keys.reverse()[self._count - stop : self._count - start])[::-1]

    @cached_property
    def _count(self) -> int:
        return self.query.count()
