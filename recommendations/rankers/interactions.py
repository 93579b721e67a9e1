"""What customers did, as arrays: the input of every ranker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Rows: TypeAlias = "csr_array[np.float64, tuple[int, int]]"

MOST_WEIGHT = 10.0
"""No single event counts for more than this many plain orders."""


class InvalidInteractionsError(ValueError):
    """The arrays do not describe interactions: lengths, indices, weights or ids are wrong."""


@dataclass(frozen=True, eq=False)
class Interactions:
    """A log of who touched what, how strongly and when.

    Parameters
    ----------
    users, items : id lists; an index below points into them. Ids are unique.
    user, item : (n_events,) integer indices.
    weight : (n_events,) finite, above 0; one plain order is 1.
    day : (n_events,) finite; days on any running scale, fractions allowed.

    Raises
    ------
    InvalidInteractionsError
        On unequal lengths, an index out of range, a bad weight or day, a repeated id.

    >>> log = Interactions.from_rows([("Alice", "lamp", 1.0, 3.0), ("Bob", "lamp", 1.0, 4.0)])
    >>> log.users, log.items, log.item.tolist(), log.latest
    (('Alice', 'Bob'), ('lamp',), [0, 0], 4.0)
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    user: Ints
    item: Ints
    weight: Floats
    day: Floats

    def __post_init__(self) -> None:
        lengths = {a.shape for a in (self.user, self.item, self.weight, self.day)}
        if len(lengths) != 1 or len(next(iter(lengths))) != 1:
            raise InvalidInteractionsError("user, item, weight and day need one equal length")
        for name, index, ids in (
            ("user", self.user, self.users),
            ("item", self.item, self.items),
        ):
            _check_index(name, index, ids)
        if not np.isfinite(self.weight).all() or (self.weight <= 0).any():
            raise InvalidInteractionsError("every weight must be finite and above 0")
        if not np.isfinite(self.day).all():
            raise InvalidInteractionsError("every day must be finite")

    @classmethod
    def from_rows(
        cls, rows: Iterable[tuple[str, str, float, float]], items: Sequence[str] = ()
    ) -> Interactions:
        """Build from ``(user id, item id, weight, day)``; ``items`` come first in the list."""
        table = list(rows)
        users = {u: i for i, u in enumerate(dict.fromkeys(r[0] for r in table))}
        known = {x: i for i, x in enumerate(dict.fromkeys([*items, *(r[1] for r in table)]))}
        return cls(
            tuple(users),
            tuple(known),
            np.array([users[r[0]] for r in table], dtype=np.int64),
            np.array([known[r[1]] for r in table], dtype=np.int64),
            np.array([r[2] for r in table], dtype=np.float64),
            np.array([r[3] for r in table], dtype=np.float64),
        )

    @classmethod
    def empty(cls, items: Sequence[str] = ()) -> Interactions:
        """No events over the given items."""
        return cls.from_rows([], items)

    @property
    def latest(self) -> float:
        """The day of the newest event; 0 where there is none."""
        return float(self.day.max()) if self.day.size else 0.0

    def where(self, mask: NDArray[np.bool_]) -> Interactions:
        """The events where ``mask`` (n_events,) holds; id lists stay as they are."""
        return Interactions(
            self.users,
            self.items,
            self.user[mask],
            self.item[mask],
            self.weight[mask],
            self.day[mask],
        )

    def over(self, items: Sequence[str]) -> Interactions:
        """The same events with items renumbered to ``items``; events of others are left out."""
        place = {x: i for i, x in enumerate(items)}
        moved = np.array([place.get(x, -1) for x in self.items], dtype=np.int64)
        item = moved[self.item] if self.item.size else self.item
        kept = item >= 0
        return Interactions(
            self.users,
            tuple(items),
            self.user[kept],
            item[kept],
            self.weight[kept],
            self.day[kept],
        )

    def joined(self, other: Interactions) -> Interactions:
        """Both logs over one set of ids; this log's ids keep their places."""
        users = tuple(dict.fromkeys([*self.users, *other.users]))
        items = tuple(dict.fromkeys([*self.items, *other.items]))
        place = {u: i for i, u in enumerate(users)}
        moved = np.array([place[u] for u in other.users], dtype=np.int64)
        theirs = other.over(items)
        return Interactions(
            users,
            items,
            np.concatenate([self.user, moved[theirs.user] if moved.size else theirs.user]),
            np.concatenate([self.item, theirs.item]),
            np.concatenate([self.weight, theirs.weight]),
            np.concatenate([self.day, theirs.day]),
        )


def _check_index(name: str, index: Ints, ids: tuple[str, ...]) -> None:
    if len(set(ids)) != len(ids):
        raise InvalidInteractionsError(f"the {name} ids repeat")
    if not np.issubdtype(index.dtype, np.integer):
        raise InvalidInteractionsError(f"the {name} indices must be whole numbers")
    if index.size and (index.min() < 0 or index.max() >= len(ids)):
        raise InvalidInteractionsError(f"a {name} index points outside the {len(ids)} ids")


def decay(day: Floats, as_of: float, half_life: float) -> Floats:
    """Weight in (0, 1] that halves every ``half_life`` days before ``as_of``; later days give 1.

    >>> decay(np.array([0.0, 10.0, 99.0]), as_of=10.0, half_life=10.0).tolist()
    [0.5, 1.0, 1.0]
    """
    return np.asarray(0.5 ** (np.maximum(as_of - day, 0.0) / half_life), dtype=np.float64)


def preferences(data: Interactions, as_of: float, half_life: float, most: int = 500) -> Rows:
    """Users × items matrix of the strongest decayed event of each pair.

    Repeats of one pair count once, and each user keeps at most ``most`` items, the strongest:
    a robot with 100,000 events weighs no more than an eager customer.
    """
    shape = (len(data.users), len(data.items))
    strength = np.minimum(data.weight, MOST_WEIGHT) * decay(data.day, as_of, half_life)
    order = np.lexsort((-strength, data.item, data.user))
    user, item, value = data.user[order], data.item[order], strength[order]
    first = np.ones(len(user), dtype=bool)
    first[1:] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
    user, item, value = user[first], item[first], value[first]
    order = np.lexsort((-value, user))
    user, item, value = user[order], item[order], value[order]
    rank = np.arange(len(user)) - np.searchsorted(user, user)
    kept = rank < most
    return csr_array((value[kept], (user[kept], item[kept])), shape=shape)


@dataclass(frozen=True)
class Product:
    """What content knows of an item: words, attributes or options, price (None: not known)."""

    item: str
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    price: float | None = None


@dataclass(frozen=True, eq=False)
class History:
    """One person's items: (m,) indices, decayed weights, and whether each was ordered."""

    item: Ints
    weight: Floats
    ordered: NDArray[np.bool_]

    def row(self, n_items: int) -> Rows:
        """The history as a (1, n_items) matrix."""
        pointer = np.array([0, len(self.item)])
        return csr_array((self.weight, self.item, pointer), shape=(1, n_items))
