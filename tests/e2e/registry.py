"""Every page that a person opens, and who opens it. The gates run over this list.

`name` is the URL name with its namespace, plus `#variant` for a second look at the same page.
`build` makes what the page needs and returns its address; it runs under the language of the visit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.urls import reverse

Who = Literal["anonymous", "customer", "staff", "terminal"]


@dataclass(frozen=True)
class Page:
    """`build(user)` gets the signed-in user (None for anonymous); `budget` is in gz bytes."""

    name: str
    build: Callable[[Any], str]
    who: Who = "anonymous"
    budget: int | None = None

    @property
    def view(self) -> str:
        return self.name.partition("#")[0]


def plain(name: str, who: Who = "anonymous") -> Page:
    """A page without arguments that shows something with an empty database."""
    return Page(name, lambda user: reverse(name), who)


PAGES: list[Page] = []

# Addresses that no person reads as a page of ours, each with its reason.
EXEMPT_NAMESPACES = {
    "admin": "plain Django admin, for superusers",
    "api": "machines read it",
}
EXEMPT: dict[str, str] = {
    "healthz": "machines read it",
    "readyz": "machines read it",
    "set_language": "a form's target, answers with a redirect",
    "logout": "a form's target",
}
