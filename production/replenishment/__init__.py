"""What must be made or bought, and when: bills of material and time-phased netting. Pure."""

from production.replenishment.bom import (
    Bom,
    BomCycleError,
    BomLine,
    Condition,
    Need,
    NumberRange,
    condition_from,
    explode,
)
from production.replenishment.netting import (
    Demand,
    FixedLot,
    Item,
    LotForLot,
    NettingResult,
    Peg,
    PeriodLot,
    PlannedOrder,
    Receipt,
    net,
)

__all__ = [
    "Bom",
    "BomCycleError",
    "BomLine",
    "Condition",
    "Demand",
    "FixedLot",
    "Item",
    "LotForLot",
    "Need",
    "NettingResult",
    "NumberRange",
    "Peg",
    "PeriodLot",
    "PlannedOrder",
    "Receipt",
    "condition_from",
    "explode",
    "net",
]
