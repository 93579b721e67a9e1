"""What customers write: address, account, search."""

import re
import secrets
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from journal.models import User
from orders import throttling
from orders.intake import AddressDetails, BadWish, CustomerDetails, check_wish
from orders.models import Address, Customer

TAKEN = _("There is an account with this e-mail already.")
WAIT = _("Signing in failed too often. Please wait 15 minutes and try again.")
_KEY = re.compile(r"[A-Za-z0-9_-]{32,64}")


def submission_key() -> str:
    """Carried by one checkout form: sending it twice orders once."""
    return secrets.token_urlsafe(32)


class CheckoutForm(forms.Form):
    """Whom the order is for and where it goes. A customer who signed in is known already."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("As it shall stand on the parcel."),
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("We send the confirmation and the link to follow your order there."),
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput({"autocomplete": "tel", "inputmode": "tel"}),
    )
    company = forms.BooleanField(label=_("I order for a company"), required=False)
    street = forms.CharField(
        label=_("Street and number"),
        max_length=200,
        widget=forms.TextInput({"autocomplete": "street-address"}),
    )
    postcode = forms.CharField(
        label=_("Postcode"),
        max_length=20,
        widget=forms.TextInput({"autocomplete": "postal-code"}),
    )
    city = forms.CharField(
        label=_("City"), max_length=100, widget=forms.TextInput({"autocomplete": "address-level2"})
    )
    country = forms.CharField(
        label=_("Country"), max_length=60, widget=forms.TextInput({"autocomplete": "country-name"})
    )
    requested_date = forms.DateField(
        label=_("Wished date"),
        required=False,
        help_text=_("If you need it later than the promised date."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=_("Note for us"),
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    submission_key = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, known: Customer | None, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        if known is not None:
            for name in ("email", "phone", "company"):
                del self.fields[name]

    def clean_requested_date(self) -> date | None:
        wished: date | None = self.cleaned_data["requested_date"]
        if wished is not None:
            try:
                check_wish(wished, self.today)
            except BadWish as bad:
                raise ValidationError(str(bad)) from bad
        return wished

    def clean_submission_key(self) -> str:
        key = str(self.cleaned_data["submission_key"])
        if not _KEY.fullmatch(key):
            raise ValidationError(_("This form is damaged. Please load the page again."))
        return key

    def customer(self, language: str) -> CustomerDetails:
        data = self.cleaned_data
        return CustomerDetails(
            name=data["name"],
            email=data.get("email", ""),
            phone=data.get("phone", ""),
            company=data.get("company", False),
            language=language,
        )

    def address(self) -> AddressDetails:
        data = self.cleaned_data
        return AddressDetails(
            data["name"], data["street"], data["postcode"], data["city"], data["country"]
        )


def address_of(customer: Customer | None) -> dict[str, str]:
    """What the form shows first: where the customer's last parcel went."""
    if customer is None:
        return {}
    last: Address | None = customer.addresses.order_by("-pk").first()
    if last is None:
        return {"name": customer.name, "country": customer.country}
    return {
        "name": last.recipient,
        "street": last.street,
        "postcode": last.postcode,
        "city": last.city,
        "country": last.country,
    }


class SignInForm(AuthenticationForm):
    """Name and password; who fails too often waits, and the password is not looked at."""

    @property
    def must_wait(self) -> bool:
        return self.has_error(NON_FIELD_ERRORS, "wait")

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username", ""))
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        if throttling.must_wait(name, address):
            raise ValidationError(WAIT, code="wait")
        try:
            cleaned = super().clean()
        except ValidationError:
            throttling.failed(name, address)
            raise
        throttling.forget(name, address)
        return cleaned


class SignUpForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=150,
        help_text=_("You sign in with it."),
        widget=forms.EmailInput({"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least eight signs, not only digits, nothing that is easy to guess."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if get_user_model().objects.filter(username__iexact=email).exists():
            raise ValidationError(TAKEN)
        return email

    def clean(self) -> None:
        super().clean()
        data = self.cleaned_data
        if "password" in data:
            user = User(
                username=data.get("email", ""),
                email=data.get("email", ""),
                first_name=data.get("name", ""),
            )
            try:
                validate_password(data["password"], user)
            except ValidationError as weak:
                self.add_error("password", weak)

    def open_account(self, language: str, now: datetime) -> User | None:
        """The new user with a customer's account; None where somebody was faster."""
        data = self.cleaned_data
        try:
            with transaction.atomic():
                user = User.objects.create_user(
                    data["email"],
                    data["email"],
                    data["password"],
                    first_name=data["name"][:150],
                    language=language,
                )
                Customer.objects.create(
                    user=user,
                    name=data["name"],
                    email=data["email"],
                    language=language,
                    created_at=now,
                )
        except IntegrityError:
            return None
        return user
