"""The mapping file: which column means what, what is no product, which family a product is in."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

COLUMNS = (
    "invoice",
    "item",
    "description",
    "quantity",
    "at",
    "price",
    "currency",
    "customer",
    "country",
)
# a log without them is still a log
OPTIONAL = ("description", "currency", "customer", "country")


class BadMapping(Exception):
    """The mapping file cannot be used; the message says which entry and why."""


@dataclass(frozen=True)
class SetApart:
    """Lines that are no products: postage, manual corrections, fees."""

    kind: str
    items: frozenset[str]


@dataclass(frozen=True)
class Family:
    """Products whose description holds one of `words`, or whose code matches `codes`."""

    code: str
    name: str
    translations: dict[str, dict[str, str]]
    routing: str
    words: frozenset[str]
    codes: re.Pattern[str] | None

    def takes(self, item: str, words: frozenset[str]) -> bool:
        by_code = bool(self.codes and self.codes.fullmatch(item))
        return by_code or bool(self.words & words)


@dataclass(frozen=True)
class Variants:
    """How an item code is cut into a product and its variant, and what the option is called."""

    pattern: re.Pattern[str]
    name: str
    translations: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Mapping:
    name: str
    columns: dict[str, str]
    time_zone: str
    currency: str  # the shop's: of every line that names no other
    lead_days: int
    order_prefix: str
    cancellation_prefix: str
    product_code: re.Pattern[str]
    set_apart: tuple[SetApart, ...]
    families: tuple[Family, ...]
    variants: Variants | None = None
    # what the file does not prove by itself; "" = decided from the file
    encoding: str = ""
    sheet: str = ""
    date_format: str = ""
    decimal: str = ""

    def fits(self, header: Iterable[str]) -> bool:
        return not self.missing(header)

    def begin(self, day: date) -> datetime:
        """When a day begins where the shop is."""
        return datetime.combine(day, time(), tzinfo=ZoneInfo(self.time_zone))

    def missing(self, header: Iterable[str]) -> list[str]:
        there = set(header)
        return [name for name in self.columns.values() if name not in there]

    def family_of(self, item: str, description: str) -> Family:
        """The first family that takes the product; the last one takes the rest."""
        words = frozenset(re.findall(r"[A-Z0-9-]+", description.upper()))
        taking = (family for family in self.families[:-1] if family.takes(item, words))
        return next(taking, self.families[-1])


def read_mapping(path: Path) -> Mapping:
    """Read a TOML mapping. Raises `BadMapping` naming the entry that is missing or wrong."""
    return build_mapping(read_entries(path), str(path))


def read_entries(path: Path) -> dict[str, Any]:
    """The entries of a TOML file, not yet checked for what a mapping needs."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise BadMapping(f"{path} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"{path} is not valid TOML: {error}.") from error


def fitting_mapping(header: Iterable[str], folder: Path) -> Mapping | None:
    """The first mapping of `folder` whose columns are all in the file's header."""
    columns = list(header)
    mappings = (read_mapping(path) for path in sorted(folder.glob("*.toml")))
    return next((mapping for mapping in mappings if mapping.fits(columns)), None)


def build_mapping(raw: dict[str, Any], whose: str) -> Mapping:
    """A mapping from the entries of its file. `whose` names the file in a `BadMapping`."""
    try:
        return _mapping(raw)
    except KeyError as error:
        raise BadMapping(f"{whose} lacks the entry {error}.") from error
    except (TypeError, ValueError, AttributeError, re.error, ZoneInfoNotFoundError) as error:
        raise BadMapping(f"{whose}: {error}.") from error


def _mapping(raw: dict[str, Any]) -> Mapping:
    columns = {
        name: str(raw["columns"][name])
        for name in COLUMNS
        if name in raw["columns"] or name not in OPTIONAL
    }
    shop, lines, file = raw["shop"], raw["lines"], raw.get("file", {})
    ZoneInfo(shop["time_zone"])
    families = tuple(_family(entry) for entry in raw["family"])
    if not families:
        raise ValueError("at least one [[family]] is needed")
    return Mapping(
        name=raw["name"],
        columns=columns,
        time_zone=shop["time_zone"],
        currency=shop["currency"].upper(),
        lead_days=int(shop["lead_days"]),
        order_prefix=shop.get("order_prefix", ""),
        cancellation_prefix=lines["cancellation_prefix"],
        product_code=re.compile(lines["product_code"]),
        set_apart=tuple(
            SetApart(entry["kind"], frozenset(code.upper() for code in entry["items"]))
            for entry in raw.get("set_apart", [])
        ),
        families=families,
        variants=_variants(raw["variants"]) if "variants" in raw else None,
        encoding=str(file.get("encoding", "")),
        sheet=str(file.get("sheet", "")),
        date_format=_date_format(lines.get("date_format", "")),
        decimal=_decimal(lines.get("decimal", "")),
    )


def _date_format(text: str) -> str:
    if text and not any(year in text for year in ("%Y", "%y")):
        raise ValueError(f"date_format “{text}” has no year (%Y); an example is %d.%m.%Y %H:%M")
    return text


def _decimal(text: str) -> str:
    if text not in ("", ".", ","):
        raise ValueError(f"decimal is “{text}”; it can be a point or a comma")
    return text


def _variants(entry: dict[str, Any]) -> Variants:
    pattern = re.compile(entry["pattern"])
    if {*pattern.groupindex} != {"product", "variant"}:
        raise ValueError("[variants] pattern needs the groups (?P<product>…) and (?P<variant>…)")
    return Variants(pattern, entry["name"], _translated_names(entry))


def _translated_names(entry: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        language.removeprefix("name_").replace("_", "-"): {"name": text}
        for language, text in entry.items()
        if language.startswith("name_")
    }


def _family(entry: dict[str, Any]) -> Family:
    return Family(
        code=entry["code"],
        name=entry["name"],
        translations=_translated_names(entry),
        routing=entry["routing"],
        words=frozenset(word.upper() for word in entry.get("words", [])),
        codes=re.compile(entry["codes"]) if "codes" in entry else None,
    )
