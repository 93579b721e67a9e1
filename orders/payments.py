"""Port: how orders are paid. `settings.PAYMENTS` names the adapter; `Invoice` ships."""

from datetime import datetime
from functools import lru_cache
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from orders.models import Invoice as InvoiceRow
from orders.models import Order


class Payments(Protocol):
    def settle(self, order: Order, now: datetime) -> bool:
        """Ask for the money, in the caller's transaction. True: the order may be confirmed now."""


class Invoice:
    """Goods first, money later: an invoice is issued, once, and the order is trusted."""

    def settle(self, order: Order, now: datetime) -> bool:
        InvoiceRow.objects.get_or_create(
            order=order,
            defaults={
                "number": f"R{order.number}",
                "amount": order.total,
                "currency": order.currency,
                "issued_at": now,
            },
        )
        return True


def payments() -> Payments:
    return _adapter(settings.PAYMENTS)


@lru_cache
def _adapter(path: str) -> Payments:
    return cast(Payments, import_string(path)())
