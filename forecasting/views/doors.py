"""Who may come in: staff read, those who may change runs and forecasts (planners) act."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

View = Callable[..., HttpResponse]


def staff_reads(view: View) -> View:
    return require_safe(login_required(_checked(view, "")))


def planner_acts(view: View) -> View:
    return require_POST(login_required(_checked(view, "forecasting.change_trainingrun")))


def may_act(request: HttpRequest) -> bool:
    return request.user.has_perm("forecasting.change_trainingrun")


def by(request: HttpRequest) -> str:
    return f"staff:{request.user.get_username()}"


def _checked(view: View, permission: str) -> View:
    def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_staff or (permission and not request.user.has_perm(permission)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    checked.__name__, checked.__doc__ = view.__name__, view.__doc__
    return checked
