"""What pays next, in the order in which it pays: due dates, times, materials, forecast."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.navigation import address
from forecasting.models import Forecast
from orders.models import OrderLine
from production.models import BOMLine, Operation, StockMove


@dataclass(frozen=True)
class Payoff:
    name: str | Promise
    text: str | Promise
    done: bool
    url: str
    action: str | Promise


def payoffs() -> list[Payoff]:
    guessed = Operation.objects.filter(run_minutes_low__isnull=False).exists()
    return [
        Payoff(
            _("Due-date board"),
            _("Who waits for what, and how full each cell is. It needs nothing but open orders."),
            OrderLine.objects.open().exists(),
            address("production:due"),
            _("Open the board"),
        ),
        Payoff(
            _("Times"),
            _("Guessed minutes become known ones: report from the floor, or write better figures."),
            Operation.objects.exists() and not guessed,
            address("production:queues"),
            _("Open the queues"),
        ),
        Payoff(
            _("Materials"),
            _("With parts lists and counted stock the shop says what to buy, and by when."),
            BOMLine.objects.exists() and StockMove.objects.exists(),
            address("production:materials"),
            _("Open the materials"),
        ),
        Payoff(
            _("Forecast"),
            _("After some weeks of orders, or with those of the past brought in, it looks ahead."),
            Forecast.objects.exclude(published_at=None).exists(),
            address("forecasting:forecasts"),
            _("Open the forecasts"),
        ),
    ]
