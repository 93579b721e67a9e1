"""From the catalogue to the order."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders import collecting, intake, tracking, visiting
from orders.catalogue import (
    ImpossibleConfiguration,
    ProductSheet,
    check,
    describe,
    price_from,
    sheets,
)
from orders.factory import CannotPromise, Promise, factory
from orders.forms import CheckoutForm, address_of, submission_key
from orders.models import Customer, Order, OrderLine, Product, ProductFamily
from orders.models.catalogue import ProductQuerySet
from orders.views import configuring

A_PAGE = 24
SHOWN_FIRST = 10  # found products that a search is noted for
LONGEST_WORDS = 80
DATES_LAST = 600  # seconds that the catalogue keeps its dates; the product page asks anew


class Card(NamedTuple):
    sheet: ProductSheet
    price_from: Decimal
    earliest: date | None


class BasketLine(NamedTuple):
    line: OrderLine
    sheet: ProductSheet
    options: list[tuple[str, str]]
    amount: Decimal
    picture_query: str
    edit_query: str
    problem: str


# The catalogue


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    products = Product.objects.on_sale(now.date())
    families = ProductFamily.objects.filter(pk__in=products.values("family"))
    chosen = request.GET.get("family", "")
    if chosen:
        products = products.filter(family=get_object_or_404(families, code=chosen))
    page = _page(request, products.order_by("family__position", "family__name", "name", "pk"))
    context = {"families": families, "chosen": chosen, "page": page, "cards": cards(page, now)}
    return render(request, "orders/home.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What customers look for; also what they do not find."""
    now = timezone.now()
    words = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_WORDS]
    found = found_by(words, now) if words else Product.objects.none()
    page = _page(request, found.order_by("name", "pk"))
    if words and page.number == 1:
        first = [product.pk for product in page][:SHOWN_FIRST]
        visitor = visiting.visitor_of(request)
        collecting.searched(visitor, words, first, page.paginator.count, now)
    context = {"words": words, "page": page, "cards": cards(page, now)}
    return render(request, "orders/search.html", context)


def found_by(words: str, now: datetime) -> ProductQuerySet:
    """Products on sale whose texts hold every word, in English or in the reader's language."""
    products = Product.objects.on_sale(now.date())
    for word in words.split():
        matching = Q()
        for place in _searched_fields():
            matching |= Q(**{f"{place}__icontains": word})
        products = products.filter(matching)
    return products


def _searched_fields() -> list[str]:
    fields = ["name", "description", "sku", "family__name"]
    language = get_language() or "en"
    if language != "en":
        fields += [
            f"translations__{language}__name",
            f"translations__{language}__description",
            f"family__translations__{language}__name",
        ]
    return fields


def _page(request: HttpRequest, products: ProductQuerySet) -> Page[Product]:
    return Paginator(products, A_PAGE).get_page(request.GET.get("page"))


def cards(page: Iterable[Product], now: datetime) -> list[Card]:
    known = sheets([product.pk for product in page])
    dates = _earliest(list(known), now)
    shown = [known[product.pk] for product in page]
    return [Card(sheet, price_from(sheet, now.date()), dates[sheet.product_id]) for sheet in shown]


def _earliest(product_ids: Sequence[int], now: datetime) -> dict[int, date | None]:
    """The day by which one piece of each would be there; asked once in a while, not each time."""
    keys = {product_id: f"earliest:{now:%Y%m%d}:{product_id}" for product_id in product_ids}
    kept = cache.get_many(keys.values())
    unknown = [product_id for product_id, key in keys.items() if key not in kept]
    if unknown:
        dates = factory().earliest(unknown, now)
        new = {keys[product_id]: dates.get(product_id) for product_id in unknown}
        cache.set_many(new, DATES_LAST)
        kept |= new
    return {product_id: kept[key] for product_id, key in keys.items()}


# The configurator


@require_http_methods(["GET", "HEAD", "POST"])
def product(request: HttpRequest, sku: str) -> HttpResponse:
    now = timezone.now()
    sheet = _sold(get_object_or_404(Product, sku=sku).pk, now)
    if request.method == "POST" and "update" not in request.POST:
        return _put_into_basket(request, sheet, now)
    data = request.POST if request.method == "POST" else request.GET
    raw = configuring.first_answers(sheet, data)
    complain = configuring.is_answered(sheet, data)
    quantity = data.get("quantity", "1")
    shown = configuring.configure(sheet, raw, quantity, now, complain=complain)
    _note_look(request, shown, now)
    return _product_page(request, shown)


