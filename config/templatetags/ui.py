"""The small display tags of every page. docs/ui.md shows each of them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.forms import BoundField
from django.http import HttpRequest
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.urls import translate_url
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from config import navigation
from config.editing import wording
from config.icons import ICONS
from config.statuses import look
from journal.access import may_open

register = template.Library()

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "CNY": "CN¥", "JPY": "JP¥"}
WITHOUT_CENTS = {"JPY", "KRW"}
MISSING = "–"
PIECES = {"pc", "pcs", "piece", "pieces"}
DATE_FORMATS = {
    "en": {"full": "j M Y, H:i", "date": "j M Y", "time": "H:i", "day": "D j M"},
    "zh-hans": {"full": "Y年n月j日 H:i", "date": "Y年n月j日", "time": "H:i", "day": "n月j日 D"},
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    if label:
        return format_html(
            '<svg class="icon" viewBox="0 0 24 24" role="img" aria-label="{}"><path d="{}"/></svg>',
            label,
            ICONS[name],
        )
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>',
        ICONS[name],
    )


@register.simple_tag
def pill(status: str, label: str = "", tone: str = "") -> SafeString:
    text, shown, name = look(str(status), label, tone)
    return format_html('<span class="pill {}">{}{}</span>', shown, icon(name), text)


@register.simple_tag
def status_pill(status: str, labels: Mapping[str, str] | None = None) -> SafeString:
    return pill(status, str((labels or {}).get(status, "")))


@register.simple_tag
def money(amount: Decimal | float | None, currency: str = "EUR") -> SafeString:
    if amount is None:
        return format_html('<span class="muted">{}</span>', MISSING)
    digits = 0 if currency in WITHOUT_CENTS else 2
    sign = "−" if amount < 0 else ""
    symbol = "¥" if currency == "CNY" and _language() == "zh-hans" else SYMBOLS.get(currency)
    rounded = round(Decimal(amount).copy_abs(), digits)
    figures = number_format(rounded, digits, use_l10n=True, force_grouping=True)
    text = f"{sign}{symbol}{figures}" if symbol else f"{sign}{figures} {currency}"
    return format_html('<span class="money" translate="no">{}</span>', text)


@register.simple_tag
def moment(when: datetime | date | None, style: str = "full") -> SafeString:
    """A point in time in the active zone, the zone named wherever an hour is shown."""
    if when is None:
        return format_html('<span class="muted">{}</span>', MISSING)
    formats = DATE_FORMATS.get(_language(), DATE_FORMATS["en"])
    if not isinstance(when, datetime):
        shown = format_date(when, formats["date" if style == "full" else style])
        return format_html('<time datetime="{}">{}</time>', when.isoformat(), shown)
    local = timezone.localtime(when)
    shown = format_date(local, formats[style])
    if style not in {"full", "time"}:
        return format_html('<time datetime="{}">{}</time>', local.isoformat(), shown)
    return format_html(
        '<time datetime="{}">{} <span class="zone" translate="no">{}</span></time>',
        local.isoformat(),
        shown,
        zone_name(local),
    )


def zone_name(local: datetime) -> str:
    """`CET`, or `UTC+3` for zones that have only a number."""
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name


@register.filter
def minutes(value: float | None) -> str:
    if value is None:
        return MISSING
    hours, rest = divmod(round(value), 60)
    if not hours:
        return gettext("%(minutes)d min") % {"minutes": rest}
    if hours < 48:
        return gettext("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": rest}
    return gettext("%(days)d d %(hours)d h") % {"days": hours // 24, "hours": hours % 24}


@register.filter
def hours(value: float | None) -> str:
    """Minutes of work as hours: days would be read as working days."""
    if value is None:
        return MISSING
    digits = 0 if value >= 600 else 1
    number = number_format(round(value / 60, digits), digits, force_grouping=True)
    return gettext("%(hours)s h") % {"hours": number}


@register.filter
def duration(value: timedelta | None) -> str:
    return MISSING if value is None else minutes(value.total_seconds() / 60)


@register.filter
def percent(value: float | None, digits: int = 0) -> str:
    if value is None:
        return MISSING
    rounded = round(value * 100, digits) + 0.0  # nothing is less than nothing: no -0
    return f"{number_format(rounded, digits)} %"


@register.filter
def count(value: float | None, digits: int = 0) -> str:
    return (
        MISSING
        if value is None
        else number_format(round(value, digits), digits, force_grouping=True)
    )


@register.filter
def amount(value: Decimal | float | None, unit: str) -> str:
    """A quantity of a material: what is whole stays so, pieces always; else three figures."""
    size = abs(float(value or 0))
    digits = 0 if unit in PIECES or size.is_integer() or size >= 100 else 1 if size >= 10 else 2
    return count(None if value is None else float(value), digits)


@register.simple_tag(takes_context=True)
def optional_url(context: template.Context, view: str, *args: object, **kwargs: object) -> str:
    """The address of a page that there is and that one may open, else an empty text."""
    url = navigation.address(view, *args, **kwargs)
    return url if url and may_open(_reader(context), url) else ""


@register.simple_tag(takes_context=True)
def crumb(context: template.Context, label: str, view: str = "", *args: object) -> SafeString:
    """A link to a page above, left out for who may not open it; without a view this very page."""
    url = navigation.address(view, *args) if view else ""
    if url and not may_open(_reader(context), url):
        return SafeString("")
    if url:
        return format_html('<li><a href="{}">{}</a></li>', url, label)
    return format_html('<li aria-current="page">{}</li>', label)


@register.simple_tag
def column_name(code: str) -> str:
    """A column of the set-up's tables in the reader's language."""
    return wording.column_name(code)


@register.simple_block_tag
def card(content: str, title: str = "", extra: str = "") -> SafeString:
    heading = format_html("<h2>{}</h2>", title) if title else ""
    return format_html('<section class="card {}">{}{}</section>', extra, heading, content)


@register.simple_block_tag
def tablewrap(content: str, label: str) -> SafeString:
    return format_html(
        '<div class="table-wrap" role="region" tabindex="0" aria-label="{}">{}</div>',
        label,
        content,
    )


@register.simple_block_tag
def tabs(content: str, label: str) -> SafeString:
    return format_html('<nav class="tabs" aria-label="{}">{}</nav>', label, content)


@register.simple_tag(takes_context=True)
def tab(
    context: template.Context,
    label: str,
    url: str,
    current: bool | None = None,
    count: int | None = None,
) -> SafeString:
    if current is None:
        current = _is_here(request_of(context), url)
    return format_html(
        '<a href="{}"{}>{}{}</a>',
        url,
        mark_safe(' aria-current="page"') if current else "",
        label,
        "" if count is None else format_html(' <span class="count">{}</span>', count),
    )


@register.simple_tag(takes_context=True)
def staff_navigation(context: template.Context) -> list[navigation.Group]:
    request = request_of(context)
    return navigation.staff_navigation(request.path if request else "", _reader(context))


@register.simple_tag(takes_context=True)
def language_links(context: template.Context) -> list[dict[str, Any]]:
    """This page in every language; names are written in their own language."""
    request = request_of(context)
    here = request.get_full_path() if request else "/"
    return [
        {
            "code": code,
            "name": NATIVE_NAMES.get(code, code),
            "url": translate_url(here, code),
            "current": code == _language(),
        }
        for code, _name in settings.LANGUAGES
    ]


NATIVE_NAMES = {"en": "English", "zh-hans": "中文"}


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The widget of a bound field with our classes; Django ties it to its help and errors."""
    widget = field.field.widget
    kind = getattr(widget, "input_type", "text")
    own = "choice" if kind in {"checkbox", "radio"} else "input"
    given = widget.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{own} {given}".strip()})


@register.filter
def is_group(field: BoundField) -> bool:
    """Radio and checkbox groups, which need a fieldset instead of a label."""
    return bool(field.field.widget.use_fieldset)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    return getattr(field.field.widget, "input_type", "") == "checkbox" and not is_group(field)


@register.simple_tag(takes_context=True)
def same_as(context: template.Context, name: str) -> str:
    """The text of another block of this page: the h1 repeats the title."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    return "" if block is None else str(block.render(context))


def _reader(context: template.Context) -> AbstractUser | AnonymousUser:
    return getattr(request_of(context), "user", None) or AnonymousUser()


def request_of(context: template.Context) -> HttpRequest | None:
    """The request of a page, also inside `{% include … only %}`."""
    return getattr(context, "request", None) or context.get("request")


def _is_here(request: HttpRequest | None, url: str) -> bool:
    if request is None:
        return False
    return request.get_full_path() == url or request.path == url


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
