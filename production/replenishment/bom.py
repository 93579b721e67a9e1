"""Bills of material: which parts a configured product needs, through all levels.

Quantities are whole numbers or `Decimal`, never float. A line counts when its condition matches
the chosen options; scrap inflates it: required = quantity / (1 − scrap share).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

Quantity: TypeAlias = int | Decimal
Choice: TypeAlias = str | int | Decimal | bool | Sequence[str] | None
Options: TypeAlias = Mapping[str, Choice]


class InvalidBomError(ValueError):
    """A line, condition or quantity that cannot be: negative, a float, scrap of 1 or more."""


class BomCycleError(ValueError):
    """An item contains itself. ``path`` names the items around the circle."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        super().__init__("a bill of material runs in a circle: " + " → ".join(path))


@dataclass(frozen=True)
class NumberRange:
    """Least and most that match, both included; None leaves the side open."""

    least: Decimal | None = None
    most: Decimal | None = None

    def holds(self, choice: Choice) -> bool:
        """Whether ``choice`` is a number, or text that reads as one, inside the range."""
        if isinstance(choice, bool) or not isinstance(choice, str | int | Decimal):
            return False
        try:
            number = Decimal(choice)
        except InvalidOperation:
            return False
        if not number.is_finite():
            return False
        above = self.least is None or number >= self.least
        return above and (self.most is None or number <= self.most)


@dataclass(frozen=True)
class Condition:
    """All of ``rules`` must hold; none at all always holds. An option not chosen never matches.

    A rule is a set of values (one of them is chosen; of a multiple choice, at least one) or a
    `NumberRange`.
    """

    rules: Mapping[str, frozenset[str] | NumberRange] = field(default_factory=dict)

    def holds(self, options: Options) -> bool:
        """Whether every rule matches the chosen options."""
        return all(_matches(rule, options.get(group)) for group, rule in self.rules.items())


def _matches(rule: frozenset[str] | NumberRange, choice: Choice) -> bool:
    if choice is None:
        return False
    if isinstance(rule, NumberRange):
        return rule.holds(choice)
    if isinstance(choice, list | tuple):
        return any(_word(value) in rule for value in choice)
    return _word(choice) in rule


