from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import RequestContext, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from config import navigation
from config.icons import ICONS
from config.statuses import STATUSES, TONE_ICONS, look
from config.templatetags import ui


class PostcardForm(forms.Form):
    name = forms.CharField(help_text="As on the parcel.")
    colour = forms.ChoiceField(choices=[("r", "Red")], widget=forms.RadioSelect)


def render(source: str, url: str = "/", **context: object) -> str:
    request = RequestFactory().get(url)
    return Template("{% load i18n ui %}" + source).render(RequestContext(request, context))


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (Decimal("1234.5"), "EUR", "€1,234.50"),
        (Decimal("-3"), "USD", "−$3.00"),
        (Decimal("1500"), "JPY", "JP¥1,500"),
        (Decimal("2"), "CHF", "2.00 CHF"),
        (Decimal("2"), "CNY", "CN¥2.00"),
    ],
)
def test_money_names_its_currency(amount, currency, shown):
    assert f">{shown}<" in ui.money(amount, currency)


class FindForm(forms.Form):
    q = forms.CharField(label="Name", required=False)


def test_a_filter_calls_none_of_its_fields_optional_and_other_forms_do():
    source = '{% include "components/filter_form.html" with form=form only %}'
    assert "optional" not in render(source, form=FindForm())
    assert "optional" in render(source.replace("filter_form", "form"), form=FindForm())


def test_money_in_chinese_writes_the_yuan_as_its_readers_do():
    with translation.override("zh-hans"):
        assert ">¥2.00<" in ui.money(Decimal(2), "CNY")


def test_a_moment_is_shown_in_the_active_zone_with_its_name():
    with timezone.override("Europe/Berlin"):
        html = ui.moment(datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    assert "2 Jul 2026, 00:30" in html
    assert "CEST" in html
    assert 'datetime="2026-07-02T00:30:00+02:00"' in html


def test_a_zone_without_a_name_shows_its_offset():
    with timezone.override("America/Sao_Paulo"):
        assert "UTC-03" in ui.moment(datetime(2026, 7, 1, 12, tzinfo=UTC))


def test_a_plain_date_has_no_zone():
    with translation.override("zh-hans"):
        assert ui.moment(date(2026, 7, 1)) == '<time datetime="2026-07-01">2026年7月1日</time>'


@pytest.mark.parametrize(
    ("delta", "shown"),
    [
        (timedelta(minutes=7), "7 min"),
        (timedelta(hours=2, minutes=5), "2 h 05 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (None, "–"),
    ],
)
def test_a_duration_is_as_long_as_it_needs(delta, shown):
    assert ui.duration(delta) == shown


def test_every_status_has_a_tone_with_words_and_an_icon_that_exists():
    for status in STATUSES:
        label, tone, icon = look(status)
        assert label
        assert tone in TONE_ICONS
        assert icon in ICONS


def test_an_unknown_status_shows_its_own_name_quietly():
    assert look("half_baked") == ("half baked", "quiet", "dot")


def test_a_pill_escapes_what_it_is_told():
    assert "<script>" not in ui.pill("done", "<script>")


def test_the_pager_keeps_the_filters_of_the_address():
    page = Paginator(range(100), 10).get_page(3)
    html = render(
        '{% include "components/pager.html" with page=page only %}', "/?late=1&page=3", page=page
    )
    assert 'href="?late=1&amp;page=2"' in html
    assert 'href="?late=1&amp;page=4"' in html


def test_the_errors_of_a_field_are_tied_to_its_input():
    html = render('{% include "components/form.html" with form=form only %}', form=PostcardForm({}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert '<a href="#id_name">' in html
    assert "<legend>Colour" in html


def test_the_heading_repeats_the_title_unless_it_is_given():
    page = '{% extends "page.html" %}{% block title %}Orders{% endblock %}'
    html = Template(page).render(RequestContext(RequestFactory().get("/")))
    assert "<h1>Orders</h1>" in html
    other = page + "{% block heading %}All orders{% endblock %}"
    html = Template(other).render(RequestContext(RequestFactory().get("/")))
    assert "<h1>All orders</h1>" in html
    assert "<title>Orders · Tailorline</title>" in html


def test_the_navigation_leaves_out_what_nobody_defines(monkeypatch):
    known = {"dashboard": "/staff/", "orders:staff-orders": "/staff/orders/"}
    monkeypatch.setattr(navigation, "address", lambda view: known.get(view, ""))
    monkeypatch.setattr(navigation, "may_open", lambda user, url: True)
    groups = navigation.staff_navigation("/staff/orders/7/", AnonymousUser())
    links = [link for group in groups for link in group.links]
    assert [(link.url, link.current) for link in links] == [
        ("/staff/", False),
        ("/staff/orders/", True),
    ]


def test_a_page_carries_no_inline_script_and_no_inline_style(client, db):
    html = client.get("/nowhere/").content.decode()
    assert "style=" not in html
    assert "<style" not in html
    assert "<script>" not in html
    assert "This page does not exist" in html


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (ui.count(6.5), "6"),
        (ui.count(7.5), "8"),
        (ui.percent(0.1999), "20 %"),
        (ui.percent(-0.0013), "0 %"),
        (ui.amount(1200, "pc"), "1,200"),
        (ui.amount(3.75, "kg"), "3.75"),
        (ui.amount(37.54, "kg"), "37.5"),
        (ui.amount(1234.5, "m2"), "1,234"),  # half to even
        (ui.amount(0, "kg"), "0"),
        (ui.amount(60.0, "kg"), "60"),
        (ui.amount(7.6, "pc"), "8"),
        (ui.count(19.99), "20"),
    ],
)
def test_figures_are_rounded_not_cut(shown, text):
    assert shown == text
