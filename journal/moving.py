"""Change a state: checked against its lifecycle, compared and set, and written down, at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from journal import dispatch
from journal.loading import load
from journal.models import Transition


class IllegalStep(Exception):
    """The lifecycle has no such step."""

    def __init__(self, kind: str, object_id: int, old: str, new: str) -> None:
        super().__init__(f"{kind} {object_id} cannot go from {old or 'nothing'} to {new}")
        self.kind, self.object_id, self.old, self.new = kind, object_id, old, new


class Stale(Exception):
    """Somebody else changed the row first; the caller's picture of it is out of date."""

    def __init__(self, kind: str, object_id: int, expected: str) -> None:
        super().__init__(f"{kind} {object_id} is no longer {expected}")
        self.kind, self.object_id, self.expected = kind, object_id, expected


@dataclass(frozen=True)
class Lifecycle:
    """The legal steps of one kind of row: `steps[old]` are the states that may follow `old`."""

    kind: str
    steps: Mapping[str, frozenset[str]]

    def allows(self, old: str, new: str) -> bool:
        return new in self.steps.get(old, frozenset())

    def check(self, object_id: int, old: str, new: str) -> None:
        if not self.allows(old, new):
            raise IllegalStep(self.kind, object_id, old, new)


def lifecycle(kind: str, steps: Mapping[str, str]) -> Lifecycle:
    """Read a table of `{"draft": "placed cancelled", …}`; states that end map to an empty text."""
    return Lifecycle(kind, {old: frozenset(new.split()) for old, new in steps.items()})


def move(
    cycle: Lifecycle,
    row: models.Model,
    to: str,
    *,
    by: str,
    at: datetime,
    why: str = "",
    **changes: Any,
) -> None:
    """Take `row` one step, with `changes` to other fields in the same statement.

    Raises `IllegalStep` where the lifecycle has no such step, and `Stale` where the row has left
    the state that the caller saw; in both cases nothing is written.
    """
    old = row.status  # type: ignore[attr-defined]  # every row with a lifecycle has a status
    cycle.check(row.pk, old, to)
    with transaction.atomic():
        rows = type(row)._default_manager.filter(pk=row.pk, status=old)
        if not rows.update(status=to, **changes):
            raise Stale(cycle.kind, row.pk, old)
        record(cycle, [(row.pk, old)], to, by=by, at=at, why=why)
    row.refresh_from_db(fields=["status", *changes])


def move_many(
    cycle: Lifecycle,
    rows: "models.QuerySet[Any]",
    old: str,
    to: str,
    *,
    by: str,
    at: datetime,
    why: str = "",
    **changes: Any,
) -> list[int]:
    """Take every row of `rows` that is in state `old` one step; returns the ids of what moved."""
    cycle.check(0, old, to)
    with transaction.atomic():
        ids = list(rows.filter(status=old).select_for_update().values_list("pk", flat=True))
        for start in range(0, len(ids), 500):
            rows.model._default_manager.filter(pk__in=ids[start : start + 500]).update(
                status=to, **changes
            )
        record(cycle, [(pk, old) for pk in ids], to, by=by, at=at, why=why)
    return ids


def record(
    cycle: Lifecycle,
    moved: Iterable[tuple[int, str]],
    to: str,
    *,
    by: str,
    at: datetime,
    why: str = "",
) -> None:
    """Write down moves that a statement of the caller's own has made: pairs (id, old state).

    A row that is new has the old state "". Runs in the caller's transaction. Where somebody waits
    for this step, his duties name each transition, so its number must come back; others are loaded.
    """
    alike = {"kind": cycle.kind, "to_status": to, "at": at, "by": by, "why": why[:300]}
    heard: list[Transition] = []
    others: list[tuple[int, str]] = []
    awaited = dispatch.awaited(cycle.kind, to)
    for pk, old in moved:
        one = Transition(object_id=pk, from_status=old, **alike) if awaited else None
        if one and dispatch.receivers_of(one):
            heard.append(one)
        else:
            others.append((pk, old))
    dispatch.expect(Transition.objects.bulk_create(heard, batch_size=1000))
    ids, before = [pk for pk, _ in others], [old for _, old in others]
    load(Transition, {"object_id": ids, "from_status": before}, **alike)


def timeline(cycle: Lifecycle, object_id: int) -> "models.QuerySet[Transition]":
    """Everything that happened to one row, oldest first."""
    return Transition.objects.filter(kind=cycle.kind, object_id=object_id).order_by("at", "pk")
