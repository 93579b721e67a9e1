"""A measured week of the gap in sentences; a share is told only where enough stands behind it."""

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from production.gap import ENOUGH_LINES
from production.models import GapMeasurement

Measure = GapMeasurement.Measure


def enough(row: GapMeasurement) -> bool:
    """Whether a share of what the row counts says something."""
    return row.wanted >= ENOUGH_LINES


def _figure(value: float, digits: int = 0) -> str:
    """Rounded: Django's own formatting cuts digits off."""
    return formats.number_format(round(value, digits), digits, force_grouping=True)


def money_of(amount: float, currency: str | None) -> str:
    """The amount with its currency; one whose currency is not known stays bare."""
    return f"{_figure(amount)} {currency or ''}".strip()


def sentences(row: GapMeasurement) -> list[str]:
    told = {
        Measure.CHOICE: _choice_told,
        Measure.VOLUME: _volume_told,
        Measure.MIX: _mix_told,
        Measure.TIME: _time_told,
        Measure.QUALITY: _quality_told,
    }
    return told[Measure(row.measure)](row)


def _choice_told(row: GapMeasurement) -> list[str]:
    bits = {"bits": _figure(row.value, 2)}
    less = row.details.get("saved_bits", 0)
    saved = {
        "saved": _figure(abs(less), 2),
        "plain": _figure(row.details.get("baseline_bits", 0), 2),
    }
    compared = (
        _("%(saved)s more than last quarter's shares, which gave %(plain)s")
        if less < 0
        else _("%(saved)s less than last quarter's shares, which gave %(plain)s")
    )
    lines = ngettext(
        "Only %(lines)d order line: too few to judge by",
        "Only %(lines)d order lines: too few to judge by",
        round(row.wanted),
    )
    return [
        _("%(bits)s bits of surprise an order line") % bits,
        compared % saved if enough(row) else lines % {"lines": round(row.wanted)},
    ]


def _volume_told(row: GapMeasurement) -> list[str]:
    pieces = {
        "wanted": _figure(row.wanted),
        "planned": _figure(row.answered),
    }
    share = _("%(share)s %% of the pieces differ") % {"share": _figure(row.value * 100, 0)}
    return [
        *([share] if enough(row) else []),
        _("%(wanted)s wanted, %(planned)s planned") % pieces,
        *_wants_told(row),
    ]


def _wants_told(row: GapMeasurement) -> list[str]:
    """What is behind the pieces wanted: orders, and wishes as far as they become orders."""
    known = row.details
    if "ordered" not in known:
        return []
    if known["conversion"] is None:
        return [_("Only orders are counted: too little is known yet of what becomes of wishes.")]
    parts = {"ordered": _figure(known["ordered"]), "more": _figure(known["not_ordered"], 1)}
    needs = {"needs": known["unmet_needs"], "share": _figure(known["conversion"] * 100)}
    wishes = ngettext(
        "%(needs)d wish without an order counts %(share)s %%: "
        "so many of the earlier ones became orders",
        "%(needs)d wishes without an order count %(share)s %% each: "
        "so many of the earlier ones became orders",
        known["unmet_needs"],
    )
    return [_("%(ordered)s ordered, %(more)s wanted but not ordered") % parts, wishes % needs]


def _quality_told(row: GapMeasurement) -> list[str]:
    known = row.details
    share = _("%(share)s %% right the first time") % {"share": _figure((1 - row.value) * 100, 1)}
    told = [
        *([share] if enough(row) else []),
        _("%(scrap)s of %(first)s pieces spoiled at first")
        % {"scrap": _figure(known["scrap_at_first"]), "first": _figure(known["first"])},
    ]
    if known["again"]:
        told.append(_("%(again)s pieces made again") % {"again": _figure(known["again"])})
    if known["returned"]:
        told.append(_("%(back)s pieces sent back") % {"back": _figure(known["returned"])})
    return told


def _mix_told(row: GapMeasurement) -> list[str]:
    share = {"share": _figure(row.value * 100, 0)}
    return [_("%(share)s %% planned for the wrong product") % share] if enough(row) else []


def _time_told(row: GapMeasurement) -> list[str]:
    days = _("%(days)s days later than asked for") % {"days": _figure(row.value, 1)}
    return [days, _later_told(row.details.get("later_share", 0), round(row.wanted), enough(row))]


def _later_told(share: float, lines: int, in_percent: bool) -> str:
    told = (
        ngettext(
            "%(share)s %% of %(lines)d order line later than asked",
            "%(share)s %% of %(lines)d order lines later than asked",
            lines,
        )
        if in_percent
        else ngettext(
            "%(later)d of %(lines)d order line later than asked",
            "%(later)d of %(lines)d order lines later than asked",
            lines,
        )
    )
    return told % {"share": _figure(share * 100, 0), "lines": lines, "later": round(share * lines)}


def money_told(volume: GapMeasurement | None, shops: str) -> list[str]:
    if volume is None or "money" not in volume.details:
        return []
    amount = money_of(volume.details["money"], volume.details.get("currency", shops))
    return [_("%(money)s in goods") % {"money": amount}]


def worth_told(worth: GapMeasurement | None, shops: str) -> list[str]:
    """Stock and change-overs, each only where something was moved or set up."""
    known = worth.details if worth else {}
    told = []
    if "stock_value" in known:
        amount = money_of(known["stock_value"], str(known.get("currency", shops)))
        told.append(_("%(money)s of material in stock at the week's end") % {"money": amount})
    if "changeover_hours" in known:
        hours = {"hours": _figure(known["changeover_hours"], 1)}
        told.append(_("%(hours)s hours of change-over") % hours)
    return told
