"""What the import pages ask: the file, how it is read, what its columns mean."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import uuid4
from zoneinfo import available_timezones

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.importing import adjusting, wording
from orders import importing

MOST_BYTES = 300 * 2**20
MOST_MAPPING_BYTES = 2**20
SHORT = 30  # characters of an example

ENCODINGS = ("utf-8", "gb18030", "cp1252", "iso8859-1", "utf-16")
DECIMALS = [
    ("", gettext_lazy("As the file shows")),
    (".", gettext_lazy("Point: 1,234.50")),
    (",", gettext_lazy("Comma: 1.234,50")),
]
DATES = {
    "%d/%m/%Y": "31/12/2011",
    "%d/%m/%Y %H:%M": "31/12/2011 13:45",
    "%m/%d/%Y": "12/31/2011",
    "%m/%d/%Y %H:%M": "12/31/2011 13:45",
    "%d.%m.%Y": "31.12.2011",
    "%d.%m.%y": "31.12.11",
    "%d/%m/%y": "31/12/11",
    "%m/%d/%y": "12/31/11",
    "%y-%m-%d": "11-12-31",
}


class LimitedUpload(TemporaryFileUploadHandler):
    """Writes what comes in to disk, and stops where it is more than a shop may bring."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.seen = 0

    @property
    def too_large(self) -> bool:
        return self.seen > MOST_BYTES

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.seen += len(raw_data)
        if self.too_large:
            raise StopUpload(connection_reset=False)
        return super().receive_data_chunk(raw_data, start)


class UploadForm(forms.Form):
    # the same form sent twice brings one file
    ticket = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV (also packed as .gz), Excel (.xlsx) or Parquet, one line per position of an "
            "order, at most 300 MB."
        ),
        error_messages={
            "empty": gettext_lazy("The file is empty."),
            "required": gettext_lazy("Choose a file."),
        },
    )
    mapping = forms.FileField(
        label=gettext_lazy("Mapping"),
        required=False,
        allow_empty_file=True,
        help_text=gettext_lazy(
            "A TOML file that says what the columns mean. Without one they are guessed and shown."
        ),
    )

    def clean_mapping(self) -> dict[str, Any] | None:
        uploaded: UploadedFile[Any] | None = self.cleaned_data["mapping"]
        if uploaded is None:
            return None
        if (uploaded.size or 0) > MOST_MAPPING_BYTES:
            raise forms.ValidationError(_("A mapping is a small text; this file is too large."))
        try:
            return adjusting.parsed(uploaded.read())
        except importing.BadMapping as error:
            raise forms.ValidationError(str(error)) from error


class ReadingForm(forms.Form):
    """How the file is read, where it does not show it or was taken for something else."""

    def __init__(self, data: Any = None, *, reading: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        by_itself = [("", _("As the file shows"))]
        if reading.get("kind", "csv") == "csv":
            known = [(name, wording.encoding(name)) for name in ENCODINGS]
            self.fields["encoding"] = forms.ChoiceField(
                label=_("Encoding"),
                required=False,
                choices=by_itself + known,
                widget=forms.Select({"translate": "no"}),
            )
        if len(reading.get("sheets", [])) > 1:
            sheets = [(name, name) for name in reading["sheets"]]
            self.fields["sheet"] = forms.ChoiceField(
                label=_("Sheet"),
                required=False,
                choices=by_itself + sheets,
                widget=forms.Select({"translate": "no"}),
            )


class MappingForm(forms.Form):
    """What each column means; the first fields are one for each of our columns."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("In which the dates are written."),
        choices=[(name, name) for name in sorted(available_timezones())],
        widget=forms.Select({"translate": "no"}),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        max_length=3,
        help_text=gettext_lazy("Three letters, such as EUR."),
    )
    decimal = forms.ChoiceField(
        label=gettext_lazy("Decimal sign"), required=False, choices=DECIMALS
    )
    date_format = forms.ChoiceField(label=gettext_lazy("Dates look like"), required=False)
    order_prefix = forms.CharField(
        label=gettext_lazy("Letters before every number"),
        required=False,
        max_length=20,
        help_text=gettext_lazy(
            "So that orders of two systems do not meet. Keep it when you bring a longer file."
        ),
    )
    cancellation_prefix = forms.CharField(
        label=gettext_lazy("Cancelled orders begin with"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Leave it empty where none does."),
    )
    lead_days = forms.IntegerField(
        label=gettext_lazy("Days from order to delivery"), min_value=0, max_value=730
    )
    set_apart = forms.CharField(
        label=gettext_lazy("Set apart"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy(
            "Item codes that are no products, one kind a line, such as “postage: SHIP, EXPRESS”."
        ),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        entries: Mapping[str, Any],
        reading: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(data, initial=adjusting.asked(entries), **kwargs)
        self.entries = entries
        self.changed: dict[str, Any] = {}
        theirs = [(name, _shown(name, cells)) for name, cells in reading["columns"]]
        ours = {f"column_{name}": _column_field(name, theirs) for name in importing.COLUMNS}
        self.fields = {**ours, **self.fields}
        self._keep_known("date_format", [("", _("As the file shows")), *DATES.items()])
        for name in ("currency", "order_prefix", "cancellation_prefix"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        code = RegexValidator(r"^[A-Za-z]{3}$", _("A currency has three letters."))
        self.fields["currency"].validators.append(code)

    def _keep_known(self, name: str, choices: list[tuple[str, str]]) -> None:
        """An uploaded mapping may say more than the choices do."""
        said = self.initial[name]
        more = [] if said in dict(choices) else [(said, said)]
        cast("forms.ChoiceField", self.fields[name]).choices = choices + more

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean_set_apart(self) -> str:
        text: str = self.cleaned_data["set_apart"]
        try:
            adjusting.set_apart(text)
        except importing.BadMapping as error:
            wrong = _("“%(line)s” needs a kind, a colon and item codes.") % {"line": error}
            raise forms.ValidationError(wrong) from error
        return text

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if not self.errors:
            try:
                self.changed = adjusting.adjusted(self.entries, said)
            except importing.BadMapping as error:
                raise forms.ValidationError(str(error)) from error
        return said


class StartForm(forms.Form):
    open_since = forms.DateField(
        label=gettext_lazy("Still to be made since"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=gettext_lazy(
            "Orders placed on or after this day are planned and made; earlier ones are history. "
            "Leave it empty where all of them are."
        ),
    )


def _column_field(ours: str, theirs: list[tuple[str, str]]) -> forms.ChoiceField:
    optional = ours in importing.OPTIONAL
    none = ("", _("Not in the file") if optional else _("Choose a column"))
    return forms.ChoiceField(
        label=wording.column(ours),
        required=not optional,
        choices=[none, *theirs],
        widget=forms.Select({"translate": "no"}),
        error_messages={"required": _("Choose the column of the file.")},
    )


def _shown(name: str, cells: list[str]) -> str:
    """A column of the file with some of its cells."""
    if not cells:
        return name
    return f"{name}: {' · '.join(cell[:SHORT] for cell in cells)}"
