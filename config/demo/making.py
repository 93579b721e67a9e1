"""How the demo products are made: materials, bills of material and routings with conditions."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from config.demo.products import PAINTS, PLASTICS
from config.demo.sheets import Condition


@dataclass(frozen=True)
class Stuff:
    """A material; `stock` is on hand when the shop opens."""

    code: str
    en: str
    zh: str
    unit: str
    cost: str
    stock: str
    lead_days: int = 7


def _filaments() -> Iterator[Stuff]:
    kilo = {"pla": "21", "rpla": "24", "petg": "26", "asa": "34"}
    for plastic in PLASTICS.values():
        for paint in PAINTS.values():
            name = plastic.en.split(" (")[0]
            yield Stuff(
                f"{plastic.code}-{paint.code}",
                f"{name} filament, {paint.en.lower()}",
                f"{plastic.zh.split('（')[0]}线材，{paint.zh}",
                "kg",
                kilo[plastic.code],
                "60",
            )


MATERIALS = (
    *_filaments(),
    *(Stuff(f"paint-{p.code}", f"Paint, {p.en.lower()}", f"油漆，{p.zh}", "l", "18", "40")
      for p in PAINTS.values()),
    Stuff("oak", "Oak board", "橡木板", "m2", "62", "180", 14),
    Stuff("walnut", "Walnut board", "胡桃木板", "m2", "118", "90", 21),
    Stuff("ash", "Ash board", "白蜡木板", "m2", "54", "90", 14),
    Stuff("mdf", "Fibreboard", "密度板", "m2", "16", "80", 7),
    Stuff("steel", "Steel sheet 1 mm", "1 毫米钢板", "m2", "24", "120", 10),
    Stuff("hook", "Steel hook", "钢挂钩", "pc", "1.1", "3000", 10),
    Stuff("oil", "Hard wax oil", "硬蜡油", "l", "32", "60", 7),
    Stuff("socket", "Socket and cable", "灯座与电线", "pc", "6.5", "800", 14),
    Stuff("led", "LED module", "LED 模组", "pc", "4.2", "800", 14),
    Stuff("dimmer", "Touch dimmer", "触控调光器", "pc", "5.1", "500", 21),
    Stuff("usb", "USB module", "USB 模块", "pc", "3.4", "300", 21),
    Stuff("bulb", "Warm bulb", "暖光灯泡", "pc", "2.6", "500", 7),
    Stuff("bracket", "Hidden bracket", "隐藏支架", "pc", "2.3", "1200", 10),
    Stuff("drawer-runner", "Drawer runner", "抽屉滑轨", "pc", "3.9", "300", 14),
    Stuff("felt", "Felt", "毛毡", "m2", "14", "30", 10),
    Stuff("glass", "Plain glass", "普通玻璃", "m2", "22", "40", 10),
    Stuff("museum-glass", "Museum glass", "博物馆玻璃", "m2", "95", "20", 21),
    Stuff("card", "Mount card", "衬纸卡", "m2", "6", "60", 7),
    Stuff("box", "Shipping box", "快递箱", "pc", "0.9", "6000", 5),
    Stuff("gift-paper", "Gift paper", "礼品纸", "m2", "2.1", "400", 5),
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    material: str
    quantity: str
    condition: Condition
    scrap: str = "0"


@dataclass(frozen=True)
class Step:
    """One operation; `run` minutes a piece, `lag` minutes before the next."""

    en: str
    zh: str
    cell: str
    run: str
    capability: str = ""
    when: Condition | None = None
    setup_by: tuple[str, ...] = ()
    setup: int = 0
    lag: int = 0
    most: int | None = None
    share_good: str = "1"


_WOODS = ("oak", "walnut", "ash")
_PAINT_LAG = 8 * 60  # curing
_OIL_LAG = 4 * 60
_LARGE = {"size": ["l"]}
_SMALL = {"size": ["s", "m"]}
_ENGRAVED = {"engraving": {"set": True}}
_INSPECT = Step("Inspect", "检验", "inspection", "3", "inspect")
_WRAP = Step("Wrap", "礼品包装", "packing", "4", "pack", {"gift-wrap": ["yes"]})
_PACK = Step("Pack", "包装", "packing", "6", "pack")


def _print(cell: str, run: str, when: Condition, *, enclosed: bool = False) -> Step:
    return Step(
        "Print", "打印", cell, run, "enclosed" if enclosed else "fdm", when,
        ("material", "colour"), 12, 20, most=3, share_good="0.97",
    )  # fmt: skip


def _shade(cell: str, run: str, when: Condition) -> Step:
    """The lamp's own wood is its `material`, so only the colour sets the printer up."""
    return Step("Print shade", "打印灯罩", cell, run, "fdm", when, ("colour",), 12, 20, 3, "0.97")


