"""What a cell may hold: how its text is read, and how a value is written so that it comes back.

Every kind reads what it has shown: `show(read(show(value))) == show(value)`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journal.tables import possible_days
from journal.tables.notation import COMMA, GROUP_SPACE, POINT

YES, NO = "yes", "no"
_TRUE = frozenset({"yes", "y", "true", "1", "x", "ja", "是"})
_FALSE = frozenset({"no", "n", "false", "0", "nein", "否"})
_CODE = re.compile(r"[-a-zA-Z0-9_]+")
_CLOCK = re.compile(r"(?:.* )?([01]?\d|2[0-3]):([0-5]\d)(?::00)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
# a word without the signs that part pairs, or anything in quotation marks
_PAIR = re.compile(r'\s*([^=;"]+?)\s*=\s*(?:"((?:[^"]|"")*)"|([^;"]*?))\s*(?:;|$)')
_TOO_LARGE = Decimal(10) ** 12
_NOISE = 12  # decimals behind which Excel's binary fractions show


class BadCell(ValueError):
    """A cell cannot be read; the message says what is wrong and what to write instead."""


@dataclass(frozen=True)
class Kind:
    """One kind of cell. `read` gets a text that is not empty, and the decimal sign of the file
    (`""` where it does not tell). `word` is its name in the documentation; `places` are the
    decimals that a number may have."""

    word: str
    read: Callable[[str, str], Any]
    show: Callable[[Any], str] = str
    is_number: bool = False
    places: int = 0
    # (text of the cell, word for people) where a cell may hold one of a few
    choices: tuple[tuple[str, str | Promise], ...] = ()
    # what a row holds that lacks the text, where None could not be kept
    nothing: Any = None

    def text(self, value: Any) -> str:
        """The cell of a value; nothing and no text are an empty cell."""
        return "" if value is None or value == "" else self.show(value)


# Words


def text(longest: int) -> Kind:
    return Kind("text", lambda cell, sign: _read_text(cell, longest), _tidy, nothing="")


def _tidy(value: Any) -> str:
    return str(value).replace("\r\n", "\n").replace("\r", "\n").strip()


def _read_text(cell: str, longest: int) -> str:
    cell = _tidy(cell)
    if _CONTROL.search(cell):
        raise BadCell(_("This text has signs that cannot be kept. Write it anew."))
    if len(cell) > longest:
        raise BadCell(
            _("This text has %(length)d signs; at most %(most)d fit.")
            % {"length": len(cell), "most": longest}
        )
    return cell


def code(longest: int) -> Kind:
    def read(cell: str, sign: str) -> str:
        if not _CODE.fullmatch(cell):
            raise BadCell(
                _("“%(cell)s” is no code. Use letters A to Z, digits, - and _.") % {"cell": cell}
            )
        return _read_text(cell, longest)

    return Kind("code", read)


def email() -> Kind:
    def read(cell: str, sign: str) -> str:
        try:
            validate_email(_read_text(cell, 254))
        except ValidationError:
            raise BadCell(
                _("“%(cell)s” is no e-mail address. Correct it or leave the cell empty.")
                % {"cell": cell}
            ) from None
        return cell

    return Kind("e-mail", read)


def choice(choices: Iterable[tuple[Any, Any]], shown: Callable[[Any], str] = str) -> Kind:
    """One of some codes; `shown` is how a code is written where it is no text."""
    pairs = [(one, shown(one), label) for one, label in choices]

    def read(cell: str, sign: str) -> Any:
        wanted = cell.casefold()
        for one, written, label in pairs:
            if wanted in (written.casefold(), str(label).casefold()):
                return one
        raise BadCell(
            _("“%(cell)s” is not known here. Write one of: %(choices)s.")
            % {"cell": cell, "choices": ", ".join(written for _one, written, _label in pairs)}
        )

    return Kind("one of", read, shown, choices=tuple((text, label) for _one, text, label in pairs))


def yes_no() -> Kind:
    return Kind(
        "yes or no",
        lambda cell, sign: _read_yes_no(cell),
        lambda value: YES if value else NO,
        choices=((YES, gettext_lazy("yes")), (NO, gettext_lazy("no"))),
    )


def _read_yes_no(cell: str) -> bool:
    if cell.casefold() in _TRUE | _FALSE:
        return cell.casefold() in _TRUE
    raise BadCell(_("“%(cell)s” is neither yes nor no. Write yes or no.") % {"cell": cell})


def words(longest: int) -> Kind:
    def read(cell: str, sign: str) -> list[str]:
        parts = [_tidy(part) for part in cell.replace(";", ",").split(",")]
        return [_read_text(part, longest) for part in parts if part]

    return Kind("list", read, lambda value: ", ".join(map(str, value)))


# Numbers


def whole(least: int = 0, most: int = 32_767) -> Kind:
    def read(cell: str, sign: str) -> int:
        number = read_decimal(cell, sign)
        if number != number.to_integral_value():
            raise BadCell(_("“%(cell)s” is no whole number.") % {"cell": cell})
        _within(number, Decimal(least), Decimal(most))
        return int(number)

    return Kind("whole number", read, is_number=True)


def decimal(digits: int, places: int, least: str | None = "0", above: str = "") -> Kind:
    """A number that fits into `digits` with `places` of them behind the point."""

    def read(cell: str, sign: str) -> Decimal:
        number = read_decimal(cell, sign)
        if above and number <= Decimal(above):
            raise BadCell(_("It must be more than %(limit)s.") % {"limit": above})
        most = Decimal(10) ** (digits - places) - Decimal(10) ** -places
        _within(number, -most if least is None else Decimal(least), most)
        if number != round(number, places):
            raise BadCell(
                _("“%(cell)s” has more than %(places)d decimals. Round it.")
                % {"cell": cell, "places": places}
            )
        return number

    return Kind("number", read, plain, is_number=True, places=places)


def money(digits: int = 12, least: str | None = "0") -> Kind:
    inner = decimal(digits, 2, least)
    return Kind("money", inner.read, lambda value: format(value, ".2f"), is_number=True, places=2)


def plain(number: Decimal) -> str:
    """
    >>> plain(Decimal("0.1200")), plain(Decimal("1E+2"))
    ('0.12', '100')
    """
    shown = format(Decimal(number), "f")
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) or "0"


def decimal_sign(cells: Iterable[str]) -> str:
    """The sign that some cells prove; "." where none does, "" where they prove both."""
    proofs = {sign for cell in cells if (sign := _proof(_bare(cell)))}
    return "" if len(proofs) == 2 else next(iter(proofs), ".")


def read_decimal(cell: str, sign: str) -> Decimal:
    """The number of a cell in a file of that decimal sign. Raises `BadCell` where it is none, or
    could be two: "1,234" in a file that does not tell."""
    bare = _bare(cell)
    is_point, is_comma = _fits(POINT, bare), _fits(COMMA, bare)
    if is_point and is_comma and not bare.lstrip("+-").isdigit():
        return _either(cell, bare, sign)
    if is_comma and not is_point:
        bare = bare.replace(".", "").replace(",", ".")
    elif is_point:
        bare = bare.replace(",", "")
    try:
        number = Decimal(bare)
    except InvalidOperation:
        raise BadCell(
            _("“%(cell)s” is no number. Write digits only, such as 12.5.") % {"cell": cell}
        ) from None
    if not number.is_finite():
        raise BadCell(_("“%(cell)s” is no number.") % {"cell": cell})
    if abs(number) >= _TOO_LARGE:
        raise BadCell(_("“%(cell)s” is too large. Correct it.") % {"cell": cell})
    return round(number, _NOISE)


def _either(cell: str, bare: str, sign: str) -> Decimal:
    """A number that both notations could have written, and not the same one."""
    if sign and bare.count(sign) == 1 and ("." in bare) + ("," in bare) == 1:
        return Decimal(bare.replace(sign, "."))
    thousands, part = re.sub(r"[.,]", "", bare), re.sub(r"[.,]", ".", bare, count=1) + "0"
    raise BadCell(
        _("“%(cell)s” may be more or less than a thousand. Write %(one)s or %(other)s.")
        % {"cell": cell, "one": thousands, "other": part}
    )


def _bare(cell: str) -> str:
    return GROUP_SPACE.sub("", cell.strip().replace("−", "-"))


def _fits(pattern: re.Pattern[str], bare: str) -> bool:
    return bool(pattern.fullmatch(bare)) and any(sign.isdigit() for sign in bare)


def _proof(bare: str) -> str:
    is_point, is_comma = _fits(POINT, bare), _fits(COMMA, bare)
    if is_point == is_comma:
        return ""
    return "." if is_point else ","


def _within(number: Decimal, least: Decimal, most: Decimal) -> None:
    if number < least:
        raise BadCell(_("It must be %(limit)s or more.") % {"limit": plain(least)})
    if number > most:
        raise BadCell(_("It must be %(limit)s or less.") % {"limit": plain(most)})


# Days and times


def day() -> Kind:
    return Kind("date", lambda cell, sign: _read_day(cell), lambda value: str(value.isoformat()))


def _read_day(cell: str) -> date:
    days = possible_days(cell)
    if len(days) == 1:
        return days.pop()
    if days:
        both = " / ".join(sorted(one.isoformat() for one in days))
        raise BadCell(
            _("“%(cell)s” does not tell the day from the month. Write one of: %(both)s.")
            % {"cell": cell, "both": both}
        )
    raise BadCell(_("“%(cell)s” is no date. Write it like 2026-03-31.") % {"cell": cell})


def clock() -> Kind:
    return Kind("time", lambda cell, sign: _read_clock(cell), lambda value: f"{value:%H:%M}")


def _read_clock(cell: str) -> time:
    found = _CLOCK.fullmatch(cell)
    if found is None:
        raise BadCell(_("“%(cell)s” is no time of day. Write it like 07:30.") % {"cell": cell})
    return time(int(found[1]), int(found[2]))


# Pairs


def pairs() -> Kind:
    """`colour=red; wood=yes`; yes and no are truth values."""

    def read(cell: str, sign: str) -> dict[str, Any]:
        return {name: {YES: True, NO: False}.get(value, value) for name, value in _pairs(cell)}

    return Kind("pairs", read, show_pairs)


def text_pairs() -> Kind:
    """`colour=red; engraving="a; b"`: every value is a text."""
    return Kind("pairs", lambda cell, sign: dict(_pairs(cell)), show_pairs)


def show_pairs(value: dict[str, Any]) -> str:
    """By name: PostgreSQL does not keep the order in which they came."""
    return "; ".join(f"{name}={_quoted(value[name])}" for name in sorted(value))


def _quoted(item: Any) -> str:
    if isinstance(item, bool):
        return YES if item else NO
    word = ",".join(map(str, item)) if isinstance(item, list | tuple) else _tidy(item)
    doubled = word.replace('"', '""')
    return f'"{doubled}"' if re.search(r'[;"=]|^\s|\s$', word) else word


def _pairs(cell: str) -> Iterator[tuple[str, str]]:
    at, seen = 0, set[str]()
    while at < len(cell):
        found = _PAIR.match(cell, at)
        if found is None:
            raise BadCell(
                _("“%(cell)s” cannot be read. Write name=value and part them by semicolons.")
                % {"cell": cell[at : at + 40]}
            )
        name, quoted, bare = found.groups()
        if name in seen:
            raise BadCell(_("“%(name)s” stands twice.") % {"name": name})
        seen.add(name)
        yield name, _read_text(bare if quoted is None else quoted.replace('""', '"'), 200)
        at = found.end()
