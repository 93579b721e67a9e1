"""What customers will want: cleaned history, training runs, forecasts and option shares."""

from datetime import date, datetime
from math import ceil, floor

from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _


class DemandSeriesQuerySet(models.QuerySet["DemandSeries"]):
    def products(self) -> "DemandSeriesQuerySet":
        return self.filter(level=DemandSeries.Level.PRODUCT)

    def sums(self) -> "DemandSeriesQuerySet":
        return self.exclude(level=DemandSeries.Level.PRODUCT)

    def foreseen_by(self, forecast: "Forecast", start: date) -> "DemandSeriesQuerySet":
        """Series that a forecast covers, with what it expects from a week on, as `ahead`."""
        weeks = Q(forecasts__forecast=forecast)
        return self.filter(weeks).annotate(
            ahead=Sum(
                Coalesce(F("forecasts__override"), F("forecasts__mean")),
                filter=weeks & Q(forecasts__week__gte=start),
                default=0.0,
            )
        )


class DemandSeries(models.Model):
    """Weekly demand of the shop, a family or a product."""

    class Level(models.TextChoices):
        SHOP = "shop", _("Shop")
        FAMILY = "family", _("Family")
        PRODUCT = "product", _("Product")

    level = models.CharField(max_length=10, choices=Level)
    product = models.ForeignKey(
        "orders.Product", null=True, blank=True, on_delete=models.CASCADE, related_name="series"
    )
    family = models.ForeignKey(
        "orders.ProductFamily", null=True, blank=True, on_delete=models.CASCADE
    )
    demand_class = models.CharField(max_length=20, blank=True)

    objects = DemandSeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "demand series"
        constraints = [
            models.UniqueConstraint(
                fields=["product"], condition=Q(level="product"), name="series_of_product_once"
            ),
            models.UniqueConstraint(
                fields=["family"], condition=Q(level="family"), name="series_of_family_once"
            ),
            models.UniqueConstraint(
                fields=["level"], condition=Q(level="shop"), name="series_of_shop_once"
            ),
            models.CheckConstraint(
                condition=Q(level="shop", product=None, family=None)
                | Q(level="family", product=None, family__isnull=False)
                | Q(level="product", product__isnull=False, family=None),
                name="series_level_matches",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.product_id or self.family_id or ''}"

    @property
    def label(self) -> str:
        owner = self.product or self.family
        return owner.label if owner else str(self.get_level_display())


class DemandPoint(models.Model):
    """One week (its Monday): as it was counted and as it is learned from."""

    series = models.ForeignKey(DemandSeries, on_delete=models.CASCADE, related_name="points")
    week = models.DateField()
    raw = models.FloatField()
    cleaned = models.FloatField()
    censored = models.BooleanField(default=False)
    rule = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "week"], name="demand_point_once")]

    def __str__(self) -> str:
        return f"{self.week}: {self.raw}"


class TrainingRunQuerySet(models.QuerySet["TrainingRun"]):
    def champion(self, kind: str) -> "TrainingRun | None":
        return self.filter(kind=kind, status=TrainingRun.Status.CHAMPION).first()

    def under_way(self) -> "TrainingRunQuerySet":
        return self.filter(status__in=("queued", "training"))

    def abandoned(self, now: datetime) -> "TrainingRunQuerySet":
        """Queued or training, and nobody has been heard of since the lease ran out."""
        return self.filter(status__in=("queued", "training"), lease_until__lt=now)


