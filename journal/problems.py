"""Errors of the REST API as problem documents (RFC 9457)."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

MEDIA_TYPE = "application/problem+json"


def problem(status_code: int, kind: str, title: str, detail: str = "", **extra: object) -> Response:
    """A problem document: `kind` is the stable word that programs read, `detail` is for people."""
    body = {"type": f"/problems/{kind}", "title": title, "status": status_code, "detail": detail}
    return Response({**body, **extra}, status=status_code, content_type=MEDIA_TYPE)


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every known error becomes a problem document."""
    plain = exception_handler(error, context)
    if plain is None:
        return None
    if isinstance(error, Http404):
        return problem(404, "not-found", "Not found", "There is nothing at this address for you.")
    if isinstance(error, exceptions.ValidationError):
        return problem(
            status.HTTP_400_BAD_REQUEST,
            "invalid",
            "The request is not valid",
            "See errors for each field.",
            errors=plain.data,
        )
    detail = "" if isinstance(error, PermissionDenied) else str(plain.data.get("detail", ""))
    code = getattr(error, "default_code", "permission_denied").replace("_", "-")
    answer = problem(plain.status_code, code, code.replace("-", " ").capitalize(), detail)
    for header in ("WWW-Authenticate", "Retry-After"):
        if header in plain.headers:
            answer[header] = plain.headers[header]
    return answer
