"""Plain words for what an import stores as codes, in the language of whoever reads them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from journal.tables import told
from journal.tables.decoding import NAMES
from orders.importing import FLAGS, REASONS, reason_of

STEPS: dict[str, Promise] = {
    "opening": _("Looking at the file"),
    "reading": _("Reading the lines"),
    "sorting": _("Judging each line"),
    "listing": _("Listing what is not taken"),
    "comparing": _("Comparing with what is here"),
    "writing": _("Writing whole orders"),
    "routings": _("Giving new products their steps"),
}

# our columns, as people say
COLUMNS: dict[str, Promise] = {
    "invoice": _("Order number"),
    "item": _("Item code"),
    "description": _("Description"),
    "quantity": _("Quantity"),
    "at": _("Order date"),
    "price": _("Price of one piece"),
    "currency": _("Currency of the line"),
    "customer": _("Customer number"),
    "country": _("Country"),
}

NOTES: dict[str, str | Promise] = {
    "columns_missing": _(
        "Nobody could guess which columns these are: %(columns)s. Choose them below, then check."
    ),
    "undecided_decimal": _("%(text)s Choose the decimal sign below, then check again."),
    "undecided_date_format": _("%(text)s Choose how dates are written below, then check again."),
    "bad_mapping": _("The file cannot be read like this: %(text)s Change it below."),
    "encoding_guessed": _(
        "The encoding %(encoding)s is a guess. A line reads: %(example)s "
        "If that is wrong, choose the right one below."
    ),
    "no_line_end": _("The last line has no line end: check that the file is whole."),
    "nul_bytes": _("The file holds NUL bytes; lines with one are refused."),
    "unreadable": "%(text)s",
    "broke_off": _(
        "It broke off: %(text)s. Whole orders written so far are kept. Mend the cause and check "
        "again: the import goes on from there."
    ),
    "worker_died": _(
        "The work on it was cut off three times. Whole orders written so far are kept. "
        "Check again, and if it is cut off once more, ask who runs this shop to look at its memory."
    ),
}
# what must be answered before the file can be imported
QUESTIONS = {"columns_missing", "undecided_decimal", "undecided_date_format", "bad_mapping"}

DELIMITERS: dict[str, Promise] = {
    ",": _("commas"),
    ";": _("semicolons"),
    "\t": _("tabs"),
    "|": _("bars"),
}


def said(note: Mapping[str, Any]) -> str:
    """A note of a run in words."""
    facts = dict(note["facts"])
    if "said" in facts:
        facts["text"] = told(facts["said"])
    if "columns" in facts:
        facts["columns"] = ", ".join(column(name) for name in facts["columns"])
    if "encoding" in facts:
        facts["encoding"] = encoding(facts["encoding"])
    return str(NOTES[note["code"]]) % facts


def asks(notes: Iterable[Mapping[str, Any]]) -> bool:
    return any(note["code"] in QUESTIONS for note in notes)


def column(name: str) -> str:
    return str(COLUMNS.get(name, name))


def reason(code: str) -> str:
    return gettext(REASONS.get(code, code))


def not_taken(line: Mapping[str, str]) -> str:
    """Why a line of the list was not taken."""
    if line["kind"]:
        return gettext("No product: %(kind)s") % {"kind": line["kind"]}
    return reason_of(line, gettext)


def flag(code: str) -> str:
    return gettext(FLAGS.get(code, code))


def encoding(name: str) -> str:
    return NAMES.get(name, name)


def layout(reading: Mapping[str, Any]) -> str:
    """How a file was read."""
    if reading["kind"] == "xlsx":
        text = gettext("Excel, sheet “%(sheet)s”, header in row %(row)d")
        return text % {"sheet": reading["sheet"], "row": reading["header_row"]}
    if reading["kind"] == "csv":
        text = gettext("CSV in %(encoding)s, separated by %(delimiter)s")
        delimiter = DELIMITERS.get(reading["delimiter"], reading["delimiter"])
        return text % {"encoding": encoding(reading["encoding"]), "delimiter": delimiter}
    return str(reading["kind"]).capitalize()
