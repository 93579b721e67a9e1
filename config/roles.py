"""Who may do what: roles as Django groups, from one readable table.

"app" stands for every model of the app, "app.model" for one. Administrators are superusers too.
"""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

ALL = ("view", "add", "change", "delete")
APPS = ("orders", "forecasting", "production", "recommendations", "journal", "config")

# role: {what: verbs}
ROLES: dict[str, dict[str, tuple[str, ...]]] = {
    # sees and does only what is his or her own; that is checked object by object
    "customer": {},
    "operator": {
        "production.job": ("view", "change"),
        "production.workorder": ("view",),
        "production.machine": ("view", "change"),
        "production.workcenter": ("view",),
        "production.downtimeevent": ("view", "add", "change"),
        "production.jobreport": ("view", "add"),
    },
    "planner": {
        "orders": ("view",),
        "orders.order": ("view", "add", "change"),
        "orders.orderline": ("view", "add", "change"),
        "orders.shipment": ("view", "add", "change"),
        "orders.return": ("view", "add", "change"),
        "orders.customer": ("view", "add", "change"),
        "forecasting": ("view", "add", "change"),
        "recommendations": ("view", "add", "change"),
        "production": ("view", "add", "change"),
        "config": ("view", "add"),
        "journal.transition": ("view",),
        "journal.savedview": ("share",),
    },
    "quality": {
        "orders": ("view",),
        "orders.return": ("view", "add", "change"),
        "production": ("view",),
        "production.job": ("view", "change"),
        "production.downtimeevent": ("view", "add", "change"),
        "production.gapmeasurement": ("view",),
        "forecasting": ("view",),
        "journal.transition": ("view",),
    },
    "admin": {**dict.fromkeys(APPS, ALL), "journal.savedview": ("share",)},
}


def ensure() -> None:
    """Make the groups that are missing, and give each what the table says; again changes nothing.

    What an owner has added to a group by hand stays.
    """
    for name, grants in ROLES.items():
        group, _made = Group.objects.get_or_create(name=name)
        group.permissions.add(*permissions(grants.items()))


def permissions(grants: Iterable[tuple[str, tuple[str, ...]]]) -> list[Permission]:
    """The permissions behind a role's entries."""
    wanted = Q(pk__in=[])
    for what, verbs in grants:
        app, _dot, model = what.partition(".")
        named = Q(content_type__app_label=app)
        if model:
            named &= Q(content_type__model=model)
        verb = Q(pk__in=[])
        for one in verbs:
            verb |= Q(codename__startswith=f"{one}_")
        wanted |= named & verb
    return list(Permission.objects.filter(wanted))
