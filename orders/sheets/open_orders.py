"""Orders that are still to be made or sent: how a shop brings its work of today along."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journal.moving import move_many, record
from journal.sheets import (
    REMOVE,
    Book,
    Change,
    Changes,
    Column,
    Fault,
    Found,
    Key,
    Name,
    QueriedRows,
    Row,
    Sheet,
    kinds,
)
from orders import lifecycle
from orders.configuration import ImpossibleConfiguration, check, digest, price
from orders.configuration.conditions import listed
from orders.intake import MOST_PIECES
from orders.models import Configuration, Customer, Order, OrderLine, Product
from orders.sheets.catalogue import product_keys
from orders.sheets.choices import product_sheet
from orders.sheets.customers import number
from orders.sheets.going import forget_choices
from orders.sheets.searching import REFERENCE, holding

AT_ONCE = 500
CAUSE = "The date of the table"
CHANGEABLE = ("pending", "promised", "planned")
SHOWN = (Order.Status.PLACED, Order.Status.CONFIRMED, Order.Status.ON_HOLD)
_NAMED = ("order__customer", "configuration__product")
_PRIORITY = kinds.choice(
    OrderLine.Priority.choices, lambda code: OrderLine.Priority(code).name.lower()
)


class OpenOrders(Sheet):
    code = "orders"
    label = gettext_lazy("Open orders")
    purpose = gettext_lazy("What is still to be made or sent, with the day that was promised.")
    view, change = "orders.view_order", "orders.change_order"
    after = ("customers", "products", "options", "rules")
    keys = ("order", "position")
    columns = (
        Column("order", kinds.text(40)),
        Column("position", kinds.whole(1, 100_000)),
        Column("customer", kinds.text(60), refers="customers"),
        Column("product", kinds.text(60), required=True, refers="products"),
        Column("options", kinds.text_pairs(), default={}),
        Column("quantity", kinds.whole(1, MOST_PIECES), required=True),
        Column("price", kinds.money(), blank_keeps=True),
        Column("placed_on", kinds.day(), blank_keeps=True),
        Column("due_on", kinds.day(), required=True),
        Column("wished_on", kinds.day()),
        Column("priority", _PRIORITY, default=OrderLine.Priority.STANDARD),
    )

    def load(self) -> dict[Key, Row]:
        """Rows carry, beside their columns, what a change of them must know."""
        rows = self._of(_in_order(_open())).values()
        return {self.key_of(row): row for row in rows}

    def some(self, keys: Collection[Key]) -> dict[Key, Row]:
        found = self._of_orders({order for order, _position in keys})
        return {key: found[key] for key in keys if key in found}

    def found(self, words: Sequence[str]) -> Found:
        lines = _in_order(_open())
        for word in words:
            lines = lines.filter(holding(word, SHOWN))
        return QueriedRows(lines, self._of)

    def _of(self, lines: "QuerySet[OrderLine]") -> dict[int, Row]:
        return {line.pk: self._row(line) for line in lines.select_related(*_NAMED)}

    def _of_orders(self, refs: Collection[str]) -> dict[Key, Row]:
        """All open positions of a few orders."""
        orders = Order.objects.filter(Q(number__in=refs) | Q(external_ref__in=refs))
        known = list(orders.filter(status__in=SHOWN).values_list("pk", flat=True))
        # by their orders: with the statuses asked for too, SQLite looks through all that are open
        rows = self._of(OrderLine.objects.filter(order__in=known)).values()
        still = [row for row in rows if row["_status"] in OrderLine.OPEN_STATUSES]
        return {self.key_of(row): row for row in still}

    def count(self) -> int:
        return _open().count()

    def _row(self, line: OrderLine) -> Row:
        order, customer = line.order, line.order.customer
        return {
            "order": reference(order),
            "position": line.position,
            "customer": customer and (customer.external_ref or number(customer.pk)),
            "product": line.configuration.product.sku,
            "options": _sorted(line.configuration.values),
            "quantity": line.quantity,
            "price": line.unit_price,
            "placed_on": order.placed_at and order.placed_at.astimezone(_zone()).date(),
            "due_on": line.committed_date or line.requested_date,
            "wished_on": line.requested_date,
            "priority": line.priority,
            "_pk": line.pk,
            "_order": order.pk,
            "_configuration": line.configuration_id,
            "_status": line.status,
            "_ours": order.source != Order.Source.IMPORT,
        }

    def settle(self, row: Row, book: Book) -> Row:
        """The choice as the shop spells it, and the price that it has today."""
        known = book.row(self.code, self.key_of(row))
        if known and _same_choice(known["options"], row["options"]):
            return {**row, "options": known["options"]}
        sheet = product_sheet(book, row["product"] or "")
        if sheet is None:
            return row
        try:
            values = check(sheet, _answers(row["options"] or {}, sheet))
        except ImpossibleConfiguration:
            return {**row, "options": _sorted(row["options"] or {})}
        cost = price(sheet, values).unit if row["price"] is None else row["price"]
        return {**row, "options": _sorted(values), "price": cost}

    def faults(self, changes: Sequence[Change], book: Book) -> Iterator[Fault]:
        new = [change for change in changes if change.before is None]
        yield from self._taken(new)
        for change in new:
            yield from self._new_faults(change, book)
        yield from self._disagreements(new, book)
        for change in changes:
            if change.before is not None:
                yield from self._changed_faults(change)
            placed, due = change.row["placed_on"], change.row["due_on"]
            if placed and due and due < placed and change.changes("due_on"):
                yield Fault(change, "due_on", _("This day lies before the order was placed."))

    def _new_faults(self, change: Change, book: Book) -> Iterator[Fault]:
        row = change.row
        if row["placed_on"] is None:
            yield Fault(change, "placed_on", _("A new order needs the day on which it was placed."))
        sheet = product_sheet(book, row["product"])
        if sheet is None:
            text = _("The product or its options are refused. Correct their rows first.")
            yield Fault(change, "product", text)
            return
        try:
            check(sheet, _answers(row["options"], sheet))
        except ImpossibleConfiguration as impossible:
            for option, texts in impossible.errors.items():
                yield Fault(change, "options", f"{option}: {' '.join(texts)}")

    def _taken(self, new: Sequence[Change]) -> Iterator[Fault]:
        """Numbers of orders that are not open any more, or positions that are not."""
        wanted = sorted({change.key[0] for change in new})
        known: dict[str, Order] = {}
        for start in range(0, len(wanted), AT_ONCE):
            part = wanted[start : start + AT_ONCE]
            found = Order.objects.filter(Q(number__in=part) | Q(external_ref__in=part))
            known |= {ref: one for one in found for ref in (one.number, one.external_ref) if ref}
        orders = {one.pk for one in known.values()}
        positions = set(
            OrderLine.objects.filter(order__in=orders).values_list("order_id", "position")
        )
        for change in new:
            order = known.get(change.key[0])
            if order is None:
                continue
            if order.status not in SHOWN or reference(order) != change.key[0]:
                text = _("There is an order of this number already. Give this one another.")
                yield Fault(change, "order", text)
            elif (order.pk, change.row["position"]) in positions:
                text = _("This position was sent or cancelled already. Take the row out.")
                yield Fault(change, "position", text)

    def _disagreements(self, new: Sequence[Change], book: Book) -> Iterator[Fault]:
        if not new:
            return
        first: dict[str, Row] = {}
        for row in book.planned(self.code).values():
            first.setdefault(row["order"], row)
        currency = {key[0]: row["currency"] for key, row in book.planned("products").items()}
        for change in new:
            row, leading = change.row, first[change.key[0]]
            for column in ("customer", "placed_on"):
                if row[column] != leading[column]:
                    text = _("Other rows of this order say otherwise. Write the same in all.")
                    yield Fault(change, column, text)
            if currency.get(row["product"]) != currency.get(leading["product"]):
                text = _("An order has one currency. Write this product into another order.")
                yield Fault(change, "product", text)

    def _changed_faults(self, change: Change) -> Iterator[Fault]:
        before = change.before or {}
        if before["_status"] not in CHANGEABLE:
            text = _("This position is being made or is done; the table no longer changes it.")
            yield Fault(change, "", text)
            return
        for column in ("customer", "product", "options", "placed_on"):
            if change.changes(column):
                text = _("It stays as it was ordered. Cancel the order and add a new one.")
                yield Fault(change, column, text)
        for column in ("quantity", "price"):
            if before["_ours"] and change.changes(column):
                text = _("The customer ordered in the shop and has a bill: it stays as it is.")
                yield Fault(change, column, text)

    def kept(self, removed: Sequence[Change], book: Book) -> Iterator[Fault]:
        for change in removed:
            before = change.before or {}
            if before["_ours"] or before["_status"] not in ("pending", "promised"):
                text = _("It is in the plan, or was ordered in the shop. Cancel it on its page.")
                yield Fault(change, REMOVE, text)

    def mentions(self, row: Row, book: Book) -> Iterator[Name]:
        yield from super().mentions(row, book)
        for option, answer in (row["options"] or {}).items():
            yield "options", (row["product"], option, "")
            yield from (("options", (row["product"], option, word)) for word in listed(answer))

    # Writing

    def write(self, changes: Changes) -> None:
        if changes.created:
            self._create(changes)
        if changes.changed:
            self._change(changes)

    def _create(self, changes: Changes) -> None:
        orders = _orders([change.row for change in changes.created], changes)
        choices = _configurations([change.row for change in changes.created], changes.at)
        lines = OrderLine.objects.bulk_create(
            (_line(change.row, orders, choices) for change in changes.created), batch_size=AT_ONCE
        )
        new = [(line.pk, "") for line in lines]
        record(lifecycle.ORDER_LINE, new, "pending", by=changes.by, at=changes.at)
        told = [(line.pk, change.row) for line, change in zip(lines, changes.created, strict=True)]
        lifecycle.promise_many(_promises(told), by=changes.by, at=changes.at)

    def _change(self, changes: Changes) -> None:
        rows = {(change.before or {})["_pk"]: change for change in changes.changed}
        lines = OrderLine.objects.in_bulk(list(rows))
        for pk, line in lines.items():
            row = rows[pk].row
            line.quantity, line.unit_price = row["quantity"], row["price"]
            line.requested_date, line.priority = row["wished_on"], row["priority"]
        fields = ["quantity", "unit_price", "requested_date", "priority"]
        OrderLine.objects.bulk_update(lines.values(), fields, batch_size=AT_ONCE)
        moved = [(pk, change.row) for pk, change in rows.items() if change.changes("due_on")]
        lifecycle.promise_many(_promises(moved), by=changes.by, at=changes.at)

    def erase(self, removed: Sequence[Change], changes: Changes) -> None:
        rows = [change.before or {} for change in removed]
        OrderLine.objects.filter(pk__in=[row["_pk"] for row in rows]).delete()
        Order.objects.filter(pk__in={row["_order"] for row in rows}, lines=None).delete()
        forget_choices({row["_configuration"] for row in rows})


def _in_order(lines: "QuerySet[OrderLine]") -> "QuerySet[OrderLine]":
    """As they were placed; what a table brought along was placed at the beginning of its day."""
    return lines.order_by("order__placed_at", REFERENCE, "position", "pk")


def reference(order: Order) -> str:
    """What the tables call an order."""
    return order.external_ref or order.number or ""


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.PLANT_TIME_ZONE)


def _sorted(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in sorted(values)}


def _same_choice(known: Mapping[str, Any], given: Mapping[str, Any] | None) -> bool:
    """What was ordered stays as it is written, whatever the product's rules say today."""
    return kinds.show_pairs(_sorted(known)) == kinds.show_pairs(_sorted(given or {}))