def _mill(run: str, when: Condition | None = None) -> Step:
    return Step("Mill", "铣削", "mill", run, "mill", when, ("material",), 15)


def _engrave(run: str, by: tuple[str, ...] = ("material",)) -> Step:
    return Step("Engrave", "雕刻", "laser", run, "engrave", _ENGRAVED, by, 5)


def _paint(run: str, when: Condition | None = None) -> Step:
    return Step("Paint", "喷漆", "paint", run, "paint", when, ("colour",), 20, _PAINT_LAG)


def _assemble(run: str, capability: str = "assemble", lag: int = 0) -> Step:
    return Step("Assemble", "装配", "assembly", run, capability, lag=lag)


def _oil(run: str, when: Condition | None = None) -> Step:
    return Step(
        "Oil or wax", "上油或打蜡", "assembly", run, "assemble", when, ("finish",), 5, _OIL_LAG
    )


STEPS: dict[str, tuple[Step, ...]] = {
    "LAMP-AURORA": (
        _shade("print-a", "180", {"size": ["s"]}),
        _shade("print-a", "255", {"size": ["m"]}),
        _shade("print-b", "515", _LARGE),
        _mill("24"),
        _engrave("10"),
        _paint("14", {"finish": ["gloss"]}),
        _assemble("29", "wire"),
        _INSPECT,
        _PACK,
    ),
    "LAMP-HALO": (
        Step("Cut", "切割", "laser", "24", "cut", _SMALL, (), 10),
        Step("Cut large", "切割（大号）", "laser", "38", "cut", _LARGE, (), 10),
        _paint("18"),
        _assemble("36", "wire"),
        _INSPECT,
        _PACK,
    ),
    "LAMP-LUNA": (
        _print("print-a", "170", {}),
        _engrave("6", ("material",)),
        _assemble("14", "wire"),
        _INSPECT,
        _PACK,
    ),
    "SHELF-FJORD": (
        _mill("31", {"width": {"max": 100}}),
        _mill("51", {"width": {"min": 105}}),
        _paint("19", {"material": ["painted"]}),
        _assemble("16"),
        _oil("14", {"material": list(_WOODS)}),
        _INSPECT,
        _PACK,
    ),
    "DESK-RISER": (
        _mill("41"),
        _engrave("11"),
        _assemble("25"),
        _oil("15"),
        _INSPECT,
        _PACK,
    ),
    "HOOK-RAIL": (
        _mill("22"),
        _engrave("10"),
        _paint("10"),
        _assemble("18"),
        _INSPECT,
        _PACK,
    ),
    "ORG-GRID": (
        _print("print-a", "145", {"size": ["s"]}),
        _print("print-a", "215", {"size": ["m"]}),
        _print("print-b", "470", _LARGE),
        _engrave("6"),
        _INSPECT,
        _PACK,
    ),
    "PLANT-TERRA": (
        _print("print-a", "160", {"material": ["rpla", "petg"], "size": ["s"]}),
        _print("print-a", "230", {"material": ["rpla", "petg"], "size": ["m"]}),
        _print("print-b", "485", {"material": ["rpla", "petg"], **_LARGE}),
        _print("print-b", "280", {"material": ["asa"], **_SMALL}, enclosed=True),
        _print("print-b", "500", {"material": ["asa"], **_LARGE}, enclosed=True),
        _INSPECT,
        _PACK,
    ),
    "GIFT-BOARD": (
        _mill("27"),
        _engrave("18"),
        Step("Oil", "上油", "assembly", "8", "assemble", None, (), 0, _OIL_LAG),
        _INSPECT,
        _WRAP,
        _PACK,
    ),
    "GIFT-FRAME": (
        _mill("20"),
        _engrave("11"),
        _assemble("16"),
        _INSPECT,
        _WRAP,
        _PACK,
    ),
}  # fmt: skip


def _filament(plastics: tuple[str, ...], grams: dict[str, str]) -> Iterator[Part]:
    """Filament of the chosen plastic and colour; kilos by size, "" where there are no sizes."""
    for plastic in plastics:
        for paint in PAINTS:
            for size, kilos in grams.items():
                when: dict[str, object] = {"material": [plastic], "colour": [paint]}
                yield Part(f"{plastic}-{paint}", kilos, when | _sized(size), "4")


