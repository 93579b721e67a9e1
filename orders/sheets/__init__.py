"""Outlet: the tables by which an owner keeps customers, catalogue and open orders."""

from orders.sheets.catalogue import FAMILIES, OPTIONS, PRODUCTS, RULES, chinese, product_keys
from orders.sheets.choices import CONDITION, condition_faults, condition_mentions
from orders.sheets.customers import CUSTOMERS
from orders.sheets.open_orders import ORDERS

__all__ = [
    "CONDITION",
    "CUSTOMERS",
    "FAMILIES",
    "OPTIONS",
    "ORDERS",
    "PRODUCTS",
    "RULES",
    "chinese",
    "condition_faults",
    "condition_mentions",
    "product_keys",
]
