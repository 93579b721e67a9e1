"""What Lumen & Oak sells: ten products in four families, their questions and rules."""

from dataclasses import replace

from config.demo.sheets import Choice, Family, Item, Question, Rule

FAMILIES = (
    Family("lamps", "Lamps", "灯具", "painted"),
    Family("furniture", "Shelves and desk furniture", "置物架与桌面家具", "painted"),
    Family("printed", "Organisers and planters", "收纳与花盆", "assembled"),
    Family("gifts", "Engraved gifts", "雕刻礼品", "assembled"),
)

PAINTS = {
    "white": Choice("white", "White", "白色", "0", 3.0, 0.0, {"hex": "#f3efe8"}),
    "amber": Choice("amber", "Amber", "琥珀色", "0", 1.2, -0.2, {"hex": "#dd9b3c"}),
    "coral": Choice("coral", "Coral", "珊瑚色", "0", 1.0, -0.5, {"hex": "#dd6b57"}),
    "sage": Choice("sage", "Sage", "鼠尾草绿", "0", 0.7, 1.1, {"hex": "#8ba888"}),
    "night": Choice("night", "Night blue", "夜蓝", "0", 1.3, 0.1, {"hex": "#30476b"}),
    "graphite": Choice("graphite", "Graphite", "石墨灰", "0", 2.0, 0.0, {"hex": "#484b50"}),
}
DARK = ("night", "graphite")
WOODS = {
    "oak": Choice("oak", "Oak", "橡木", "0", 3.0, 0.0, {"hex": "#c99a5f", "wood": True}),
    "walnut": Choice(
        "walnut", "Walnut", "胡桃木", "18", 1.4, 0.35, {"hex": "#70492f", "wood": True}
    ),
    "ash": Choice("ash", "Ash", "白蜡木", "4", 1.2, -0.2, {"hex": "#dcc29b", "wood": True}),
}
PLASTICS = {
    "pla": Choice("pla", "PLA", "PLA 聚乳酸", "0", 2.4, -0.3),
    "rpla": Choice("rpla", "Recycled PLA", "再生 PLA", "2", 1.0, 0.8),
    "petg": Choice("petg", "PETG (washable)", "PETG（可水洗）", "3", 1.1, 0.0),
    "asa": Choice("asa", "ASA (weatherproof)", "ASA（耐候）", "5", 0.9, 0.1),
}
SIZES = {
    "s": Choice("s", "Small", "小号", "0", 1.0),
    "m": Choice("m", "Medium", "中号", "12", 1.8),
    "l": Choice("l", "Large", "大号", "28", 0.8, 0.15),
}


def _colour(
    *codes: str, default: str = "", required: bool = True, answered: float = 1.0
) -> Question:
    choices = tuple(PAINTS[code] for code in codes)
    return Question(
        "colour", "Colour", "颜色", "select", choices, required, default=default, answered=answered
    )


def _material(
    *choices: Choice, name: tuple[str, str] = ("Wood", "木材"), default: str = ""
) -> Question:
    return Question("material", *name, "select", choices, default=default)


def _size(*prices: str) -> Question:
    choices = tuple(
        replace(size, price=price) for size, price in zip(SIZES.values(), prices, strict=True)
    )
    return Question("size", "Size", "尺寸", "select", choices, default="m")


def _engraving(longest: str, price: str, answered: float, *, required: bool = False) -> Question:
    return Question(
        "engraving", "Engraving", "雕刻文字", "text", (), required,
        maximum=longest, price=price, answered=answered,
    )  # fmt: skip


_WOOD = tuple(WOODS.values())
_OIL = Choice("oil", "Oil", "木油", "0", 2.0)
_WAX = Choice("wax", "Wax", "木蜡", "3", 1.0)
_MATTE = Choice("matte", "Matte", "哑光", "0", 2.2, -0.15)
_GLOSS = Choice("gloss", "Gloss paint", "亮光漆", "14", 0.8, 0.2)

AURORA = Item(
    "LAMP-AURORA", "lamps", "table-lamp", "Aurora table lamp", "极光台灯",
    "A printed shade that glows from within, on a base of solid wood.",
    "由内而外柔和发光的打印灯罩，配实木底座。",
    "89", 13.5, 0.22,
    (
        _colour(*PAINTS),
        _material(*_WOOD, name=("Base", "底座")),
        _size("0", "16", "38"),
        Question("finish", "Finish", "表面", "select",
                 (_MATTE, Choice("silk", "Silk", "丝光", "4", 1.0), _GLOSS)),
        Question("extras", "Extras", "附加功能", "multi", (
            Choice("dimmer", "Touch dimmer", "触控调光", "14", 0.42, 0.1),
            Choice("usb", "USB port", "USB 接口", "9", 0.22, 0.2),
            Choice("bulb", "Warm bulb", "暖光灯泡", "7", 0.5),
        ), required=False),
        _engraving("24", "12", 0.2),
    ),
    (
        Rule("excludes", {"size": ["s"]}, {"extras": ["usb"]},
             "The small base has no room for a USB port.", "小号底座装不下 USB 接口。"),
        Rule("requires", {"finish": ["gloss"]}, {"colour": ["white", "coral", "night", "graphite"]},
             "Gloss paint comes in white, coral, night blue and graphite.",
             "亮光漆只有白色、珊瑚色、夜蓝和石墨灰。"),
    ),
    ((335, 45, 0.55), (20, 30, 0.15)),
    {"home": 3, "gift": 1}, {"SHELF-FJORD": 0.1, "GIFT-FRAME": 0.05},
)  # fmt: skip

