"""Who orders. A person whose data were erased is never written again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journal.sheets import Book, Change, Changes, Column, Fault, Key, Row, TableSheet, kinds
from orders.models import Customer
from orders.sheets.going import going_orders


class Customers(TableSheet):
    code = "customers"
    label = gettext_lazy("Customers")
    purpose = gettext_lazy("Who orders, under the number that you know them by.")
    view, change = "orders.view_customer", "orders.change_customer"
    model, order = Customer, ("pk",)
    keys = ("customer",)
    paths = {"customer": "external_ref"}
    extra = ("id",)
    columns = (
        Column("customer", kinds.text(60)),
        Column("name", kinds.text(120), required=True),
        Column("kind", kinds.choice(Customer.Kind.choices), default="person"),
        Column("email", kinds.email(), default=""),
        Column("phone", kinds.text(40), default=""),
        Column("country", kinds.text(60), default=""),
        Column("language", kinds.choice(settings.LANGUAGES), default="en"),
    )

    def rows(self) -> "QuerySet[Any]":
        """Those without a number first: a number of the shop's own is stronger."""
        living = Customer.objects.filter(anonymised_at=None)
        return living.order_by(F("external_ref").asc(nulls_first=True), "pk")

    def near(self, keys: Collection[Key]) -> "QuerySet[Any]":
        names = {key[0] for key in keys}
        pks = {int(name[1:]) for name in names if name[:1] == "#" and name[1:].isdecimal()}
        return self.rows().filter(Q(external_ref__in=names) | Q(pk__in=pks))

    def to_row(self, stored: dict[str, Any]) -> Row:
        row = super().to_row(stored)
        return {**row, "customer": row["customer"] or number(stored["id"])}

    def to_fields(self, row: Row) -> dict[str, Any]:
        fields = super().to_fields(row)
        del fields["external_ref"]  # who has none keeps none
        return fields

    def first_fields(
        self, change: Change, linked: Mapping[str, Any], changes: Changes
    ) -> dict[str, Any]:
        return {"external_ref": change.row["customer"], "created_at": changes.at}

    def going(self, relation: str, book: Book) -> set[int]:
        return going_orders(book) if relation == "orders" else set()

    def faults(self, changes: Sequence[Change], book: Book) -> Iterator[Fault]:
        erased = Customer.objects.exclude(anonymised_at=None).values_list("external_ref", "pk")
        gone = {word for ref, pk in erased for word in (ref, number(pk))}
        for change in changes:
            if change.before is None and change.key[0] in gone:
                text = _("This person's data were erased and stay so. Take the row out.")
                yield Fault(change, "customer", text)


def number(pk: int) -> str:
    """What a customer without a number is called."""
    return f"#{pk}"


CUSTOMERS = Customers()
