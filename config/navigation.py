"""The side navigation of staff, in one place: the pages that there are and that one may open."""

from typing import NamedTuple

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from journal.access import may_open


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
    (
        "",
        [
            Item(_("Dashboard"), "home", "dashboard"),
            Item(_("Gap"), "chart", "production:gap"),
            Item(_("What the shop knows"), "info", "footing"),
        ],
    ),
    (
        _("Want"),
        [
            Item(_("Orders"), "list", "orders:staff-orders"),
            Item(_("Customers"), "user", "orders:staff-customers"),
            Item(_("Products"), "tag", "orders:staff-products"),
            Item(_("Reviews"), "star", "orders:staff-reviews"),
            Item(_("Imports"), "upload", "imports:list"),
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
            Item(_("Planning"), "chart", "production:planning"),
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


def staff_navigation(path: str, user: AbstractUser | AnonymousUser) -> list[Group]:
    """Groups of links for the page at `path`; of several that fit, the longest is current."""
    found = _open_pages(user)
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


def first_page(user: AbstractUser | AnonymousUser) -> str:
    """Where a member of staff begins; empty for who may open no staff page."""
    if not getattr(user, "is_staff", False):
        return ""
    return next((url for _label, links in _open_pages(user) for _item, url in links), "")


def _open_pages(
    user: AbstractUser | AnonymousUser,
) -> list[tuple[Promise | str, list[tuple[Item, str]]]]:
    return [
        (label, [(i, url) for i in items if (url := address(i.view)) and may_open(user, url)])
        for label, items in NAVIGATION
    ]
