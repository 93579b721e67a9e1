"""One complete choice of options for a product, stored once however often it is ordered."""

from django.db import models


class Configuration(models.Model):
    product = models.ForeignKey(
        "orders.Product", on_delete=models.PROTECT, related_name="configurations"
    )
    # {"colour": "red", "extras": ["dimmer"], "height": "42", "engraving": "Alice"}
    values = models.JSONField(default=dict)
    # SHA-256 of the canonical values: the same choice is the same row.
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "digest"], name="configuration_once")
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.values}"
