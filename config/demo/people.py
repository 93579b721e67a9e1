"""Names and addresses of the people and companies that the demo shop sells to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")

FIRST = {
    "en": ("Anna", "Ben", "Clara", "David", "Eva", "Felix", "Grace", "Henry", "Ida", "Jack",
           "Katja", "Leo", "Mia", "Noah", "Olivia", "Paul", "Rosa", "Simon", "Tilda", "Uwe",
           "Vera", "William", "Yara", "Zoe", "Marie", "Lukas", "Emil", "Frida", "Oskar", "Nina"),
    "zh-hans": ("伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "洋", "艳", "勇", "杰", "婷",
                "雪", "晨", "宇", "欣怡", "子涵", "浩然", "思远"),
}  # fmt: skip
LAST = {
    "en": ("Becker", "Carter", "Dietrich", "Evans", "Fischer", "Graf", "Hughes", "Ivers", "Jansen",
           "Klein", "Lorenz", "Meyer", "Novak", "Olsen", "Peters", "Quinn", "Richter", "Schubert",
           "Taylor", "Ullrich", "Vogel", "Wagner", "Young", "Ziegler", "Moreau", "Rossi", "Kovacs",
           "Lindqvist", "de Vries", "Marsh"),
    "zh-hans": ("王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马",
                "朱", "胡"),
}  # fmt: skip
COMPANY = {
    "en": ("Café {}", "{} Architects", "Studio {}", "{} & Partners", "Hotel {}", "{} Books",
           "{} Interiors", "Kindergarten {}"),
    "zh-hans": ("{}设计工作室", "{}咖啡馆", "{}书店", "{}民宿", "{}建筑事务所"),
}  # fmt: skip
BRAND = {
    "en": ("Morgenrot", "Nordlicht", "Linden", "Harbour", "Birch", "Kiesel", "Atlas", "Meadow",
           "Quarry", "Fjord", "Salzmann", "Kranich", "Willow", "Granat", "Juniper", "Weber",
           "Copper", "Lark", "Tannen", "Orchard"),
    "zh-hans": ("山水", "木语", "晨光", "云间", "南屋", "拾光", "青禾", "半亩", "远方", "知秋"),
}  # fmt: skip
CITIES = {
    "en": (("Berlin", "10437", "Germany"), ("Hamburg", "22765", "Germany"),
           ("Munich", "80799", "Germany"), ("Cologne", "50672", "Germany"),
           ("Leipzig", "04107", "Germany"), ("Freiburg", "79098", "Germany"),
           ("Vienna", "1070", "Austria"), ("Zurich", "8004", "Switzerland"),
           ("Utrecht", "3511", "Netherlands"), ("Copenhagen", "2200", "Denmark")),
    "zh-hans": (("上海", "200031", "中国"), ("杭州", "310002", "中国"), ("成都", "610041", "中国"),
                ("Berlin", "10627", "Germany"), ("Düsseldorf", "40210", "Germany")),
}  # fmt: skip
STREETS = {
    "en": ("Lindenstraße", "Gartenweg", "Hauptstraße", "Kastanienallee", "Mühlgasse", "Bergstraße",
           "Uferweg", "Rosenstraße", "Am Markt", "Schulstraße"),
    "zh-hans": ("复兴路", "学府街", "文化路", "长乐路", "中山路"),
}  # fmt: skip
CHINESE_SHARE = 0.16


@dataclass(frozen=True)
class Buyer:
    """Somebody who may order; `number` tells them apart and is in their mail address."""

    number: int
    kind: str
    language: str
    name: str
    street: str
    postcode: str
    city: str
    country: str

    @property
    def email(self) -> str:
        return f"customer{self.number}@example.com"


def invent(rng: np.random.Generator, number: int, kind: str) -> Buyer:
    """A made-up person or company; mail goes to the reserved domain example.com."""
    language = "zh-hans" if rng.random() < CHINESE_SHARE else "en"
    city, postcode, country = pick(rng, CITIES[language])
    house = 1 + int(rng.integers(98))
    street = pick(rng, STREETS[language])
    abroad = country == "中国"
    return Buyer(
        number,
        kind,
        language,
        _name(rng, kind, language),
        f"{street} {house} 号" if abroad else f"{_latin(rng, street)} {house}",
        postcode,
        city,
        country,
    )


def _latin(rng: np.random.Generator, street: str) -> str:
    return (
        street if street.isascii() or "ß" in street or "ü" in street else pick(rng, STREETS["en"])
    )


def _name(rng: np.random.Generator, kind: str, language: str) -> str:
    if kind == "company":
        return pick(rng, COMPANY[language]).format(pick(rng, BRAND[language]))
    first, last = pick(rng, FIRST[language]), pick(rng, LAST[language])
    return f"{last}{first}" if language == "zh-hans" else f"{first} {last}"


def pick(rng: np.random.Generator, things: Sequence[T]) -> T:
    return things[int(rng.random() * len(things))]
