"""Who signs in to the demo shop: random passwords and terminal tokens, shown and kept once."""

import os
import secrets
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from journal.models import User
from orders.models import Customer
from production.models import Operator, WorkCenter
from production.terminals import make_token

# login: role and what it is for
STAFF = {
    "alice": ("planner", "staff: orders, forecast, plan"),
    "quinn": ("quality", "staff: quality"),
    "operator": ("operator", "floor, badge B042"),
    "admin": ("admin", "administrator"),
}
CUSTOMER = "bob"
NAMES = {
    "alice": ("Alice", "Sommer"),
    "quinn": ("Quinn", "Albers"),
    "operator": ("Otto", "Keller"),
    "admin": ("Ada", "Minkowski"),
    "bob": ("Bob", "Fischer"),
}
BADGE = "B042"


def file() -> Path:
    """Written last, when the demo shop is complete."""
    return Path(settings.DATA_DIR) / "demo-logins.txt"


def taken() -> "QuerySet[User]":
    return User.objects.filter(username__in=NAMES)


def make_people() -> None:
    """Logins without a password yet: staff, an operator with a badge, and a customer."""
    users = {name: _user(name) for name in NAMES}
    Operator.objects.filter(badge=BADGE).update(user=users["operator"])
    bob = _best_customer()
    if bob is not None:
        first, last = NAMES[CUSTOMER]
        bob.user, bob.name, bob.email = users[CUSTOMER], f"{first} {last}", "bob@example.com"
        bob.save(update_fields=["user", "name", "email"])
        bob.addresses.update(recipient=bob.name)


def _user(name: str) -> User:
    first, last = NAMES[name]
    role, _purpose = STAFF.get(name, ("customer", ""))
    user = User(
        username=name,
        first_name=first,
        last_name=last,
        email=f"{name}@example.com",
        is_staff=role in {"planner", "quality", "admin"},
        is_superuser=role == "admin",
    )
    user.set_unusable_password()
    user.save()
    user.groups.add(Group.objects.get(name=role))
    return user


def _best_customer() -> Customer | None:
    """A person with something on the way and much to look back on."""
    open_orders = Count("orders", filter=Q(orders__status="confirmed"), distinct=True)
    people = Customer.objects.filter(kind="person", language="en").annotate(
        orders_open=open_orders, orders_all=Count("orders", distinct=True)
    )
    return people.order_by("-orders_open", "-orders_all", "pk").first()


def issue(now: datetime) -> str:
    """New passwords and tokens for everybody; returns the table and keeps it, readable by us only.

    Earlier ones of the demo end.
    """
    rows = [(name, _password(name), purpose) for name, (_role, purpose) in STAFF.items()]
    rows.append((CUSTOMER, _password(CUSTOMER), "customer with orders"))
    tokens = [
        (center.name, make_token(f"demo-{center.code}", center, now=now), center.code)
        for center in WorkCenter.objects.order_by("position")
    ]
    text = "\n".join(
        [
            "Demo logins",
            *_table(("login", "password", "for"), rows),
            "",
            "Terminal tokens",
            *_table(("terminal", "token", "work center"), tokens),
            "",
        ]
    )
    _keep(text)
    return text


def _password(name: str) -> str:
    password = secrets.token_urlsafe(9)
    with transaction.atomic():
        user = get_user_model().objects.get(username=name)
        user.set_password(password)
        user.save(update_fields=["password"])
    return password


def _table(head: tuple[str, ...], rows: list[tuple[str, str, str]]) -> list[str]:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]


def _keep(text: str) -> None:
    """Whole or not at all, mode 0600 from the first byte."""
    target = file()
    draft = target.with_suffix(".part")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    draft.replace(target)