HALO = Item(
    "LAMP-HALO", "lamps", "pendant", "Halo pendant lamp", "光环吊灯",
    "Laser-cut steel, painted in your colour, hung as low as you like.",
    "激光切割钢板，按您选的颜色喷漆，悬挂高度随心而定。",
    "129", 10.0, 0.1,
    (
        _colour(*PAINTS, default="night"),
        _size("0", "25", "60"),
        Question("finish", "Finish", "表面", "select", (_MATTE, replace(_GLOSS, price="10"))),
        Question("suspension", "Suspension", "悬挂方式", "select", (
            Choice("textile", "Textile cable", "编织电线", "0", 2.0),
            Choice("steel", "Steel wire", "钢丝", "8", 1.0),
        )),
        Question("cable", "Cable length", "线长", "number", (), minimum="100", maximum="300",
                 step="10", unit="cm", price="0.06", default="150"),
        Question("dimmable", "Dimmable", "可调光", "bool", price="16", answered=0.45),
    ),
    (
        Rule("derives", {"size": ["l"]}, {"suspension": ["steel"]},
             "The large lamp hangs on steel wire.", "大号吊灯使用钢丝悬挂。"),
    ),
    ((325, 50, 0.45), (265, 30, 0.15)), {"home": 3}, {"LAMP-AURORA": 0.08},
)  # fmt: skip

LUNA = Item(
    "LAMP-LUNA", "lamps", "moon-lamp", "Luna night light", "月亮小夜灯",
    "A small moon with a child's name on its foot.",
    "一轮小月亮，底座刻上孩子的名字。",
    "39", 9.0, 0.5,
    (
        _colour("white", "amber", "sage", "night"),
        _material(PLASTICS["pla"], PLASTICS["rpla"], name=("Material", "材料")),
        Question("engraving", "Name", "名字", "text", maximum="12", required=False,
                 price="5", answered=0.75),
        Question("birthday", "Birthday on the foot", "底座生日", "date", required=False,
                 price="3", answered=0.35),
        Question("timer", "Sleep timer", "睡眠定时", "bool", price="6", answered=0.5),
    ),
    (
        Rule("excludes", {"material": ["rpla"]}, {"colour": ["amber"]},
             "Recycled PLA does not come in amber.", "再生 PLA 没有琥珀色。"),
    ),
    ((340, 35, 0.9),), {"gift": 3, "home": 1}, {"GIFT-FRAME": 0.08}, launched_weeks_ago=30,
)  # fmt: skip

FJORD = Item(
    "SHELF-FJORD", "furniture", "shelf", "Fjord wall shelf", "峡湾壁架",
    "Cut to the centimetre, oiled, waxed or painted.",
    "按厘米定制，可上油、打蜡或喷漆。",
    "64", 12.5, 0.12,
    (
        _material(*_WOOD, Choice("painted", "Painted board", "喷漆板", "-6", 1.6, 0.2,
                                 {"hex": "#d9d0c3"})),
        _colour("white", "sage", "night", "graphite", "coral", required=False, answered=0.32),
        Question("width", "Width", "宽度", "number", (), minimum="40", maximum="160", step="5",
                 unit="cm", price="0.75", default="80"),
        Question("depth", "Depth", "深度", "select", (
            Choice("d18", "18 cm", "18 厘米", "0", 1.2),
            Choice("d24", "24 cm", "24 厘米", "9", 1.6),
            Choice("d30", "30 cm", "30 厘米", "18", 0.7),
        ), default="d24"),
        Question("finish", "Finish", "表面", "select",
                 (_OIL, _WAX, Choice("paint", "Paint", "喷漆", "8", 0.9))),
        Question("brackets", "Hidden brackets", "隐藏支架", "bool", price="12", answered=0.7),
    ),
    (
        Rule("derives", {"material": ["painted"]}, {"finish": ["paint"]},
             "Board is painted.", "板材采用喷漆。"),
        Rule("requires", {"material": ["painted"]}, {"colour": {"set": True}},
             "Choose a colour for painted board.", "喷漆板请选择颜色。"),
        Rule("excludes", {"material": ["oak", "walnut", "ash"]}, {"colour": {"set": True}},
             "Solid wood keeps its own colour.", "实木保留本色。"),
        Rule("excludes", {"material": ["oak", "walnut", "ash"]}, {"finish": ["paint"]},
             "Solid wood is oiled or waxed, not painted.", "实木只上油或打蜡，不喷漆。"),
        Rule("requires", {"width": {"min": 125}}, {"depth": ["d24", "d30"]},
             "A shelf wider than 120 cm must be at least 24 cm deep.",
             "宽度超过 120 厘米时，深度至少 24 厘米。"),
    ),
    ((20, 30, 0.4), (255, 40, 0.35)),
    {"home": 3, "office": 2}, {"HOOK-RAIL": 0.12, "PLANT-TERRA": 0.08},
)  # fmt: skip