class TrainingRun(models.Model):
    """One training of a forecast or a ranking: reproducible as of its data cut."""

    class Kind(models.TextChoices):
        FORECAST = "forecast", _("Forecast")
        RANKING = "ranking", _("Suggestions")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        TRAINING = "training", _("Training")
        EVALUATED = "evaluated", _("Evaluated")
        CHALLENGER = "challenger", _("Challenger")
        CHAMPION = "champion", _("Live")
        RETIRED = "retired", _("Retired")
        REJECTED = "rejected", _("Not better")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(max_length=10, choices=Kind)
    status = models.CharField(max_length=20, choices=Status, default=Status.QUEUED)
    params = models.JSONField(default=dict)
    seed = models.PositiveIntegerField(default=0)
    # the run is blind to everything after this moment
    data_cut = models.DateTimeField()
    code_version = models.CharField(max_length=40, blank=True)
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # who works on it must say so before this moment, or the sweep hands it to another
    lease_until = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    # 0 … 1, and what it is doing in plain words
    progress = models.FloatField(default=0)
    step = models.CharField(max_length=120, blank=True)
    metrics = models.JSONField(default=dict)
    # what was lacking, which simpler rule stands in, why it failed; `wording` has the words
    notes = models.JSONField(default=list)
    artefact = models.CharField(max_length=200, blank=True)
    artefact_digest = models.CharField(max_length=64, blank=True)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        indexes = [
            # the sweep
            models.Index(
                fields=["lease_until"],
                condition=Q(status__in=("queued", "training")),
                name="run_abandoned",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(status="champion"), name="run_one_champion"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk}"


class Forecast(models.Model):
    """One published version: what was foreseen as of a day. Old versions are kept for the gap."""

    run = models.OneToOneField(TrainingRun, on_delete=models.CASCADE, related_name="forecast")
    as_of = models.DateTimeField()
    # null while its points are still being written
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-as_of", "-pk"]

    def __str__(self) -> str:
        return f"forecast as of {self.as_of:%Y-%m-%d}"


class ForecastPoint(models.Model):
    forecast = models.ForeignKey(Forecast, on_delete=models.CASCADE, related_name="points")
    series = models.ForeignKey(DemandSeries, on_delete=models.CASCADE, related_name="forecasts")
    week = models.DateField()
    mean = models.FloatField()
    # nine numbers, .1 to .9
    quantiles = models.JSONField(default=list)
    method = models.CharField(max_length=30)
    override = models.FloatField(null=True, blank=True)
    override_by = models.CharField(max_length=80, blank=True)
    override_why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["forecast", "series", "week"], name="forecast_point_once"
            )
        ]
        indexes = [models.Index(fields=["series", "week"], name="forecast_of_series")]

    def __str__(self) -> str:
        return f"{self.week}: {self.mean:.1f}"

    @property
    def expected(self) -> float:
        return self.mean if self.override is None else self.override

    @property
    def low(self) -> int:
        """The .1 quantile in whole pieces, as they come."""
        return floor(float(self.quantiles[0]))

    @property
    def high(self) -> int:
        return ceil(float(self.quantiles[-1]))

    @property
    def state(self) -> str:
        return "foreseen" if self.override is None else "overridden"


class OptionShare(models.Model):
    """How likely each value of an option group is, as published with a forecast."""

    forecast = models.ForeignKey(Forecast, on_delete=models.CASCADE, related_name="shares")
    product = models.ForeignKey("orders.Product", on_delete=models.CASCADE)
    group = models.CharField(max_length=40)
    value = models.CharField(max_length=80)
    share = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["forecast", "product", "group", "value"], name="option_share_once"
            ),
            models.CheckConstraint(
                condition=Q(share__gte=0, share__lte=1), name="option_share_is_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}={self.value}: {self.share:.2f}"


class OptionScore(models.Model):
    """Bits of surprise of one order line, under the model published before the order came."""

    line = models.OneToOneField(
        "orders.OrderLine", on_delete=models.CASCADE, related_name="option_score"
    )
    forecast = models.ForeignKey(Forecast, null=True, on_delete=models.SET_NULL)
    bits = models.FloatField()
    # the same line under last quarter's plain frequencies
    baseline_bits = models.FloatField()
    scored_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.line_id}: {self.bits:.2f} bits"


class Accuracy(models.Model):
    """How good one method was in a run's backtest, for a demand class or (no class) overall."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="accuracies")
    method = models.CharField(max_length=30)
    demand_class = models.CharField(max_length=20, blank=True)
    series_count = models.PositiveIntegerField()
    rmsse = models.FloatField(null=True)
    wape = models.FloatField(null=True)
    bias = models.FloatField(null=True)
    wql = models.FloatField(null=True)
    coverage80 = models.FloatField(null=True)
    chosen = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "accuracies"
        constraints = [
            models.UniqueConstraint(fields=["run", "method", "demand_class"], name="accuracy_once")
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.demand_class}"
