"""The customer's own: sign in, orders, where they stand."""

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.paginator import Paginator
from django.db.models import DecimalField, F, Max, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from journal.models import User
from orders import collecting, tracking, visiting
from orders.forms import TAKEN, SignInForm, SignUpForm
from orders.models import Order

A_PAGE = 20


class SignIn(LoginView):
    """Signing in keeps the basket and what the session agreed to."""

    authentication_form = SignInForm

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        before = self.request.session.get(visiting.VISITOR, "")
        answer = super().form_valid(form)
        _carry_over(self.request, before)
        return answer

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_invalid(form)
        answer.status_code = 429 if isinstance(form, SignInForm) and form.must_wait else 422
        return answer


@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.open_account(get_language() or "en", timezone.now())
        if user is not None:
            return _welcome(request, user)
        form.add_error("email", TAKEN)
    status = 422 if form.errors else 200
    return render(request, "orders/sign_up.html", {"form": form}, status=status)


def _welcome(request: HttpRequest, user: User) -> HttpResponse:
    before = request.session.get(visiting.VISITOR, "")
    login(request, user)
    _carry_over(request, before)
    return redirect("basket" if visiting.basket_key(request) else "home")


def _carry_over(request: HttpRequest, visitor_key: str) -> None:
    customer = visiting.customer_of(request)
    if customer is not None and visitor_key:
        session = collecting.subject_of_session(visitor_key)
        collecting.carry_over(session, collecting.subject_of_customer(customer.pk), timezone.now())


@login_required
@require_safe
def my_orders(request: HttpRequest) -> HttpResponse:
    customer = visiting.customer_of(request)
    orders = Order.objects.placed().filter(customer=customer) if customer else Order.objects.none()
    kept = ~Q(lines__status="cancelled")
    orders = orders.annotate(
        amount=Sum(
            F("lines__quantity") * F("lines__unit_price"),
            filter=kept,
            output_field=DecimalField(max_digits=14, decimal_places=2),
        ),
        pieces=Sum("lines__quantity"),
        ready_by=Max("lines__committed_date", filter=kept),
    ).order_by("-placed_at", "-pk")
    page = Paginator(orders, A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "words": tracking.ORDER_WORDS}
    return render(request, "orders/my_orders.html", context)


@login_required
@require_safe
def order_detail(request: HttpRequest, number: str) -> HttpResponse:
    """Somebody else's order does not exist here."""
    customer = visiting.customer_of(request)
    if customer is None:
        raise Http404
    order = get_object_or_404(Order.objects.placed().of(customer.pk), number=number)
    context = {"order": tracking.follow(order.pk), "own": True}
    return render(request, "orders/order.html", context)


@require_safe
def track(request: HttpRequest, token: str) -> HttpResponse:
    return _followed(request, token, "orders/order.html")


@require_safe
def order_placed(request: HttpRequest, token: str) -> HttpResponse:
    return _followed(request, token, "orders/placed.html")


def _followed(request: HttpRequest, token: str, template: str) -> HttpResponse:
    try:
        order = tracking.follow(tracking.order_of(token))
    except tracking.UnknownLink:
        return render(request, "orders/unknown_link.html", status=404)
    answer = render(request, template, {"order": order, "token": token})
    answer["Referrer-Policy"] = "no-referrer"  # the address itself is the key
    return answer
