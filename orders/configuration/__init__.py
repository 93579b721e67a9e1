"""What may be chosen together, and what it costs.

Values are plain texts, so that one choice has one spelling: the code of an option value, "yes" or
"no", a number without trailing zeros ("42", "42.5"), an ISO date, the text itself; an "any of"
group holds a sorted list of codes. Questions without an answer are absent.
"""

from orders.configuration.checking import ImpossibleConfiguration, check
from orders.configuration.conditions import listed, matches
from orders.configuration.exploring import Explored, explore
from orders.configuration.notation import BadCondition, read_condition, write_condition
from orders.configuration.possible import feasible
from orders.configuration.pricing import Price, price, price_from
from orders.configuration.ruling import derive
from orders.configuration.sheet import (
    FINITE_KINDS,
    Chosen,
    Group,
    ProductSheet,
    Rule,
    Value,
    Values,
)
from orders.configuration.showing import describe, opening, usual
from orders.configuration.storing import digest, store, store_each

__all__ = [
    "FINITE_KINDS",
    "BadCondition",
    "Chosen",
    "Explored",
    "Group",
    "ImpossibleConfiguration",
    "Price",
    "ProductSheet",
    "Rule",
    "Value",
    "Values",
    "check",
    "derive",
    "describe",
    "digest",
    "explore",
    "feasible",
    "listed",
    "matches",
    "opening",
    "price",
    "price_from",
    "read_condition",
    "store",
    "store_each",
    "usual",
    "write_condition",
]
