"""Main jobs, written down: which cycle ran, what each step did and took; which logs came in."""

from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# an import that waits for a worker or is in the hands of one
IN_HAND = ("uploaded", "checking", "queued", "running")


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


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def abandoned(self, now: datetime) -> "ImportRunQuerySet":
        """Waiting or in work, and nobody has been heard of since the lease ran out."""
        return self.filter(status__in=IN_HAND, lease_until__lt=now)

    def outdated(self, before: datetime) -> "ImportRunQuerySet":
        """Their uploads have lain here long enough, and nobody works on them."""
        return self.exclude(status__in=IN_HAND).filter(requested_at__lt=before, kept=True)


class ImportRun(models.Model):
    """One order log that somebody brought to the portal: how it is read, what became of it."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("Waiting for the check")
        CHECKING = "checking", _("Checking")
        CHECKED = "checked", _("Checked")
        QUEUED = "queued", _("Waiting for the import")
        RUNNING = "running", _("Being imported")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")

    class Origin(models.TextChoices):
        """Where the mapping comes from."""

        NONE = "", _("None yet")
        SHIPPED = "shipped", _("Known layout")
        UPLOADED = "uploaded", _("Uploaded")
        GUESSED = "guessed", _("Guessed")
        ADJUSTED = "adjusted", _("Set by hand")

    status = models.CharField(max_length=10, choices=Status, default=Status.UPLOADED)
    # of the form that it was uploaded with: the same form sent twice is one run
    ticket = models.UUIDField(unique=True)
    name = models.CharField(max_length=100)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    # the file itself goes after some weeks; what became of it stays
    kept = models.BooleanField(default=True)
    # what a person said about the file; "" = the file shows it
    sheet = models.CharField(max_length=100, blank=True)
    encoding = models.CharField(max_length=40, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.NONE, blank=True)
    # the entries of a mapping file (docs/importing.md); may lack some while a guess needs help
    mapping = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    # orders placed on or after this day are still to be made
    open_since = models.DateField(null=True, blank=True)
    # how the file was read: its layout, its columns with examples
    reading = models.JSONField(default=dict)
    # what the last check or import found, by reason
    counts = models.JSONField(default=dict)
    # what of it was there when the import began first, to tell what it added in the end
    before = models.JSONField(default=dict)
    # what a person must know or answer: codes of `config.wording` with their facts
    notes = models.JSONField(default=list)
    step = models.CharField(max_length=20, blank=True)
    lines_done = models.PositiveIntegerField(default=0)
    lines_total = models.PositiveIntegerField(default=0)
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    # who works on it must say so before this moment, or the sweep hands it to another
    lease_until = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        indexes = [
            # the sweep
            models.Index(
                fields=["lease_until"], condition=Q(status__in=IN_HAND), name="import_abandoned"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="running"), name="import_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"import {self.pk}: {self.name}"

    @property
    def in_hand(self) -> bool:
        return self.status in IN_HAND


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
