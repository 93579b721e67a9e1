"""What the forms of the wizard mean, as rows of sheets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from config.beginning.forms import Answer
from config.beginning.hours import CLOCK, NEW, around_the_clock, main_calendar, week_of, week_table
from config.beginning.saving import NotSaved, code_of, rows
from config.sheets import SHOP
from journal.sheets import Table, read_files
from journal.tables import UnreadableFile
from orders.catalogue import ProductSheet, sheets, usual
from orders.models import Customer, Order, Product, ProductFamily
from production.models import Machine, Shift, WorkCenter

Cells = Mapping[str, Any]


# Cells and machines


def cells_now() -> list[dict[str, Any]]:
    """The cells as the form shows them."""
    clock = set(Shift.objects.filter(start=time(), end=time()).values_list("calendar", flat=True))
    cells = WorkCenter.objects.prefetch_related("machines").order_by("position", "code")
    return [
        {
            "code": cell.code,
            "name": cell.name,
            "kind": cell.kind,
            "machines": sum(machine.active for machine in cell.machines.all()),
            "around_the_clock": cell.calendar_id in clock,
        }
        for cell in cells
    ]


def cell_tables(filled: Sequence[Cells]) -> list[Table]:
    """Cells with their machines, and the calendars that they need."""
    known = {cell.code: cell for cell in WorkCenter.objects.select_related("calendar")}
    clock = {row["code"] for row in cells_now() if row["around_the_clock"]}
    calendar = main_calendar()
    name, taken = calendar.name if calendar else NEW, set(known)
    cells: list[dict[str, str]] = []
    machines: list[dict[str, str]] = []
    needs_clock = False
    for position, row in enumerate(filled, 1):
        code = row["code"] if row["code"] in known else code_of(row["name"], row["kind"], taken)
        taken.add(code)
        cell = {"cell": code, "name": row["name"], "kind": row["kind"]}
        if code not in known or row["around_the_clock"] != (code in clock):
            needs_clock |= row["around_the_clock"]
            cell["calendar"] = CLOCK if row["around_the_clock"] else name
        if code not in known:
            cell["position"] = str(position)
        cells.append(cell)
        machines += _machines(code, row["name"], row["machines"])
    week = {day: shifts[0] for day, shifts in week_of(None).items() if shifts}
    return [
        *([around_the_clock()] if needs_clock else []),
        *([] if calendar else [week_table(None, week)]),
        rows("cells", cells),
        rows("machines", machines),
    ]


def _machines(cell: str, name: str, wanted: int) -> Iterable[dict[str, str]]:
    """As many active machines as wanted: those there first, what is too many stands still."""
    there = list(Machine.objects.filter(work_center__code=cell).order_by("-active", "code"))
    for number, machine in enumerate(there, 1):
        if machine.active != (number <= wanted):
            yield {"machine": machine.code, "active": "yes" if number <= wanted else "no"}
    taken = set(Machine.objects.values_list("code", flat=True))
    for number in range(len(there) + 1, wanted + 1):
        code = code_of(f"{cell}-{number}", f"{cell}-{number}", taken)
        taken.add(code)
        shown = f"{name} {number}" if wanted > 1 else name
        yield {"machine": code, "name": shown, "cell": cell}


# A product


def product_tables(
    product: Cells, questions: Sequence[Cells], steps: Sequence[Cells], currency: str
) -> list[Table]:
    """A product with its options, and the steps in which it is made."""
    families = {one.name.casefold(): one.code for one in ProductFamily.objects.all()}
    family = families.get(product["family"].casefold())
    made = [] if family else [{"family": "", "name": product["family"]}]
    if family is None:
        family = code_of(product["family"], "family", set(families.values()))
        made[0]["family"] = family
    sku = code_of(product["name"], "product", _skus()).upper()
    row = {"product": sku, "name": product["name"], "family": family}
    row |= {"price": str(product["price"]), "currency": currency, "picture": "plain"}
    return [
        rows("families", made),
        rows("products", [row]),
        rows("options", [one for question in _questions(sku, questions) for one in question]),
        rows("routings", [_step(sku, number, step) for number, step in enumerate(steps, 1)]),
    ]


def _skus() -> set[str]:
    return {sku.lower() for sku in Product.objects.values_list("sku", flat=True)}


def _questions(sku: str, questions: Iterable[Cells]) -> Iterable[list[dict[str, str]]]:
    taken: set[str] = set()
    for number, question in enumerate(questions, 1):
        option = code_of(question["name"], f"option-{number}", taken)
        taken.add(option)
        answers = list(_answers(sku, option, question["answers"]))
        first = answers[0]["value"]
        asked = {"product": sku, "option": option, "value": "", "name": question["name"]}
        yield [{**asked, "kind": "select", "default": first, "position": str(number)}, *answers]


def _answers(sku: str, option: str, answers: Iterable[Answer]) -> Iterable[dict[str, str]]:
    taken: set[str] = set()
    for number, answer in enumerate(answers, 1):
        value = code_of(answer.name, f"value-{number}", taken)
        taken.add(value)
        row = {"product": sku, "option": option, "value": value, "name": answer.name}
        yield {**row, "price": answer.price, "position": str(number)}


def _step(sku: str, number: int, step: Cells) -> dict[str, str]:
    row = {"product": sku, "step": str(number * 10), "name": step["name"], "cell": step["cell"]}
    return {**row, "run_minutes": step["minutes"]}


# Orders


def order_tables(order: Cells, today: date) -> list[Table]:
    """One order of one product with its usual options."""
    product = Product.objects.get(sku=order["product"])
    row = {"order": _next_number(), "position": "1", "customer": order["customer"]}
    row |= {"product": product.sku, "options": _usual(sheets([product.pk])[product.pk], today)}
    row |= {"quantity": str(order["quantity"]), "placed_on": today.isoformat()}
    table = rows("orders", [{**row, "due_on": order["due_on"].isoformat()}])
    return with_customers([table])


def example(today: date, due: date) -> str:
    """A table of open orders to write over, with the shop's own products."""
    columns = "order,position,customer,product,options,quantity,placed_on,due_on"
    made = sheets(list(Product.objects.order_by("pk").values_list("pk", flat=True)[:2]))
    lines = [_example_line(number, one, today, due) for number, one in enumerate(made.values(), 1)]
    return "\n".join([columns, *lines])


