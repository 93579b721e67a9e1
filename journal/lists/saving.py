"""Views of a list that staff keep: its filters and order under a name, for one or for all."""

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.http import QueryDict

from journal.models import SavedView, User

SHARE = "journal.share_savedview"
NOT_KEPT = ("page", "as")


class NameTaken(Exception):
    """The person has another view of this name."""


class NotYours(Exception):
    """Somebody else's view, or a step for which the permission to share is needed."""


def canonical(address: QueryDict) -> str:
    """The filters and the order of an address, in one spelling: equal views have equal texts."""
    kept = address.copy()
    for name in NOT_KEPT:
        kept.pop(name, None)
    pairs = sorted((name, value) for name in kept for value in kept.getlist(name) if value)
    plain = QueryDict(mutable=True)
    for name, value in pairs:
        plain.appendlist(name, value)
    return plain.urlencode()


def save(user: User, listing: str, name: str, query: str, *, shared: bool) -> SavedView:
    """Keep a view; under a name that the person has used already it replaces the earlier one."""
    if shared and not user.has_perm(SHARE):
        raise NotYours
    kept, _made = SavedView.objects.update_or_create(
        user=user, listing=listing, name=name, defaults={"query": query, "shared": shared}
    )
    return kept


def change(user: User, view: SavedView, name: str, *, shared: bool) -> None:
    """Another name; shared with all staff, or no longer. Raises `NotYours` and `NameTaken`."""
    if not may_change(user, view) or (shared != view.shared and not user.has_perm(SHARE)):
        raise NotYours
    try:
        with transaction.atomic():
            SavedView.objects.filter(pk=view.pk).update(name=name, shared=shared)
    except IntegrityError as error:
        raise NameTaken from error


def delete(user: User, view: SavedView) -> None:
    if not may_change(user, view):
        raise NotYours
    view.delete()


def may_change(user: User | AnonymousUser, view: SavedView) -> bool:
    """One's own; a shared one also whoever may share."""
    return view.user_id == user.pk or (view.shared and user.has_perm(SHARE))
