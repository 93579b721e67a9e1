"""Shop-floor terminals."""

from django.db import models


class Terminal(models.Model):
    """A tablet or panel at a work center. Only a digest of its token is kept."""

    name = models.CharField(max_length=80, unique=True)
    work_center = models.ForeignKey(
        "production.WorkCenter", on_delete=models.CASCADE, related_name="terminals"
    )
    token_digest = models.CharField(max_length=64, unique=True)
    active = models.BooleanField(default=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    # DRF asks every principal this.
    is_authenticated = True
