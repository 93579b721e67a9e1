"""What the steps of a cycle did, in the reader's language; stored are a code and its facts."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from forecasting.models import TrainingRun
from production import gap

DID: dict[str, Promise] = {
    "collected": _("%(open)d open lines, %(unmet)d unmet wishes, %(done)d reactions done"),
    "scored": _("%(lines)d new order lines scored"),
    "forecast": _(
        "%(products)d products over %(weeks)d weeks, %(cleaned)d product weeks evened out, "
        "%(status)s"
    ),
    "no_orders": _("Nothing was ordered yet, so nothing is forecast"),
    "no_week": _("No week with orders is over yet, so nothing is forecast; orders are planned"),
    "forecast_stands": _(
        "nothing changed in the %(weeks)d full weeks of %(products)d products; the forecast stands"
    ),
    "forecast_renewed": _(
        "%(renewed)d of %(products)d products had changed weeks and were learned anew with the "
        "methods of this week, %(status)s; methods are compared again in the next full week"
    ),
    "ranking_stands": _(
        "nobody ordered or looked at anything new; the suggestions for %(items)d products stand"
    ),
    "ranking_renewed": _(
        "%(items)d products, %(users)d visitors and customers, weighed as chosen this week, "
        "%(status)s"
    ),
    "ranked": _("%(items)d products, %(users)d visitors and customers, %(status)s"),
    "netted": _(
        "%(made)d work orders for orders, %(foreseen)d for the forecast, %(resized)d changed, "
        "%(cancelled)d withdrawn, %(refused)d refused"
    ),
    "plan_stands": _(
        "nothing to be made has changed; the plan of %(operations)d operations stands, "
        "%(released)d work orders released"
    ),
    "planned_alone": _(
        "%(operations)d operations planned and checked with the rule that won this week, "
        "%(refused)d refused, %(released)d work orders released"
    ),
    "planned": _(
        "%(operations)d operations planned and checked, %(refused)d refused, "
        "%(released)d work orders released"
    ),
}


def did(step: Mapping[str, Any]) -> str:
    """A step of `CycleRun.steps` in words; one of an earlier release comes as it was written."""
    if "code" not in step:
        return str(step["did"])
    code, facts = step["code"], dict(step["facts"])
    if code == "measured":
        return gap.told(facts)
    if "status" in facts:
        facts["status"] = TrainingRun.Status(facts["status"]).label
    return str(DID.get(code, code)) % facts
