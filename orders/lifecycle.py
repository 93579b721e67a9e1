"""The legal steps of orders and their lines (DESIGN §4); everything else raises `IllegalStep`."""

from journal.moving import lifecycle

ORDER = lifecycle(
    "order",
    {
        "": "draft",
        "draft": "placed cancelled",
        "placed": "confirmed on_hold cancelled",
        "confirmed": "on_hold closed cancelled",
        "on_hold": "placed confirmed cancelled",
        "closed": "",
        "cancelled": "",
    },
)

ORDER_LINE = lifecycle(
    "order_line",
    {
        "": "pending",
        "pending": "promised cancelled",
        "promised": "planned cancelled",
        "planned": "in_production cancelled",
        "in_production": "produced cancelled",
        "produced": "in_production ready cancelled",
        "ready": "shipped cancelled",
        "shipped": "delivered",
        "delivered": "returned",
        "returned": "",
        "cancelled": "",
    },
)
