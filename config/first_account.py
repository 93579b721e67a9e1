"""The first administrator of a shop: a signed link, good for one day, once, and only while
nobody administers the shop."""

from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.core import signing
from django.db import transaction

from config import roles
from journal.alone import alone
from journal.models import Transition, User
from journal.moving import lifecycle, record

FIRST_ACCOUNT = lifecycle("first_account", {"": "made"})
SALT = "tailorline.first-account"
LASTS = timedelta(days=1)


class LinkUsed(Exception):
    """The link is old, was used, is not ours, or somebody administers the shop already."""


def is_wanted() -> bool:
    return not User.objects.filter(is_superuser=True, is_active=True).exists()


def token(now: datetime) -> str:
    return signing.dumps(now.timestamp(), salt=SALT)


def check(link: str, now: datetime) -> None:
    """Raises `LinkUsed`; a link that was printed before an account was made opens nothing."""
    try:
        printed = float(signing.loads(link, salt=SALT))
    except (signing.BadSignature, TypeError, ValueError):
        raise LinkUsed from None
    made = Transition.objects.filter(kind=FIRST_ACCOUNT.kind).order_by("-at").first()
    is_old = printed < (now - LASTS).timestamp() or printed > now.timestamp()
    if is_old or not is_wanted() or (made is not None and printed <= made.at.timestamp()):
        raise LinkUsed


def make(
    link: str, *, username: str, email: str, password: str, language: str, at: datetime
) -> User:
    """The administrator. Of two who use the link at once, one is refused with `LinkUsed` or
    `Busy`."""
    with alone("first-account"), transaction.atomic():
        check(link, at)
        roles.ensure()
        user = User.objects.create_superuser(username, email, password, language=language)
        user.groups.add(Group.objects.get(name="admin"))
        record(FIRST_ACCOUNT, [(user.pk, "")], "made", by=f"staff:{username}"[:80], at=at)
        return user
