"""Write down what visitors do, if they agreed: pseudonymous, once a day, without bots and staff.

The subject is a keyed digest of the session or the customer; without the key nobody can tell
whose it is. Free text that a visitor engraves is never stored.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils.crypto import salted_hmac

from orders.configuration import ProductSheet
from orders.models import BehaviourEvent, Consent

Kind = BehaviourEvent.Kind
MEASURE = Consent.Purpose.MEASURE
PERSONALISE = Consent.Purpose.PERSONALISE

LONGEST_LOOK = 1800  # seconds; a page left open over lunch is not interest
LONGEST_QUERY = 80
LEFT_AFTER = timedelta(hours=1)  # a configuration without a next step was left
LOOK_BACK = timedelta(days=2)

_BOTS = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|scrap|preview|headless|lighthouse|monitor|uptime|pingdom"
    r"|facebookexternalhit|whatsapp|curl/|wget/|python-|httpx|aiohttp|go-http|java/|okhttp"
    r"|libwww|axios|node-fetch|phantomjs|selenium|playwright|puppeteer",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Visitor:
    """Who is looking: a pseudonym, and whether it is somebody whose looks count."""

    subject: str
    counts: bool = True


@dataclass(frozen=True)
class Event:
    """One thing a visitor did. `details` must hold no personal data."""

    kind: str
    product_id: int | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    dwell_seconds: int = 0


def visitor(
    session_key: str,
    customer_id: int | None = None,
    user_agent: str = "",
    *,
    staff: bool = False,
) -> Visitor:
    """The visitor behind a request; without a session and a sign-in, or as a bot, nobody counts."""
    known = customer_id is not None or bool(session_key)
    subject = subject_of_customer(customer_id) if customer_id else subject_of_session(session_key)
    return Visitor(subject, counts=known and not staff and not is_bot(user_agent))


def subject_of_customer(customer_id: int) -> str:
    return _digest(f"customer:{customer_id}")


def subject_of_session(session_key: str) -> str:
    return _digest(f"session:{session_key}")


def _digest(who: str) -> str:
    return salted_hmac("orders.collecting.subject", who, algorithm="sha256").hexdigest()


def is_bot(user_agent: str) -> bool:
    """Browsers name themselves; a caller without a name, or with a robot's, is none."""
    return not user_agent.strip() or bool(_BOTS.search(user_agent))


def give_consent(subject: str, purpose: str, now: datetime) -> None:
    """From now on; giving it twice is giving it once."""
    Consent.objects.get_or_create(
        subject=subject, purpose=purpose, withdrawn_at=None, defaults={"given_at": now}
    )


def withdraw_consent(subject: str, purpose: str, now: datetime) -> None:
    Consent.objects.filter(subject=subject, purpose=purpose, withdrawn_at=None).update(
        withdrawn_at=now
    )


def allowed(subject: str, now: datetime) -> set[str]:
    """The purposes that this visitor agrees to."""
    given = Consent.objects.filter(subject=subject, given_at__lte=now, withdrawn_at=None)
    return set(given.values_list("purpose", flat=True))


def carry_over(session: str, customer: str, now: datetime) -> None:
    """Who signs in keeps what the session agreed to."""
    for purpose in allowed(session, now):
        give_consent(customer, purpose, now)


def record(who: Visitor, events: Sequence[Event], now: datetime) -> int:
    """Store events of a visitor who agreed to be measured; returns how many were handed on.

    One insert for all. The same thing on the same day is stored once; of a view, the longest
    look is kept.
    """
    if not events or not who.counts or MEASURE not in allowed(who.subject, now):
        return 0
    rows = {row.dedup_key: row for row in (_row(who.subject, event, now) for event in events)}
    BehaviourEvent.objects.bulk_create(rows.values(), ignore_conflicts=True)
    for row in rows.values():
        if row.dwell_seconds:
            BehaviourEvent.objects.filter(
                day=row.day, dedup_key=row.dedup_key, dwell_seconds__lt=row.dwell_seconds
            ).update(dwell_seconds=row.dwell_seconds)
    return len(rows)


def viewed(who: Visitor, product_id: int, now: datetime, dwell_seconds: int = 0) -> int:
    """A product page was opened, or looked at for so long."""
    seconds = min(max(dwell_seconds, 0), LONGEST_LOOK)
    return record(who, [Event(Kind.VIEW, product_id, dwell_seconds=seconds)], now)


def searched(who: Visitor, query: str, found: Sequence[int], results: int, now: datetime) -> int:
    """A search, and the products it showed first."""
    words = " ".join(query.lower().split())[:LONGEST_QUERY]
    details = {"query": words, "results": results}
    shown: Sequence[int | None] = list(found) or [None]
    return record(who, [Event(Kind.SEARCH, product, details) for product in shown], now)


def configured(
    who: Visitor, sheet: ProductSheet, values: Mapping[str, object], now: datetime
) -> int:
    details = without_texts(sheet, values)
    return record(who, [Event(Kind.CONFIGURE, sheet.product_id, details)], now)


def abandoned(
    who: Visitor, sheet: ProductSheet, values: Mapping[str, object], now: datetime
) -> int:
    details = without_texts(sheet, values)
    return record(who, [Event(Kind.ABANDON, sheet.product_id, details)], now)


def put_into_basket(
    who: Visitor, sheet: ProductSheet, values: Mapping[str, object], now: datetime
) -> int:
    details = without_texts(sheet, values)
    return record(who, [Event(Kind.BASKET, sheet.product_id, details)], now)


def ordered(
    visitors: Iterable[Visitor], number: str, product_ids: Iterable[int], now: datetime
) -> int:
    """An order was placed. A visitor who signed in on the way is named by both pseudonyms."""
    events = [Event(Kind.ORDER, product, {"order": _digest(number)}) for product in product_ids]
    return sum(record(who, events, now) for who in visitors)


def without_texts(sheet: ProductSheet, values: Mapping[str, object]) -> dict[str, object]:
    """The choice without what the visitor wrote."""
    kept = {group.code for group in sheet.groups if group.kind != "text"}
    return {code: chosen for code, chosen in values.items() if code in kept}


def note_abandonments(now: datetime) -> int:
    """Configurations that nothing followed within `LEFT_AFTER` were left; returns how many.

    For browsers that cannot say so themselves. Running it again notes nothing twice.
    """
    later = BehaviourEvent.objects.filter(
        subject=OuterRef("subject"),
        product=OuterRef("product"),
        kind__in=[Kind.CONFIGURE, Kind.ABANDON, Kind.BASKET, Kind.ORDER],
        at__gte=OuterRef("at"),
    ).exclude(pk=OuterRef("pk"))
    left = BehaviourEvent.objects.filter(
        ~Exists(later), kind=Kind.CONFIGURE, at__lte=now - LEFT_AFTER, at__gt=now - LOOK_BACK
    )
    rows = [
        _row(event.subject, Event(Kind.ABANDON, event.product_id, event.details), event.at)
        for event in left
    ]
    BehaviourEvent.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return len(rows)


def _row(subject: str, event: Event, now: datetime) -> BehaviourEvent:
    details = dict(event.details)
    identity = json.dumps(
        [event.kind, subject, event.product_id, details], sort_keys=True, default=str
    )
    return BehaviourEvent(
        kind=event.kind,
        subject=subject,
        product_id=event.product_id,
        details=details,
        dwell_seconds=event.dwell_seconds,
        at=now,
        day=now.astimezone(UTC).date(),
        dedup_key=hashlib.sha256(identity.encode()).hexdigest(),
        consent=MEASURE,
    )
