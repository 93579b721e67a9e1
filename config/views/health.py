"""For load balancers and supervisors: is the process alive, can it do its work."""

from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import embedded_redis
from config.preparing import pending_migrations


class NotReady(Exception):
    """Something that requests need is missing."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is looked at."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations and broker are fine, else 503; each by name."""
    states = {"database": database(), "broker": broker()}
    ready = all(state == "ok" for state in states.values())
    return JsonResponse(states, status=200 if ready else 503)


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _migrated()
    except DatabaseError:
        return "unreachable"
    except NotReady:
        return "migrations pending"
    return "ok"


@cache
def _migrated() -> None:
    """Looked up until it is so: a running process gets no new migrations."""
    if pending_migrations():
        raise NotReady


def broker() -> str:
    if not settings.REDIS_URL:
        return "not set"
    return "ok" if embedded_redis.answers(settings.REDIS_URL) else "unreachable"