def _answers(options: Mapping[str, Any], sheet: Any) -> dict[str, Any]:
    """Answers as the configurator reads them: those to an "any of" question are parted."""
    return {
        name: [word.strip() for word in answer.split(",")]
        if isinstance(answer, str) and (group := sheet.group(name)) and group.kind == "multi"
        else answer
        for name, answer in options.items()
    }


def _promises(rows: Iterable[tuple[int, Row]]) -> list[lifecycle.LinePromise]:
    return [
        lifecycle.LinePromise(pk, row["due_on"], row["due_on"], row["due_on"], CAUSE)
        for pk, row in rows
    ]


def _orders(rows: Sequence[Row], changes: Changes) -> dict[str, int]:
    """The orders of rows by number; those that are missing are placed and confirmed."""
    first = {row["order"]: row for row in reversed(rows)}
    known = _known_orders(list(first))
    customers = _customers()
    currencies = dict(Product.objects.values_list("sku", "currency"))
    made = Order.objects.bulk_create(
        (
            Order(
                number=ref,
                external_ref=ref,
                source=Order.Source.IMPORT,
                customer_id=customers.get(row["customer"] or ""),
                currency=currencies[row["product"]],
                created_at=changes.at,
                placed_at=datetime.combine(row["placed_on"], time(), _zone()),
            )
            for ref, row in first.items()
            if ref not in known
        ),
        batch_size=AT_ONCE,
    )
    pks = [order.pk for order in made]
    record(lifecycle.ORDER, [(pk, "") for pk in pks], "draft", by=changes.by, at=changes.at)
    for old, new in (("draft", "placed"), ("placed", "confirmed")):
        for start in range(0, len(pks), AT_ONCE):
            some = Order.objects.filter(pk__in=pks[start : start + AT_ONCE])
            move_many(lifecycle.ORDER, some, old, new, by=changes.by, at=changes.at)
    return known | {str(order.external_ref): order.pk for order in made}


