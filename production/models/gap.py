"""The information gap, measured."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class GapMeasurement(models.Model):
    """One measure of one week, for the whole shop (no product) or one product."""

    class Measure(models.TextChoices):
        CHOICE = "choice", _("What do they want?")
        MIX = "mix", _("Which?")
        VOLUME = "volume", _("How many?")
        TIME = "time", _("When?")
        QUALITY = "quality", _("As ordered?")
        WORTH = "worth", _("Worth it?")

    class Side(models.TextChoices):
        WANT_PLAN = "want_plan", _("Wanted → planned")
        PLAN_MAKE = "plan_make", _("Planned → made")
        MAKE_DELIVER = "make_deliver", _("Made → delivered")

    measure = models.CharField(max_length=10, choices=Measure)
    side = models.CharField(max_length=20, choices=Side, default=Side.WANT_PLAN)
    week = models.DateField()
    product = models.ForeignKey(
        "orders.Product", null=True, blank=True, on_delete=models.CASCADE, related_name="gaps"
    )
    value = models.FloatField()
    wanted = models.FloatField(default=0)
    answered = models.FloatField(default=0)
    # what it was compared with (forecast and its date), the closeable share, money and hours
    details = models.JSONField(default=dict)
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "side", "week", "product"], name="gap_of_product_once"
            ),
            models.UniqueConstraint(
                fields=["measure", "side", "week"],
                condition=Q(product=None),
                name="gap_of_shop_once",
            ),
        ]
        indexes = [models.Index(fields=["week", "measure"], name="gap_by_week")]

    def __str__(self) -> str:
        return f"{self.measure} {self.week}: {self.value:.3f}"
