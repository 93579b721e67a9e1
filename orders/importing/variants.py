"""Item codes that end in a variant's letter: 85123A and 85123B are one product with two options.

Letters are only variants where their descriptions say so: 10002 is an inflatable globe, 10002R a
robot pencil sharpener, and those stay two products.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from orders.importing.mapping import Mapping

# Names of one product share at least this part of the words of the shorter one. On the log of a
# gift maker, 382 codes with letters, half divides well: below lie slips and other things.
SAME = 0.5
WORD = re.compile(r"[^\W_]+")
# the variant of a code without a letter, beside others that have one
PLAIN = "plain"


@dataclass(frozen=True)
class Fact:
    """What a log knows of an item code: its most frequent description, for each currency its
    median price and how many sales ask it, when it first appeared, and how many lines name it."""

    description: str
    prices: dict[str, tuple[float, int]]
    since: datetime
    lines: int


@dataclass(frozen=True)
class Variant:
    """What an item code means: a product's code and the code of its variant, "" for none."""

    product: str
    letter: str = ""


def words(name: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(name)]


def alike(one: str, other: str) -> bool:
    """
    >>> alike("PINK HYDRANGEA ART FLOWER", "WHITE HYDRANGEA ART FLOWER")
    True
    >>> alike("INFLATABLE POLITICAL GLOBE", "ROBOT PENCIL SHARPNER")
    False
    """
    first, second = set(words(one)), set(words(other))
    shorter = min(len(first), len(second))
    return shorter > 0 and len(first & second) >= SAME * shorter


def read_codes(facts: dict[str, Fact], mapping: Mapping) -> dict[str, Variant]:
    """What each item code means.

    Of the codes of one product the one that sold most often speaks for it; what is not like it is
    a product of its own.
    """
    meant = {code: Variant(code) for code in facts}
    if mapping.variants is None:
        return meant
    for product, letters in _by_product(facts, mapping.variants.pattern).items():
        if any(letters.values()):
            meant |= _one_product(product, letters, facts)
    return meant


def _one_product(
    product: str, letters: dict[str, str], facts: dict[str, Fact]
) -> dict[str, Variant]:
    speaker = max(letters, key=lambda code: facts[code].lines)
    name = facts[speaker].description
    like = [code for code in letters if code == speaker or alike(name, facts[code].description)]
    if product in letters and (product not in like or len(like) == 1):
        return {}  # the code without a letter is another thing, and the product's code is its own
    return {code: Variant(product, letters[code] or PLAIN) for code in like}


def _by_product(codes: Iterable[str], pattern: re.Pattern[str]) -> dict[str, dict[str, str]]:
    """For each product its item codes and their letters; codes that the pattern does not fit are
    left out."""
    found: dict[str, dict[str, str]] = {}
    for code in codes:
        if fit := pattern.fullmatch(code):
            found.setdefault(fit["product"], {})[code] = (fit["variant"] or "").lower()
    return found


def shared_name(names: Iterable[str]) -> str:
    """What the names of all variants have in common, as the first one writes it.

    >>> shared_name(["PINK HYDRANGEA ART FLOWER", "WHITE HYDRANGEA ART FLOWER"])
    'HYDRANGEA ART FLOWER'
    """
    first, *others = names
    common = set(words(first)).intersection(*(words(name) for name in others))
    kept = [part for part in first.split() if set(words(part)) & common]
    return " ".join(kept) or first


def own_name(name: str, shared: str) -> str:
    """What is a variant's own in its name.

    >>> own_name("PINK HYDRANGEA ART FLOWER", "HYDRANGEA ART FLOWER")
    'PINK'
    """
    common = set(words(shared))
    return " ".join(part for part in name.split() if not set(words(part)) & common)
