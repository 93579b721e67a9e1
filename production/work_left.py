"""The work that open lines still need: the rest of their work orders, and whole routings of pieces
for which no work order was made yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orders import waiting
from orders.catalogue import matches
from orders.waiting import DueLine
from production.modelling import minutes_left
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


@dataclass
class Answered:
    """Pieces of a line that work orders answer for, and the steps left of those."""

    pieces: int = 0
    steps: list[Step] = field(default_factory=list)


class WorkLeft:
    """The work left of every line that is open now; five queries."""

    def __init__(self) -> None:
        self._routings = _routings()
        self._choices = waiting.due_choices()
        self._answered = _answered(self._routings)

    def answered(self, line: DueLine) -> Answered:
        return self._answered.get(line.line_id) or Answered()

    def missing(self, line: DueLine) -> int:
        """Pieces that are not made and that no work order answers for."""
        if line.status in MADE:
            return 0
        return max(0, line.quantity - self.answered(line).pieces)

    def foreseen(
        self, product_id: int, configuration_id: int, pieces: int, lines: int = 1
    ) -> Iterator[Step]:
        """The steps of so many missing pieces, on so many lines that each tear down."""
        values: Mapping[str, Any] = self._choices.get(configuration_id, {})
        for operation in self._routings.get(product_id, ()):
            if pieces and matches(operation.condition, values):
                each = operation.run_minutes / operation.expected_yield
                minutes = float(each * pieces + Decimal(operation.teardown_minutes) * lines)
                yield Step(operation.work_center, operation.name, minutes, _is_guess(operation))


def _routings() -> dict[int, list[Operation]]:
    """The steps of every product that has some, in their order."""
    found: dict[int, list[Operation]] = {}
    operations = Operation.objects.select_related("work_center", "routing")
    for operation in operations.order_by("routing", "sequence"):
        found.setdefault(operation.routing.product_id, []).append(operation)
    return found


def _answered(routings: Mapping[int, list[Operation]]) -> dict[int, Answered]:
    """What work orders have still to do for each line: its share of every unfinished job."""
    pegs = list(
        Pegging.objects.filter(order_line__in=waiting.due_ids())
        .exclude(work_order__status__in=_NOT_ANSWERING)
        .order_by("order_line", "pk")
        .values_list(
            "order_line_id",
            "quantity",
            "work_order_id",
            "work_order__quantity",
            "work_order__configuration__product_id",
        )
    )
    jobs = _unfinished({work_order_id for _, _, work_order_id, _, _ in pegs})
    guesses = {
        (product_id, operation.sequence)
        for product_id, operations in routings.items()
        for operation in operations
        if _is_guess(operation)
    }
    found: dict[int, Answered] = {}
    for line_id, quantity, work_order_id, made_together, product_id in pegs:
        answered = found.setdefault(line_id, Answered())
        answered.pieces += quantity
        answered.steps += [
            _step_of(job, quantity / made_together, (product_id, job.sequence) in guesses)
            for job in jobs.get(work_order_id, ())
        ]
    return found


def _unfinished(work_order_ids: set[int]) -> dict[int, list[Job]]:
    found: dict[int, list[Job]] = {}
    jobs = Job.objects.unfinished().filter(work_order__in=work_order_ids)
    for job in jobs.select_related("work_center").order_by("work_order", "sequence", "attempt"):
        found.setdefault(job.work_order_id, []).append(job)
    return found


def _step_of(job: Job, share: float, guessed: bool) -> Step:
    return Step(job.work_center, job.name, minutes_left(job) * share, guessed)


def _is_guess(operation: Operation) -> bool:
    return operation.run_minutes_low is not None
