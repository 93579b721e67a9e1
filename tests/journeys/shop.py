"""The small shop of the journeys: three cells, lamps and shades, and the people in and around it.

Open from 8 to 16, Monday to Friday, all in UTC. A lamp is cut (10 minutes a piece where wood is
cut, 10 of set-up), painted (15, then it cures for 90) and assembled (10); a shade is assembled (5).
"""

import re
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from config import roles
from config.celery import app
from orders.models import Product
from production import terminals
from production.models import (
    BOM,
    BOMLine,
    Calendar,
    Machine,
    Material,
    Operation,
    Operator,
    Plant,
    Routing,
    SetupRule,
    Shift,
    StockMove,
    WorkCenter,
)
from tests import factories
from tests.production.floor import Terminal

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHOICE = {"o-material": "oak", "o-finish": "oiled", "o-height": "40"}
HOME = {
    "name": "Alice",
    "email": "alice@example.org",
    "street": "1 Mill Lane",
    "postcode": "10115",
    "city": "Berlin",
    "country": "Germany",
}


class Worker:
    """Background workers and beat, when the test says so: messages are kept until `work`."""

    def __init__(self, monkeypatch: Any) -> None:
        self.kept: list[tuple[str, dict[str, Any]]] = []
        app.loader.import_default_modules()  # as a worker does when it starts
        monkeypatch.setattr(app, "send_task", self._keep)

    def _keep(self, name: str, args: Any = None, kwargs: Any = None, **options: Any) -> None:
        assert not args, "tasks are called with names only"
        self.kept.append((name, dict(kwargs or {})))

    def work(self) -> None:
        """Do what was sent, and what that sends."""
        while self.kept:
            name, kwargs = self.kept.pop(0)
            app.tasks[name](**kwargs)

    def tick(self, *entries: str) -> None:
        """What beat starts under these names, and all that follows."""
        self.work()
        for entry in entries:
            planned = app.conf.beat_schedule[entry]
            app.tasks[planned["task"]](**planned.get("kwargs", {}))
            self.work()


class Shopper:
    """Somebody with a browser at the customers' pages."""

    def __init__(self) -> None:
        self.client = Client(headers={"User-Agent": BROWSER})

    def read(self, address: str, *args: Any) -> str:
        """What the page says, without marks and with single spaces."""
        url = address if "/" in address else reverse(address, args=args)
        answer = self.client.get(url)
        assert answer.status_code == 200, answer
        return words(answer)

    def choose(self, sku: str, **answers: Any) -> Any:
        """Send the configurator's form: into the basket, or with `update` for price and date."""
        return self.client.post(reverse("product", args=[sku]), answers)

    def check_out(self) -> Any:
        """As a guest, by invoice."""
        page = self.client.get(reverse("checkout")).content.decode()
        key = re.search(r'name="submission_key" value="([^"]+)"', page)
        assert key
        return self.client.post(reverse("checkout"), HOME | {"submission_key": key[1]}, follow=True)


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


class Staff:
    """A planner at the staff pages."""

    def __init__(self, name: str) -> None:
        roles.ensure()
        user = get_user_model().objects.create_user(name, is_staff=True)
        user.groups.add(Group.objects.get(name="planner"))
        self.client = Client(headers={"User-Agent": BROWSER})
        self.client.force_login(user)

    def read(self, page: str, *args: Any) -> str:
        answer = self.client.get(reverse(page, args=args))
        assert answer.status_code == 200, answer
        return words(answer)

    def do(self, page: str, *args: Any, **form: Any) -> str:
        answer = self.client.post(reverse(page, args=args), form, follow=True)
        assert answer.status_code == 200, answer
        return words(answer)


def build(now: datetime) -> dict[str, Terminal]:
    """The shop with its products, stock and Bob; returns the terminal of each cell."""
    plant = Plant.objects.create(name="Works", time_zone="UTC")
    hours = Calendar.objects.create(name="Day shift")
    for weekday in range(5):
        Shift.objects.create(calendar=hours, weekday=weekday, start=time(8), end=time(16))
    cells = {
        code: WorkCenter.objects.create(
            plant=plant, code=code, name=code.title(), kind="line", calendar=hours
        )
        for code in ("saw", "paint", "bench")
    }
    _machine(cells["saw"], "saw-1", capabilities=["steel"])
    _machine(cells["saw"], "saw-2", capabilities=["wood"], setup_family="walnut")
    _machine(cells["paint"], "paint-1", setup_family="oiled")
    _machine(cells["bench"], "bench-1")
    SetupRule.objects.create(
        work_center=cells["paint"], from_family="painted", to_family="oiled", minutes=30
    )
    _lamp(factories.lamp(), cells)
    _shade(factories.product("SHADE", base_price=Decimal("30.00")), cells)
    factories.product("VASE", family=factories.family("vases"))
    Operator.objects.create(name="Bob", badge="B042")
    _stock("oak", Decimal(100), now)
    return {
        code: Terminal(terminals.make_token(f"{code}-t1", cell, now=now))
        for code, cell in cells.items()
    }


def _machine(cell: WorkCenter, code: str, **fields: Any) -> None:
    Machine.objects.create(work_center=cell, code=code, name=code.title(), **fields)


def _lamp(lamp: Product, cells: dict[str, WorkCenter]) -> None:
    routing = Routing.objects.create(product=lamp)
    wood = {"material": ["oak", "walnut"]}
    saw = {"work_center": cells["saw"], "setup_by": ["material"], "setup_minutes": 10}
    _step(routing, 10, "Cut wood", 10, capability="wood", condition=wood, **saw)
    steel = {"material": ["steel"]}
    _step(routing, 15, "Cut steel", 20, capability="steel", condition=steel, **saw)
    paint = {"work_center": cells["paint"], "setup_by": ["finish"], "min_lag_minutes": 90}
    _step(routing, 20, "Paint", 15, **paint)
    _step(routing, 30, "Assemble", 10, work_center=cells["bench"])
    bom = BOM.objects.create(product=lamp)
    oak = Material.objects.create(code="oak", name="Oak", unit="m")
    BOMLine.objects.create(
        bom=bom,
        material=oak,
        quantity=Decimal("1.5"),
        condition={"material": ["oak"]},
        scrap_percent=Decimal(20),
    )


def _shade(shade: Product, cells: dict[str, WorkCenter]) -> None:
    _step(Routing.objects.create(product=shade), 10, "Fold", 5, work_center=cells["bench"])


def _step(routing: Routing, sequence: int, name: str, minutes: int, **fields: Any) -> None:
    Operation.objects.create(
        routing=routing, sequence=sequence, name=name, run_minutes=Decimal(minutes), **fields
    )


def _stock(code: str, quantity: Decimal, at: datetime) -> None:
    material = Material.objects.get(code=code)
    StockMove.objects.create(
        material=material, quantity=quantity, reason="received", dedup_key="first", at=at
    )


def on_hand(code: str) -> Decimal:
    moves = StockMove.objects.filter(material__code=code)
    return sum(moves.values_list("quantity", flat=True), Decimal(0))
