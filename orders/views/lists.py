"""The lists of orders, products and customers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import django_filters as filters
from django import forms
from django.conf import settings
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from journal.lists.described import Column, Empty, Listing
from journal.lists.filters import FromDay, ListFilter, OnlyFilter, UntilDay, midnight
from journal.lists.pages import list_page
from orders.models import Customer, Order, OrderLine, Product, ProductFamily

RUNNING = (Order.Status.PLACED, Order.Status.CONFIRMED, Order.Status.ON_HOLD)
UNTRANSLATED = {"translate": "no"}  # choices that are data: countries, families
LANGUAGES = dict(settings.LANGUAGES)
# `get_status_display` translates every choice anew for every row
WORDS = {
    kind: dict(kind.choices)
    for kind in (Order.Status, Order.Source, Product.MakePolicy, Customer.Kind)
}


# Orders


class OrderFilter(ListFilter):
    q = filters.CharFilter(method="search", label=_("Number or customer"))
    status = filters.ChoiceFilter(
        choices=[one for one in Order.Status.choices if one[0] != Order.Status.DRAFT],
        label=_("State"),
        empty_label=_("All states"),
    )
    source = filters.ChoiceFilter(
        choices=Order.Source.choices, label=_("Came by"), empty_label=_("All ways")
    )
    placed_after = FromDay("placed_at", label=_("Placed from"))
    placed_before = UntilDay("placed_at", label=_("Placed until"))
    late = OnlyFilter(method="only_late", label=_("Only late ones"))

    class Meta:
        model = Order
        fields: list[str] = []

    def search(self, found: Any, name: str, value: str) -> Any:
        named = Customer.objects.filter(name__icontains=value)
        return found.filter(
            Q(number__icontains=value)
            | Q(external_ref__icontains=value)
            | Q(customer__in=named.values("pk"))
        )

    def only_late(self, found: Any, name: str, value: bool | None) -> Any:
        if not value:
            return found
        late = OrderLine.objects.late(timezone.now()).filter(order=OuterRef("pk"))
        return found.filter(Exists(late), status=Order.Status.CONFIRMED)


def placed_orders() -> "QuerySet[Order]":
    """`open_promise` is there to sort by: what nobody waits for any more has none."""
    kept = _kept_lines().annotate(last=Max("committed_date")).values("last")
    return Order.objects.placed().alias(
        open_promise=Case(When(status__in=RUNNING, then=Subquery(kept)))
    )


def _kept_lines() -> "QuerySet[OrderLine, Any]":
    lines = OrderLine.objects.filter(order=OuterRef("pk")).exclude(status="cancelled")
    return lines.order_by().values("order")


def listed_orders(ids: Sequence[int], now: datetime) -> "QuerySet[Order]":
    """Each with its pieces, amount, last promised date and lateness."""
    kept = _kept_lines()
    return (
        Order.objects.filter(pk__in=ids)
        .select_related("customer")
        .annotate(
            pieces=Subquery(kept.annotate(sum=Sum("quantity")).values("sum")),
            amount=Subquery(kept.annotate(sum=Sum(F("quantity") * F("unit_price"))).values("sum")),
            promised=Subquery(kept.annotate(last=Max("committed_date")).values("last")),
            late=Exists(OrderLine.objects.late(now).filter(order=OuterRef("pk"))),
        )
    )


def _customer_page(order: Any) -> str:
    return reverse("orders:staff-customer", args=[order.customer_id]) if order.customer_id else ""


ORDERS: Listing[Any] = Listing(
    name="orders",
    title=_("Orders"),
    lead=_("Every placed order, with the date that its customer was told."),
    permission="orders.view_order",
    columns=[
        Column(
            "number",
            _("Number"),
            lambda one: one.number,
            order=["number"],
            url=lambda one: reverse("orders:staff-order", args=[one.pk]),
        ),
        Column(
            "customer",
            _("Customer"),
            lambda one: one.customer.name if one.customer else None,
            order=["customer__name", "pk"],
            empty_last=True,
            url=_customer_page,
            opens="orders.view_customer",
        ),
        Column(
            "status",
            _("State"),
            lambda one: one.status,
            kind="status",
            order=["status", "-placed_at", "-pk"],
            word=lambda one: WORDS[Order.Status][one.status],
            late=lambda one: one.late,
        ),
        Column(
            "placed",
            _("Placed"),
            lambda one: one.placed_at,
            kind="moment",
            order=["placed_at", "pk"],
        ),
        Column(
            "promised",
            _("Promised date"),
            lambda one: one.promised,
            kind="date",
            order=["open_promise", "pk"],
            empty_last=True,
        ),
        Column("pieces", _("Pieces"), lambda one: one.pieces, kind="number"),
        Column(
            "total",
            _("Total"),
            lambda one: one.amount,
            kind="money",
            currency=lambda one: one.currency,
        ),
        Column("currency", _("Currency"), lambda one: one.currency, only_exported=True),
        Column(
            "source",
            _("Came by"),
            lambda one: one.source,
            kind="word",
            word=lambda one: WORDS[Order.Source][one.source],
            only_exported=True,
        ),
        Column(
            "reference",
            _("Old number"),
            lambda one: one.external_ref,
            only_exported=True,
        ),
    ],
    filters=OrderFilter,
    rows=placed_orders,
    load=listed_orders,
    order="-placed",
    empty=Empty(
        _("No orders yet"),
        _("Orders appear here when a customer checks out, or when you import your order log."),
        _("Nothing matches these filters. Clear them to see every order."),
        "basket",
        _("Open the shop"),
        "home",
    ),
)
orders = list_page(ORDERS)


# Products


class ProductFilter(ListFilter):
    q = filters.CharFilter(method="search", label=_("Product or SKU"))
    family = filters.ModelChoiceFilter(
        queryset=ProductFamily.objects.all(),
        to_field_name="code",
        label=_("Family"),
        empty_label=_("All families"),
        widget=forms.Select(attrs=UNTRANSLATED),
    )
    policy = filters.ChoiceFilter(
        "make_policy",
        choices=Product.MakePolicy.choices,
        label=_("Way of making"),
        empty_label=_("All ways"),
    )
    sold = filters.ChoiceFilter(
        method="on_sale",
        choices=[("yes", _("On sale")), ("no", _("Not on sale"))],
        label=_("Sale"),
        empty_label=_("On sale or not"),
    )

    class Meta:
        model = Product
        fields: list[str] = []

    def search(self, found: Any, name: str, value: str) -> Any:
        return found.filter(
            Q(sku__icontains=value) | Q(name__icontains=value) | Q(external_ref__icontains=value)
        )

    def on_sale(self, found: Any, name: str, value: str) -> Any:
        sold = Product.objects.on_sale(timezone.localdate()).values("pk")
        return found.filter(pk__in=sold) if value == "yes" else found.exclude(pk__in=sold)


def listed_products(ids: Sequence[int], now: datetime) -> "QuerySet[Product]":
    """Each with its family, whether it is sold today, and the pieces that are still to be made."""
    today = timezone.localdate(now)
    waiting = OrderLine.objects.open().filter(configuration__product=OuterRef("pk")).order_by()
    pieces = waiting.values("configuration__product").annotate(sum=Sum("quantity")).values("sum")
    return (
        Product.objects.filter(pk__in=ids)
        .defer("description")
        .select_related("family")
        .annotate(
            open_pieces=Coalesce(Subquery(pieces, output_field=IntegerField()), 0),
            sold=Exists(Product.objects.on_sale(today).filter(pk=OuterRef("pk"))),
        )
    )


def _sale(product: Any) -> str | Promise:
    return _("On sale") if product.sold else _("Not on sale")


PRODUCTS: Listing[Any] = Listing(
    name="products",
    title=_("Products"),
    lead=_("Everything that the shop makes, on sale or not."),
    permission="orders.view_product",
    columns=[
        Column(
            "product",
            _("Product"),
            lambda one: one.label,
            order=["name", "pk"],
            url=lambda one: reverse("product", args=[one.sku]) if one.sold else "",
        ),
        Column("sku", _("SKU"), lambda one: one.sku, order=["sku"]),
        Column(
            "family",
            _("Family"),
            lambda one: one.family.label,
            order=["family__name", "family", "name", "pk"],
        ),
        Column(
            "sale",
            _("Sale"),
            lambda one: "available" if one.sold else "withdrawn",
            kind="status",
            word=_sale,
        ),
        Column(
            "policy",
            _("Way of making"),
            lambda one: one.make_policy,
            kind="word",
            word=lambda one: WORDS[Product.MakePolicy][one.make_policy],
        ),
        Column(
            "price",
            _("Price"),
            lambda one: one.base_price,
            kind="money",
            order=["base_price", "pk"],
            currency=lambda one: one.currency,
        ),
        Column("currency", _("Currency"), lambda one: one.currency, only_exported=True),
        Column("open", _("Pieces to make"), lambda one: one.open_pieces, kind="number"),
    ],
    filters=ProductFilter,
    rows=lambda: Product.objects.all(),
    load=listed_products,
    order="product",
    empty=Empty(
        _("No products yet"),
        _("Products appear here when you add them, or when you import your order log."),
        _("Nothing matches these filters. Clear them to see every product."),
        "tag",
    ),
)
products = list_page(PRODUCTS)


# Customers


def countries() -> list[tuple[str, str]]:
    """Where customers live."""
    known = Customer.objects.exclude(country="").order_by("country")
    return [(name, name) for name in known.values_list("country", flat=True).distinct()]


class CustomerFilter(ListFilter):
    q = filters.CharFilter(method="search", label=_("Name, e-mail or number"))
    kind = filters.ChoiceFilter(
        choices=Customer.Kind.choices, label=_("Kind"), empty_label=_("All kinds")
    )
    country = filters.ChoiceFilter(
        choices=countries,
        label=_("Country"),
        empty_label=_("All countries"),
        widget=forms.Select(attrs=UNTRANSLATED),
    )
    language = filters.ChoiceFilter(
        choices=settings.LANGUAGES, label=_("Language"), empty_label=_("All languages")
    )
    ordered_after = filters.DateFilter(
        method="ordered_since",
        label=_("Ordered since"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    quiet_since = filters.DateFilter(
        method="not_ordered_since",
        label=_("No order since"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    class Meta:
        model = Customer
        fields: list[str] = []

    def search(self, found: Any, name: str, value: str) -> Any:
        return found.filter(
            Q(name__icontains=value) | Q(email__icontains=value) | Q(external_ref__icontains=value)
        )

    def ordered_since(self, found: Any, name: str, value: date) -> Any:
        return found.filter(pk__in=_buyers_since(value))

    def not_ordered_since(self, found: Any, name: str, value: date) -> Any:
        return found.exclude(pk__in=_buyers_since(value))


def _buyers_since(day: date) -> "QuerySet[Order, int | None]":
    placed = Order.objects.placed().filter(placed_at__gte=midnight(day))
    return placed.exclude(customer=None).values_list("customer", flat=True)


def known_customers() -> "QuerySet[Customer]":
    """With what they can be sorted by: how many orders, and when the last one came."""
    # a basket has no time at which it was placed
    dated = Order.objects.filter(customer=OuterRef("pk"), placed_at__isnull=False)
    placed = dated.order_by().values("customer")
    many = Subquery(placed.annotate(many=Count("pk")).values("many"))
    return Customer.objects.alias(
        orders_placed=Coalesce(many, 0),
        last_order=Subquery(placed.annotate(last=Max("placed_at")).values("last")),
    )


def listed_customers(ids: Sequence[int], now: datetime) -> "QuerySet[Customer]":
    return (
        known_customers()
        .filter(pk__in=ids)
        .annotate(orders_placed=F("orders_placed"), last_order=F("last_order"))
    )


CUSTOMERS: Listing[Any] = Listing(
    name="customers",
    title=_("Customers"),
    lead=_("Everybody who has ordered or opened an account."),
    permission="orders.view_customer",
    columns=[
        Column(
            "name",
            _("Customer"),
            lambda one: one.name,
            order=["name", "pk"],
            url=lambda one: reverse("orders:staff-customer", args=[one.pk]),
        ),
        Column(
            "kind",
            _("Kind"),
            lambda one: one.kind,
            kind="word",
            word=lambda one: WORDS[Customer.Kind][one.kind],
        ),
        Column("email", _("E-mail"), lambda one: one.email),
        Column("country", _("Country"), lambda one: one.country, order=["country", "name", "pk"]),
        Column(
            "language",
            _("Language"),
            lambda one: one.language,
            kind="word",
            word=lambda one: LANGUAGES.get(one.language, one.language),
        ),
        Column(
            "orders",
            _("Orders"),
            lambda one: one.orders_placed,
            kind="number",
            order=["orders_placed", "pk"],
        ),
        Column(
            "last",
            _("Last order"),
            lambda one: one.last_order,
            kind="moment",
            order=["last_order", "pk"],
            empty_last=True,
        ),
        Column(
            "since",
            _("Known since"),
            lambda one: one.created_at,
            kind="moment",
            order=["created_at", "pk"],
        ),
        Column("phone", _("Phone"), lambda one: one.phone, only_exported=True),
        Column("reference", _("Old number"), lambda one: one.external_ref, only_exported=True),
    ],
    filters=CustomerFilter,
    rows=known_customers,
    load=listed_customers,
    order="name",
    empty=Empty(
        _("No customers yet"),
        _("Customers appear here with their first order, or when you import your order log."),
        _("Nothing matches these filters. Clear them to see every customer."),
        "user",
    ),
)
customers = list_page(CUSTOMERS)
