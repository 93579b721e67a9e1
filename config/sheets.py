"""The tables that make a shop, in the order in which they are written."""

from journal.sheets import Workbook
from orders.sheets import CUSTOMERS, FAMILIES, OPTIONS, ORDERS, PRODUCTS, RULES
from production.sheets import (
    BOMS,
    CALENDARS,
    CELLS,
    CHANGEOVERS,
    HOLIDAYS,
    MACHINES,
    MATERIALS,
    ROUTINGS,
)

SHOP = Workbook(
    (
        *(CALENDARS, HOLIDAYS, CELLS, MACHINES, CHANGEOVERS, MATERIALS),
        *(FAMILIES, PRODUCTS, OPTIONS, RULES, BOMS, ROUTINGS),
        *(CUSTOMERS, ORDERS),
    )
)
