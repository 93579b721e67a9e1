"""Which option values customers will choose: smoothed frequencies that forget.

Each sale adds to counts of its product, of its family and of the shop; older sales weigh less by
a half-life. The probability of a value is pooled upward, p_product ← p_family ← p_shop ← equal
shares, each level worth `prior` sales (Dirichlet smoothing; MacKay & Peto 1995), over feasible
values only. Given values already chosen, it is multiplied by how often the given values went with
the candidate (naive Bayes on smoothed pair counts, Domingos & Pazzani 1997).

Learning appends one sale at a cost that depends on the number of its options, not on history:
weights grow with time instead of old counts being shrunk. All values are plain strings; numbers
are discretised by the caller, text and files left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite, log2
from typing import Any, Self, TypeVar

SHOP = ""
LARGEST = 1e100
"""Weights are brought back to size before they leave the range of floats."""

Feasible = Mapping[str, Sequence[str]]
Key = tuple[str, str, str]
PairKey = tuple[str, str, str, str, str]
AnyKey = TypeVar("AnyKey")


class InfeasibleValue(ValueError):
    """A chosen value is not among the feasible ones."""


class NoFeasibleValue(ValueError):
    """An option has no feasible value at all."""


class CorruptOptionModel(ValueError):
    """Stored counts cannot be read."""


@dataclass(frozen=True)
class Sale:
    """One sold line: `choices` option group → value, `quantity` pieces of that configuration."""

    product: str
    family: str
    choices: Mapping[str, str]
    at: date
    quantity: float = 1.0


@dataclass(frozen=True)
class Evidence:
    """Why a value has its probability.

    Recent sales are weighted by age: a sale one half-life old counts as half a sale.
    """

    value: str
    probability: float
    product: float
    product_total: float
    family: float
    family_total: float
    shop: float
    shop_total: float


@dataclass
class OptionModel:
    """Option probabilities; see the module.

    `half_life_days`: age at which a sale counts half. `prior`: sales that the level above is
    worth. `pair_prior`: the same for pairs of values.
    """

    half_life_days: float = 120.0
    prior: float = 5.0
    pair_prior: float = 5.0
    families: dict[str, str] = field(default_factory=dict)
    counts: dict[Key, dict[str, float]] = field(default_factory=dict)
    pairs: dict[PairKey, dict[str, float]] = field(default_factory=dict)
    anchor: int = 0
    latest: int = 0

    def __post_init__(self) -> None:
        numbers = (self.half_life_days, self.prior, self.pair_prior)
        if not all(isfinite(number) and number > 0 for number in numbers):
            raise ValueError("Half-life and priors must be positive numbers.")

    @classmethod
    def fit(
        cls,
        sales: Iterable[Sale],
        half_life_days: float = 120.0,
        prior: float = 5.0,
        pair_prior: float = 5.0,
    ) -> Self:
        """Learn from sales, in any order."""
        model = cls(half_life_days, prior, pair_prior)
        for sale in sales:
            model.learn(sale)
        return model

    def learn(self, sale: Sale) -> None:
        """Add one sale; the cost does not depend on how many came before."""
        weight = self._weight(sale)
        self.families[sale.product] = sale.family
        for level, name in _levels(sale.product, sale.family):
            for group, value in sale.choices.items():
                _add(self.counts, (level, name, group), value, weight)
        for level, name in _levels(sale.product, sale.family)[:2]:
            for group, value in sale.choices.items():
                for other, taken in sale.choices.items():
                    if other != group:
                        _add(self.pairs, (level, name, group, value, other), taken, weight)

    def probabilities(
        self,
        product: str,
        group: str,
        feasible: Sequence[str],
        given: Mapping[str, str] | None = None,
        family: str | None = None,
    ) -> dict[str, float]:
        """Probability of each feasible value of an option; they sum to 1.

        `given`: values already chosen. `family`: for a product that was never sold.
        Raises `NoFeasibleValue`.

        >>> from datetime import date
        >>> oak = Sale("table", "tables", {"wood": "oak"}, date(2024, 5, 1))
        >>> OptionModel.fit([oak], prior=1.0).probabilities("table", "wood", ["oak", "ash"])
        {'oak': 0.9375, 'ash': 0.0625}
        """
        kin = self.families.get(product, SHOP) if family is None else family
        result = self._pooled(product, kin, group, feasible)
        for other, taken in (given or {}).items():
            if other != group:
                for value in result:
                    result[value] *= self._pair(product, kin, group, value, other, taken)
                result = _shares(result)
        return result

    def bits(
        self, product: str, chosen: Mapping[str, str], feasible: Feasible, family: str | None = None
    ) -> float:
        """Surprise −log2 p of the chosen values, in bits per order line.

        Options are taken in alphabetical order, each given those before it; one with a single
        feasible value costs nothing. Raises `InfeasibleValue`.
        """
        total, given = 0.0, dict[str, str]()
        for group in sorted(chosen):
            value, values = chosen[group], feasible.get(group, ())
            if value not in values:
                raise InfeasibleValue(f"{value} is not feasible for {group}.")
            total -= log2(self.probabilities(product, group, values, given, family)[value])
            given[group] = value
        return total

    def explain(
        self,
        product: str,
        group: str,
        feasible: Sequence[str],
        given: Mapping[str, str] | None = None,
        family: str | None = None,
    ) -> list[Evidence]:
        """The counts behind each probability, most probable first."""
        shares = self.probabilities(product, group, feasible, given, family)
        kin = self.families.get(product, SHOP) if family is None else family
        facts = []
        for value, share in shares.items():
            recent: list[float] = []
            for level, name in _levels(product, kin):
                found = self._recent(level, name, group, feasible)
                recent += [found.get(value, 0.0), sum(found.values())]
            facts.append(Evidence(value, share, *recent))
        return sorted(facts, key=lambda fact: (-fact.probability, fact.value))

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "half_life_days": self.half_life_days,
            "prior": self.prior,
            "pair_prior": self.pair_prior,
            "anchor": self.anchor,
            "latest": self.latest,
            "families": dict(self.families),
            "counts": [[*key, found] for key, found in self.counts.items()],
            "pairs": [[*key, found] for key, found in self.pairs.items()],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The model again. Raises `CorruptOptionModel`."""
        try:
            return cls(
                float(data["half_life_days"]),
                float(data["prior"]),
                float(data["pair_prior"]),
                {str(product): str(family) for product, family in data["families"].items()},
                {(a, b, c): _weights(found) for a, b, c, found in data["counts"]},
                {(a, b, c, d, e): _weights(found) for a, b, c, d, e, found in data["pairs"]},
                int(data["anchor"]),
                int(data["latest"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise CorruptOptionModel("The stored option counts cannot be read.") from wrong

    def _weight(self, sale: Sale) -> float:
        """Weight of a sale relative to one at the anchor day; moves the anchor when too large."""
        day = sale.at.toordinal()
        if not self.counts:
            self.anchor = self.latest = day
        self.latest = max(self.latest, day)
        if 2.0 ** min((day - self.anchor) / self.half_life_days, 1000) > LARGEST:
            self._move_anchor(day)
        return float(sale.quantity * 2.0 ** ((day - self.anchor) / self.half_life_days))

    def _move_anchor(self, day: int) -> None:
        """Bring all weights back to size; happens once in some 300 half-lives."""
        shrink = 2.0 ** max((self.anchor - day) / self.half_life_days, -1000)
        for found in (*self.counts.values(), *self.pairs.values()):
            for value in found:
                found[value] *= shrink
        self.anchor = day

    def _now(self) -> float:
        """What one sale of the latest day weighs."""
        return float(2.0 ** ((self.latest - self.anchor) / self.half_life_days))

    def _recent(
        self, level: str, name: str, group: str, feasible: Sequence[str]
    ) -> dict[str, float]:
        """Sales of each feasible value, weighted by age as of the latest sale."""
        found, now = self.counts.get((level, name, group), {}), self._now()
        return {value: found[value] / now for value in feasible if value in found}

    def _pooled(
        self, product: str, family: str, group: str, feasible: Sequence[str]
    ) -> dict[str, float]:
        """Probabilities from shop to family to product, each level smoothed by the one above."""
        values = list(dict.fromkeys(feasible))
        if not values:
            raise NoFeasibleValue(f"No value of {group} is feasible.")
        shares = dict.fromkeys(values, 1 / len(values))
        for level, name in reversed(_levels(product, family)):
            found = self._recent(level, name, group, values)
            total = sum(found.values()) + self.prior
            shares = {
                value: (found.get(value, 0.0) + self.prior * share) / total
                for value, share in shares.items()
            }
        return _shares(shares)

    def _pair(
        self, product: str, family: str, group: str, value: str, other: str, taken: str
    ) -> float:
        """How probable the given value `taken` of `other` is where `value` is chosen."""
        seen = self.counts.get(("shop", SHOP, other), {})
        share = self._pooled(product, family, other, [*seen, taken])[taken]
        now = self._now()
        for level, name in reversed(_levels(product, family)[:2]):
            found = self.pairs.get((level, name, group, value, other), {})
            total = sum(found.values()) / now
            with_it = found.get(taken, 0.0) / now
            share = (with_it + self.pair_prior * share) / (total + self.pair_prior)
        return share


@dataclass(frozen=True)
class Frequencies:
    """Plain frequencies per product: the baseline that the option model must beat."""

    counts: Mapping[tuple[str, str], Mapping[str, float]]

    def probabilities(self, product: str, group: str, feasible: Sequence[str]) -> dict[str, float]:
        """(count + 1) / (total + number of values) over the feasible values (Laplace)."""
        if not feasible:
            raise NoFeasibleValue(f"No value of {group} is feasible.")
        found = self.counts.get((product, group), {})
        return _shares({value: found.get(value, 0.0) + 1.0 for value in feasible})

    def bits(self, product: str, chosen: Mapping[str, str], feasible: Feasible) -> float:
        """Surprise of the chosen values in bits, each option on its own."""
        total = 0.0
        for group, value in chosen.items():
            if value not in feasible.get(group, ()):
                raise InfeasibleValue(f"{value} is not feasible for {group}.")
            total -= log2(self.probabilities(product, group, feasible[group])[value])
        return total


def frequencies_last_quarter(sales: Iterable[Sale], at: date, days: int = 91) -> Frequencies:
    """Frequencies of the sales in the `days` before `at` (that day itself left out)."""
    counts: dict[tuple[str, str], dict[str, float]] = {}
    for sale in sales:
        if 0 < at.toordinal() - sale.at.toordinal() <= days:
            for group, value in sale.choices.items():
                found = counts.setdefault((sale.product, group), {})
                found[value] = found.get(value, 0.0) + sale.quantity
    return Frequencies(counts)


def _levels(product: str, family: str) -> list[tuple[str, str]]:
    """Where a sale is counted, nearest first."""
    return [("product", product), ("family", family), ("shop", SHOP)]


def _add(counts: dict[AnyKey, dict[str, float]], key: AnyKey, value: str, weight: float) -> None:
    found = counts.setdefault(key, {})
    found[value] = found.get(value, 0.0) + weight


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {value: weight / total for value, weight in weights.items()}


def _weights(found: Mapping[str, Any]) -> dict[str, float]:
    result = {str(value): float(weight) for value, weight in found.items()}
    if not all(isfinite(weight) and weight >= 0 for weight in result.values()):
        raise ValueError("A weight is no number.")
    return result
