"""`{% slot "url-name" args… %}`: another view's fragment inside this page, rendered in process.

A lower floor's page shows what a higher floor knows without importing it. The page is whole
without JavaScript; with `refresh` htmx asks the same address again.
"""

import copy
import logging
from functools import lru_cache
from typing import Any

from django import template
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django_htmx.middleware import HtmxDetails

from config.templatetags.ui import request_of

log = logging.getLogger("tailorline.slot")
register = template.Library()
DEEPEST = 3


@register.simple_tag(takes_context=True)
def slot(
    context: template.Context,
    view: str,
    *args: object,
    refresh: str = "",
    query: str = "",
    **kwargs: object,
) -> SafeString:
    request = request_of(context)
    if request is None:
        return mark_safe("")
    try:
        path = reverse(view, args=args, kwargs=kwargs)
    except NoReverseMatch:
        _nobody_defines(view)
        return mark_safe("")
    content = fragment(request, path, query)
    if not refresh:
        return content
    url = f"{path}?{query}" if query else path
    return format_html(
        '<div class="slot" hx-get="{}" hx-trigger="{}" hx-swap="innerHTML">{}</div>',
        url,
        refresh,
        content,
    )


def fragment(request: HttpRequest, path: str, query: str = "") -> SafeString:
    """What the view at `path` answers to this visitor, or nothing (and a line in the log)."""
    if getattr(request, "slot_depth", 0) >= DEEPEST:
        log.error("slot %s is nested too deeply", path)
        return mark_safe("")
    inner = inner_request(request, path, query)
    try:
        response = _answer(inner)
    except (Http404, PermissionDenied) as refusal:
        log.info("slot %s is not for this visitor: %s", path, type(refusal).__name__)
    except Exception:  # whatever the other floor does wrong, this page must stand
        log.exception("slot %s failed", path)
    else:
        if response.status_code == 200 and not response.streaming:
            return _html(response)
        log.warning("slot %s answered %s", path, response.status_code)
    finally:
        _keep_csrf(inner, request)
    return mark_safe("")


def _keep_csrf(inner: HttpRequest, request: HttpRequest) -> None:
    """A form in the slot works only with the cookie that the page as a whole sets."""
    for name in ("CSRF_COOKIE", "CSRF_COOKIE_NEEDS_UPDATE"):
        if name in inner.META:
            request.META[name] = inner.META[name]


def _html(response: HttpResponseBase) -> SafeString:
    content: bytes = getattr(response, "content", b"")
    return mark_safe(content.decode(response.charset or "utf-8"))  # noqa: S308 - our own view's


def _answer(request: HttpRequest) -> HttpResponseBase:
    match = request.resolver_match
    assert match is not None  # noqa: S101 - set by inner_request
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    render = getattr(response, "render", None)
    return render() if callable(render) else response


def inner_request(request: HttpRequest, path: str, query: str) -> HttpRequest:
    """A GET of `path` by the same visitor: user, session, language and messages are shared."""
    inner: Any = copy.copy(request)
    for cached in ("headers", "GET"):
        inner.__dict__.pop(cached, None)
    kept = {k: v for k, v in request.META.items() if not k.startswith("HTTP_HX_")}
    inner.META = kept | {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HX_REQUEST": "true",
    }
    inner.method = "GET"
    inner.path = inner.path_info = path
    inner.GET = QueryDict(query)
    inner.POST = QueryDict()
    inner._files = MultiValueDict()
    inner.resolver_match = resolve(path)
    inner.htmx = HtmxDetails(inner)
    inner.slot_depth = getattr(request, "slot_depth", 0) + 1
    return inner  # type: ignore[no-any-return]


@lru_cache(maxsize=256)
def _nobody_defines(view: str) -> None:
    # Once per process and name: a floor that is not there yet must not fill the log.
    log.warning("slot %s: no such address", view)
