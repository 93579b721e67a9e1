"""What an app says of a list: its columns, its filters, its order, where its rows come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

from django.db.models import F, Model, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.functional import Promise

from journal.lists.filters import ListFilter

Row = TypeVar("Row", bound=Model)
Text: TypeAlias = str | Promise
Value: TypeAlias = str | int | float | Decimal | date | datetime | None
Kind = Literal["text", "word", "status", "number", "money", "date", "moment", "links"]
NUMBERS = ("number", "money")


class Link(NamedTuple):
    """The name of another row, and its key for the address of its page."""

    text: str
    key: int


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column of a page and of its exports.

    `key` names it in the address (`?sort=-key`); `order` are the fields that it sorts by, none
    where no index could serve them. `kind` says how it looks: "text" is data that nobody
    translates, "word" is our own word, "status" a pill with `value` its code and `word` its text,
    "links" names of rows whose pages are `linked`. `opens` is the permission to follow links.
    `currency` belongs to "money". `late` marks the cell.
    """

    key: str
    header: Text
    value: Callable[[Row], Value]
    kind: Kind = "text"
    order: Sequence[str] = ()
    empty_last: bool = False
    word: Callable[[Row], Text] | None = None
    links: Callable[[Row], list[Link]] | None = None
    linked: str = ""
    url: Callable[[Row], str] | None = None
    opens: str = ""
    currency: Callable[[Row], str] | None = None
    late: Callable[[Row], bool] | None = None
    only_exported: bool = False

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS

    def without_links(self) -> "Column[Row]":
        """The same names, leading nowhere."""
        return replace(self, url=None, linked="")


class Empty(NamedTuple):
    """What an empty list says: nothing is there yet and where to go, or nothing fits."""

    title: Text
    text: Text
    nothing_fits: Text
    icon: str = "box"
    way_out: Text = ""
    way_out_view: str = ""


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """A list of staff. `rows` is what can be found, cheap to filter and to sort; `load` fetches
    everything that the columns show of some rows, with a number of queries that does not grow.
    """

    name: str
    title: Text
    lead: Text
    permission: str
    columns: Sequence[Column[Row]]
    filters: type[ListFilter]
    rows: Callable[[], "QuerySet[Row]"]
    load: Callable[[Sequence[int], datetime], "QuerySet[Row]"]
    order: str
    empty: Empty

    def sort_key(self, asked: str) -> str:
        """`asked` where the list can be sorted by it, else the list's own order."""
        by = asked.removeprefix("-")
        known = any(column.key == by and column.order for column in self.columns)
        return asked if known else self.order

    def ordering(self, sort: str) -> list[str | OrderBy]:
        """What the database sorts by; the last field is unique, so pages never overlap."""
        column = next(one for one in self.columns if one.key == sort.removeprefix("-"))
        turned = sort.startswith("-")
        fields = [_turned(field) if turned else field for field in column.order]
        if not column.empty_last:
            return list(fields)
        first = F(column.order[0])
        empty_last = first.desc(nulls_last=True) if turned else first.asc(nulls_last=True)
        return [empty_last, *fields[1:]]

    def fetch(self, ids: Sequence[int], now: datetime) -> list[Row]:
        """The rows of `ids`, in that order; what was deleted meanwhile is left out."""
        found = {row.pk: row for row in self.load(ids, now)}
        return [found[pk] for pk in ids if pk in found]


def _turned(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"