@require_POST
def quote(request: HttpRequest, product_id: int) -> HttpResponse:
    """Price, date and what is still possible for the answers in the form."""
    now = timezone.now()
    sheet = _sold(product_id, now)
    raw = configuring.answers(sheet, request.POST)
    shown = configuring.configure(sheet, raw, request.POST.get("quantity", "1"), now)
    if shown.values:
        collecting.configured(visiting.visitor_of(request), sheet, shown.values, now)
    context = {"shown": shown, "line": request.POST.get("line", "")}
    return render(request, "orders/_configurator.html", context)


def _put_into_basket(request: HttpRequest, sheet: ProductSheet, now: datetime) -> HttpResponse:
    raw = configuring.answers(sheet, request.POST)
    quantity = request.POST.get("quantity", "")
    try:
        _add_or_replace(request, sheet, raw, quantity, now)
    except (intake.Refused, ImpossibleConfiguration) as refused:
        shown = configuring.configure(sheet, raw, quantity, now)
        other = refused if isinstance(refused, intake.Refused) and not shown.quantity_error else ""
        return _product_page(request, shown, str(other), status=422)
    values = check(sheet, raw)
    collecting.put_into_basket(visiting.visitor_of(request), sheet, values, now)
    messages.success(request, _("“%(product)s” is in your basket.") % {"product": sheet.name})
    return redirect("basket")


def _add_or_replace(
    request: HttpRequest,
    sheet: ProductSheet,
    raw: Mapping[str, object],
    quantity: str,
    now: datetime,
) -> None:
    """Add a line; one that was edited takes the place of the line it came from."""
    key, edited = visiting.open_basket_key(request), _whole(request.POST.get("line", ""))
    product_id, language = sheet.product_id, get_language() or "en"
    if edited:
        intake.replace(key, edited, product_id, raw, quantity, now, language=language)
    else:
        intake.add(key, product_id, raw, quantity, now, language=language)


def _product_page(
    request: HttpRequest, shown: configuring.Configurator, refused: str = "", status: int = 200
) -> HttpResponse:
    line = request.POST.get("line", "") or request.GET.get("line", "")
    allowed = collecting.allowed(visiting.visitor_of(request).subject, timezone.now())
    context = {
        "shown": shown,
        "sheet": shown.sheet,
        "refused": refused,
        "line": line,
        "measured": collecting.MEASURE in allowed,
    }
    return render(request, "orders/product.html", context, status=status)


def _note_look(request: HttpRequest, shown: configuring.Configurator, now: datetime) -> None:
    visitor = visiting.visitor_of(request)
    if request.method == "POST" and shown.values:
        collecting.configured(visitor, shown.sheet, shown.values, now)
    elif request.method == "GET":
        collecting.viewed(visitor, shown.sheet.product_id, now)


def _sold(product_id: int, now: datetime) -> ProductSheet:
    sheet = sheets([product_id]).get(product_id)
    if sheet is None or not sheet.on_sale(now.date()):
        raise Http404
    return sheet


# The basket


@require_safe
def basket(request: HttpRequest) -> HttpResponse:
    return render(request, "orders/basket.html", _contents(request, timezone.now()))


@require_safe
def basket_count(request: HttpRequest) -> HttpResponse:
    found = intake.find(visiting.basket_key(request)) if visiting.basket_key(request) else None
    pieces = sum(found.lines.values_list("quantity", flat=True)) if found else 0
    return render(request, "orders/_basket_count.html", {"pieces": pieces})


@require_POST
def change_line(request: HttpRequest, line_id: int) -> HttpResponse:
    key = visiting.basket_key(request)
    try:
        if "remove" in request.POST:
            intake.remove(key, line_id)
        else:
            intake.change(key, line_id, request.POST.get("quantity", ""))
    except intake.NoSuchLine as refused:
        messages.warning(request, str(refused))
    except intake.BadQuantity as refused:
        wrong = {"line_id": line_id, "typed": request.POST.get("quantity", ""), "text": refused}
        context = {**_contents(request, timezone.now()), "wrong": wrong}
        return render(request, "orders/basket.html", context, status=422)
    return redirect("basket")


