"""The work that open lines still need: the rest of their work orders, and whole routings of pieces
for which no work order was made yet."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, TextField
from django.db.models.functions import Cast

from orders import waiting
from orders.catalogue import matches
from orders.waiting import DueLine
from production.modelling import minutes_of_rest
from production.models import Job, Operation, Pegging, WorkCenter

MADE = ("produced", "ready")
_NOT_ANSWERING = ("cancelled",)


@dataclass(frozen=True)
class Step:
    """What lines still need of a cell. `guessed`: nobody knows the time, somebody guessed it."""

    cell: WorkCenter
    name: str
    minutes: float
    guessed: bool


class _Rest(NamedTuple):
    """What is left of one job."""

    cell: WorkCenter
    name: str
    minutes: int
    guessed: bool


class _Share(NamedTuple):
    """The part of a work order that is made for one line."""

    work_order_id: int
    share: float


class _Operation(NamedTuple):
    cell: WorkCenter
    sequence: int
    name: str
    condition: Any
    run_minutes: Decimal
    teardown_minutes: int
    expected_yield: Decimal
    guess: Decimal | None

    @property
    def guessed(self) -> bool:
        return self.guess is not None


class WorkLeft:
    """The work left of every line that is open now; five queries."""

    def __init__(self) -> None:
        cells = {cell.pk: cell for cell in WorkCenter.objects.all()}
        self._choices = waiting.due_choices()
        self._routings = _routings(cells)
        self._pieces, self._shares = _pegged()
        self._jobs = _unfinished(cells, _guesses(self._routings))

    def shares(self, line: DueLine) -> Sequence[_Share]:
        """Which part of which work order answers for the line."""
        return self._shares.get(line.line_id, ())

    def steps_of(self, work_order_id: int, share: float) -> list[Step]:
        """The steps left of so much of a work order."""
        return [
            Step(job.cell, job.name, job.minutes * share, job.guessed)
            for job in self._jobs.get(work_order_id, ())
        ]

    def missing(self, line: DueLine) -> int:
        """Pieces that are not made and that no work order answers for."""
        if line.status in MADE:
            return 0
        return max(0, line.quantity - self._pieces.get(line.line_id, 0))

    def foreseen(
        self, product_id: int, configuration_id: int, pieces: int, lines: int = 1
    ) -> Iterator[Step]:
        """The steps of so many missing pieces, on so many lines that each tear down."""
        values: Mapping[str, Any] = self._choices.get(configuration_id, {})
        for operation in self._routings.get(product_id, ()):
            if pieces and matches(operation.condition, values):
                each = operation.run_minutes / operation.expected_yield
                minutes = float(each * pieces + Decimal(operation.teardown_minutes) * lines)
                yield Step(operation.cell, operation.name, minutes, operation.guessed)


def _routings(cells: Mapping[int, WorkCenter]) -> dict[int, list[_Operation]]:
    """The steps of every product that has some, in their order."""
    found: dict[int, list[_Operation]] = {}
    conditions: dict[str, Any] = {}  # thousands of routings share a few
    rows = Operation.objects.order_by("routing", "sequence").values_list(
        "routing__product_id",
        "work_center_id",
        "sequence",
        "name",
        Cast("condition", TextField()),
        "run_minutes",
        "teardown_minutes",
        "expected_yield",
        "run_minutes_low",
    )
    for product_id, cell_id, sequence, name, text, *times in rows:
        if text not in conditions:
            conditions[text] = json.loads(text)
        operation = _Operation(cells[cell_id], sequence, name, conditions[text], *times)
        found.setdefault(product_id, []).append(operation)
    return found


def _pegged() -> tuple[dict[int, int], dict[int, list[_Share]]]:
    """The pieces of each line that work orders answer for, and its share of each of those."""
    pegs = Pegging.objects.filter(order_line__in=waiting.due_ids())
    rows = (
        pegs.exclude(work_order__status__in=_NOT_ANSWERING)
        .order_by("order_line", "pk")
        .values_list("order_line_id", "quantity", "work_order_id", "work_order__quantity")
    )
    pieces: dict[int, int] = {}
    shares: dict[int, list[_Share]] = {}
    for line_id, quantity, work_order_id, made_together in rows:
        pieces[line_id] = pieces.get(line_id, 0) + quantity
        share = _Share(work_order_id, quantity / made_together)
        shares.setdefault(line_id, []).append(share)
    return pieces, shares


def _guesses(routings: Mapping[int, list[_Operation]]) -> set[tuple[int, int]]:
    """Product and sequence of the steps of which somebody guessed the time."""
    return {
        (product_id, operation.sequence)
        for product_id, operations in routings.items()
        for operation in operations
        if operation.guessed
    }


def _unfinished(
    cells: Mapping[int, WorkCenter], guesses: set[tuple[int, int]]
) -> dict[int, list[_Rest]]:
    """What is left to do for work orders of lines, in the order of their steps."""
    rows = Job.objects.unfinished().filter(
        Exists(Pegging.objects.filter(work_order=OuterRef("work_order"), order_line__isnull=False))
    )
    found: dict[int, list[_Rest]] = {}
    for order_id, product_id, sequence, cell_id, name, *times in rows.order_by(
        "work_order", "sequence", "attempt"
    ).values_list(
        "work_order_id",
        "work_order__configuration__product_id",
        "sequence",
        "work_center_id",
        "name",
        "run_minutes",
        F("quantity") - F("good") - F("scrap"),
        "quantity",
        "teardown_minutes",
    ):
        guessed = (product_id, sequence) in guesses
        rest = _Rest(cells[cell_id], name, minutes_of_rest(*times), guessed)
        found.setdefault(order_id, []).append(rest)
    return found
