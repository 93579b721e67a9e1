"""Every page that a person opens, and who opens it. The gates run over this list.

`name` is the URL name with its namespace, plus `#variant` for a second look at the same page.
`build` makes what the page needs and returns its address; it runs under the language of the visit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from django.contrib.auth.tokens import default_token_generator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode

from config import first_account, uploaded
from config.beginning import saving as rows_of_sheets
from config.beginning import starters, writing
from config.editing import things
from config.models import Beginning
from config.sheets import SHOP
from journal.lists import saving
from journal.models import Delivery, Transition, User
from journal.sheets import Line, Table, apply, check
from orders import collecting, tracking
from orders.models import Order
from production.api import urls as production_api
from tests import factories
from tests.e2e import brought, foreseen, plans, works

Who = Literal["anonymous", "customer", "staff", "terminal"]


@dataclass(frozen=True)
class Page:
    """`build(user)` gets the signed-in user (None for anonymous); `budget` is in gz bytes."""

    name: str
    build: Callable[[Any], str]
    who: Who = "anonymous"
    budget: int | None = None

    @property
    def view(self) -> str:
        return self.name.partition("#")[0]


def plain(name: str, who: Who = "anonymous") -> Page:
    """A page without arguments that shows something with an empty database."""
    return Page(name, lambda user: reverse(name.partition("#")[0]), who)


def an_order(user: Any) -> Order:
    """An order of a lamp whose date was moved once, by the visitor where somebody is signed in."""
    buyer = factories.customer("Alice", user=user)
    values = {**factories.OAK, "extras": ["dimmer"], "engraving": "For Bob"}
    wanted = factories.line(factories.lamp(), values, 2, status="in_production")
    made = factories.order([wanted], by=buyer, delivery_address=factories.address(buyer))
    for days, cause in ((10, "First plan"), (14, "The laser was repaired")):
        day = factories.NOW.date() + timedelta(days=days)
        wanted.committed_date = day
        wanted.promises.create(p50=day, p90=day, committed_date=day, cause=cause, at=factories.NOW)
    wanted.save()
    return made


def with_lamp(name: str, query: str = "", *args: str) -> Callable[[Any], str]:
    def build(user: Any) -> str:
        factories.lamp()
        return reverse(name, args=args) + query

    return build


def linked(name: str) -> Callable[[Any], str]:
    return lambda user: reverse(name, args=[tracking.token(an_order(user).pk)])


def password_link(user: Any, spoilt: str = "") -> str:
    carol, _made = User.objects.get_or_create(username="carol", email="carol@example.com")
    uid = urlsafe_base64_encode(str(carol.pk).encode())
    token = default_token_generator.make_token(carol)
    return reverse("password_reset_confirm", args=[uid, token + spoilt])


def my_orders(user: Any) -> str:
    an_order(user)
    return reverse("my-orders")


IMPOSSIBLE = "?o-material=oak&o-finish=none&o-height=999&quantity=0"

CUSTOMER_PAGES = [
    Page("home", with_lamp("home")),
    plain("home#empty"),
    Page("search", with_lamp("search", "?q=lamp")),
    Page("search#nothing", with_lamp("search", "?q=submarine")),
    Page("product", with_lamp("product", "", "LAMP")),
    Page("product#impossible", with_lamp("product", IMPOSSIBLE, "LAMP")),
    plain("basket"),
    plain("checkout"),
    Page("order-placed", linked("order-placed")),
    Page("track", linked("track")),
    Page("my-orders", my_orders, "customer"),
    plain("my-orders#empty", "customer"),
    Page(
        "order-detail",
        lambda user: reverse("order-detail", args=[an_order(user).number]),
        "customer",
    ),
    plain("privacy"),
    plain("login"),
    plain("sign-up"),
    plain("password_reset"),
    plain("password_reset_done"),
    Page("password_reset_confirm", password_link),
    Page("password_reset_confirm#used", lambda user: password_link(user, "-used")),
    plain("password_reset_complete"),
]


def out_of_hope(user: Any) -> str:
    """A dashboard with duties that failed ten times, and a mail that nobody tries any more."""
    at = timezone.now() - timedelta(hours=9)
    step = Transition.objects.create(kind="order", object_id=1, to_status="confirmed", at=at)
    for name in ("orders.mail_confirmation", "production.work_begun"):
        step.handlings.create(receiver=name, attempts=10, due_at=at, error="OSError: refused")
    Delivery.objects.get_or_create(
        dedup_key="order:1:sent",
        defaults={
            "recipient": "alice@example.com",
            "subject": "On its way",
            "status": Delivery.Status.FAILED,
            "attempts": 10,
            "due_at": at,
            "error": "SMTPConnectError: 421",
        },
    )
    return reverse("dashboard")


GOOD_TABLE = """family,name,position,name_zh_hans
lamps,Table lamps,3,台灯
shelves,Shelves,4,
"""
BAD_TABLE = """family,name,position
lamps,,first
"""


def with_table(content: str) -> Callable[[Any], str]:
    """A table that somebody has brought and looks at."""

    def build(user: Any) -> str:
        works.build()
        file = SimpleUploadedFile("families.csv", content.encode())
        return reverse("setup-check", args=[uploaded.keep([file], timezone.now())])

    return build


def every_row(name: str, sheet: str, query: str = "") -> Callable[[Any], str]:
    """All rows of a table, as inputs or to be changed at once."""

    def build(user: Any) -> str:
        works.build()
        return reverse(name, args=[sheet]) + query

    return build


def editable(kind: str) -> Callable[[Any], str]:
    """The page of a product or a cell that is in use."""

    def build(user: Any) -> str:
        works.build()
        name, _label = things.names_of(things.THINGS[kind])[0]
        return reverse("edit", args=[kind, name])

    return build


def changed(user: Any) -> str:
    """The history of a shop in which somebody has changed a family."""
    works.build()
    sheet = SHOP.sheet("families")
    line = Line(1, {"family": "vases", "name": "Vases"})
    plan = check(SHOP, [Table(sheet, "families", ("family", "name"), [line])])
    apply(SHOP, plan, at=timezone.now(), by="staff:alice")
    return reverse("edit-history")


def in_the_works(name: str, query: str = "") -> Callable[[Any], str]:
    """A staff page of a shop with late, running, planned, refused and ready work."""

    def build(user: Any) -> str:
        return works.address(works.build(), name) + query

    return build


def with_view(name: str, listing: str) -> Callable[[Any], str]:
    """A list with two kept views; the visitor's own is open."""

    def build(user: Any) -> str:
        works.build()
        views = {"Late ones": ("late=on", False), "On hold": ("status=on_hold", True)}
        for label, (query, shared) in views.items():
            saving.save(user, listing, label, query, shared=shared)
        return reverse(name) + "?late=on"

    return build


