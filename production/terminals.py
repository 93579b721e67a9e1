"""Terminals and the people at them: tokens that are shown once, badges that are checked."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from production.models import Operator, Terminal, WorkCenter

SEEN_EVERY = timedelta(minutes=1)


class UnknownToken(Exception):
    """No active terminal has this token."""


class BadgeRefused(Exception):
    """The badge is nobody's, no longer valid, or its holder may not work at this work center."""


def make_token(name: str, work_center: WorkCenter, *, now: datetime) -> str:
    """A fresh token for the terminal `name` at a work center; an older one ends at once.

    Only its digest is kept: the token is returned this one time.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        Terminal.objects.update_or_create(
            name=name,
            defaults={
                "work_center": work_center,
                "token_digest": digest(token),
                "active": True,
            },
            create_defaults={
                "work_center": work_center,
                "token_digest": digest(token),
                "created_at": now,
            },
        )
    return token


def revoke(name: str) -> bool:
    """The terminal's token is refused from now on; False where there is no such terminal."""
    return bool(Terminal.objects.filter(name=name).update(active=False))


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def recognise(token: str, *, now: datetime) -> Terminal:
    """The terminal that shows this token; notes at most once a minute that it was seen.

    Raises `UnknownToken`.
    """
    terminal = (
        Terminal.objects.select_related("work_center")
        .filter(token_digest=digest(token), active=True)
        .first()
    )
    if terminal is None:
        raise UnknownToken
    if terminal.last_seen_at is None or terminal.last_seen_at <= now - SEEN_EVERY:
        _saw(terminal, now)
    return terminal


def _saw(terminal: Terminal, now: datetime) -> None:
    unseen = Q(last_seen_at=None) | Q(last_seen_at__lte=now - SEEN_EVERY)
    Terminal.objects.filter(unseen, pk=terminal.pk).update(last_seen_at=now)


def operator_at(terminal: Terminal, badge: str) -> Operator:
    """Who works here under this badge. Raises `BadgeRefused`."""
    operator = Operator.objects.filter(badge=badge, active=True).first()
    if operator is None:
        raise BadgeRefused(_("Nobody has this badge."))
    if operator.skills and terminal.work_center.code not in operator.skills:
        texts = {"operator": operator.name, "cell": terminal.work_center.name}
        raise BadgeRefused(_("%(operator)s may not work at %(cell)s.") % texts)
    return operator
