"""A small shop with thin data, the same for every run: 400 orders in nine months, 40 products.

Nobody's visits were noted, nothing was reviewed or sent back, the floor reported nothing and no
stock was counted. Half of the minutes are guesses of a routing template.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import count

from orders import catalogue
from orders.models import Customer, OptionGroup, OptionValue, Order, OrderLine, Product
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
    Shift,
    WorkCenter,
)
from tests import factories

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WEEKS = 39
ORDERS = 400

# Of the 40 products, by number: how they sell.
REGULARS = range(20)
SELDOM = range(20, 31)  # two to five orders in all
ONE_WEEK = 31  # a dozen orders, all in one week of last autumn
NEW = range(32, 35)  # first ordered within the last fortnight
NEVER = range(35, 40)
NO_ROUTING = (19, 39)  # nobody has said how they are made

FAMILIES = {
    "hooks": ("Wall hook", "Printed hook for coats and bags.", 12),
    "planters": ("Planter", "Pot for herbs at the window.", 28),
    "lamps": ("Night lamp", "Small lamp with a shade that shines softly.", 45),
    "boxes": ("Drawer box", "Box that keeps a drawer tidy.", 18),
    "stands": ("Headphone stand", "Stand for headphones and their cable.", 33),
}
COLOURS = {"white": 5, "black": 3, "green": 1}
SIZES = {"small": 2, "large": 1}


@dataclass(frozen=True)
class Sold:
    """What was ordered together, when, and by whom ("": nobody knows)."""

    at: datetime
    who: str
    products: tuple[int, ...]


def build(seed: int = 400) -> list[Product]:
    """The shop with its 400 orders; returns its products by number."""
    chance = random.Random(seed)
    cells = _works()
    made = [_product(number, cells) for number in range(40)]
    for number, sold in enumerate(sorted(_sales(chance), key=lambda one: one.at), 1):
        _order(number, sold, made, chance)
    return made


def build_tiny() -> list[Product]:
    """Two products, three orders: two of last month, one of this morning."""
    cells = _works()
    made = [_product(number, cells) for number in (0, 8)]
    came = ((30, "Alice", (0,)), (20, "Bob", (0, 1)), (0, "Carol", (1,)))
    ago = [(MONDAY - timedelta(days=days, hours=1), who, what) for days, who, what in came]
    order_more(made, [Sold(*one) for one in ago])
    return made


def build_first_hour() -> list[Product]:
    """Two products and one order, of this morning: no week is over yet."""
    cells = _works()
    made = [_product(number, cells) for number in (0, 8)]
    order_more(made, [Sold(MONDAY - timedelta(hours=1), "Alice", (0,))])
    return made


def build_empty() -> list[Product]:
    """Two products that nobody has ordered yet."""
    cells = _works()
    return [_product(number, cells) for number in (0, 8)]


def order_more(made: Sequence[Product], sold: Sequence[Sold]) -> None:
    """Orders beside the 400."""
    for number, one in enumerate(sold, Order.objects.count() + 1):
        _order(number, one, made, random.Random(number))


# What was ordered


def _sales(chance: random.Random) -> Iterator[Sold]:
    """400 orders: Alice's 60, a few regular customers, and many who came once."""
    rare = list(_rare(chance))
    yield from rare
    strangers = (f"Guest {number}" for number in count(1))
    for number in range(ORDERS - len(rare)):
        at = _moment(chance, chance.randrange(1, WEEKS + 1))
        who = "Alice" if number < 60 else _somebody(chance, strangers)
        first = _popular(chance)
        more = (_popular(chance),) if chance.random() < 0.12 else ()
        yield Sold(at, who, tuple(dict.fromkeys((first, *more))))


def _rare(chance: random.Random) -> Iterator[Sold]:
    for number in SELDOM:
        for back in chance.sample(range(1, WEEKS + 1), 2 + number % 4):
            yield Sold(_moment(chance, back), f"Once {number}.{back}", (number,))
    for place in range(12):
        yield Sold(_moment(chance, 17), f"Fair {place}", (ONE_WEEK,))
    for place, number in enumerate(NEW):
        for back in range(1, 2 + place % 2):
            yield Sold(_moment(chance, back), f"Early {number}.{back}", (number,))


def _moment(chance: random.Random, weeks_back: int) -> datetime:
    hours = timedelta(days=chance.randrange(6), hours=chance.randrange(10))
    return MONDAY - timedelta(weeks=weeks_back) + hours


def _somebody(chance: random.Random, strangers: Iterator[str]) -> str:
    """One of six who come back, somebody whom nobody knows, or a stranger."""
    luck = chance.random()
    if luck < 0.15:
        return chance.choice(("Bob", "Carol", "Dave", "Erin", "Frank", "Grace"))
    return "" if luck < 0.25 else next(strangers)


