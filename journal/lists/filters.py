"""The filters that lists share. Each asks in a way that an index can answer."""

from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.utils import timezone


class ListFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Filters of a list. The order is kept when somebody filters anew."""

    sort = filters.CharFilter(method="as_it_is", widget=forms.HiddenInput)

    def as_it_is(self, found: Any, name: str, value: str) -> Any:
        return found


class _DayFilter(filters.DateFilter):  # type: ignore[misc]  # untyped, as above
    """A day of the active time zone against a column of times.

    `placed_at__date__gte` would work out the day of every row; this compares with its midnight.
    """

    def __init__(self, field_name: str, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"})
        super().__init__(field_name, **{"widget": widget, **options})


class FromDay(_DayFilter):
    def filter(self, qs: Any, value: date | None) -> Any:
        return qs if value is None else qs.filter(**{f"{self.field_name}__gte": midnight(value)})


class UntilDay(_DayFilter):
    """The day itself is inside."""

    def filter(self, qs: Any, value: date | None) -> Any:
        if value is None or value == date.max:
            return qs
        return qs.filter(**{f"{self.field_name}__lt": midnight(value + timedelta(days=1))})


class OnlyFilter(filters.BooleanFilter):  # type: ignore[misc]  # untyped, as above
    """A box that leaves only some rows; empty, it leaves all."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"widget": forms.CheckboxInput, **options})

    def filter(self, qs: Any, value: bool | None) -> Any:
        return super().filter(qs, value) if value else qs


def midnight(day: date) -> datetime:
    """When `day` begins where the reader is."""
    return timezone.make_aware(datetime.combine(day, time()))