def _sized(size: str) -> dict[str, object]:
    return {"size": [size]} if size else {}


def _boards(areas: dict[str, str], woods: tuple[str, ...] = _WOODS) -> Iterator[Part]:
    """Board of the chosen wood; square metres by size, "" where there are no sizes."""
    for wood in woods:
        for size, area in areas.items():
            yield Part(wood, area, {"material": [wood]} | _sized(size), "9")


def _paints(litres: str, when: Condition) -> Iterator[Part]:
    for paint in PAINTS:
        yield Part(f"paint-{paint}", litres, {**when, "colour": [paint]}, "5")


def _wide(material: str, chosen: str, deep: str) -> Iterator[Part]:
    """Board by width: to 80 cm, to 120 cm, beyond."""
    factor = Decimal(deep)
    for low, high, area in ((0, 80, "0.2"), (81, 120, "0.3"), (121, 999, "0.42")):
        when: dict[str, object] = {"material": [chosen], "width": {"min": low, "max": high}}
        yield Part(material, str(Decimal(area) * factor), when, "9")


_BOX = Part("box", "1", {})
_GIFT = Part("gift-paper", "0.6", {"gift-wrap": ["yes"]})

BILLS: dict[str, tuple[Part, ...]] = {
    "LAMP-AURORA": (
        *(Part(f"pla-{paint}", kilos, {"colour": [paint], "size": [size]}, "4")
          for paint in PAINTS
          for size, kilos in {"s": "0.16", "m": "0.24", "l": "0.42"}.items()),
        *_boards({"s": "0.03", "m": "0.04", "l": "0.06"}),
        *_paints("0.08", {"finish": ["gloss"]}),
        Part("socket", "1", {}),
        Part("led", "1", {}),
        Part("dimmer", "1", {"extras": ["dimmer"]}),
        Part("usb", "1", {"extras": ["usb"]}),
        Part("bulb", "1", {"extras": ["bulb"]}),
        _BOX,
    ),
    "LAMP-HALO": (
        *(Part("steel", area, {"size": [size]}, "12")
          for size, area in {"s": "0.12", "m": "0.2", "l": "0.36"}.items()),
        *_paints("0.14", {}),
        Part("socket", "1", {}),
        Part("led", "2", {}),
        Part("dimmer", "1", {"dimmable": ["yes"]}),
        _BOX,
    ),
    "LAMP-LUNA": (
        *_filament(("pla", "rpla"), {"": "0.14"}),
        Part("led", "1", {}),
        Part("socket", "1", {}),
        _BOX,
    ),
    "SHELF-FJORD": (
        *_wide("oak", "oak", "1"),
        *_wide("walnut", "walnut", "1"),
        *_wide("ash", "ash", "1"),
        *_wide("mdf", "painted", "1"),
        *_paints("0.15", {"material": ["painted"]}),
        Part("oil", "0.03", {"finish": ["oil", "wax"]}),
        Part("bracket", "2", {"brackets": ["yes"]}),
        _BOX,
    ),
    "DESK-RISER": (
        *_boards({"": "0.22"}),
        Part("oil", "0.03", {}),
        Part("drawer-runner", "1", {"extras": ["drawer"]}),
        Part("felt", "0.1", {"extras": ["pad"]}),
        _BOX,
    ),
    "HOOK-RAIL": (
        *_boards({"": "0.08"}),
        *(Part("hook", str(count), {"hooks": {"min": count, "max": count}})
          for count in range(3, 10)),
        *_paints("0.05", {}),
        _BOX,
    ),
    "ORG-GRID": (
        *_filament(("pla", "rpla", "petg"), {"s": "0.11", "m": "0.2", "l": "0.34"}),
        _BOX,
    ),
    "PLANT-TERRA": (
        *_filament(("rpla", "petg", "asa"), {"s": "0.13", "m": "0.22", "l": "0.4"}),
        _BOX,
    ),
    "GIFT-BOARD": (
        *_boards({"s": "0.06", "m": "0.09", "l": "0.14"}),
        Part("oil", "0.02", {}),
        _GIFT,
        _BOX,
    ),
    "GIFT-FRAME": (
        *_boards({"s": "0.03", "m": "0.05", "l": "0.08"}),
        *(Part(code, area, {"glass": [glass], "size": [size]}, "3")
          for glass, code in {"plain": "glass", "museum": "museum-glass"}.items()
          for size, area in {"s": "0.03", "m": "0.06", "l": "0.1"}.items()),
        Part("card", "0.08", {}),
        _GIFT,
        _BOX,
    ),
}  # fmt: skip
