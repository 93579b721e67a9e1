"""Suggestions for a page, now: the live blend, this visitor's own history, a reason for each."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from forecasting import artefacts
from forecasting.runs import champion
from orders import behaviour, catalogue, demand
from recommendations.rankers import (
    Blend,
    CorruptModelError,
    Event,
    ReasonKind,
    Suggestion,
    suggest,
)
from recommendations.training import EVENT_WEIGHT, KIND

logger = logging.getLogger("tailorline.suggestions")

OFTEN = 10  # customers who took both, from which a pair is called frequent


@dataclass(frozen=True)
class Visitor:
    """Whom a list is for: a customer, a consenting visitor (pseudonymous subject), or neither."""

    customer_id: int | None = None
    subject: str = ""


@dataclass(frozen=True)
class Suggested:
    """One line of a list: the product and why, in the reader's language."""

    product_id: int
    why: str


def for_product(product_id: int, visitor: Visitor, now: datetime, n: int = 4) -> list[Suggested]:
    """What goes with a product: the product itself is the newest thing the visitor looked at."""
    looked = Event(str(product_id), 1.0, _day(now), ordered=False)
    return _list([*_history(visitor, now), looked], [product_id], n, now)


def for_basket(
    product_ids: Sequence[int], visitor: Visitor, now: datetime, n: int = 4
) -> list[Suggested]:
    """What goes with everything in the basket."""
    inside = [Event(str(pk), 1.0, _day(now), ordered=False) for pk in product_ids]
    return _list([*_history(visitor, now), *inside], list(product_ids), n, now)


def _list(
    history: Iterable[Event], exclude: Sequence[int], n: int, now: datetime
) -> list[Suggested]:
    blend = live_blend()
    if blend is None:
        return []
    on_sale = set(catalogue.on_sale(now.date()))
    hidden = {str(pk) for pk in exclude} | {x for x in blend.items if int(x) not in on_sale}
    found = suggest(blend, history, hidden, n)
    names = catalogue.names({int(item) for line in found for item in line.because})
    return [Suggested(int(line.item), _why(line, names)) for line in found]


def live_blend() -> Blend | None:
    """The live ranking; None where there is none, or its file is damaged: pages go on without."""
    run = champion(KIND)
    return _blend(run.artefact, run.artefact_digest) if run else None


@lru_cache(maxsize=2)
def _blend(path: str, digest: str) -> Blend | None:
    try:
        arrays, _facts = artefacts.load(path, digest)
        return Blend.from_arrays(arrays)
    except (artefacts.CorruptArtefact, CorruptModelError):
        logger.exception("The live ranking cannot be read; pages go without suggestions.")
        return None


def _history(visitor: Visitor, now: datetime) -> list[Event]:
    """Orders of the customer and visits of the subject, fresh from the database: what was done a
    moment ago counts."""
    events = []
    if visitor.customer_id is not None:
        for product_id, at in demand.ordered_by(visitor.customer_id, now):
            events.append(Event(str(product_id), 1.0, _day(at)))
    if visitor.subject:
        for kind, seen, at in behaviour.history(visitor.subject, now):
            if seen and kind in EVENT_WEIGHT:
                events.append(Event(str(seen), EVENT_WEIGHT[kind], _day(at), ordered=False))
    return events


def _why(line: Suggestion, names: dict[int, str]) -> str:
    because = ", ".join(names[int(item)] for item in line.because[:1] if int(item) in names)
    if line.kind is ReasonKind.ORDERED and because:
        return _("Because you ordered %(product)s") % {"product": because}
    if line.kind is ReasonKind.VIEWED and because:
        return _often(because, line.count)
    if line.kind is ReasonKind.SIMILAR and because:
        return _("Similar to %(product)s") % {"product": because}
    if line.kind is ReasonKind.AGAIN:
        return _("You ordered this before")
    if line.kind is ReasonKind.TREND and line.count:
        return ngettext(
            "%(count)d customer ordered this lately",
            "%(count)d customers ordered this lately",
            line.count,
        ) % {"count": line.count}
    return _("From our catalogue")


def _often(product: str, customers: int) -> str:
    """Called frequent only where many did; else how many it was."""
    if customers >= OFTEN:
        return _("Often ordered with %(product)s") % {"product": product}
    told = ngettext(
        "%(count)d customer chose this and %(product)s",
        "%(count)d customers chose this and %(product)s",
        customers,
    )
    return told % {"count": customers, "product": product}


def _day(moment: datetime) -> float:
    return moment.timestamp() / 86400
