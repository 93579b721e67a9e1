from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Composition"

    def ready(self) -> None:
        from config import receivers  # noqa: F401, PLC0415 - receivers register themselves
