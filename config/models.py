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


class Beginning(models.Model):
    """What an owner chose while setting up: one row. How far the owner is, the shop itself says."""

    currency = models.CharField(max_length=3, default="EUR")
    # the code of a starter set, "tables" or "scratch"; empty: not chosen yet
    start = models.CharField(max_length=40, blank=True)
    # the import that wrote the starter set
    batch = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="beginning_is_one")]

    def __str__(self) -> str:
        return self.start or "not begun"

    @classmethod
    def load(cls) -> "Beginning":
        return cls.objects.filter(pk=1).first() or cls(pk=1)
