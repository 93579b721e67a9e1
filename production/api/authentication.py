"""Terminals sign in with their token; what they may touch is at their own work center."""

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from production import terminals
from production.models import Terminal


class TerminalToken(BaseAuthentication):
    """`Authorization: Token …` or `Bearer …`; the terminal is the request's user."""

    def authenticate(self, request: Request) -> tuple[Terminal, str] | None:
        words = get_authorization_header(request).decode("latin-1").split()
        if len(words) != 2 or words[0].lower() not in {"token", "bearer"}:
            return None
        try:
            return terminals.recognise(words[1], now=timezone.now()), words[1]
        except terminals.UnknownToken as error:
            raise AuthenticationFailed("This token is not valid, or not any more.") from error

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class IsTerminal(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Terminal)


class TerminalTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "production.api.authentication.TerminalToken"
    name = "terminalToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The token of the terminal."}
