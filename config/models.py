"""The main job, written down: which cycle ran, what each step did and took."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CycleRun(models.Model):
    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING)
    as_of = models.DateTimeField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    # [{"step": "score", "code": "scored", "facts": {"lines": 3}, "seconds": 1.2}, …]
    steps = models.JSONField(default=list)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="running"), name="cycle_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"cycle as of {self.as_of:%Y-%m-%d}"
