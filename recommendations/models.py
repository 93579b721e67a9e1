"""What we suggest: published rankings."""

from django.db import models


class Ranking(models.Model):
    """One published version of the suggestions; its arrays are the run's artefact."""

    run = models.OneToOneField(
        "forecasting.TrainingRun", on_delete=models.CASCADE, related_name="ranking"
    )
    as_of = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-as_of", "-pk"]

    def __str__(self) -> str:
        return f"ranking as of {self.as_of:%Y-%m-%d}"
