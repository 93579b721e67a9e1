"""Master data by hand. Orders, promises and behaviour are shown; actions change them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from orders.models import (
    Address,
    AvailabilityPeriod,
    BehaviourEvent,
    Configuration,
    ConfigurationRule,
    Consent,
    Customer,
    Invoice,
    OptionGroup,
    OptionValue,
    Order,
    OrderLine,
    Product,
    ProductFamily,
    PromiseRevision,
    Return,
    Shipment,
)


class ShownOnly(admin.ModelAdmin[Any]):
    """What happened is not edited here."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ProductFamily)
class ProductFamilyAdmin(admin.ModelAdmin[ProductFamily]):
    list_display = ("code", "name", "routing_template", "position")
    search_fields = ("code", "name")


class OptionGroupInline(admin.TabularInline[OptionGroup, Product]):
    model = OptionGroup
    extra = 0
    show_change_link = True


class RuleInline(admin.TabularInline[ConfigurationRule, Product]):
    model = ConfigurationRule
    extra = 0


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin[Product]):
    list_display = ("sku", "name", "family", "make_policy", "base_price", "listed")
    list_filter = ("family", "make_policy", "listed")
    list_select_related = ("family",)
    search_fields = ("sku", "name")
    inlines = (OptionGroupInline, RuleInline)


class OptionValueInline(admin.TabularInline[OptionValue, OptionGroup]):
    model = OptionValue
    extra = 0


@admin.register(OptionGroup)
class OptionGroupAdmin(admin.ModelAdmin[OptionGroup]):
    list_display = ("product", "code", "name", "kind", "required")
    list_select_related = ("product",)
    search_fields = ("code", "product__name")
    autocomplete_fields = ("product",)
    inlines = (OptionValueInline,)


class AddressInline(admin.TabularInline[Address, Customer]):
    model = Address
    extra = 0


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin[Customer]):
    list_display = ("name", "kind", "email", "country", "created_at")
    search_fields = ("name", "email", "external_ref")
    autocomplete_fields = ("user",)
    inlines = (AddressInline,)


@admin.register(AvailabilityPeriod)
class AvailabilityPeriodAdmin(admin.ModelAdmin[AvailabilityPeriod]):
    list_display = ("product", "start", "end", "reason")
    list_select_related = ("product",)
    autocomplete_fields = ("product",)


class OrderLineInline(admin.TabularInline[OrderLine, Order]):
    model = OrderLine
    extra = 0
    can_delete = False
    fields = ("position", "configuration", "quantity", "unit_price", "status", "committed_date")
    readonly_fields = fields


@admin.register(Order)
class OrderAdmin(ShownOnly):
    list_display = ("number", "status", "source", "customer", "placed_at")
    list_filter = ("status", "source")
    list_select_related = ("customer",)
    search_fields = ("number", "external_ref", "customer__name")
    inlines = (OrderLineInline,)


@admin.register(PromiseRevision)
class PromiseRevisionAdmin(ShownOnly):
    list_display = ("line", "committed_date", "p50", "p90", "cause", "at")
    list_select_related = ("line",)


@admin.register(BehaviourEvent)
class BehaviourEventAdmin(ShownOnly):
    list_display = ("at", "kind", "product", "dwell_seconds")
    list_filter = ("kind",)
    list_select_related = ("product",)


admin.site.register([Configuration, Consent, Invoice, Return, Shipment], ShownOnly)
