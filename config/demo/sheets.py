"""The words the demo catalogue is written in: products, questions, answers and rules as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

Condition = Mapping[str, object]


@dataclass(frozen=True)
class Choice:
    """One answer. `weight` is its share when history begins; `drift` its growth in log per year."""

    code: str
    en: str
    zh: str
    price: str = "0"
    weight: float = 1.0
    drift: float = 0.0
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One option group. `answered` is the share of customers who answer an optional one."""

    code: str
    en: str
    zh: str
    kind: str
    choices: tuple[Choice, ...] = ()
    required: bool = True
    minimum: str | None = None
    maximum: str | None = None
    step: str | None = None
    unit: str = ""
    price: str = "0"
    default: str = ""
    answered: float = 1.0

    def limit(self, text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)


@dataclass(frozen=True)
class Rule:
    kind: str
    condition: Condition
    consequence: Condition
    en: str
    zh: str


@dataclass(frozen=True)
class Family:
    code: str
    en: str
    zh: str
    template: str


@dataclass(frozen=True)
class Item:
    """A product: `weekly` lines in a plain week at the anchor date, `growth` in log per year."""

    sku: str
    family: str
    picture: str
    en: str
    zh: str
    text: str
    text_zh: str
    price: str
    weekly: float
    growth: float
    questions: tuple[Question, ...]
    rules: tuple[Rule, ...] = ()
    # (day of the year, width in days, height): a plain week is 1, a bump adds its height
    season: tuple[tuple[int, int, float], ...] = ()
    tastes: Mapping[str, float] = field(default_factory=dict)
    # product that is often bought with this one, and how often
    companions: Mapping[str, float] = field(default_factory=dict)
    launched_weeks_ago: int | None = None
    policy: str = "MTO"
