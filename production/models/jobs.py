"""Work orders, what they are for, and their jobs."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class WorkOrderQuerySet(models.QuerySet["WorkOrder"]):
    def open(self) -> "WorkOrderQuerySet":
        return self.filter(status__in=WorkOrder.OPEN_STATUSES)


class WorkOrder(models.Model):
    """Make `quantity` of a configuration; routing and BOM are frozen on it when it is made."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        FIRMED = "firmed", _("Firm")
        RELEASED = "released", _("Released")
        IN_PROGRESS = "in_progress", _("In progress")
        ON_HOLD = "on_hold", _("On hold")
        COMPLETED = "completed", _("Completed")
        CLOSED = "closed", _("Closed")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN_STATUSES = ("planned", "firmed", "released", "in_progress", "on_hold")
    ON_THE_FLOOR = ("released", "in_progress")

    number = models.CharField(max_length=40, unique=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.PLANNED)
    configuration = models.ForeignKey("orders.Configuration", on_delete=models.PROTECT)
    quantity = models.PositiveIntegerField()
    good = models.PositiveIntegerField(default=0)
    due = models.DateTimeField()
    weight = models.PositiveSmallIntegerField(default=1)
    # {"operations": [...], "materials": [...]}: what was true when the order was made
    frozen = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    objects = WorkOrderQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["status", "due"], name="work_order_open")]
        constraints = [
            # the list of jobs, most urgent first: a number is unique anyway, but an index that
            # says so lets SQLite walk through jobs in this order instead of sorting all of them
            models.UniqueConstraint(fields=["due", "number"], name="work_order_by_due"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="work_order_quantity"),
        ]

    def __str__(self) -> str:
        return self.number


class Pegging(models.Model):
    """What a work order is for: an order line, or the forecast of a product's week."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="pegging")
    order_line = models.ForeignKey(
        "orders.OrderLine",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pegging",
    )
    forecast_week = models.DateField(null=True, blank=True)
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(order_line__isnull=False, forecast_week__isnull=True)
                | Q(order_line__isnull=True, forecast_week__isnull=False),
                name="pegging_to_one_demand",
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="pegging_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.work_order_id}"


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> "JobQuerySet":
        return self.filter(status__in=Job.UNFINISHED)

    def at_work(self) -> "JobQuerySet":
        return self.filter(status__in=Job.AT_WORK)

    def claimable(self, now: datetime) -> "JobQuerySet":
        """Ready, through with curing, and of a work order that the floor may work on."""
        return self.filter(
            Q(not_before=None) | Q(not_before__lte=now),
            status=Job.Status.READY,
            work_order__status__in=WorkOrder.ON_THE_FLOOR,
        )


class Job(models.Model):
    """One operation of one work order, as the floor sees it."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        READY = "ready", _("Ready")
        DISPATCHED = "dispatched", _("Claimed")
        SETUP = "setup", _("Setting up")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        INSPECTING = "inspecting", _("In inspection")
        UNKNOWN = "unknown", _("Link lost")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    AT_WORK = ("dispatched", "setup", "running", "paused", "inspecting", "unknown")
    UNFINISHED = ("waiting", "ready", *AT_WORK)

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="jobs")
    sequence = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    work_center = models.ForeignKey(
        "production.WorkCenter", on_delete=models.PROTECT, related_name="jobs"
    )
    capability = models.CharField(max_length=60, blank=True)
    setup_family = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.WAITING)
    # Counts every change: a terminal that saw an older one is refused.
    version = models.PositiveIntegerField(default=0)
    quantity = models.PositiveIntegerField()
    good = models.PositiveIntegerField(default=0)
    scrap = models.PositiveIntegerField(default=0)
    run_minutes = models.PositiveIntegerField()
    teardown_minutes = models.PositiveIntegerField(default=0)
    min_lag_minutes = models.PositiveIntegerField(default=0)
    max_lag_minutes = models.PositiveIntegerField(null=True, blank=True)
    needs_setup = models.BooleanField(default=False)
    attempt = models.PositiveSmallIntegerField(default=1)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="remakes"
    )
    machine = models.ForeignKey(
        "production.Machine", null=True, blank=True, on_delete=models.PROTECT, related_name="jobs"
    )
    terminal = models.ForeignKey(
        "production.Terminal", null=True, blank=True, on_delete=models.SET_NULL
    )
    operator = models.ForeignKey(
        "production.Operator", null=True, blank=True, on_delete=models.SET_NULL
    )
    # a ready job whose pieces still cure or dry cannot be claimed earlier
    not_before = models.DateTimeField(null=True, blank=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["work_order", "sequence", "attempt"]
        indexes = [
            # the queue of a work center; what is at work
            models.Index(fields=["work_center", "status"], name="job_queue"),
            # the list of jobs in one state, whichever the cell
            models.Index(fields=["status"], name="job_by_status"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["work_order", "sequence", "attempt"], name="job_once_per_attempt"
            ),
            models.CheckConstraint(
                condition=Q(good__lte=F("quantity") - F("scrap")), name="job_good_and_scrap_fit"
            ),
            # one machine works on one job at a time
            models.UniqueConstraint(
                fields=["machine"],
                condition=Q(status__in=("setup", "running")),
                name="job_alone_on_machine",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work_order_id}/{self.sequence} {self.name}"

    @property
    def remaining(self) -> int:
        return self.quantity - self.good - self.scrap


class JobReport(models.Model):
    """Pieces that an operator reported: good and scrap since the last report."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="reports")
    good = models.PositiveIntegerField(default=0)
    scrap = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.job_id}: {self.good} good, {self.scrap} scrap"
