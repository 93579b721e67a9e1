"""What happened: who acted, every state change, what still has to react to it."""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who signs in, staff or customer. Here because transitions name who acted."""

    language = models.CharField(_("language"), max_length=10, blank=True)

    class Meta(AbstractUser.Meta):
        pass


class Transition(models.Model):
    """A state change: timeline, audit and outbox at once."""

    kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    from_status = models.CharField(max_length=20, blank=True)
    to_status = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            # the timeline of one object
            models.Index(fields=["kind", "object_id", "at"], name="transition_timeline"),
            # the live stream and the audit page
            models.Index(fields=["-at"], name="transition_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.from_status or '∅'} → {self.to_status}"


class HandlingQuerySet(models.QuerySet["Handling"]):
    def pending(self) -> "HandlingQuerySet":
        return self.filter(done_at=None)

    def due(self, now: datetime) -> "HandlingQuerySet":
        return self.pending().filter(due_at__lte=now)

    def alarming(self) -> "HandlingQuerySet":
        return self.pending().filter(attempts__gte=10)


class Handling(models.Model):
    """One receiver's duty towards one transition; `done_at` is set by the work itself."""

    transition = models.ForeignKey(Transition, on_delete=models.CASCADE, related_name="handlings")
    receiver = models.CharField(max_length=80)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    objects = HandlingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["transition", "receiver"], name="handling_once_per_receiver"
            ),
        ]
        indexes = [
            # the dispatcher's only question: what is due
            models.Index(fields=["due_at"], condition=Q(done_at=None), name="handling_due"),
        ]

    def __str__(self) -> str:
        return f"{self.receiver} ← {self.transition_id}"


class IdempotencyKey(models.Model):
    """A write that was answered: the same key gets the same answer."""

    scope = models.CharField(max_length=80)
    key = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.scope}/{self.key}"


class Delivery(models.Model):
    """A mail that must reach somebody; retried until it is sent."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    # The reason for the delivery, unique: telling somebody twice is worse than late.
    dedup_key = models.CharField(max_length=120, unique=True)
    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="pending"), name="delivery_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="sent", sent_at__isnull=False) | ~Q(status="sent"),
                name="delivery_sent_has_time",
            )
        ]
        ordering = [F("due_at").desc()]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def of(self, listing: str) -> "SavedViewQuerySet":
        return self.filter(listing=listing)

    def open_to(self, user_id: int | None) -> "SavedViewQuerySet":
        """One's own and those for all staff."""
        return self.filter(Q(user=user_id) | Q(shared=True))


class SavedView(models.Model):
    """Filters and order of a list of staff, kept under a name."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    listing = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    # what stands behind the "?" of the list's address
    query = models.CharField(max_length=1000, blank=True)
    shared = models.BooleanField(default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["-shared", "name", "pk"]
        permissions = [("share_savedview", "Can share a view with all staff")]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "listing", "name"], name="saved_view_name_once"
            ),
        ]
        indexes = [
            # the views that everybody sees above a list; one's own are found by the constraint
            models.Index(fields=["listing", "shared"], name="saved_view_of_list"),
        ]

    def __str__(self) -> str:
        return f"{self.listing}: {self.name}"


class Revision(models.Model):
    """One row of a sheet before and after an import; what came together has one `batch`.

    Before and after hold the texts of all columns; a row that was made has no before, one that
    was removed no after.
    """

    sheet = models.CharField(max_length=40)
    # the key's texts as a JSON list
    key = models.CharField(max_length=400)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    batch = models.CharField(max_length=32)
    # the batch that this one takes back
    undoes = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [
            # the history of one row
            models.Index(fields=["sheet", "key", "at"], name="revision_of_row"),
            # all of one import
            models.Index(fields=["batch"], name="revision_of_batch"),
            # whether an import was taken back already
            models.Index(fields=["undoes"], name="revision_undoes"),
            # the last import
            models.Index(fields=["-at"], name="revision_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(before__isnull=False) | Q(after__isnull=False),
                name="revision_says_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.key} at {self.at:%Y-%m-%d %H:%M}"