def _example_line(number: int, one: ProductSheet, today: date, due: date) -> str:
    options = _usual(one, today).replace('"', '""')
    return f'A-{1000 + number},1,Alice,{one.sku},"{options}",{number},{today},{due}'


def pasted_tables(text: str) -> list[Table]:
    return _read("orders.csv", text.encode())


def uploaded_tables(file: "UploadedFile[Any]") -> list[Table]:
    ending = Path(file.name or "").suffix.lower()
    return _read(f"orders{ending}", b"".join(file.chunks()))


def _read(name: str, content: bytes) -> list[Table]:
    """Raises `NotSaved` where the content is no table that is known."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            return with_customers(read_files([path], SHOP))
        except UnreadableFile as error:
            raise NotSaved([str(error)]) from error


def with_customers(tables: Sequence[Table]) -> list[Table]:
    """The tables, and customers that orders name and nobody knows yet: under that name."""
    given = {
        line.cells.get("customer", "")
        for table in tables
        if table.sheet.code == "customers"
        for line in table.lines
    }
    named = {
        line.cells.get("customer", "")
        for table in tables
        if table.sheet.code == "orders"
        for line in table.lines
    }
    known = set(Customer.objects.exclude(external_ref=None).values_list("external_ref", flat=True))
    new = sorted(name for name in named - given - known if name and not name.startswith("#"))
    return [*tables, rows("customers", ({"customer": name, "name": name} for name in new))]


def _usual(one: ProductSheet, today: date) -> str:
    pairs = SHOP.sheet("orders").column("options").kind
    return pairs.text({code: value for code, value in usual(one, today).items() if value != ""})


def _next_number() -> str:
    numbers = Order.objects.filter(number__startswith="A-").values_list("number", flat=True)
    refs = Order.objects.filter(external_ref__startswith="A-")
    taken = {*numbers, *refs.values_list("external_ref", flat=True)}
    number = next(number for number in range(1001, 10**6) if f"A-{number}" not in taken)
    return f"A-{number}"
