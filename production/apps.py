from django.apps import AppConfig


class ProductionConfig(AppConfig):
    name = "production"

    def ready(self) -> None:
        from production import receivers  # noqa: F401, PLC0415  (receivers register themselves)
