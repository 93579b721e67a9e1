from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Composition"

    def ready(self) -> None:
        from config import receivers  # noqa: F401, PLC0415 - receivers register themselves

        # told after all of our apps, when their permissions are there
        post_migrate.connect(_give_roles, sender=apps.get_app_config("auth"))


def _give_roles(using: str, **rest: Any) -> None:
    """A release that knows a new right gives it to the roles of every shop."""
    # needs the models
    from config import roles  # noqa: PLC0415

    if using == DEFAULT_DB_ALIAS:
        roles.ensure()
