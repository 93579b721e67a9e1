"""How a column writes its numbers and dates: decided from all of its cells, never guessed.

Every distinct text either proves a notation ("1.234,56", "31.12.2011"), fits all of them ("12"), or
fits several that mean different things ("1.234", "03/04/2011"). The proofs decide for the column.
A few cells against many are mistakes and stand as such; otherwise a person is asked.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.utils.translation import gettext_noop as _

from journal.tables.sources import UnreadableFile

# fewer cells than this share of a column contradict it by mistake, not by notation
FEW = 0.05

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "CNY": "¥￥元", "JPY": "¥￥円", "CHF": "₣"}
SPACES = "[ \u00a0\u2009\u202f'’]"
GROUP_SPACE = re.compile(rf"(?<=\d){SPACES}(?=\d{{3}}(?!\d))")
SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+")
POINT = re.compile(r"[+-]?(\d*|[1-9]\d{0,2}(,\d{3})+)(\.\d*)?")
COMMA = re.compile(r"[+-]?(\d*|[1-9]\d{0,2}(\.\d{3})+)(,\d*)?")

ISO = re.compile(r"\d{4}-\d\d-\d\d.*|\d{8}(T\d+)?")
# what a log of orders can hold; other years are slips of the hand
YEARS = range(1970, 2101)
SERIAL = re.compile(r"[2-7]\d{4}(\.\d+)?")
PARTS = re.compile(
    r"(\d{1,4})(?:[./-]|年)(\d{1,2})(?:[./-]|月)(\d{1,4})日?"
    r"(?:[ T,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?)?"
)
SHORT_YEAR = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d\d(?!\d).*")
NAMED = re.compile(
    r"(?:(\d{1,2})\.?[ -]([^\W\d]{3,9})\.?|([^\W\d]{3,9})\.? (\d{1,2}),?)[ -](\d{4})"
    r"(?:[ ,]+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp]\.?[Mm]\.?)?)?"
)
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar",
            "feb february februar",
            "mar march märz mär mrz",
            "apr april",
            "may mai",
            "jun june juni",
            "jul july juli",
            "aug august",
            "sep sept september",
            "oct october okt oktober",
            "nov november",
            "dec december dez dezember",
        ),
        start=1,
    )
    for name in names.split()
}
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel counts local days from here


class Undecided(UnreadableFile):
    """A column can be read in two ways that mean different things; `missing` would settle it."""

    def __init__(self, missing: str, text: str, **facts: Any) -> None:
        super().__init__(text, **facts)
        self.missing = missing


@dataclass(frozen=True)
class Numbers:
    """Values (NaN where the text is no number) and the texts that could mean two numbers."""

    values: pd.Series
    unclear: pd.Series


@dataclass(frozen=True)
class _Distinct:
    """The distinct texts of a column, which cell holds which, and how many cells hold each."""

    texts: list[str]
    codes: np.ndarray[Any, Any]
    counts: np.ndarray[Any, Any]
    lines: np.ndarray[Any, Any]

    @classmethod
    def of(cls, cells: pd.Series, lines: pd.Series) -> "_Distinct":
        codes, texts = pd.factorize(cells)
        return cls(
            [str(text).strip() for text in texts],
            codes,
            np.bincount(codes, minlength=len(texts)),
            lines.to_numpy(),
        )

    def spread(self, values: np.ndarray[Any, Any], index: pd.Index) -> pd.Series:
        return pd.Series(values[self.codes], index=index)

    def weight(self, chosen: list[bool]) -> int:
        return int(self.counts[np.array(chosen, dtype=bool)].sum())

    def example(self, chosen: list[bool]) -> tuple[str, int]:
        first = chosen.index(True)
        line = self.lines[np.argmax(self.codes == first)]
        return self.texts[first], int(line)


def read_numbers(
    cells: pd.Series, lines: pd.Series, *, column: str, decimal: str = "", currency: str = ""
) -> Numbers:
    """Numbers of a column whose decimal sign is `decimal`, or the one that its cells prove.

    Raises `Undecided` where many cells contradict each other or could mean two numbers.
    """
    distinct = _Distinct.of(cells, lines)
    texts = [without_sign(text, currency) for text in distinct.texts]
    sign = decimal or _decimal_sign(texts, distinct, column)
    values = [_number(text, sign) for text in texts]
    unclear = [not sign and _either(text) for text in texts]
    return Numbers(
        distinct.spread(np.array(values, dtype=float), cells.index),
        distinct.spread(np.array(unclear, dtype=bool), cells.index),
    )


def without_sign(text: str, currency: str) -> str:
    """The number without the signs of its own currency, spaces between thousands, a late minus."""
    if text.isdecimal():
        return text
    text = text.replace("−", "-").removeprefix(currency).removesuffix(currency)
    text = GROUP_SPACE.sub("", text.strip(SYMBOLS.get(currency, "") + " \u00a0"))
    return "-" + text[:-1] if text.endswith("-") and len(text) > 1 else text


def _fits(pattern: re.Pattern[str], text: str) -> bool:
    return bool(pattern.fullmatch(text)) and any(char.isdigit() for char in text)


def _either(text: str) -> bool:
    """Whether it is a number in both notations, and not the same one."""
    return ("." in text or "," in text) and _fits(POINT, text) and _fits(COMMA, text)


def _decimal_sign(texts: list[str], distinct: _Distinct, column: str) -> str:
    point = [_fits(POINT, text) and not _fits(COMMA, text) for text in texts]
    comma = [_fits(COMMA, text) and not _fits(POINT, text) for text in texts]
    either = [_either(text) for text in texts]
    points, commas = distinct.weight(point), distinct.weight(comma)
    both = points + commas
    if min(points, commas) >= max(FEW * both, 1) and both > FEW * len(distinct.codes):
        raise Undecided(
            "decimal",
            _("The column “%(column)s” writes numbers in two ways: %(examples)s."),
            column=column,
            examples=[distinct.example(point), distinct.example(comma)],
        )
    if both:
        return "." if points > commas else ","
    if distinct.weight(either) > FEW * len(distinct.codes):
        raise Undecided(
            "decimal",
            _(
                "The column “%(column)s” does not tell whether %(examples)s is more or less than a "
                "thousand."
            ),
            column=column,
            examples=[distinct.example(either)],
        )
    return "" if any(either) else "."


def _number(text: str, sign: str) -> float:
    if SCIENTIFIC.fullmatch(text):
        return float(text)
    if not _fits(COMMA if sign == "," else POINT, text) or (not sign and _either(text)):
        return float("nan")
    if sign == ",":
        text = text.replace(".", "").replace(",", ".")
    return float(text.replace(",", ""))


def read_moments(
    cells: pd.Series, lines: pd.Series, *, column: str, zone: str, date_format: str = ""
) -> pd.Series:
    """Moments in UTC (NaT where a text is no date), local ones in `zone`.

    Raises `Undecided` where the cells do not tell the day from the month.
    """
    distinct = _Distinct.of(cells, lines)
    reader = _by_format(date_format) if date_format else _by_order(_day_order(distinct, column))
    moments = pd.Series([reader(text) for text in distinct.texts], dtype=object)
    zoned = moments.map(lambda moment: moment is not None and moment.tzinfo is not None)
    local = pd.to_datetime(moments.mask(zoned, None), errors="coerce").astype("datetime64[us]")
    utc = to_utc(local, zone)
    if zoned.any():
        utc[zoned] = pd.to_datetime(moments[zoned], utc=True, errors="coerce")
    spread: pd.Series = utc.take(distinct.codes).set_axis(cells.index)
    return spread


def to_utc(local: pd.Series, zone: str) -> pd.Series:
    """The hour that the end of summer time repeats is taken as the second one."""
    in_zone = local.dt.tz_localize(
        zone, ambiguous=np.zeros(len(local), bool), nonexistent="shift_forward"
    )
    utc: pd.Series = in_zone.dt.tz_convert("UTC")
    return utc


Reader = Callable[[str], datetime | None]


def _by_format(date_format: str) -> Reader:
    def read(text: str) -> datetime | None:
        try:
            return datetime.strptime(text, date_format)  # noqa: DTZ007 - local time of the shop
        except ValueError:
            return None

    return read


def _by_order(order: str) -> Reader:
    def read(text: str) -> datetime | None:
        try:
            moment = _iso(text) or _numeric(text, order) or _named(text)
        except ValueError:
            return None
        return moment if moment and moment.year in YEARS else None

    return read


def possible_days(text: str) -> set[date]:
    """The days that one text may mean, alone: none, one, or two that differ.

    >>> possible_days("31/12/2026") == possible_days("31.12.2026") == {date(2026, 12, 31)}
    True
    >>> len(possible_days("03/04/2026")), len(possible_days("03.04.2026")), possible_days("soon")
    (2, 1, set())
    """
    # with points between, nobody writes the month first
    orders = ("day",) if text.count(".") == 2 else ("day", "month")
    found = [_by_order(order)(text.strip()) for order in orders]
    return {moment.date() for moment in found if moment}


def _iso(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if ISO.fullmatch(text) else None


def _numeric(text: str, order: str) -> datetime | None:
    if SERIAL.fullmatch(text):
        return EPOCH + timedelta(seconds=round(float(text) * 86_400))
    found = PARTS.fullmatch(text)
    if not found:
        return None
    first, second, third, *clock = found.groups()
    if len(first) == 4:
        year, month, day = first, second, third
    elif order == "day":
        day, month, year = first, second, third
    elif order == "month" or first == second:
        month, day, year = first, second, third
    else:
        return None
    return _moment(int(year), int(month), int(day), clock) if len(year) == 4 else None


def _named(text: str) -> datetime | None:
    found = NAMED.fullmatch(text)
    if not found:
        return None
    day, name, other_name, other_day, year, *clock = found.groups()
    month = MONTHS.get((name or other_name).casefold())
    return _moment(int(year), month, int(day or other_day), clock) if month else None


def _moment(year: int, month: int, day: int, clock: list[str | None]) -> datetime:
    hour, minute, second, half = clock
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(f"{hours} is no hour of half a day")
        hours = hours % 12 + 12 * half.casefold().startswith("p")
    return datetime(year, month, day, hours, int(minute or 0), int(second or 0))  # noqa: DTZ001 - local time of the shop


def _day_order(distinct: _Distinct, column: str) -> str:
    """ "day" or "month": which of the two comes first in dates such as 03/04/2011; "" = no need."""
    parts = [_day_and_month(text) for text in distinct.texts]
    short = [bool(SHORT_YEAR.fullmatch(text)) for text in distinct.texts]
    if distinct.weight(short) > FEW * len(distinct.codes):
        raise Undecided(
            "date_format",
            _("The column “%(column)s” writes years with two digits: %(examples)s."),
            column=column,
            examples=[distinct.example(short)],
        )
    day = [bool(part and part[0] > 12) for part in parts]
    month = [bool(part and part[1] > 12) for part in parts]
    either = [bool(part and part[0] != part[1] and max(part) <= 12) for part in parts]
    days, months = distinct.weight(day), distinct.weight(month)
    if (days or months) and min(days, months) < max(FEW * (days + months), 1):
        return "day" if days > months else "month"
    if days + months + distinct.weight(either) <= FEW * len(distinct.codes):
        return ""
    raise Undecided(
        "date_format",
        _("The dates of the column “%(column)s” do not tell the day from the month: %(examples)s."),
        column=column,
        examples=[distinct.example(group) for group in (day, month, either) if any(group)],
    )


def _day_and_month(text: str) -> tuple[int, int] | None:
    found = PARTS.fullmatch(text)
    if not found or len(found[1]) > 2:
        return None
    return int(found[1]), int(found[2])