RISER = Item(
    "DESK-RISER", "furniture", "riser", "Plinth monitor riser", "基座显示器架",
    "Lifts the screen, hides the cables, in solid wood.",
    "抬高屏幕、收起线缆的实木支架。",
    "74", 10.0, 0.3,
    (
        _material(*_WOOD, default="walnut"),
        Question("width", "Width", "宽度", "number", (), minimum="45", maximum="90", step="5",
                 unit="cm", price="0.6", default="60"),
        Question("finish", "Finish", "表面", "select", (_OIL, _WAX)),
        Question("extras", "Extras", "附加功能", "multi", (
            Choice("drawer", "Drawer", "抽屉", "24", 0.35, 0.1),
            Choice("slot", "Cable slot", "走线槽", "6", 0.5),
            Choice("phone", "Phone stand", "手机槽", "6", 0.3, 0.2),
            Choice("pad", "Felt pad", "毛毡垫", "9", 0.25),
        ), required=False),
        _engraving("30", "12", 0.25),
    ),
    (
        Rule("excludes", {"width": {"max": 50}}, {"extras": ["drawer"]},
             "A drawer needs at least 55 cm.", "抽屉至少需要 55 厘米宽。"),
    ),
    ((15, 35, 0.45), (250, 35, 0.4)), {"office": 4}, {"ORG-GRID": 0.18},
)  # fmt: skip

RAIL = Item(
    "HOOK-RAIL", "furniture", "rail", "Grove coat rail", "林间挂衣杆",
    "Solid wood with painted steel hooks, as many as you need.",
    "实木挂衣杆配喷漆钢钩，数量由您决定。",
    "42", 8.0, 0.05,
    (
        _material(*_WOOD),
        Question("hooks", "Hooks", "挂钩数量", "number", (), minimum="3", maximum="9", step="1",
                 unit="", price="6", default="5"),
        replace(_colour("white", "graphite", "sage", "coral", "night", default="graphite"),
                en="Colour of the hooks", zh="挂钩颜色"),
        _engraving("20", "10", 0.3),
    ),
    (
        Rule("requires", {"engraving": {"set": True}}, {"hooks": {"max": 7}},
             "An engraving leaves room for seven hooks at most.", "有雕刻时最多安装七个挂钩。"),
    ),
    ((285, 40, 0.3),), {"home": 3}, {"SHELF-FJORD": 0.1},
)  # fmt: skip

GRID = Item(
    "ORG-GRID", "printed", "organiser", "Grid desk organiser", "格子桌面收纳",
    "Compartments where you want them, printed in one piece.",
    "隔层随需布置，一体打印成型。",
    "24", 14.5, 0.28,
    (
        _colour(*PAINTS, default="sage"),
        _material(PLASTICS["pla"], PLASTICS["rpla"], PLASTICS["petg"], name=("Material", "材料")),
        _size("0", "8", "18"),
        Question("compartments", "Compartments", "隔层数量", "number", (), minimum="2",
                 maximum="12", step="1", price="0.9", default="5"),
        Question("engraving", "Label", "标签文字", "text", maximum="20", required=False,
                 price="4", answered=0.3),
        Question("lid", "Lid", "盖子", "bool", price="6", answered=0.25),
    ),
    (
        Rule("requires", {"material": ["rpla"]}, {"colour": ["white", "sage", "graphite"]},
             "Recycled PLA comes in white, sage and graphite.",
             "再生 PLA 只有白色、鼠尾草绿和石墨灰。"),
        Rule("requires", {"size": ["s"]}, {"compartments": {"max": 6}},
             "The small organiser holds six compartments at most.", "小号收纳最多六个隔层。"),
    ),
    ((12, 35, 0.5), (248, 30, 0.45)),
    {"office": 3, "home": 1}, {"DESK-RISER": 0.1, "PLANT-TERRA": 0.06},
)  # fmt: skip

