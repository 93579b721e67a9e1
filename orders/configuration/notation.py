"""Conditions as people write them: `colour=red,blue & width=60..100 & engraving & !gift`.

What is written for a condition is read as one that holds for the same choices.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from orders.configuration.conditions import listed, plain

_NAME = r"[-\w]+"
_WORD = r'"(?:[^"]|"")*"|[^\s",&](?:[^",&]*[^\s",&])?'
_PART = re.compile(
    rf"\s*(?:(?P<none>!)\s*)?(?P<name>{_NAME})\s*"
    rf"(?:(?P<sign><=|>=|=)\s*(?P<words>(?:{_WORD})\s*(?:,\s*(?:{_WORD})\s*)*))?(?:&|$)"
)
_ITEM = re.compile(rf"\s*({_WORD})\s*(?:,|$)")
_RANGE = re.compile(r"\s*(.*?)\s*\.\.\s*(.*?)\s*")


class BadCondition(ValueError):
    """The text is no condition; the message says where it ends being one."""


def read_condition(text: str) -> dict[str, Any]:
    """The condition that a text says; an empty one always holds. Raises `BadCondition`.

    >>> read_condition("colour=red, blue & width=60..100 & height>=2.5 & engraving & !gift")
    ... # doctest: +NORMALIZE_WHITESPACE
    {'colour': ['red', 'blue'], 'width': {'min': 60, 'max': 100}, 'height': {'min': '2.5'},
     'engraving': {'set': True}, 'gift': {'set': False}}
    """
    at, condition = 0, dict[str, Any]()
    while at < len(text.rstrip()):
        found = _PART.match(text, at)
        if found is None:
            raise BadCondition(
                _("“%(text)s” cannot be read. Write such as colour=red,blue & width=60..100.")
                % {"text": text[at:].strip()[:40]}
            )
        name = found["name"]
        wanted = _wanted(found, text)
        if name in condition and not _joins(condition[name], wanted):
            raise BadCondition(_("“%(name)s” stands twice. Write it once.") % {"name": name})
        condition[name] = {**condition[name], **wanted} if name in condition else wanted
        at = found.end()
    if text.rstrip().endswith("&"):
        raise BadCondition(_("Something is missing after the last &."))
    return condition


def write_condition(condition: Mapping[str, Any]) -> str:
    """
    >>> write_condition({"colour": ["red", "blue"], "width": {"max": 100}, "gift": True})
    'colour=red,blue & width=..100 & gift=yes'
    """
    return " & ".join(_part(name, wanted) for name, wanted in condition.items())


def _wanted(found: re.Match[str], text: str) -> Any:
    if found["sign"] is None:
        return {"set": not found["none"]}
    words = (found["words"] or "").strip()
    if found["none"] or not words:
        raise BadCondition(
            _("“%(text)s” cannot be read. Write such as colour=red,blue & width=60..100.")
            % {"text": found[0].strip(" &")[:40]}
        )
    if found["sign"] != "=":
        return {"min" if found["sign"] == ">=" else "max": _limit(words)}
    limits = _RANGE.fullmatch(words)
    if limits and '"' not in words and "," not in words and any(limits.groups()):
        low, high = limits.groups()
        return {name: _limit(limit) for name, limit in (("min", low), ("max", high)) if limit}
    return list(_items(words))


def _joins(known: Any, wanted: Any) -> bool:
    """`width>=60 & width<=100` is one range."""
    both = isinstance(known, dict) and isinstance(wanted, dict)
    return both and not known.keys() & wanted.keys() and "set" not in {**known, **wanted}


def _limit(word: str) -> int | str:
    """A number as JSON keeps it exactly, or a date as its text."""
    try:
        number = Decimal(word)
    except InvalidOperation:
        return word
    return int(number) if number == number.to_integral_value() else str(number)


def _items(words: str) -> Iterator[str]:
    at = 0
    while at < len(words):
        found = _ITEM.match(words, at)
        if found is None:
            raise BadCondition(_("“%(text)s” cannot be read.") % {"text": words[at : at + 40]})
        word = found[1]
        yield word[1:-1].replace('""', '"') if word.startswith('"') else word
        at = found.end()


def _part(name: str, wanted: Any) -> str:
    if not isinstance(wanted, Mapping):
        return f"{name}={','.join(_quoted(word) for word in listed(wanted))}"
    if "min" in wanted or "max" in wanted:
        limits = (wanted.get("min"), wanted.get("max"))
        return f"{name}=" + "..".join("" if one is None else plain(one) for one in limits)
    return name if wanted.get("set", True) else f"!{name}"


def _quoted(word: str) -> str:
    doubled = word.replace('"', '""')
    return f'"{doubled}"' if re.search(r'[",&]|\.\.|^\s|\s$|^$', word) else word
