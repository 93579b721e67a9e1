"""What customers want: people, catalogue, configurations, orders and behaviour."""

from orders.models.behaviour import BehaviourEvent
from orders.models.catalogue import (
    AvailabilityPeriod,
    ConfigurationRule,
    OptionGroup,
    OptionValue,
    Product,
    ProductFamily,
)
from orders.models.configurations import Configuration
from orders.models.customers import Address, Consent, Customer
from orders.models.orders import Invoice, Order, OrderLine, PromiseRevision, Return, Shipment

__all__ = [
    "Address",
    "AvailabilityPeriod",
    "BehaviourEvent",
    "Configuration",
    "ConfigurationRule",
    "Consent",
    "Customer",
    "Invoice",
    "OptionGroup",
    "OptionValue",
    "Order",
    "OrderLine",
    "Product",
    "ProductFamily",
    "PromiseRevision",
    "Return",
    "Shipment",
]
