"""How far an owner is: what each step needs is looked up in the shop, never remembered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.beginning.starters import starter
from config.models import Beginning, CycleRun
from orders.models import Order
from production.models import Machine, Operation, Plan, Plant, Shift

SCRATCH, TABLES = "scratch", "tables"


@dataclass(frozen=True)
class Step:
    code: str
    name: str | Promise
    text: str | Promise
    done: bool

    @property
    def url_name(self) -> str:
        return f"begin-{self.code}"


NAMES: dict[str, tuple[str | Promise, str | Promise]] = {
    "plant": (_("Your plant"), _("Name, time zone, currency and language.")),
    "start": (_("Where to start"), _("A set of your trade, your own tables, or from scratch.")),
    "hours": (_("Working hours"), _("A week, and the days that are off.")),
    "cells": (_("Cells and machines"), _("Who or what does the work, and how many of them.")),
    "product": (_("First product"), _("Its price, its options, and its steps with guessed times.")),
    "orders": (_("Open orders"), _("What is to be made, and by when.")),
    "plan": (_("First plan"), _("Every step gets its machine and its time.")),
}
FIRST = ("plant", "start")


def steps_of(beginning: Beginning) -> list[Step]:
    """The steps in their order; a starter set may say another one for what follows it."""
    done: dict[str, Callable[[], bool]] = {
        "plant": Plant.objects.exists,
        "start": lambda: bool(beginning.start),
        "hours": Shift.objects.exists,
        "cells": Machine.objects.filter(active=True).exists,
        "product": Operation.objects.exists,
        "orders": Order.objects.placed().exists,
        "plan": _is_planned,
    }
    return [Step(code, *NAMES[code], done=done[code]()) for code in _order(beginning)]


def _order(beginning: Beginning) -> Sequence[str]:
    chosen = starter(beginning.start)
    after = [code for code in chosen.steps if code in NAMES] if chosen else []
    return [*FIRST, *after, *(code for code in NAMES if code not in (*FIRST, *after))]


def is_beginning() -> bool:
    """Whether the shop has never run: no plan was published, and no cycle tried to."""
    return not _is_planned() and not CycleRun.objects.exists()


def _is_planned() -> bool:
    return Plan.objects.filter(status__in=("published", "superseded")).exists()