def _known_orders(refs: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(refs), AT_ONCE):
        part = refs[start : start + AT_ONCE]
        orders = Order.objects.filter(Q(number__in=part) | Q(external_ref__in=part))
        found |= {reference(order): order.pk for order in orders}
    return found


def _open() -> "QuerySet[OrderLine]":
    return OrderLine.objects.filter(order__status__in=SHOWN, status__in=OrderLine.OPEN_STATUSES)


def _customers() -> dict[str, int]:
    rows = list(Customer.objects.values_list("pk", "external_ref"))
    return {number(pk): pk for pk, ref in rows if not ref} | {ref: pk for pk, ref in rows if ref}


def _configurations(rows: Sequence[Row], now: datetime) -> dict[tuple[str, str], int]:
    """The one row of each choice, made where it does not exist yet."""
    products = product_keys()
    wanted = {(row["product"], digest(row["options"])): row["options"] for row in rows}
    Configuration.objects.bulk_create(
        (
            Configuration(product_id=products[sku], digest=mark, values=values, created_at=now)
            for (sku, mark), values in wanted.items()
        ),
        ignore_conflicts=True,
        batch_size=AT_ONCE,
    )
    skus = {sku for sku, _mark in wanted}
    found = Configuration.objects.filter(product__sku__in=skus)
    return {(sku, mark): pk for sku, mark, pk in found.values_list("product__sku", "digest", "pk")}


def _line(row: Row, orders: Mapping[str, int], choices: Mapping[tuple[str, str], int]) -> OrderLine:
    return OrderLine(
        order_id=orders[row["order"]],
        position=row["position"],
        external_ref=f"{row['order']}-{row['position']}",
        configuration_id=choices[row["product"], digest(row["options"])],
        quantity=row["quantity"],
        unit_price=Decimal(row["price"]),
        priority=row["priority"],
        requested_date=row["wished_on"],
    )


ORDERS = OpenOrders()