def with_consent(user: Any) -> str:
    """A customer who allowed something and took it back."""
    made = works.build()
    subject = collecting.subject_of_customer(made.order.customer_id or 0)
    collecting.give_consent(subject, "personalise", factories.NOW)
    collecting.withdraw_consent(subject, "personalise", timezone.now())
    collecting.give_consent(subject, "measure", timezone.now())
    return works.address(made, "orders:staff-customer")


def thin(user: Any) -> str:
    """A shop with a first forecast from little, and one that has nothing at all."""
    foreseen.forecast(user)
    return reverse("footing")


WORKS_PAGES = [
    Page("footing", thin, "staff"),
    plain("footing#empty", "staff"),
    Page("dashboard", in_the_works("dashboard"), "staff"),
    plain("dashboard#empty", "staff"),
    Page("dashboard#alarms", out_of_hope, "staff"),
    Page("setup", in_the_works("setup"), "staff"),
    plain("setup#empty", "staff"),
    Page("setup-check", with_table(GOOD_TABLE), "staff"),
    Page("edit-index", in_the_works("edit-index"), "staff"),
    Page("edit", editable("product"), "staff"),
    Page("edit#cell", editable("cell"), "staff"),
    Page("edit-rows", every_row("edit-rows", "options"), "staff"),
    Page("edit-rows#empty", every_row("edit-rows", "rules", "?q=nowhere"), "staff"),
    Page("change-all", every_row("change-all", "products", "?column=price"), "staff"),
    Page("edit-history", changed, "staff"),
    plain("edit-history#empty", "staff"),
    Page("setup-check#refused", with_table(BAD_TABLE), "staff"),
    Page("orders:staff-orders", in_the_works("orders:staff-orders", "?late=on"), "staff"),
    plain("orders:staff-orders#empty", "staff"),
    Page("orders:staff-orders#kept", with_view("orders:staff-orders", "orders"), "staff"),
    Page("orders:staff-order", in_the_works("orders:staff-order"), "staff"),
    Page("orders:staff-products", in_the_works("orders:staff-products"), "staff"),
    plain("orders:staff-products#empty", "staff"),
    Page("orders:staff-customers", in_the_works("orders:staff-customers"), "staff"),
    Page(
        "orders:staff-customers#nothing", in_the_works("orders:staff-customers", "?q=zz"), "staff"
    ),
    plain("orders:staff-customers#empty", "staff"),
    Page("orders:staff-customer", with_consent, "staff"),
    Page("production:jobs", in_the_works("production:jobs", "?sort=due"), "staff"),
    plain("production:jobs#empty", "staff"),
    Page("production:due", in_the_works("production:due"), "staff"),
    plain("production:due#empty", "staff"),
    Page("production:schedule", in_the_works("production:schedule"), "staff"),
    plain("production:schedule#empty", "staff"),
    Page("production:planning", in_the_works("production:planning"), "staff"),
    plain("production:planning#empty", "staff"),
    Page("production:planning#rejected", plans.rejected("production:planning"), "staff"),
    Page("production:plan", plans.newest, "staff"),
    Page("production:plan#rejected", plans.rejected("production:plan"), "staff"),
    Page("production:planning#mended", plans.mended, "staff"),
    Page("production:plan#forgotten", plans.forgotten, "staff"),
    Page("production:compare-plans", plans.two, "staff"),
    plain("production:compare-plans#empty", "staff"),
    Page("production:what-helps", plans.helped, "staff"),
    Page("production:what-helps#one", plans.helped_line, "staff"),
    Page("production:what-helps#asked", plans.being_tried, "staff"),
    plain("production:what-helps#empty", "staff"),
    Page("production:queues", in_the_works("production:queues"), "staff"),
    Page("production:queue", in_the_works("production:queue"), "staff"),
    Page("production:work-order", in_the_works("production:work-order"), "staff"),
    Page("production:materials", in_the_works("production:materials"), "staff"),
    plain("production:materials#empty", "staff"),
]


