"""Where one begins after signing in: at work, or in the shop."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from config import navigation


@require_safe
def enter(request: HttpRequest) -> HttpResponse:
    return redirect(navigation.first_page(request.user) or "home")
