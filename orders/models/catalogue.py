"""What can be ordered: families, products, their options and the rules between them."""

from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def _translated(texts: dict[str, dict[str, str]], field: str, default: str) -> str:
    return texts.get(get_language() or "", {}).get(field) or default


class ProductFamily(models.Model):
    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    # {"zh-hans": {"name": "灯具"}}
    translations = models.JSONField(default=dict, blank=True)
    # The routing template that an import names for the family; production builds from it.
    routing_template = models.CharField(max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "product families"
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return _translated(self.translations, "name", self.name)


class ProductQuerySet(models.QuerySet["Product"]):
    def on_sale(self, day: date) -> "ProductQuerySet":
        return self.filter(
            Q(sold_from=None) | Q(sold_from__lte=day),
            Q(sold_until=None) | Q(sold_until__gte=day),
            listed=True,
        )


class Product(models.Model):
    class MakePolicy(models.TextChoices):
        MTO = "MTO", _("Made to order")
        ATO = "ATO", _("Assembled to order")
        MTS = "MTS", _("Made to stock")

    sku = models.CharField(max_length=60, unique=True)
    external_ref = models.CharField(max_length=60, null=True, blank=True, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    translations = models.JSONField(default=dict, blank=True)
    family = models.ForeignKey(ProductFamily, on_delete=models.PROTECT, related_name="products")
    make_policy = models.CharField(max_length=3, choices=MakePolicy, default=MakePolicy.MTO)
    base_price = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")
    # The drawing that shows the product: templates/orders/pictures/<picture>.svg
    picture = models.CharField(max_length=40, blank=True)
    listed = models.BooleanField(default=True)
    sold_from = models.DateField(null=True, blank=True)
    sold_until = models.DateField(null=True, blank=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        indexes = [
            # the list of products by name, by price, and one family by name
            models.Index(fields=["name"], name="product_by_name"),
            models.Index(fields=["base_price"], name="product_by_price"),
            models.Index(fields=["family", "name"], name="product_of_family"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(base_price__gte=Decimal(0)), name="product_price_not_negative"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return _translated(self.translations, "name", self.name)

    @property
    def text(self) -> str:
        return _translated(self.translations, "description", self.description)


class OptionGroup(models.Model):
    """One question of the configurator. `code` is shared between products that ask the same."""

    class Kind(models.TextChoices):
        SELECT = "select", _("One of")
        MULTI = "multi", _("Any of")
        NUMBER = "number", _("Number")
        TEXT = "text", _("Text")
        BOOL = "bool", _("Yes or no")
        DATE = "date", _("Date")

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="option_groups")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    translations = models.JSONField(default=dict, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    required = models.BooleanField(default=True)
    # number: limits of the number; text: greatest length is `maximum`
    minimum = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    maximum = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    step = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    unit = models.CharField(max_length=10, blank=True)
    # number: price for each unit above the minimum; text, bool, date: price when it is chosen
    price_delta = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    default = models.CharField(max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["product", "code"], name="option_group_code_once"),
            models.CheckConstraint(
                condition=Q(minimum=None) | Q(maximum=None) | Q(minimum__lte=F("maximum")),
                name="option_group_limits_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return _translated(self.translations, "name", self.name)


class OptionValue(models.Model):
    group = models.ForeignKey(OptionGroup, on_delete=models.CASCADE, related_name="values")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    translations = models.JSONField(default=dict, blank=True)
    price_delta = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    # {"hex": "#c0392b"} colours the picture; other attributes serve content suggestions
    attributes = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["group", "code"], name="option_value_code_once")
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return _translated(self.translations, "name", self.name)


class ConfigurationRule(models.Model):
    """When the chosen values match `condition`, `consequence` must hold, must not, or is set.

    Both are conditions in the language of `orders.configuration`:
    `{"material": ["oak", "walnut"], "height": {"max": 40}}`, every entry must match.
    """

    class Kind(models.TextChoices):
        REQUIRES = "requires", _("Requires")
        EXCLUDES = "excludes", _("Excludes")
        DERIVES = "derives", _("Sets")

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="rules")
    # what a shop calls the rule in its tables; none has a name that was made elsewhere
    code = models.SlugField(max_length=40, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    condition = models.JSONField()
    consequence = models.JSONField()
    message = models.CharField(max_length=200)
    translations = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "code"], condition=~Q(code=""), name="rule_code_once"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return _translated(self.translations, "message", self.message)


class AvailabilityPeriod(models.Model):
    """A stretch of days on which a product could not be sold: its silence is not lack of demand."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="unavailable")
    start = models.DateField()
    end = models.DateField()
    reason = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(start__lte=F("end")), name="availability_in_order"),
            models.UniqueConstraint(fields=["product", "start"], name="availability_start_once"),
        ]

    def __str__(self) -> str:
        return f"{self.start} – {self.end}: {self.reason}"
