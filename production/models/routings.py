"""How products are made: bills of material, routings, change-overs."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q


class BOM(models.Model):
    product = models.OneToOneField("orders.Product", on_delete=models.CASCADE, related_name="bom")

    def __str__(self) -> str:
        return f"BOM of {self.product}"


class BOMLine(models.Model):
    """One material of one unit, where the configuration matches `condition` ({} = always)."""

    bom = models.ForeignKey(BOM, on_delete=models.CASCADE, related_name="lines")
    material = models.ForeignKey("production.Material", on_delete=models.PROTECT)
    quantity = models.DecimalField(max_digits=12, decimal_places=4)
    condition = models.JSONField(default=dict, blank=True)
    scrap_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="bom_quantity_positive"),
            models.CheckConstraint(
                condition=Q(scrap_percent__gte=0, scrap_percent__lt=100), name="bom_scrap_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.material}"


class Routing(models.Model):
    product = models.OneToOneField(
        "orders.Product", on_delete=models.CASCADE, related_name="routing"
    )
    # the template that an import built it from; empty when made by hand
    template = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return f"Routing of {self.product}"


class Operation(models.Model):
    """One step. Minutes: set-up per change-over, run per unit, lags on the wall clock."""

    routing = models.ForeignKey(Routing, on_delete=models.CASCADE, related_name="operations")
    sequence = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    translations = models.JSONField(default=dict, blank=True)
    work_center = models.ForeignKey("production.WorkCenter", on_delete=models.PROTECT)
    capability = models.CharField(max_length=60, blank=True)
    condition = models.JSONField(default=dict, blank=True)
    # Option groups whose chosen values make the setup family, such as ["material", "colour"];
    # none: the operation's name is the family.
    setup_by = models.JSONField(default=list, blank=True)
    setup_minutes = models.PositiveIntegerField(default=0)
    run_minutes = models.DecimalField(max_digits=8, decimal_places=2)
    # the range that somebody guessed, while nobody knows better; what is planned lies between
    run_minutes_low = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    run_minutes_high = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    teardown_minutes = models.PositiveIntegerField(default=0)
    min_lag_minutes = models.PositiveIntegerField(default=0)
    max_lag_minutes = models.PositiveIntegerField(null=True, blank=True)
    batch_min = models.PositiveIntegerField(default=1)
    batch_max = models.PositiveIntegerField(null=True, blank=True)
    expected_yield = models.DecimalField(max_digits=4, decimal_places=3, default=Decimal(1))

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(fields=["routing", "sequence"], name="operation_sequence_once"),
            models.CheckConstraint(condition=Q(run_minutes__gt=0), name="operation_takes_time"),
            models.CheckConstraint(
                condition=Q(run_minutes_low=None, run_minutes_high=None)
                | Q(
                    run_minutes_low__gt=0,
                    run_minutes_low__lte=F("run_minutes"),
                    run_minutes_high__gte=F("run_minutes"),
                ),
                name="operation_guess_around_plan",
            ),
            models.CheckConstraint(
                condition=Q(expected_yield__gt=0, expected_yield__lte=1), name="operation_yield"
            ),
            models.CheckConstraint(
                condition=Q(max_lag_minutes=None) | Q(max_lag_minutes__gte=F("min_lag_minutes")),
                name="operation_lags_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.name}"


class SetupRule(models.Model):
    """Minutes of change-over in a work center. An empty family stands for any."""

    work_center = models.ForeignKey(
        "production.WorkCenter", on_delete=models.CASCADE, related_name="setup_rules"
    )
    from_family = models.CharField(max_length=60, blank=True)
    to_family = models.CharField(max_length=60, blank=True)
    minutes = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["work_center", "from_family", "to_family"], name="setup_rule_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_family or '*'} → {self.to_family or '*'}: {self.minutes} min"
