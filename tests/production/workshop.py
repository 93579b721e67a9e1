"""A small workshop for the tests of planning: a few words instead of many rows."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from forecasting.models import DemandSeries, Forecast, ForecastPoint, OptionShare, TrainingRun
from orders import catalogue
from orders.models import Customer, OptionGroup, OptionValue, Order, OrderLine, Product
from orders.models import ProductFamily as Family
from production.models import Calendar, Machine, Operation, Plant, Routing, Shift, WorkCenter

# A Monday, before the shop opens.
NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
MONDAY = NOW.date()
NEXT_MONDAY = MONDAY + timedelta(days=7)


def center(code="saw", machines=1, capability="", days=range(5), hours=(8, 16)):
    """Machines that are open from 8 to 16, Monday to Friday, UTC."""
    plant, _ = Plant.objects.get_or_create(name="Works", defaults={"time_zone": "UTC"})
    calendar = Calendar.objects.create(name=f"of {code}")
    for day in days:
        Shift.objects.create(
            calendar=calendar, weekday=day, start=time(hours[0]), end=time(hours[1])
        )
    made = WorkCenter.objects.create(
        plant=plant, code=code, name=code, kind="line", calendar=calendar
    )
    for number in range(1, machines + 1):
        Machine.objects.create(
            work_center=made,
            code=f"{code}-{number}",
            name=f"{code} {number}",
            capabilities=[capability] if capability else [],
        )
    return made


def product(sku="lamp", *steps, policy="MTO", colours=()):
    """A product; `steps` are (work center, other attributes of the operation)."""
    family, _ = Family.objects.get_or_create(code="lamps", defaults={"name": "Lamps"})
    made = Product.objects.create(
        sku=sku, name=sku, family=family, make_policy=policy, base_price=Decimal(10)
    )
    if colours:
        group = OptionGroup.objects.create(
            product=made, code="colour", name="Colour", kind="select"
        )
        for position, colour in enumerate(colours):
            OptionValue.objects.create(group=group, code=colour, name=colour, position=position)
    if steps:
        routing = Routing.objects.create(product=made)
        for number, (work_center, more) in enumerate(steps, 1):
            defaults = {"name": f"{work_center.code} it", "run_minutes": Decimal(10)}
            Operation.objects.create(
                routing=routing, sequence=number * 10, work_center=work_center, **defaults | more
            )
    return made


def line(of, quantity=1, due=None, values=None, placed=NOW, who="Alice", status="confirmed"):
    """A line of an order of its own."""
    customer, _ = Customer.objects.get_or_create(name=who, defaults={"created_at": NOW})
    order = Order.objects.create(
        number=f"O{Order.objects.count() + 1}",
        status=status,
        customer=customer,
        created_at=placed,
        placed_at=placed,
    )
    return OrderLine.objects.create(
        order=order,
        position=1,
        configuration=catalogue.store(of.pk, values or {}, placed),
        quantity=quantity,
        unit_price=Decimal(10),
        requested_date=due or date(2026, 3, 20),
    )


def forecast(expected, as_of=NOW, shares=()):
    """A published forecast: {(product, week): pieces}.

    `shares` are (product, group, value, share).
    """
    run = TrainingRun.objects.create(
        kind="forecast",
        status="retired",
        data_cut=as_of,
        requested_by="system",
        requested_at=as_of,
        lease_until=as_of,
    )
    made = Forecast.objects.create(run=run, as_of=as_of, published_at=as_of)
    for (of, week), mean in expected.items():
        series, _ = DemandSeries.objects.get_or_create(level="product", product=of)
        ForecastPoint.objects.create(
            forecast=made, series=series, week=week, mean=mean, quantiles=[mean] * 9, method="mean"
        )
    for of, group, value, share in shares:
        OptionShare.objects.create(forecast=made, product=of, group=group, value=value, share=share)
    return made