def begun(name: str, code: str = "gifts") -> Callable[[Any], str]:
    """A step of the wizard in a shop that began with a starter set and took an order."""

    def build(user: Any) -> str:
        if not Beginning.objects.exists():
            now, today = timezone.now(), timezone.localdate()
            chosen = starters.starter(code)
            assert chosen is not None
            batch = rows_of_sheets.save(starters.tables(chosen, "EUR"), by="bob", at=now)
            Beginning.objects.create(pk=1, start=code, batch=batch)
            order = {"product": "PEN-LINE", "quantity": 3, "customer": "Alice"}
            due = {"due_on": today + timedelta(days=9)}
            rows_of_sheets.save(writing.order_tables(order | due, today), by="bob", at=now)
        return reverse(name)

    return build


def first_link(user: Any) -> str:
    return reverse("first-account", args=[first_account.token(timezone.now())])


BEGINNING_PAGES = [
    Page("first-account", first_link),
    Page("begin", begun("begin"), "staff"),
    plain("begin#empty", "staff"),
    plain("begin-plant", "staff"),
    Page("begin-start", begun("begin-start"), "staff"),
    plain("begin-start#empty", "staff"),
    Page("begin-hours", begun("begin-hours"), "staff"),
    plain("begin-hours#empty", "staff"),
    Page("begin-cells", begun("begin-cells"), "staff"),
    plain("begin-cells#empty", "staff"),
    Page("begin-product", begun("begin-product"), "staff"),
    plain("begin-product#empty", "staff"),
    Page("begin-orders", begun("begin-orders"), "staff"),
    plain("begin-orders#empty", "staff"),
    Page("begin-plan", begun("begin-plan"), "staff"),
    Page("begin-plan#done", in_the_works("begin-plan"), "staff"),
    Page("begin-next", begun("begin-next"), "staff"),
    plain("begin-next#empty", "staff"),
]

