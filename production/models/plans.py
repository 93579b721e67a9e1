"""Plans: which job when on which machine, and the capacity held for promises."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class PlanQuerySet(models.QuerySet["Plan"]):
    def published(self) -> "PlanQuerySet":
        return self.filter(status=Plan.Status.PUBLISHED)


class Plan(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        SUPERSEDED = "superseded", _("Replaced")
        REJECTED = "rejected", _("Rejected")

    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    # minute 0 of the schedule; the plan knows nothing that happened later
    as_of = models.DateTimeField()
    created_at = models.DateTimeField()
    solver = models.CharField(max_length=40)
    seed = models.PositiveIntegerField(default=0)
    # why it was made, as codes with names (`causes`)
    why = models.JSONField(default=list)
    # objective and its parts, seconds taken, how far it departs from the plan before
    metrics = models.JSONField(default=dict)
    # what pages list of it (`figures`): the search, late orders, cells; kept when entries are not
    report = models.JSONField(default=dict)
    violations = models.JSONField(default=list)
    # The demand that the plan decided on, kept for the gap: {sku: {week: quantity}}
    snapshot = models.JSONField(default=dict)

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="published"), name="plan_published_once"
            )
        ]
        ordering = ["-as_of", "-pk"]

    def __str__(self) -> str:
        return f"plan {self.pk} as of {self.as_of:%Y-%m-%d}"


class PlanEntry(models.Model):
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="entries")
    job = models.ForeignKey("production.Job", on_delete=models.CASCADE, related_name="entries")
    machine = models.ForeignKey("production.Machine", on_delete=models.PROTECT)
    setup_start = models.DateTimeField()
    start = models.DateTimeField()
    end = models.DateTimeField()
    setup_minutes = models.PositiveIntegerField(default=0)
    # why it starts when it does: machine, predecessor, material, lag, calendar, pinned
    binding = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name_plural = "plan entries"
        ordering = ["start"]
        indexes = [
            # the board and the queue, in order
            models.Index(fields=["plan", "machine", "start"], name="plan_entry_by_machine"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["plan", "job"], name="plan_entry_once_per_job"),
            models.CheckConstraint(
                condition=Q(setup_start__lte=F("start")) & Q(start__lt=F("end")),
                name="plan_entry_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} on {self.machine_id} at {self.start:%Y-%m-%d %H:%M}"


class PlanRefusal(models.Model):
    """A work order that could not be planned, at which step and why."""

    WHY: ClassVar = {
        "no_machine": _("No machine can do the step “%(step)s”."),
        "no_window": _("No working time is left for the step “%(step)s”."),
        "max_lag": _("After “%(step)s” the next step cannot begin in time."),
        "pin_conflict": _("“%(step)s” is at work where other work is at work too."),
        "pin_order": _("A later step has begun although “%(step)s” is still open."),
        "predecessor": _("It needs another work order that cannot be planned."),
        "expired": _("It was foreseen for days that are locked by now, and nobody has ordered it."),
    }

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="refusals")
    work_order = models.ForeignKey("production.WorkOrder", on_delete=models.CASCADE)
    code = models.CharField(max_length=40)
    step = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"{self.work_order_id}: {self.reason}"

    @property
    def reason(self) -> str:
        """Why, in the reader's language."""
        return str(self.WHY[self.code]) % {"step": self.step}


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def active(self, now: datetime) -> "ReservationQuerySet":
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))


class Reservation(models.Model):
    """Machine time held for an order line between its promise and the next plan."""

    order_line = models.ForeignKey(
        "orders.OrderLine", on_delete=models.CASCADE, related_name="reservations"
    )
    machine = models.ForeignKey("production.Machine", on_delete=models.CASCADE)
    sequence = models.PositiveSmallIntegerField()
    setup_family = models.CharField(max_length=60, blank=True)
    start = models.DateTimeField()
    end = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_line", "sequence"], name="reservation_once_per_step"
            ),
            models.CheckConstraint(condition=Q(start__lt=F("end")), name="reservation_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.order_line_id} on {self.machine_id}"
