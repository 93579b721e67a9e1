from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    name = "recommendations"

    def ready(self) -> None:
        from recommendations import receivers  # noqa: F401, PLC0415  (receivers register themselves)
