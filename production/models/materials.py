"""Materials and every movement of their stock."""

from decimal import Decimal

from django.db import models


class Material(models.Model):
    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    translations = models.JSONField(default=dict, blank=True)
    unit = models.CharField(max_length=10)
    cost = models.DecimalField(max_digits=12, decimal_places=4, default=Decimal(0))
    lead_days = models.PositiveSmallIntegerField(default=7)
    safety_stock = models.DecimalField(max_digits=12, decimal_places=3, default=Decimal(0))

    def __str__(self) -> str:
        return self.name


class StockMove(models.Model):
    """A receipt (+), a use or a loss (−). On hand is the sum of the moves."""

    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="moves")
    quantity = models.DecimalField(max_digits=14, decimal_places=4)
    job = models.ForeignKey("production.Job", null=True, blank=True, on_delete=models.SET_NULL)
    reason = models.CharField(max_length=120)
    # the same movement reported twice is one row
    dedup_key = models.CharField(max_length=80, unique=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["material", "at"], name="stock_on_hand")]

    def __str__(self) -> str:
        return f"{self.quantity} {self.material_id}: {self.reason}"
