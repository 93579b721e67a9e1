"""Who may open a staff page: signed in, a member of staff, and with the permission of the page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import resolve

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def staff_only(permission: str) -> Callable[[View[P]], View[P]]:
    """Nobody signed in: to the login page and back. The wrong person: 403."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not (request.user.is_staff and request.user.has_perm(permission)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        vars(guarded)["permission"] = permission  # decorators around it carry it on
        return guarded

    return guard


def may_open(user: AbstractUser | AnonymousUser, address: str) -> bool:
    """Whether the page at an address lets this person in."""
    permission = getattr(resolve(address).func, "permission", "")
    return not permission or (getattr(user, "is_staff", False) and user.has_perm(permission))


def staff_name(request: HttpRequest) -> str:
    """Who acts, as transitions name it."""
    return f"staff:{request.user.get_username()}"[:80]
