"""Transitions as people read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from journal.models import Transition


@dataclass(frozen=True)
class Happening:
    """A line of a timeline."""

    to_status: str
    at: datetime
    by: str
    why: str


def told(steps: Iterable[Transition]) -> list[Happening]:
    return [Happening(step.to_status, step.at, told_by(step.by), step.why) for step in steps]


def told_by(by: str) -> str:
    """Who acted: `staff:bob` is Bob's user name, `system` is the shop's own work."""
    kind, _colon, name = by.partition(":")
    if kind == "customer":
        return _("the customer")
    if kind == "system":
        return _("automatically")
    return name or kind