def _contents(request: HttpRequest, now: datetime) -> dict[str, object]:
    """The basket looked over: lines with what is wrong with them, the sum, the promised date."""
    key = visiting.basket_key(request)
    found = intake.find(key) if key else None
    if found is None:
        return {"lines": []}
    problems = {problem.line_id: problem.text for problem in intake.review(found, now)}
    lines = basket_lines(found, problems)
    promise, reason = (None, "") if problems or not lines else _promise_for(found, now)
    return {
        "lines": lines,
        "total": sum((line.amount for line in lines), Decimal("0.00")),
        "currency": found.currency,
        "promise": promise,
        "reason": reason,
        "suggest_query": "&".join(f"product={line.sheet.product_id}" for line in lines),
    }


def basket_lines(found: Order, problems: Mapping[int, str]) -> list[BasketLine]:
    rows = list(found.lines.select_related("configuration"))
    known = sheets({row.configuration.product_id for row in rows})
    return [_basket_line(row, known[row.configuration.product_id], problems) for row in rows]


def _basket_line(row: OrderLine, sheet: ProductSheet, problems: Mapping[int, str]) -> BasketLine:
    values = row.configuration.values
    return BasketLine(
        row,
        sheet,
        describe(sheet, values),
        row.amount,
        configuring.picture_query(sheet, values),
        configuring.address_query(values, quantity=row.quantity, line=row.pk),
        problems.get(row.pk, ""),
    )


def _promise_for(found: Order, now: datetime) -> tuple[Promise | None, str]:
    try:
        return factory().promise(intake.wanted(found), now), ""
    except CannotPromise as refused:
        return None, refused.reason


# The order


@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _place(request, timezone.now())
    known = visiting.customer_of(request)
    initial = {**address_of(known), "submission_key": submission_key()}
    return _checkout_page(request, _form(known, initial=initial))


def _place(request: HttpRequest, now: datetime) -> HttpResponse:
    known = visiting.customer_of(request)
    form = _form(known, request.POST)
    if not form.is_valid():
        return _checkout_page(request, form, status=422)
    try:
        number = intake.place(
            visiting.basket_key(request),
            form.customer(get_language() or "en"),
            form.address(),
            form.cleaned_data["submission_key"],
            now,
            customer_id=known.pk if known else None,
            note=form.cleaned_data["note"],
            requested_date=form.cleaned_data["requested_date"],
            shown=_shown_date(request),
        )
    except intake.EmptyBasket as refused:
        messages.warning(request, str(refused))
        return redirect("basket")
    except CannotPromise as refused:
        form.add_error(None, refused.reason)
        return _checkout_page(request, form, status=422)
    except intake.BasketChanged as changed:
        for text in [str(changed), *(problem.text for problem in changed.problems)]:
            form.add_error(None, text)
        told = changed.committed if isinstance(changed, intake.DateSlipped) else None
        return _checkout_page(request, form, status=409, told=told)
    return _thanks(request, number, now)


def _form(known: Customer | None, *args: Any, **kwargs: Any) -> CheckoutForm:
    return CheckoutForm(*args, known=known, today=timezone.localdate(), **kwargs)


def _shown_date(request: HttpRequest) -> date | None:
    """The date that stood on the page which was sent; only ever compared with."""
    try:
        return date.fromisoformat(request.POST.get("shown_date", ""))
    except ValueError:
        return None


def _thanks(request: HttpRequest, number: str, now: datetime) -> HttpResponse:
    order = Order.objects.get(number=number)
    bought = order.lines.values_list("configuration__product_id", flat=True)
    collecting.ordered(visiting.visitors_of(request), number, set(bought), now)
    return redirect("order-placed", tracking.token(order.pk))


def _checkout_page(
    request: HttpRequest, form: CheckoutForm, status: int = 200, told: date | None = None
) -> HttpResponse:
    """The form carries the latest date that the page names: sending it accepts that one."""
    contents = _contents(request, timezone.now())
    if not contents["lines"]:
        messages.info(request, _("Your basket is empty."))
        return redirect("basket")
    promise = contents["promise"]
    dates = [told, promise.committed if isinstance(promise, Promise) else None]
    shown_date = max((day for day in dates if day is not None), default=None)
    context = {**contents, "form": form, "shown_date": shown_date}
    return render(request, "orders/checkout.html", context, status=status)


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0
