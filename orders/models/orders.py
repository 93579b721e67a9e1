"""Orders, their lines, what was promised, invoiced, shipped and sent back."""

from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _


class OrderQuerySet(models.QuerySet["Order"]):
    def placed(self) -> "OrderQuerySet":
        return self.exclude(status=Order.Status.DRAFT)

    def known_at(self, as_of: datetime) -> "OrderQuerySet":
        """Placed by then: who plans as of a day is blind to what came later."""
        return self.filter(placed_at__lte=as_of)

    def taken_here(self) -> "OrderQuerySet":
        """Neither imported nor made-up history: it is us who tell its customer what happens."""
        return self.exclude(source=Order.Source.IMPORT).filter(external_ref=None)

    def of(self, customer_id: int) -> "OrderQuerySet":
        return self.filter(customer_id=customer_id)


class Order(models.Model):
    """A customer's order; in draft it is the basket."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Basket")
        PLACED = "placed", _("Placed")
        CONFIRMED = "confirmed", _("Confirmed")
        ON_HOLD = "on_hold", _("On hold")
        CLOSED = "closed", _("Closed")
        CANCELLED = "cancelled", _("Cancelled")

    OVER = (Status.CLOSED, Status.CANCELLED)

    class Source(models.TextChoices):
        SHOP = "shop", _("Web shop")
        STAFF = "staff", _("Staff")
        IMPORT = "import", _("Import")

    number = models.CharField(max_length=40, unique=True, null=True)
    external_ref = models.CharField(max_length=60, null=True, blank=True, unique=True)
    source = models.CharField(max_length=10, choices=Source, default=Source.SHOP)
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    # Unknown in a third of imported lines; a basket has none until checkout.
    customer = models.ForeignKey(
        "orders.Customer", null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    # The browser session that fills the basket.
    basket_key = models.CharField(max_length=64, null=True, blank=True, unique=True)
    # A double submit of one checkout form carries one key.
    submission_key = models.CharField(max_length=64, null=True, blank=True, unique=True)
    currency = models.CharField(max_length=3, default="EUR")
    language = models.CharField(max_length=10, default="en")
    delivery_address = models.ForeignKey(
        "orders.Address", null=True, blank=True, on_delete=models.PROTECT
    )
    customer_note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    placed_at = models.DateTimeField(null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes = [
            # lists by date; demand known as of a day
            models.Index(fields=["-placed_at"], name="order_newest"),
            models.Index(fields=["status", "-placed_at"], name="order_by_status"),
            # the newest orders of a customer; how many there are, and when the last one was
            models.Index(fields=["customer", "-placed_at"], name="order_of_customer"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(placed_at__isnull=False, number__isnull=False)
                | Q(status="cancelled"),
                name="order_placed_has_number_and_time",
            )
        ]

    def __str__(self) -> str:
        return self.number or f"basket {self.pk}"

    @property
    def total(self) -> Decimal:
        total = self.lines.exclude(status="cancelled").aggregate(
            total=Sum(F("quantity") * F("unit_price"))
        )["total"]
        return Decimal(total or 0).quantize(Decimal("0.01"))


class OrderLineQuerySet(models.QuerySet["OrderLine"]):
    def known_at(self, as_of: datetime) -> "OrderLineQuerySet":
        return self.filter(order__placed_at__lte=as_of)

    def wanted(self) -> "OrderLineQuerySet":
        """Everything that was really ordered, whatever became of it since."""
        return self.exclude(order__status=Order.Status.DRAFT).exclude(
            status=OrderLine.Status.CANCELLED
        )

    def open(self) -> "OrderLineQuerySet":
        """Still to be made or shipped."""
        return self.filter(order__status=Order.Status.CONFIRMED, status__in=OrderLine.OPEN_STATUSES)

    def late(self, now: datetime) -> "OrderLineQuerySet":
        return self.open().filter(committed_date__lt=now.date())


class OrderLine(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        PROMISED = "promised", _("Promised")
        PLANNED = "planned", _("Planned")
        IN_PRODUCTION = "in_production", _("In production")
        PRODUCED = "produced", _("Produced")
        READY = "ready", _("Ready to ship")
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")
        RETURNED = "returned", _("Returned")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN_STATUSES = ("pending", "promised", "planned", "in_production", "produced", "ready")

    class Priority(models.IntegerChoices):
        STANDARD = 1, _("Standard")
        EXPRESS = 2, _("Express")
        URGENT = 4, _("Urgent")
        CRITICAL = 10, _("Critical")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    # invoice + ordinal of an imported line: importing twice changes nothing
    external_ref = models.CharField(max_length=80, null=True, blank=True, unique=True)
    configuration = models.ForeignKey(
        "orders.Configuration", on_delete=models.PROTECT, related_name="lines"
    )
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.STANDARD)
    requested_date = models.DateField(null=True, blank=True)
    # What the customer was told; `PromiseRevision` keeps every earlier one and why it changed.
    committed_date = models.DateField(null=True, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        ordering = ["order", "position"]
        indexes = [
            # what is open and what is late
            models.Index(fields=["status", "committed_date"], name="line_open_by_date"),
            # how many are open, and which stand on a page of their table, without reading them
            models.Index(fields=["status", "order", "position"], name="line_open_by_order"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="line_position_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(unit_price__gte=Decimal(0)), name="line_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.position}"

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.unit_price


class PromiseRevision(models.Model):
    """One answer to "when?": the calibrated band, the date committed to, and why it is new."""

    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="promises")
    p50 = models.DateField()
    p90 = models.DateField()
    committed_date = models.DateField()
    cause = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.committed_date}: {self.cause}"


class Invoice(models.Model):
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="invoice")
    number = models.CharField(max_length=40, unique=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    issued_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.number


class Shipment(models.Model):
    """One parcel of an order."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    lines = models.ManyToManyField(OrderLine, related_name="shipments")
    carrier = models.CharField(max_length=60, blank=True)
    tracking_code = models.CharField(max_length=80, blank=True)
    shipped_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.order}: {self.carrier} {self.tracking_code}"


class Return(models.Model):
    """Goods sent back or a sale taken back; matched to its sale where there is one."""

    line = models.ForeignKey(
        OrderLine, null=True, blank=True, on_delete=models.PROTECT, related_name="returns"
    )
    external_ref = models.CharField(max_length=80, null=True, blank=True, unique=True)
    product = models.ForeignKey("orders.Product", on_delete=models.PROTECT, related_name="returns")
    customer = models.ForeignKey(
        "orders.Customer", null=True, blank=True, on_delete=models.PROTECT, related_name="returns"
    )
    quantity = models.PositiveIntegerField()
    at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["at"], name="return_known_at")]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="return_quantity_positive")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id} back"
