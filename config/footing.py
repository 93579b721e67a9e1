"""What every engine of the shop rests on, put together and in the reader's words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from forecasting import footing as foreseeing
from journal.footing import Fact, Footing
from production import footing as making
from recommendations import footing as suggesting

# Engine: its name, and what it is good for.
ENGINES: dict[str, tuple[Promise, Promise]] = {
    "forecast": (_("Forecast"), _("How many pieces of each product will be ordered, by week.")),
    "tests": (_("Tests of the forecast"), _("How far it was off on past weeks it had not seen.")),
    "bands": (_("Bands"), _("Between which numbers of pieces a week will probably lie.")),
    "options": (_("Option shares"), _("In which colour, size and so on it will be ordered.")),
    "suggestions": (_("Suggestions"), _("What the shop's pages offer besides, and why.")),
    "dates": (_("Promised dates"), _("When the shop says that an order will be there.")),
    "materials": (_("Materials"), _("What runs short, and what to buy by when.")),
    "wishes": (_("Unmet wishes"), _("How many of those who left without ordering would have.")),
    "gap": (_("Gap"), _("How far what was wanted lay from what was planned.")),
}

STATES: dict[str, tuple[Promise, str]] = {
    "firm": (_("Firm ground"), "done"),
    "thin": (_("Thin"), "blocked"),
    "nothing": (_("Nothing yet"), "quiet"),
}

FACTS: dict[str, Promise] = {
    # has
    "learned_from": _("Order lines: %(lines)s. Products: %(products)s. Weeks: %(weeks)s."),
    "tested": _("Past dates: %(dates)s, with %(cases)s weeks of single products in all."),
    "errors": _("The errors in those tests: %(cases)s."),
    "choices": _("Order lines with options: %(lines)s. Products: %(products)s."),
    "ordered": _("Order lines: %(lines)s."),
    "pairs": _("Pairs of products that %(least)s customers or more took together: %(pairs)s."),
    "visits": _("Visits noted: %(visits)s."),
    "steps": _("Steps with minutes: %(steps)s."),
    "reports": _("Reports from the floor: %(reports)s."),
    "counted": _("Materials whose stock is known: %(materials)s."),
    "conversion": _("%(share)s %% of %(needs)s earlier wishes became orders."),
    "weeks_measured": _("Weeks measured: %(weeks)s."),
    # lacks
    "no_orders": _("Nothing was ordered yet."),
    "no_week": _("The first week with orders is not over yet."),
    "not_trained": _("Nothing was learned from the orders yet."),
    "new_products": _("Products too new to show a pattern: %(products)s."),
    "seldom_products": _("Products with orders in fewer than %(weeks)s weeks: %(products)s."),
    "never_ordered": _("Products that nobody has ordered yet: %(products)s."),
    "no_year": _("Less than a year of orders: the seasons are not known."),
    "few_dates": _("Too few past dates to test: %(dates)s."),
    "untested_patterns": _(
        "Sales patterns with fewer than %(cases)s tested weeks of products: %(patterns)s."
    ),
    "no_errors": _("No errors in tests to learn from."),
    "few_errors": _("Sales patterns with fewer than %(cases)s errors in tests: %(patterns)s."),
    "no_choices": _("Nothing with options was ordered yet."),
    "few_choices": _("Products with fewer than %(lines)s order lines: %(products)s."),
    "no_suggestions": _("Nothing was learned for suggestions yet."),
    "no_visits": _("No visits were noted."),
    "few_pairs": _("Few pairs: %(pairs)s among %(products)s products."),
    "few_returning": _("Fewer than %(needed)s returning customers to test suggestions on."),
    "guessed_minutes": _("Steps whose minutes are guessed from a template: %(steps)s of %(of)s."),
    "no_reports": _("No step was reported as done yet: nothing shows whether the minutes hold."),
    "no_routing": _("Products of which nobody has said how they are made: %(products)s."),
    "uncounted": _("Materials that were never counted: %(materials)s."),
    "no_materials": _("No materials are known."),
    "few_wishes": _("Earlier wishes whose end is known: %(needs)s of %(needed)s needed."),
    "no_week_measured": _("No week had a plan that was made before it began."),
    "few_lines": _("Order lines in the newest week: %(lines)s."),
    # stands in
    "only_orders": _("Only what is ordered is planned; nothing is made ahead."),
    "usual_level": _("New products: what the shop's products usually sell."),
    "made_when_ordered": _("Never ordered: no forecast; they are made when an order comes."),
    "average_for_season": _("Instead of the same week last year: the average so far."),
    "all_alike": _("All methods count alike, and no error is claimed."),
    "no_error_claimed": _("No error is claimed for these patterns."),
    "own_ups_and_downs": _("How far each product's weeks have strayed from their average."),
    "kin_lends": _(
        "They share errors with their like: what sells in most weeks, or what sells seldom."
    ),
    "equal_shares": _("Every answer counts alike."),
    "family_shares": _(
        "Their shares lean on their family, then on the shop, then on equal shares."
    ),
    "none_shown": _("The shop's pages show no suggestions."),
    "alike_first": _("Without a pair: what is alike first, then what sold lately."),
    "standard_weights": _("Standard weights between these rules."),
    "minutes_stand": _("The minutes of the routings stand as they are."),
    "fixed_band": _(
        "Nine of ten orders are taken to keep a date that lies %(percent)s %% of the lead time "
        "later, at least a day; packing and transit take %(days)s days."
    ),
    "no_date": _("Without a routing: no date, and no work order."),
    "taken_as_none": _("They count as not in stock: buying is suggested for all that is needed."),
    "orders_alone": _("Only orders count as wanted."),
    "counts_for_shares": _("Numbers instead of shares, below %(needed)s order lines or pieces."),
    # better
    "first_week": _("The first forecast comes with the first week of orders that is over."),
    "run_a_cycle": _("Run the cycle: python manage.py cycle"),
    "older_orders": _("Import older orders, if there are any."),
    "more_product_weeks": _(
        "Patterns of all products together are learned from about %(needed)s weeks of products "
        "with orders on; the oldest test had %(have)s."
    ),
    "longer_history": _(
        "Patterns of all products together are learned once the oldest test has %(needed)s weeks "
        "behind it; it has %(have)s."
    ),
    "more_weeks": _("Weeks until the forecast can be tested: %(weeks)s."),
    "each_order": _("From %(lines)s order lines on, a product's own choices count most."),
    "ask_consent": _("Visits and wishes are noted of those who agree to it on the shop's pages."),
    "time_pieces": _("Time a few pieces and correct the minutes; report work at the terminals."),
    "say_how_made": _("Give these products a routing, or take them off sale."),
    "count_once": _("Count them once and book what is there."),
    "second_cycle": _(
        "Run the cycle every night: a week is measured when it is over, against the plan made "
        "before it began."
    ),
}


@dataclass(frozen=True)
class Ground:
    """What one engine rests on, in words."""

    name: str
    purpose: str
    state: str
    tone: str
    has: list[str]
    lacks: list[str]
    stands_in: list[str]
    better: list[str]


def grounds(now: datetime) -> list[Ground]:
    """Every engine, from what is wanted to what came of it."""
    known = [*foreseeing.footing(now), suggesting.footing(), *making.footing(now)]
    return [_ground(one) for one in known]


def _ground(footing: Footing) -> Ground:
    name, purpose = ENGINES[footing.engine]
    state, tone = STATES[footing.state]
    parts = (footing.has, footing.lacks, footing.stands_in, footing.better)
    return Ground(str(name), str(purpose), str(state), tone, *(_told(part) for part in parts))


def _told(facts: Iterable[Fact]) -> list[str]:
    return [
        str(FACTS[fact.code])
        % {name: number_format(value, force_grouping=True) for name, value in fact.figures.items()}
        for fact in facts
    ]
