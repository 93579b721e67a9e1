"""Chart tags: plain lists from the view, a picture and its numbers on the page."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from config import charts
from config.charts import Band, Chart, Number

register = template.Library()
DAY_FORMATS = {"zh-hans": "n月j日"}

Label = str | date


@register.simple_tag
def line_chart(
    title: str,
    labels: Sequence[Label],
    series: Sequence[tuple[str, Sequence[Number]]],
    desc: str = "",
    unit: str = "",
) -> SafeString:
    texts = [_text(label) for label in labels]
    return _draw(charts.line_chart(title, texts, series, desc=desc, unit=unit))


@register.simple_tag
def fan_chart(
    title: str,
    history: Sequence[tuple[Label, Number]],
    forecast: Sequence[tuple[Label, Number]],
    bands: Sequence[Band] = (),
    desc: str = "",
    unit: str = "",
) -> SafeString:
    return _draw(
        charts.fan_chart(
            title,
            [(_text(label), value) for label, value in history],
            [(_text(label), value) for label, value in forecast],
            bands,
            names=(gettext("So far"), gettext("Forecast")),
            desc=desc,
            unit=unit,
        )
    )


@register.simple_tag
def bar_chart(
    title: str, bars: Sequence[tuple[Label, float]], desc: str = "", unit: str = ""
) -> SafeString:
    named = [(_text(label), value) for label, value in bars]
    return _draw(charts.bar_chart(title, named, desc=desc, unit=unit))


@register.simple_tag
def sparkline(values: Sequence[Number], label: str = "") -> SafeString:
    path = charts.spark_path(values)
    if not path:
        return mark_safe("")
    return format_html(
        '<svg class="spark" viewBox="0 0 96 24" role="img" aria-label="{}"><path d="{}"/></svg>',
        label,
        path,
    )


def _draw(chart: Chart) -> SafeString:
    context: dict[str, Any] = {"chart": chart}
    return render_to_string("components/chart.html", context)


def _text(label: Label) -> str:
    if isinstance(label, date):
        return format_date(label, DAY_FORMATS.get(get_language() or "", "j M"))
    return str(label)