FORESEEN_PAGES = [
    Page("forecasting:forecasts", foreseen.with_forecast("forecasting:forecasts"), "staff"),
    plain("forecasting:forecasts#empty", "staff"),
    Page("forecasting:forecast", foreseen.one_product, "staff"),
    Page("forecasting:option-shares", foreseen.with_forecast("forecasting:option-shares"), "staff"),
    plain("forecasting:option-shares#empty", "staff"),
    Page("forecasting:runs", foreseen.with_forecast("forecasting:runs"), "staff"),
    plain("forecasting:runs#empty", "staff"),
    Page("forecasting:run", foreseen.finished_run, "staff"),
    Page("forecasting:run#running", foreseen.running_run, "staff"),
    Page("production:gap", foreseen.gap, "staff"),
    plain("production:gap#empty", "staff"),
    Page("recommendations:preview", foreseen.suggested, "staff"),
    plain("recommendations:preview#empty", "staff"),
    Page("production:gap-product", foreseen.gap_product, "staff"),
]

BROUGHT_PAGES = [
    Page("imports:list", brought.list_of_some, "staff"),
    plain("imports:list#empty", "staff"),
    plain("imports:new", "staff"),
    Page("imports:run", brought.page_of(brought.brought), "staff"),
    Page("imports:run#asks", brought.page_of(brought.asking), "staff"),
    Page("imports:run#damaged", brought.page_of(brought.damaged), "staff"),
    Page("imports:run#under-way", brought.page_of(brought.running), "staff"),
    Page("imports:run#done", brought.page_of(brought.imported), "staff"),
]

PAGES: list[Page] = [
    *CUSTOMER_PAGES,
    *WORKS_PAGES,
    *BEGINNING_PAGES,
    *FORESEEN_PAGES,
    *BROUGHT_PAGES,
]

# Addresses that no person reads as a page of ours, each with its reason.
EXEMPT_NAMESPACES = {
    "admin": "plain Django admin, for superusers",
    "api": "machines read it",
}
EXEMPT: dict[str, str] = {
    "healthz": "machines read it",
    "readyz": "machines read it",
    "set_language": "a form's target, answers with a redirect",
    "logout": "a form's target",
    "quote": "a fragment of the product page",
    "change-line": "a form's target",
    "consent": "a form's target",
    "collect": "a beacon's target, answers with nothing",
    "picture": "a drawing on the shop's pages",
    "orders:basket-count": "a fragment of every customer page",
    "orders:consent-banner": "a fragment of every customer page",
    "orders:staff-ship": "a form's target",
    "orders:staff-deliver": "a form's target",
    "orders:staff-confirm": "a form's target",
    "orders:staff-hold": "a form's target",
    "orders:staff-resume": "a form's target",
    "orders:staff-cancel": "a form's target",
    "production:ask-what-helps": "a form's target",
    "production:plan-now": "a form's target",
    **{f"imports:{verb}": "a form's target" for verb in brought.TARGETS},
    **{f"imports:{name}": "a file to take away" for name in ("refused", "flagged", "report")},
    "imports:progress": "a fragment of an import's page",
    "begin-take-back": "a form's target",
    "forecasting:override": "a form's target",
    "forecasting:train": "a form's target",
    "forecasting:cancel": "a form's target",
    "forecasting:promote": "a form's target",
    "forecasting:roll-back": "a form's target",
    "forecasting:run-progress": "a fragment of a run's page",
    "forecasting:summary": "a fragment of the dashboard",
    "production:cells-now": "a fragment of the dashboard",
    "production:work-of-order": "a fragment of an order's page",
    "try-again": "a form's target",
    "setup-upload": "a form's target",
    "setup-apply": "a form's target",
    "setup-undo": "a form's target",
    "edit-new": "leads to the page of a new thing",
    "edit-undo": "a form's target",
    "setup-download": "a file",
    "recommendations:for-product": "a fragment of the product page",
    "recommendations:for-basket": "a fragment of the basket",
    "admin-login": "leads to the login page",
    "enter": "leads to the first page that one may open",
    "live": "a stream that pages listen to",
    "schema": "machines read it",
    "api-docs": "API docs, exempt by design",
    **{
        f"terminal-{name}": "machines read it"
        for name in ("queue", "claim", "acknowledge", *production_api.STEPS)
    },
}
