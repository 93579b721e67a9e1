"""Plant, work centers, machines, their calendars, and the people at them (ISA-95)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Plant(models.Model):
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=60)
    # freeze fence: work that is only foreseen does not begin within so many days
    locked_days = models.PositiveSmallIntegerField(
        _("locked days"),
        default=0,
        help_text=_("Work made for the forecast does not begin within so many days from now."),
    )

    def __str__(self) -> str:
        return self.name


class Calendar(models.Model):
    name = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class Shift(models.Model):
    """Open every week from `start` to `end` on `weekday` (0 = Monday), in the plant's time.

    An `end` not after `start` is on the next day.
    """

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="shifts")
    weekday = models.PositiveSmallIntegerField()
    start = models.TimeField()
    end = models.TimeField()

    class Meta:
        ordering = ["weekday", "start"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="shift_weekday"),
            models.UniqueConstraint(fields=["calendar", "weekday", "start"], name="shift_once"),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.start:%H:%M}–{self.end:%H:%M}"


class CalendarException(models.Model):
    """A holiday (closed) or an extra day, replacing the shifts of that day."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="exceptions")
    day = models.DateField()
    # no times: closed all day
    start = models.TimeField(null=True, blank=True)
    end = models.TimeField(null=True, blank=True)
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="calendar_exception_once")
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.reason}"


class WorkCenter(models.Model):
    class Kind(models.TextChoices):
        LINE = "line", _("Flexible line")
        PRINT = "print", _("Print cell")
        MANUAL = "manual", _("Manual")
        INSPECTION = "inspection", _("Inspection")
        PACKING = "packing", _("Packing")
        SUBCONTRACTOR = "subcontractor", _("Subcontractor")

    plant = models.ForeignKey(Plant, on_delete=models.CASCADE, related_name="work_centers")
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    translations = models.JSONField(default=dict, blank=True)
    kind = models.CharField(max_length=20, choices=Kind)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name


class Machine(models.Model):
    class Status(models.TextChoices):
        OFFLINE = "offline", _("Offline")
        IDLE = "idle", _("Idle")
        SETUP = "setup", _("Setting up")
        RUNNING = "running", _("Running")
        BLOCKED = "blocked", _("Blocked")
        STARVED = "starved", _("Waiting for material")
        DOWN = "down", _("Down")
        MAINTENANCE = "maintenance", _("Maintenance")
        UNKNOWN = "unknown", _("Unknown")

    work_center = models.ForeignKey(WorkCenter, on_delete=models.CASCADE, related_name="machines")
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    # words an operation may ask for; an operation that asks for none runs on any machine
    capabilities = models.JSONField(default=list, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.IDLE)
    # the setup family that it holds now: colour, material, tool
    setup_family = models.CharField(max_length=60, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["work_center", "code"]

    def __str__(self) -> str:
        return self.name


class Operator(models.Model):
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    name = models.CharField(max_length=120)
    badge = models.CharField(max_length=40, unique=True)
    # codes of the work centers that the operator may work at; none: all
    skills = models.JSONField(default=list, blank=True)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class DowntimeEvent(models.Model):
    """A failure or stop of a machine; open until somebody acknowledges it at the machine."""

    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="downtimes")
    reason = models.CharField(max_length=200)
    job = models.ForeignKey("production.Job", null=True, blank=True, on_delete=models.SET_NULL)
    started_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=80, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="downtime_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.machine_id}: {self.reason}"