def _popular(chance: random.Random) -> int:
    """The first regular sells about twelve times as often as the last."""
    return chance.choices(REGULARS, weights=[1 / (2 + number) for number in REGULARS])[0]


def _order(number: int, sold: Sold, made: Sequence[Product], chance: random.Random) -> None:
    """Delivered long ago, or still open where it came in the last fortnight."""
    fresh = sold.at > MONDAY - timedelta(days=14)  # still to be made
    by = _customer(sold.who) if sold.who else None
    order = Order.objects.create(
        number=f"T{number:04d}",
        customer=by,
        status=Order.Status.CONFIRMED if fresh else Order.Status.CLOSED,
        created_at=sold.at,
        placed_at=sold.at,
    )
    wished = sold.at.date() + timedelta(days=chance.choice((10, 14, 21)))
    for position, place in enumerate(sold.products, 1):
        of = made[place]
        values = {name: _chosen(chance, shares) for name, shares in _options(of).items()}
        OrderLine.objects.create(
            order=order,
            position=position,
            configuration=catalogue.store(of.pk, values, sold.at),
            quantity=chance.choice((1, 1, 1, 1, 2, 2, 3)),
            unit_price=of.base_price,
            status=OrderLine.Status.PROMISED if fresh else OrderLine.Status.DELIVERED,
            requested_date=wished,
            committed_date=wished + timedelta(days=chance.choice((0, 0, 3))),
        )


def _customer(name: str) -> Customer:
    email = f"{name.lower().replace(' ', '.')}@example.org"
    made, _new = Customer.objects.get_or_create(
        name=name, defaults={"email": email, "created_at": MONDAY - timedelta(weeks=WEEKS)}
    )
    return made


def _options(of: Product) -> dict[str, dict[str, int]]:
    groups = of.option_groups.values_list("code", flat=True)
    return {code: {"colour": COLOURS, "size": SIZES}[code] for code in groups}


def _chosen(chance: random.Random, shares: dict[str, int]) -> str:
    return chance.choices(list(shares), weights=list(shares.values()))[0]


# What is sold, and how it is made


def _product(number: int, cells: dict[str, WorkCenter]) -> Product:
    code = list(FAMILIES)[number // 8]
    name, text, price = FAMILIES[code]
    of = factories.product(
        f"P{number:02d}",
        name=f"{name} {number % 8 + 1}",
        description=text,
        family=factories.family(code),
        base_price=Decimal(price + 3 * (number % 8)),
    )
    _asked(of, "colour", COLOURS)
    if number % 2:
        _asked(of, "size", SIZES)
    if number not in NO_ROUTING:
        _routing(of, cells, guessed=number % 2 == 0)
    return of


def _asked(of: Product, code: str, values: dict[str, int]) -> None:
    group = OptionGroup.objects.create(
        product=of, code=code, name=code.title(), kind="select", position=of.option_groups.count()
    )
    OptionValue.objects.bulk_create(
        OptionValue(group=group, code=value, name=value.title(), position=place)
        for place, value in enumerate(values)
    )


def _routing(of: Product, cells: dict[str, WorkCenter], *, guessed: bool) -> None:
    """Printed, then finished by hand; minutes are the template's where nobody has counted."""
    routing = Routing.objects.create(product=of, template="printed" if guessed else "")
    for sequence, (cell, name, minutes) in enumerate(
        (("prints", "Print", 90), ("bench", "Finish", 12)), 1
    ):
        Operation.objects.create(
            routing=routing,
            sequence=sequence * 10,
            name=name,
            work_center=cells[cell],
            run_minutes=Decimal(minutes),
            setup_by=["colour"] if cell == "prints" else [],
            setup_minutes=10 if cell == "prints" else 0,
        )
    bom = BOM.objects.create(product=of)
    filament = Material.objects.get(code="filament")
    BOMLine.objects.create(bom=bom, material=filament, quantity=Decimal("0.2"))


def _works() -> dict[str, WorkCenter]:
    """One print cell of two printers and one bench, open from 8 to 18, Monday to Friday."""
    plant = Plant.objects.create(name="Works", time_zone="UTC")
    hours = Calendar.objects.create(name="Day")
    for weekday in range(5):
        Shift.objects.create(calendar=hours, weekday=weekday, start=time(8), end=time(18))
    cells = {
        "prints": WorkCenter.objects.create(
            plant=plant, code="prints", name="Print cell", kind="print", calendar=hours
        ),
        "bench": WorkCenter.objects.create(
            plant=plant, code="bench", name="Bench", kind="manual", calendar=hours
        ),
    }
    for code, cell in (("printer-1", "prints"), ("printer-2", "prints"), ("bench-1", "bench")):
        Machine.objects.create(work_center=cells[cell], code=code, name=code.title())
    Operator.objects.create(name="Dave", badge="D001")
    Material.objects.create(code="filament", name="Filament", unit="kg", cost=Decimal(22))
    return cells