TERRA = Item(
    "PLANT-TERRA", "printed", "planter", "Terra planter", "大地花盆",
    "Ribbed, faceted or smooth, with a hidden water reservoir.",
    "竖纹、切面或素面，内藏储水层。",
    "28", 12.5, 0.15,
    (
        _colour(*PAINTS, default="coral"),
        _material(PLASTICS["rpla"], PLASTICS["petg"], PLASTICS["asa"], name=("Material", "材料")),
        _size("0", "9", "22"),
        Question("pattern", "Pattern", "纹样", "select", (
            Choice("ribbed", "Ribbed", "竖纹", "0", 1.6, 0.4),
            Choice("facet", "Faceted", "切面", "0", 1.2, -0.3),
            Choice("smooth", "Smooth", "素面", "0", 1.0),
        )),
        Question("outdoor", "For outdoors", "户外使用", "bool", price="2", answered=0.3),
        Question("saucer", "Saucer", "托盘", "bool", price="5", answered=0.6),
    ),
    (
        Rule("derives", {"outdoor": ["yes"]}, {"material": ["asa"]},
             "Outdoor planters are printed in ASA.", "户外花盆使用 ASA 打印。"),
        Rule("requires", {"material": ["rpla"]}, {"colour": ["white", "sage", "graphite", "coral"]},
             "Recycled PLA comes in white, coral, sage and graphite.",
             "再生 PLA 只有白色、珊瑚色、鼠尾草绿和石墨灰。"),
    ),
    ((120, 40, 0.75),), {"green": 4, "home": 1}, {"ORG-GRID": 0.05},
)  # fmt: skip

BOARD = Item(
    "GIFT-BOARD", "gifts", "board", "Hearth serving board", "炉边餐板",
    "A serving board with the words that matter.",
    "刻上重要话语的餐板。",
    "36", 11.5, 0.08,
    (
        _material(*_WOOD),
        Question("shape", "Shape", "形状", "select", (
            Choice("paddle", "Paddle", "带柄", "0", 1.5),
            Choice("round", "Round", "圆形", "0", 1.0),
            Choice("square", "Rectangular", "长方形", "0", 1.1),
        )),
        _size("0", "9", "20"),
        _engraving("40", "0", 1.0, required=True),
        Question("font", "Lettering", "字体", "select", (
            Choice("serif", "Serif", "衬线体", "0", 1.2),
            Choice("script", "Script", "手写体", "0", 1.4, 0.25),
            Choice("sans", "Plain", "无衬线体", "0", 0.8),
        )),
        Question("gift-wrap", "Gift wrapping", "礼品包装", "bool", price="5", answered=0.55),
        Question("gift-day", "Day of the gift", "送礼日期", "date", required=False, answered=0.4),
    ),
    (
        Rule("requires", {"font": ["script"]}, {"engraving": {"set": True}},
             "Script needs words to write.", "手写体需要填写文字。"),
        Rule("excludes", {"shape": ["round"]}, {"size": ["s"]},
             "The round board comes in medium and large.", "圆形餐板只有中号和大号。"),
    ),
    ((342, 25, 1.3), (128, 16, 0.6)), {"gift": 4}, {"GIFT-FRAME": 0.1},
)  # fmt: skip

FRAME = Item(
    "GIFT-FRAME", "gifts", "frame", "Keepsake frame", "纪念相框",
    "Two names and the day it all began.",
    "两个名字，和一切开始的那一天。",
    "32", 8.0, 0.18,
    (
        _material(*_WOOD),
        _size("0", "8", "17"),
        replace(_colour("white", "sage", "night", "coral", default="sage"),
                en="Mount", zh="衬纸颜色"),
        Question("engraving", "Names", "名字", "text", maximum="30"),
        Question("anniversary", "Anniversary", "纪念日", "date"),
        Question("glass", "Glass", "玻璃", "select", (
            Choice("plain", "Plain glass", "普通玻璃", "0", 2.2),
            Choice("museum", "Museum glass", "博物馆玻璃", "18", 0.8, 0.3),
        )),
        Question("gift-wrap", "Gift wrapping", "礼品包装", "bool", price="5", answered=0.6),
    ),
    (
        Rule("excludes", {"glass": ["museum"]}, {"size": ["s"]},
             "Museum glass comes from medium size on.", "博物馆玻璃从中号起提供。"),
    ),
    ((340, 28, 0.9), (45, 14, 0.6), (160, 30, 0.25)), {"gift": 4}, {"GIFT-BOARD": 0.12},
)  # fmt: skip

ITEMS = (AURORA, HALO, LUNA, FJORD, RISER, RAIL, GRID, TERRA, BOARD, FRAME)
SKUS = tuple(item.sku for item in ITEMS)
