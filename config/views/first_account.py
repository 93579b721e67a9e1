"""The first account of a new shop, made in the browser by whoever holds the printed link."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config import first_account
from config.beginning.forms import AccountForm
from journal.alone import Busy


@never_cache
@require_http_methods(["GET", "POST"])
def make(request: HttpRequest, token: str) -> HttpResponse:
    form = AccountForm(request.POST or None)
    try:
        first_account.check(token, timezone.now())
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            language = get_language() or "en"
            user = first_account.make(token, **data, language=language, at=timezone.now())
            login(request, user)
            return redirect("begin")
    except (first_account.LinkUsed, Busy):
        return render(request, "config/beginning/link_used.html", status=410)
    status = 422 if form.errors else 200
    return render(request, "config/beginning/account.html", {"form": form}, status=status)
