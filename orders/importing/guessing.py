"""Guess what the columns of an unknown log mean: by their names, and where names say nothing, by
their values. A guess is a mapping to be read and accepted, never one that is used unseen."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from journal.tables import Source
from journal.tables.notation import ISO, NAMED, PARTS, SERIAL
from orders.importing.currencies import CODES, SIGNS, read_currency
from orders.importing.mapping import COLUMNS, OPTIONAL, BadMapping, Mapping, build_mapping

# most telling name first; letters and digits only, in small letters
SYNONYMS = {
    "invoice": "invoice invoiceno invoicenumber invoiceid orderno ordernumber orderid order "
    "rechnungsnummer rechnungsnr rechnung bestellnummer bestellnr auftragsnummer auftragsnr "
    "auftrag belegnummer belegnr 订单号 订单编号 发票号 单号 订单",
    "item": "stockcode sku itemcode itemno itemnumber productcode productid articlenumber article "
    "item artikelnummer artikelnr artnr artikel produktnummer 商品编码 商品编号 产品编号 货号 编码",
    "description": "description itemname productname productdescription title name bezeichnung "
    "beschreibung artikelbezeichnung produktname 商品名称 产品名称 名称 描述 品名",
    "quantity": "quantity qty pieces units count menge anzahl stück stückzahl 数量 件数",
    "at": "invoicedate orderdate date datetime createdat placedat orderedat timestamp "
    "rechnungsdatum bestelldatum auftragsdatum belegdatum datum 下单时间 订单日期 日期 时间",
    "price": "unitprice priceperunit itemprice price einzelpreis stückpreis preis verkaufspreis "
    "单价 价格 售价",
    "currency": "currency currencycode currencyiso isocurrency ordercurrency pricecurrency währung "
    "währungscode waehrung whg 币种 货币 货币代码 币别",
    "customer": "customerid customerno customernumber customer client buyer kundennummer kundennr "
    "kunde 客户编号 客户号 客户 买家",
    "country": "country shippingcountry customercountry land lieferland 国家 国家地区",
}
MOST = 0.9
LETTERS = re.compile(r"[^\W_]+")
WHOLE = re.compile(r"-?\d{1,4}")
MONEY = re.compile(r"[^\d\s-]?\s?-?\d{1,6}[.,]\d{1,2}\s?[^\d\s]{0,3}")
UNIT = re.compile(r"\(.*?\)|\[.*?\]")


@dataclass(frozen=True)
class Guess:
    """A mapping, the entries and the text of its file, and for each of our columns cells of the
    log."""

    mapping: Mapping
    entries: dict[str, Any]
    toml: str
    examples: dict[str, list[str]]


class NoGuess(BadMapping):
    """Nothing can be guessed for the columns `missing`; `entries` are the rest of a mapping."""

    def __init__(self, source: Source, entries: dict[str, Any], missing: list[str]) -> None:
        super().__init__(
            f"No mapping fits {source.path.name}, and none of its columns "
            f"({', '.join(source.header)}) looks like {', '.join(missing)}. "
            "Write a mapping (docs/importing.md) and name it with --mapping."
        )
        self.source, self.entries, self.missing = source, entries, missing


def guess_mapping(source: Source, rows: list[list[str]], *, time_zone: str, currency: str) -> Guess:
    """Guess from the header and the first rows. Raises `NoGuess` naming what no column is."""
    columns = _by_name(source.header)
    _by_shape(columns, source.header, rows)
    missing = [name for name in COLUMNS if name not in columns and name not in OPTIONAL]
    places = {ours: source.position(theirs) for ours, theirs in columns.items()}
    cells = {ours: _cells(rows, place) for ours, place in places.items()}
    examples = {ours: _first_of(found) for ours, found in cells.items()}
    toml = _toml(source, columns, cells, examples, time_zone, currency)
    entries = tomllib.loads(toml)
    if missing:
        raise NoGuess(source, entries, missing)
    return Guess(build_mapping(entries, "The guessed mapping"), entries, toml, examples)


def examples_of(source: Source, rows: list[list[str]]) -> dict[str, list[str]]:
    """For each column of the file up to three of its cells, for a person who says what it is."""
    return {
        name: _first_of(_cells(rows, place)) for place, name in enumerate(source.header) if name
    }


def _first_of(cells: list[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, cells)))[:3]


def _by_name(header: tuple[str, ...]) -> dict[str, str]:
    """For each of our columns the header with its most telling name."""
    plain = {name: _plain(name) for name in header}
    columns: dict[str, str] = {}
    for ours, synonyms in SYNONYMS.items():
        for synonym in synonyms.split():
            found = [name for name in header if plain[name] == synonym]
            if found and found[0] not in columns.values():
                columns[ours] = found[0]
                break
    return columns


def _plain(name: str) -> str:
    return "".join(LETTERS.findall(UNIT.sub("", name).casefold()))


def _by_shape(columns: dict[str, str], header: tuple[str, ...], rows: list[list[str]]) -> None:
    """Fill in dates, quantities, prices and currencies where exactly one column that is left
    looks so."""
    shapes: dict[str, Callable[[str], bool]] = {
        "at": _is_date,
        "quantity": lambda cell: bool(WHOLE.fullmatch(cell)),
        "price": lambda cell: bool(MONEY.fullmatch(cell)),
        "currency": lambda cell: cell in SIGNS or cell.upper() in CODES,
    }
    for ours, looks_so in shapes.items():
        free = [
            place
            for place, name in enumerate(header)
            if name and name not in columns.values() and _mostly(looks_so, _cells(rows, place))
        ]
        if ours not in columns and len(free) == 1:
            columns[ours] = header[free[0]]


def _is_date(cell: str) -> bool:
    return any(shape.fullmatch(cell) for shape in (ISO, PARTS, NAMED, SERIAL))


def _mostly(looks_so: Callable[[str], bool], cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(map(looks_so, filled)) >= MOST * len(filled)


def _cells(rows: list[list[str]], place: int) -> list[str]:
    return [row[place].strip() if place < len(row) else "" for row in rows]


def _toml(
    source: Source,
    columns: dict[str, str],
    cells: dict[str, list[str]],
    examples: dict[str, list[str]],
    time_zone: str,
    currency: str,
) -> str:
    stem = source.path.name.split(".")[0]
    lines = [
        "# A guess: check every entry before you import with it. docs/importing.md explains them.",
        f"name = {_text(stem)}",
        "",
        "[columns]",
        *_column_lines(columns, examples),
        "",
        "[shop]",
        f"time_zone = {_text(time_zone)}",
        f"currency = {_text(_currency(columns, cells) or currency)}",
        "lead_days = 14",
        f"order_prefix = {_text(_order_prefix(stem))}",
        "",
        "[lines]",
        f"cancellation_prefix = {_text(_cancellation_prefix(cells))}",
        "product_code = '.+'",
        "",
        *_file_lines(source),
        "[[family]]",
        'code = "other"',
        'name = "Other"',
        'routing = "assembled"',
    ]
    return "\n".join(lines) + "\n"


def _column_lines(columns: dict[str, str], examples: dict[str, list[str]]) -> Iterator[str]:
    for ours in COLUMNS:
        if ours in columns:
            shown = " | ".join(_text(example[:40]) for example in examples[ours]) or "empty so far"
            yield f"{ours} = {_text(columns[ours])}  # {shown}"


def _file_lines(source: Source) -> list[str]:
    entries = {"encoding": source.encoding, "sheet": source.sheet}
    lines = [f"{name} = {_text(value)}" for name, value in entries.items() if value]
    return ["[file]", *lines, ""] if lines else []


def _text(text: str) -> str:
    """A TOML string; what JSON writes is one, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _currency(columns: dict[str, str], cells: dict[str, list[str]]) -> str:
    """The only currency that the price's column mentions, in its name or its cells, else the most
    frequent of the currencies' own column; "" where nothing says it."""
    column = columns.get("price", "")
    text = column + "".join(cells.get("price", []))
    named = {code for code in SIGNS.values() if re.search(rf"\b{code}\b", column)}
    found = named | {code for sign, code in SIGNS.items() if sign in text}
    if len(found) == 1:
        return found.pop()
    own = [read_currency(cell, "") for cell in cells.get("currency", [])]
    most = Counter(filter(None, own)).most_common(1)
    return most[0][0] if most else ""


def _order_prefix(stem: str) -> str:
    return "".join(LETTERS.findall(stem)).upper()[:8] + "-"


def _cancellation_prefix(cells: dict[str, list[str]]) -> str:
    """The letters before each invoice that takes something back, where no other has them."""
    if not {"invoice", "quantity"} <= cells.keys():
        return ""
    pairs = list(zip(cells["invoice"], cells["quantity"], strict=True))
    back = {_letters(invoice) for invoice, quantity in pairs if quantity.startswith("-")}
    sold = {_letters(invoice) for invoice, quantity in pairs if not quantity.startswith("-")}
    own = back - sold - {""}
    return own.pop() if len(own) == 1 else ""


def _letters(invoice: str) -> str:
    return re.sub(r"\d.*", "", invoice.upper())
