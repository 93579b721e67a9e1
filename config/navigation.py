"""The side navigation of staff, in one place. What nobody defines yet is left out."""

from typing import NamedTuple

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Item(NamedTuple):
    label: Promise
    icon: str
    view: str


class Link(NamedTuple):
    label: Promise
    icon: str
    url: str
    current: bool


class Group(NamedTuple):
    label: Promise | str
    links: list[Link]


NAVIGATION: list[tuple[Promise | str, list[Item]]] = [
    ("", [Item(_("Dashboard"), "home", "dashboard"), Item(_("Gap"), "chart", "production:gap")]),
    (
        _("Want"),
        [
            Item(_("Orders"), "list", "orders:staff-orders"),
            Item(_("Customers"), "user", "orders:staff-customers"),
            Item(_("Products"), "tag", "orders:staff-products"),
            Item(_("Reviews"), "star", "orders:staff-reviews"),
        ],
    ),
    (
        _("Plan"),
        [
            Item(_("Forecasts"), "chart", "forecasting:forecasts"),
            Item(_("Option shares"), "filter", "forecasting:option-shares"),
            Item(_("Suggestions"), "spark", "recommendations:preview"),
            Item(_("Experiments"), "eye", "recommendations:experiments"),
            Item(_("Training runs"), "refresh", "forecasting:runs"),
        ],
    ),
    (
        _("Make"),
        [
            Item(_("Due dates"), "clock", "production:due"),
            Item(_("Schedule"), "calendar", "production:schedule"),
            Item(_("Queues"), "queue", "production:queues"),
            Item(_("Jobs"), "list", "production:jobs"),
            Item(_("Machines"), "machine", "production:machines"),
            Item(_("Quality"), "check", "production:quality"),
            Item(_("Materials"), "box", "production:materials"),
        ],
    ),
    (
        "",
        [
            Item(_("Shop set-up"), "upload", "setup"),
            Item(_("Settings"), "gear", "settings"),
            Item(_("Audit"), "clock", "audit"),
        ],
    ),
]


def address(view: str, *args: object, **kwargs: object) -> str:
    """The address of `view`, or an empty text while nobody defines it."""
    try:
        return reverse(view, args=args, kwargs=kwargs)
    except NoReverseMatch:
        return ""


def staff_navigation(path: str) -> list[Group]:
    """Groups of links for the page at `path`; of several that fit, the longest is current."""
    found = [
        (label, [(item, url) for item in items if (url := address(item.view))])
        for label, items in NAVIGATION
    ]
    home = address("dashboard")  # every staff page starts with it
    fitting = [
        url
        for _label, links in found
        for _item, url in links
        if path.startswith(url) and (url != home or path == home)
    ]
    current = max(fitting, key=len, default="")
    return [
        Group(label, [Link(item.label, item.icon, url, url == current) for item, url in links])
        for label, links in found
        if links
    ]
