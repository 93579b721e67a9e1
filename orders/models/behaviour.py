"""What visitors did, under their consent, without their names."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BehaviourEvent(models.Model):
    """Append-only. The subject is a keyed digest of the visitor, never the visitor."""

    class Kind(models.TextChoices):
        VIEW = "view", _("Viewed")
        SEARCH = "search", _("Searched")
        CONFIGURE = "configure", _("Configured")
        ABANDON = "abandon", _("Left a configuration")
        BASKET = "basket", _("Put into the basket")
        ORDER = "order", _("Ordered")
        REVIEW = "review", _("Reviewed")

    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.CharField(max_length=64)
    product = models.ForeignKey(
        "orders.Product", null=True, blank=True, on_delete=models.CASCADE, related_name="events"
    )
    # chosen values of a configuration, or {"query": "…", "results": 0} of a search
    details = models.JSONField(default=dict, blank=True)
    dwell_seconds = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    day = models.DateField()
    dedup_key = models.CharField(max_length=64)
    consent = models.CharField(max_length=20)

    class Meta:
        indexes = [
            # weekly leading signals of a product
            models.Index(fields=["product", "kind", "at"], name="behaviour_signals"),
            # what this visitor did lately
            models.Index(fields=["subject", "-at"], name="behaviour_of_subject"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["day", "dedup_key"], name="behaviour_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.product_id or ''} {self.at:%Y-%m-%d %H:%M}"