def _word(value: object) -> str:
    """How a value is written in a condition: yes/no as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def condition_from(data: Mapping[str, object]) -> Condition:
    """Read a condition as JSON holds it: ``{group: [values]}`` or ``{group: {"min", "max"}}``.

    >>> rule = condition_from({"colour": ["red", "blue"], "width": {"min": 10, "max": "12.5"}})
    >>> rule.holds({"colour": "red", "width": 12}), rule.holds({"colour": "red", "width": 13})
    (True, False)

    Raises
    ------
    InvalidBomError
        On any other shape, an unknown bound, a bound that is no number, min above max.
    """
    return Condition({group: _rule(group, value) for group, value in data.items()})


def _rule(group: str, value: object) -> frozenset[str] | NumberRange:
    if isinstance(value, Mapping):
        return _range(group, value)
    if isinstance(value, list | tuple | set | frozenset):
        return frozenset(_word(v) for v in value)
    raise InvalidBomError(f"{group}: give a list of values, or min and max")


def _range(group: str, bounds: Mapping[str, object]) -> NumberRange:
    if not bounds or set(bounds) - {"min", "max"}:
        raise InvalidBomError(f"{group}: only min and max are bounds")
    least, most = (_bound(group, bounds.get(side)) for side in ("min", "max"))
    if least is not None and most is not None and least > most:
        raise InvalidBomError(f"{group}: min is above max")
    return NumberRange(least, most)


def _bound(group: str, value: object) -> Decimal | None:
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except ArithmeticError as problem:
        raise InvalidBomError(f"{group}: {value!r} is no number") from problem
    if isinstance(value, bool) or not number.is_finite():
        raise InvalidBomError(f"{group}: {value!r} is no number")
    return number


@dataclass(frozen=True)
class BomLine:
    """One part of a parent.

    part : item id.
    quantity : per one parent, above 0.
    scrap : share lost on the way, in [0, 1).
    condition : when the line counts; already evaluated as a bool, or a `Condition`.
    substitutes : item ids that may stand in, best first. Kept as data, never chosen here.
    """

    part: str
    quantity: Quantity = 1
    scrap: Decimal = Decimal(0)
    condition: Condition | bool = True
    substitutes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not is_quantity(self.quantity) or self.quantity <= 0:
            raise InvalidBomError(f"{self.part}: the quantity must be a number above 0, not float")
        if not isinstance(self.scrap, Decimal) or not 0 <= self.scrap < 1:
            raise InvalidBomError(f"{self.part}: scrap must be a Decimal in [0, 1)")

    def counts(self, options: Options) -> bool:
        """Whether the line belongs to a product with these options."""
        return self.condition if isinstance(self.condition, bool) else self.condition.holds(options)

    def needed(self, parents: Quantity) -> Quantity:
        """For so many parents, scrap included. Without scrap whole numbers stay whole."""
        if not self.scrap:
            return self.quantity * parents
        return self.quantity * parents / (1 - self.scrap)


Bom: TypeAlias = Mapping[str, Sequence[BomLine]]
"""Parent item id → its lines. Items without an entry are bought or raw."""


@dataclass(frozen=True)
class Need:
    """So much of ``item``, ``level`` steps below the product, inside ``parent``."""

    item: str
    quantity: Quantity
    level: int
    parent: str
    substitutes: tuple[str, ...] = ()


def is_quantity(value: object) -> bool:
    """Whether ``value`` may count stock: an int or finite Decimal, never float or bool."""
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int) and not isinstance(value, bool)


def explode(bom: Bom, product: str, quantity: Quantity, options: Options) -> list[Need]:
    """Everything that ``quantity`` of ``product`` need, parents before their parts.

    One row per line met, so the same part under two parents stands twice; add up by item for
    totals. Options apply on every level.

    >>> bom = {"lamp": [BomLine("shade", 2)], "shade": [BomLine("sheet", Decimal("0.5"))]}
    >>> [(n.item, n.quantity, n.level) for n in explode(bom, "lamp", 3, {})]
    [('shade', 6, 1), ('sheet', Decimal('3.0'), 2)]

    Raises
    ------
    BomCycleError
        Where the lines that count run in a circle.
    InvalidBomError
        On a float or negative quantity.
    """
    if not is_quantity(quantity) or quantity < 0:
        raise InvalidBomError("the quantity must be a whole number or Decimal, at least 0")
    needs: list[Need] = []
    _descend(bom, (product,), quantity, options, needs)
    return needs


def _descend(
    bom: Bom, path: tuple[str, ...], quantity: Quantity, options: Options, needs: list[Need]
) -> None:
    for line in bom.get(path[-1], ()):
        if not line.counts(options):
            continue
        if line.part in path:
            raise BomCycleError((*path[path.index(line.part) :], line.part))
        needed = line.needed(quantity)
        needs.append(Need(line.part, needed, len(path), path[-1], line.substitutes))
        _descend(bom, (*path, line.part), needed, options, needs)


def check_cycles(bom: Bom) -> None:
    """Raise BomCycleError where lines run in a circle under *some* options.

    Stricter than `explode`, for use when a bill is saved: conditions are taken to hold.
    """
    safe: set[str] = set()
    for parent in bom:
        _walk(bom, (parent,), safe)


def _walk(bom: Bom, path: tuple[str, ...], safe: set[str]) -> None:
    if path[-1] in safe:
        return
    for line in bom.get(path[-1], ()):
        if line.part in path:
            raise BomCycleError((*path[path.index(line.part) :], line.part))
        _walk(bom, (*path, line.part), safe)
    safe.add(path[-1])
