"""The workshop of Lumen & Oak: cells, machines, people, change-overs."""

from collections.abc import Iterator
from dataclasses import dataclass

from config.demo.products import DARK, PAINTS, PLASTICS
from production.models import WorkCenter

_KIND = WorkCenter.Kind

# name: {weekdays: (opens, closes)}; 0 is Monday
SHIFTS: dict[str, dict[tuple[int, ...], tuple[str, str]]] = {
    "Printers": {(0, 1, 2, 3, 4): ("06:00", "22:00"), (5,): ("08:00", "16:00")},
    "Day shift": {(0, 1, 2, 3, 4): ("07:00", "15:30")},
}


@dataclass(frozen=True)
class Tool:
    """A machine: what it can do and what it is set up for when the shop opens."""

    code: str
    name: str
    capabilities: tuple[str, ...] = ()
    setup_family: str = ""


@dataclass(frozen=True)
class Cell:
    code: str
    en: str
    zh: str
    kind: str
    calendar: str
    tools: tuple[Tool, ...]


CELLS = (
    Cell("print-a", "Print cell A", "打印单元 A", _KIND.PRINT, "Printers", (
        Tool("printer-a1", "Printer A1", ("fdm",), "pla/white"),
        Tool("printer-a2", "Printer A2", ("fdm",), "rpla/sage"),
        Tool("printer-a3", "Printer A3", ("fdm",), "petg/graphite"),
    )),
    Cell("print-b", "Print cell B", "打印单元 B", _KIND.PRINT, "Printers", (
        Tool("printer-b1", "Printer B1", ("fdm", "enclosed"), "pla/white"),
        Tool("printer-b2", "Printer B2", ("fdm", "enclosed"), "asa/graphite"),
        Tool("printer-b3", "Printer B3", ("fdm", "enclosed"), "asa/white"),
    )),
    Cell("laser", "Laser", "激光加工", _KIND.LINE, "Day shift", (
        Tool("laser-1", "CO₂ laser", ("engrave",), "oak"),
        Tool("laser-2", "Fibre laser", ("cut", "engrave"), "steel"),
    )),
    Cell("mill", "Mill", "铣削", _KIND.LINE, "Day shift", (
        Tool("mill-1", "CNC mill 1", ("mill",), "oak"),
        Tool("mill-2", "CNC mill 2", ("mill",), "walnut"),
    )),
    Cell("paint", "Paint", "喷漆", _KIND.LINE, "Day shift", (
        Tool("booth-1", "Paint booth", ("paint",), "white"),
    )),
    Cell("assembly", "Assembly", "装配", _KIND.MANUAL, "Day shift", (
        Tool("bench-1", "Bench 1", ("assemble", "wire")),
        Tool("bench-2", "Bench 2", ("assemble", "wire")),
        Tool("bench-3", "Bench 3", ("assemble",)),
    )),
    Cell("inspection", "Inspection", "检验", _KIND.INSPECTION, "Day shift", (
        Tool("gauge-1", "Inspection table", ("inspect",)),
    )),
    Cell("packing", "Packing", "包装", _KIND.PACKING, "Day shift", (
        Tool("pack-1", "Packing table 1", ("pack",)),
        Tool("pack-2", "Packing table 2", ("pack",)),
    )),
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    name: str
    badge: str
    skills: tuple[str, ...] = ()


PEOPLE = (
    Person("Otto Keller", "B042"),
    Person("Emma Vogt", "B101", ("print-a", "print-b")),
    Person("Li Na", "B102", ("print-a", "print-b", "inspection")),
    Person("Jonas Brandt", "B103", ("laser", "mill")),
    Person("Aylin Demir", "B104", ("laser", "paint")),
    Person("Tomasz Nowak", "B105", ("mill", "assembly")),
    Person("Hanna Weiss", "B106", ("assembly", "inspection")),
    Person("Zhang Wei", "B107", ("assembly", "packing")),
    Person("Greta Lang", "B108", ("packing",)),
)


@dataclass(frozen=True)
class Change:
    """Minutes of change-over in a cell; an empty family stands for any."""

    cell: str
    before: str
    after: str
    minutes: int


NEW_COLOUR, NEW_PLASTIC = 12, 30
TO_DARK, TO_LIGHT = 10, 30


def changes() -> Iterator[Change]:
    for cell in ("print-a", "print-b"):
        yield Change(cell, "", "", NEW_PLASTIC)
        yield from _filament_changes(cell)
    for before in PAINTS:
        for after in PAINTS:
            if before != after:
                darker = after in DARK or before not in DARK
                yield Change("paint", before, after, TO_DARK if darker else TO_LIGHT)
    yield Change("mill", "", "", 15)
    yield Change("laser", "", "", 5)


def _filament_changes(cell: str) -> Iterator[Change]:
    """A new colour of the same plastic is quick; the lamp's shade, named by colour, is PLA."""
    loaded = {f"{plastic}/{paint}": (plastic, paint) for plastic in PLASTICS for paint in PAINTS}
    loaded |= {paint: ("pla", paint) for paint in PAINTS}
    for before, (old, old_paint) in loaded.items():
        for after, (new, new_paint) in loaded.items():
            if old == new and before != after:
                yield Change(cell, before, after, 0 if old_paint == new_paint else NEW_COLOUR)
