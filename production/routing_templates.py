"""How imported products are made: one readable registry of routings, and the cells they need.

A mapping file names a template for each product family. Minutes are per unit; a template is a
starting point that the shop replaces by its own routings, product by product.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from production.models import WorkCenter


@dataclass(frozen=True)
class Cell:
    """A work center to set up where the shop has none of that code yet."""

    name: str
    kind: WorkCenter.Kind
    machines: int
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One operation. `run` minutes per unit, `setup` per change-over, `lag` before the next."""

    name: str
    cell: str
    run: Decimal
    capability: str = ""
    setup: int = 0
    lag: int = 0


@dataclass(frozen=True)
class Part:
    """A material of one unit."""

    material: str
    name: str
    unit: str
    quantity: Decimal
    cost: Decimal
    scrap_percent: Decimal = Decimal(0)


@dataclass(frozen=True)
class Template:
    """The steps in their order, and what one unit is made of."""

    steps: tuple[Step, ...]
    parts: tuple[Part, ...] = ()


_KIND = WorkCenter.Kind

CELLS: Mapping[str, Cell] = {
    "print-shop": Cell("Print shop", _KIND.PRINT, 4, ("print",)),
    "cutting": Cell("Cutting", _KIND.LINE, 4, ("laser", "saw")),
    "painting": Cell("Painting", _KIND.LINE, 4, ("paint",)),
    "sewing": Cell("Sewing", _KIND.MANUAL, 4, ("sew",)),
    "casting": Cell("Casting and firing", _KIND.LINE, 4, ("cast",)),
    "assembly": Cell("Assembly", _KIND.MANUAL, 6, ("assemble",)),
    "packing": Cell("Packing", _KIND.PACKING, 6, ("pack",)),
}

_PACK = Step("Pack", "packing", Decimal("0.10"))
_BOX = Part("box", "Box", "pc", Decimal(1), Decimal("0.15"))

TEMPLATES: Mapping[str, Template] = {
    "printed": Template(
        (
            Step("Print", "print-shop", Decimal("0.15"), "print", setup=15),
            Step("Cut", "cutting", Decimal("0.10"), "laser", setup=5),
            _PACK,
        ),
        (Part("card", "Card", "sheet", Decimal(1), Decimal("0.08"), Decimal(3)), _BOX),
    ),
    "painted": Template(
        (
            Step("Cut", "cutting", Decimal("0.15"), "saw", setup=10),
            Step("Paint", "painting", Decimal("0.15"), "paint", setup=20, lag=120),
            Step("Assemble", "assembly", Decimal("0.20")),
            _PACK,
        ),
        (
            Part("board", "Board", "m2", Decimal("0.10"), Decimal("6.00"), Decimal(5)),
            Part("paint", "Paint", "l", Decimal("0.02"), Decimal("9.00"), Decimal(2)),
            _BOX,
        ),
    ),
    "sewn": Template(
        (
            Step("Cut", "cutting", Decimal("0.10"), "laser", setup=5),
            Step("Sew", "sewing", Decimal("0.30"), "sew", setup=10),
            _PACK,
        ),
        (Part("fabric", "Fabric", "m2", Decimal("0.40"), Decimal("2.50"), Decimal(4)), _BOX),
    ),
    "cast": Template(
        (
            Step("Cast", "casting", Decimal("0.20"), "cast", setup=30, lag=240),
            Step("Decorate", "painting", Decimal("0.15"), "paint", setup=20, lag=60),
            _PACK,
        ),
        (Part("clay", "Clay", "kg", Decimal("0.50"), Decimal("0.80"), Decimal(6)), _BOX),
    ),
    "assembled": Template(
        (Step("Assemble", "assembly", Decimal("0.25"), setup=5), _PACK),
        (Part("kit", "Kit of parts", "pc", Decimal(1), Decimal("1.20")), _BOX),
    ),
    "packed": Template((_PACK,), (_BOX,)),
}
