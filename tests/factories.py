"""Plain makers of rows for tests: tiny, with people's names, every default visible here."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

from orders import intake
from orders.configuration import store
from orders.factory import CannotPromise, Promise, Wanted
from orders.models import (
    Address,
    ConfigurationRule,
    Customer,
    OptionGroup,
    OptionValue,
    Order,
    OrderLine,
    Product,
    ProductFamily,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
FACTORY = "tests.factories.TenDayFactory"
_numbers = count(1)


class TenDayFactory:
    """Promises everything in ten days and notes what it was asked to do."""

    calls: list[tuple[str, object]] = []

    def promise(self, wanted: Sequence[Wanted], now: datetime) -> Promise:
        day = now.date()
        return Promise(
            day + timedelta(days=8),
            day + timedelta(days=10),
            day + timedelta(days=10),
            "First plan",
        )

    def earliest(self, product_ids: Collection[int], now: datetime) -> dict[int, date]:
        return dict.fromkeys(product_ids, now.date() + timedelta(days=10))

    def reserve(self, line_ids: Sequence[int], now: datetime, expires_at: datetime) -> Promise:
        self.calls.append(("reserve", list(line_ids)))
        return self.promise([], now)

    def commit(self, order_id: int, now: datetime) -> None:
        self.calls.append(("commit", order_id))

    def release(self, line_ids: Sequence[int]) -> None:
        self.calls.append(("release", list(line_ids)))


class BusyFactory(TenDayFactory):
    """Somebody else is always faster: what is reserved comes three days after what was asked."""

    def reserve(self, line_ids: Sequence[int], now: datetime, expires_at: datetime) -> Promise:
        super().reserve(line_ids, now, expires_at)
        return self.promise([], now + timedelta(days=3))


class FullFactory(TenDayFactory):
    """Cannot promise anything."""

    def promise(self, wanted: Sequence[Wanted], now: datetime) -> Promise:
        raise CannotPromise("No machine can make this size.")

    def earliest(self, product_ids: Collection[int], now: datetime) -> dict[int, date]:
        return {}


def family(code: str = "lamps", **fields: object) -> ProductFamily:
    fields = {"name": code.title(), **fields}
    return ProductFamily.objects.get_or_create(code=code, defaults=fields)[0]


def product(sku: str = "LAMP", **fields: object) -> Product:
    fields = {"name": sku.title(), "base_price": Decimal("100.00"), **fields}
    fields.setdefault("family", family())
    return Product.objects.get_or_create(sku=sku, defaults=fields)[0]


def group(
    of: Product, code: str, kind: str, values: Mapping[str, str] | None = None, **fields: object
) -> OptionGroup:
    """A question; `values` are {code: price delta}."""
    made = OptionGroup.objects.create(
        product=of,
        code=code,
        kind=kind,
        **{"name": code.title(), "position": of.option_groups.count(), **fields},
    )
    OptionValue.objects.bulk_create(
        OptionValue(
            group=made, code=value, name=value.title(), price_delta=Decimal(delta), position=place
        )
        for place, (value, delta) in enumerate((values or {}).items())
    )
    return made


def rule(
    of: Product,
    kind: str,
    condition: object,
    consequence: object,
    message: str = "",
    translations: dict[str, dict[str, str]] | None = None,
) -> None:
    ConfigurationRule.objects.create(
        product=of,
        kind=kind,
        condition=condition,
        consequence=consequence,
        message=message,
        translations=translations or {},
    )


def lamp() -> Product:
    """A lamp of 100.00 with one group of every kind but date, and one rule of each kind."""
    made = product("LAMP")
    if made.option_groups.exists():
        return made
    group(made, "material", "select", {"oak": "20", "walnut": "35.50", "steel": "0"})
    group(made, "finish", "select", {"oiled": "5", "painted": "12", "none": "0"})
    group(made, "extras", "multi", {"dimmer": "15", "plug": "4.25"}, required=False)
    group(
        made,
        "height",
        "number",
        minimum=Decimal(20),
        maximum=Decimal(60),
        step=Decimal("2.5"),
        unit="cm",
        price_delta=Decimal("0.50"),
    )
    group(
        made,
        "engraving",
        "text",
        required=False,
        maximum=Decimal(12),
        price_delta=Decimal("9.90"),
    )
    group(made, "gift", "bool", required=False, price_delta=Decimal("3"))
    rule(
        made,
        "requires",
        {"material": ["oak", "walnut"]},
        {"finish": ["oiled", "painted"]},
        "Wood needs a finish.",
        {"zh-hans": {"message": "木材需要表面处理。"}},
    )
    rule(
        made,
        "excludes",
        {"material": ["steel"]},
        {"engraving": {"set": True}},
        "Steel cannot be engraved.",
    )
    rule(made, "derives", {"height": {"min": 50}}, {"extras": ["plug"]})
    return made


OAK = {"material": "oak", "finish": "oiled", "height": "40"}  # 100 + 20 + 5 + 20 × 0.50 = 135.00


def customer(name: str = "Alice", **fields: object) -> Customer:
    fields = {"email": f"{name.lower()}@example.org", "created_at": NOW, **fields}
    return Customer.objects.get_or_create(name=name, defaults=fields)[0]


def order(
    lines: Sequence[OrderLine] = (),
    *,
    at: datetime = NOW,
    by: Customer | None = None,
    status: str = "confirmed",
    **fields: object,
) -> Order:
    """An order that stands in the database as it is, without history; see also `placed`."""
    made = Order.objects.create(
        number=f"T{next(_numbers):05d}",
        customer=by,
        status=status,
        created_at=at,
        placed_at=at,
        **fields,
    )
    for position, item in enumerate(lines, start=1):
        item.order, item.position = made, position
        item.save()
    return made


def line(
    of: Product | None = None,
    values: Mapping[str, object] | None = None,
    quantity: int = 1,
    **fields: object,
) -> OrderLine:
    """An unsaved line, to be handed to `order`."""
    of = of or product()
    configuration = store(of.pk, values or {}, NOW)
    fields = {"unit_price": of.base_price, "status": "promised", **fields}
    return OrderLine(configuration=configuration, quantity=quantity, **fields)


def address(of: Customer) -> Address:
    return Address.objects.create(
        customer=of,
        recipient=of.name,
        street="1 Mill Lane",
        postcode="10115",
        city="Berlin",
        country="Germany",
    )


ALICE = intake.CustomerDetails("Alice", "alice@example.org")
AT_HOME = intake.AddressDetails("Alice", "1 Mill Lane", "10115", "Berlin", "Germany")


def placed(
    of: Product | None = None,
    values: Mapping[str, object] | None = None,
    quantity: int = 1,
    *,
    now: datetime = NOW,
    session: str = "",
    requested: date | None = None,
) -> Order:
    """An order that went the customer's way, through basket and checkout."""
    session = session or f"session-{next(_numbers)}"
    of = of or lamp()
    intake.add(session, of.pk, OAK if values is None else values, quantity, now)
    number = intake.place(
        session, ALICE, AT_HOME, f"form-{next(_numbers)}", now, requested_date=requested
    )
    return Order.objects.get(number=number)
