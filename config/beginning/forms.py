"""What an owner fills in, step by step; every form works without JavaScript."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.beginning.hours import DAYS
from journal.models import User
from journal.sheets import ENDINGS
from production.models import WorkCenter

CURRENCIES = (
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "INR", "JPY"),
    *("KRW", "MXN", "NOK", "NZD", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "TWD", "USD", "ZAR"),
)
LARGEST_FILE = 5 * 2**20
_ZONES = sorted(
    zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "Sys"))
)
_ANSWER = re.compile(r"(?P<name>.*?\S)\s*(?:\+\s*(?P<price>\d+(?:[.]\d{1,2})?))?")


class AccountForm(forms.Form):
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=60,
        validators=[UnicodeUsernameValidator()],
        help_text=gettext_lazy("You sign in with it. Letters, digits and @ . + - _"),
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=150,
        help_text=gettext_lazy("The link to a new password goes there."),
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy(
            "At least eight signs, not only digits, nothing that is easy to guess."
        ),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError(_("Somebody has this name already. Choose another one."))
        return name

    def clean(self) -> None:
        super().clean()
        data = self.cleaned_data
        if "password" in data:
            user = User(username=data.get("username", ""), email=data.get("email", ""))
            try:
                validate_password(data["password"], user)
            except ValidationError as weak:
                self.add_error("password", weak)


class PlantForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the plant"), max_length=120)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=[(zone, zone.replace("_", " ")) for zone in _ZONES],
        widget=forms.Select({"translate": "no"}),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        choices=[(code, code) for code in CURRENCIES],
        widget=forms.Select({"translate": "no"}),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Your language"),
        choices=settings.LANGUAGES,
        help_text=gettext_lazy("Of the pages that you see. Everybody chooses for themselves."),
    )


class HoursForm(forms.Form):
    """A line a day: from and until. Both empty: closed."""

    holidays = forms.CharField(
        label=gettext_lazy("Days off"),
        required=False,
        help_text=gettext_lazy("One a line: the date, then why. Such as 2026-12-25 Christmas"),
        widget=forms.Textarea({"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day, name in DAYS.items():
            for part, label in (("start", gettext_lazy("from")), ("end", gettext_lazy("until"))):
                self.fields[f"{day}_{part}"] = forms.TimeField(
                    label=f"{name} {label}",
                    required=False,
                    widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
                )

    @property
    def days(self) -> list[tuple[Any, forms.BoundField, forms.BoundField]]:
        return [(name, self[f"{day}_start"], self[f"{day}_end"]) for day, name in DAYS.items()]

    def clean(self) -> None:
        super().clean()
        data = self.cleaned_data
        for day, name in DAYS.items():
            start, end = data.get(f"{day}_start"), data.get(f"{day}_end")
            if (start is None) != (end is None):
                missing = "end" if end is None else "start"
                text = _("Fill in both times of %(day)s, or neither.") % {"day": name}
                self.add_error(f"{day}_{missing}", text)
        if not self.errors and not any(data.get(f"{day}_start") for day in DAYS):
            raise ValidationError(_("At least one day must be open."))


class CellForm(forms.Form):
    code = forms.CharField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=WorkCenter.Kind.choices)
    machines = forms.IntegerField(
        label=gettext_lazy("Machines or places"), min_value=0, max_value=50, initial=1
    )
    around_the_clock = forms.BooleanField(
        label=gettext_lazy("Runs around the clock"), required=False
    )

    def has_changed(self) -> bool:
        """A row without a name is an empty one, whatever stands beside."""
        return bool(self.data.get(self.add_prefix("name"), "").strip()) if self.is_bound else False


class ProductForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    family = forms.CharField(
        label=gettext_lazy("Family"),
        max_length=80,
        help_text=gettext_lazy("Products that are alike and forecast together, such as Lamps."),
    )
    price = forms.DecimalField(
        label=gettext_lazy("Price"),
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
        help_text=gettext_lazy("Before options."),
    )


class Answer(NamedTuple):
    name: str
    price: str


class QuestionForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Option"), max_length=60)
    answers = forms.CharField(label=gettext_lazy("Answers"), max_length=400)

    def clean_answers(self) -> list[Answer]:
        """
        `White, Black +5` are two answers, the second of which costs 5 more.
        """
        parts = re.split(r"[,;，、；\n]", str(self.cleaned_data["answers"]))
        found = [_ANSWER.fullmatch(part.strip()) for part in parts if part.strip()]
        answers = [Answer(one["name"], one["price"] or "") for one in found if one]
        if len(answers) < 2:
            raise ValidationError(_("An option needs two answers or more, with commas between."))
        return answers


class StepForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Step"), max_length=80)
    cell = forms.ChoiceField(label=gettext_lazy("Cell"), widget=forms.Select({"translate": "no"}))
    minutes = forms.CharField(label=gettext_lazy("Minutes a piece"), max_length=30)

    def __init__(self, *args: Any, cells: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["cell"]).choices = list(cells)

    def has_changed(self) -> bool:
        """The cell is always chosen; a row without a name is an empty one."""
        return bool(self.data.get(self.add_prefix("name"), "").strip()) if self.is_bound else False


class OrderForm(forms.Form):
    product = forms.ChoiceField(
        label=gettext_lazy("Product"),
        widget=forms.Select({"translate": "no"}),
        help_text=gettext_lazy(
            "With its usual options. What must be written, such as an engraving, gets a sample."
        ),
    )
    quantity = forms.IntegerField(
        label=gettext_lazy("Quantity"), min_value=1, max_value=500, initial=1
    )
    due_on = forms.DateField(
        label=gettext_lazy("Due on"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    customer = forms.CharField(label=gettext_lazy("Customer"), max_length=60)

    def __init__(self, *args: Any, products: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["product"]).choices = products


class TableForm(forms.Form):
    table = forms.CharField(
        label=gettext_lazy("Paste the table"),
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 6, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or choose a file"),
        required=False,
        help_text=gettext_lazy("CSV or XLSX, at most 5 MB."),
        validators=[FileExtensionValidator([ending.removeprefix(".") for ending in ENDINGS])],
        widget=forms.FileInput({"accept": ",".join(ENDINGS)}),
    )

    def clean(self) -> None:
        super().clean()
        given = self.cleaned_data.get("file")
        if given and given.size > LARGEST_FILE:
            text = _("This file is larger than 5 MB. Bring it in under Shop set-up, or part it.")
            self.add_error("file", text)
        if not self.errors and not given and not self.cleaned_data.get("table", "").strip():
            raise ValidationError(_("Paste a table or choose a file."))


def filled(forms_: BaseFormSet[Any]) -> list[dict[str, Any]]:
    """What the lines say that are not empty."""
    return [form.cleaned_data for form in forms_.forms if form.has_changed()]


CellForms = formset_factory(CellForm, extra=3, max_num=60)
QuestionForms = formset_factory(QuestionForm, extra=3, max_num=3)
StepForms = formset_factory(StepForm, extra=5, max_num=5)


def first_day(today: date, lead_days: int) -> date:
    """A usual due date, on a workday.

    >>> first_day(date(2026, 3, 2), 5), first_day(date(2026, 3, 2), 4)
    (datetime.date(2026, 3, 9), datetime.date(2026, 3, 6))
    """
    due = today + timedelta(days=lead_days)
    return due + timedelta(days=max(0, 7 - due.weekday()) if due.weekday() > 4 else 0)
