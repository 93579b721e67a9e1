"""Plain words for what forecasting calls by its field's names; what is stored stays English."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

CLASSES: dict[str, tuple[Promise, Promise]] = {
    "smooth": (_("Steady"), _("sold most weeks, in similar amounts")),
    "erratic": (_("Changing"), _("sold most weeks, in very different amounts")),
    "intermittent": (_("Now and then"), _("many weeks without a sale, then similar amounts")),
    "lumpy": (_("Rare and uneven"), _("many weeks without a sale, then very different amounts")),
    "new": (_("New"), _("too short a history to tell a pattern")),
    "": (_("All products"), _("every pattern together")),
}

METHODS: dict[str, tuple[Promise, Promise]] = {
    "naive": (_("Last week again"), _("Expects what was sold in the last week.")),
    "seasonal naive": (
        _("Same week last year, else the average"),
        _(
            "Expects what was sold in the same week a year ago; the average so far where a product "
            "is younger than that."
        ),
    ),
    "mean": (_("Long average"), _("Expects the average of all weeks so far.")),
    "pooled mean": (
        _("Own average beside the usual"),
        _(
            "Expects the average since the first order; the fewer weeks a product has, the nearer "
            "to what the shop's products usually sell."
        ),
    ),
    "exponential smoothing": (
        _("Weighted average"),
        _("Averages the past, recent weeks counting most, with the usual ups and downs of a year."),
    ),
    "boosted trees": (
        _("Learned from all products"),
        _("Looks for patterns in the sales, visits and seasons of all products together."),
    ),
    "combined": (_("The chosen mix"), _("What was chosen for each sales pattern, together.")),
    "sum": (_("Sum of its products"), _("Adds up the forecasts of the products.")),
}

RULES: dict[str, Promise] = {
    "stock-out or closure": _("Could not be sold; filled in from the weeks around it"),
    "spike": _("Unusually high; brought down to the usual level"),
    "dip": _("Unusually low; brought up to the usual level"),
    "duplicate": _("Same line twice; counted once"),
    "bulk order": _("One very large order; only marked, the week decides"),
    "return": _("Goods came back"),
    "return without sale": _("Came back without a known sale"),
    "returned": _("Lowered by what came back"),
}

RULES_OF_WEEKS = ("stock-out or closure", "spike", "dip")

STATUSES: dict[str, tuple[Promise, str]] = {
    "queued": (_("Waiting"), "queued"),
    "training": (_("Training"), "running"),
    "evaluated": (_("Tested"), "running"),
    "challenger": (_("Candidate"), "queued"),
    "champion": (_("Live"), "done"),
    "retired": (_("Earlier live model"), "quiet"),
    "rejected": (_("Not better"), "quiet"),
    "failed": (_("Failed"), "bad"),
    "cancelled": (_("Stopped"), "quiet"),
}

KINDS: dict[str, Promise] = {"forecast": _("Forecast"), "ranking": _("Suggestions")}

RANKERS: dict[str, Promise] = {
    "popularity": _("What sells lately"),
    "cooccurrence": _("What is bought together"),
    "content": _("What is alike"),
    "again": _("What the customer bought before"),
}

NOT_OVERRIDDEN: dict[str, Promise] = {
    "pieces": _("The number of pieces must lie between 0 and 999,999."),
    "reason": _("An override needs a reason."),
    "sum": _("Only products can be overridden; sums follow their products."),
    "as_forecast": _("This week is as forecast; there is nothing to take back."),
    "beyond": _("The live forecast does not reach into that week."),
}

# What a training found lacking, by the code that is stored with its facts.
NOTES: dict[str, Promise] = {
    "few_orders": _(
        "%(method)s: %(have)s of about %(needed)s weeks with orders needed; "
        "the simpler methods stand in."
    ),
    "few_periods": _(
        "%(method)s: %(have)s of about %(needed)s weeks needed to be tested; "
        "the simpler methods stand in."
    ),
    "new_products": _(
        "Products too new to show a pattern: %(products)s; “%(stand_in)s” stands in for them."
    ),
    "few_origins": _(
        "Only %(tested)s past dates could be tested, %(needed)s are needed to choose a method; "
        "all count alike."
    ),
    "no_time": _("No time was left to test “%(method)s”."),
    "choice_stays": _("The live choice of methods stays: the new one is no better."),
    "stands": _("Nothing has changed since run %(run)s; what is live stays."),
    "choice_goes_on": _(
        "%(products)s products had other weeks than in run %(run)s; its choice of methods goes on "
        "until the next full week."
    ),
}

TESTING = "testing "

# What a run says while it works and what it found lacking, as stored.
SAID: dict[str, Promise] = {
    "gathering orders": _("gathering orders"),
    "forecasting": _("forecasting"),
    "done": _("done"),
    "learning options": _("learning options"),
    "writing history": _("writing history"),
    "writing the forecast": _("writing the forecast"),
    "comparing with the live forecast": _("comparing with the live forecast"),
    "gathering orders and visits": _("gathering orders and visits"),
    "reading the catalogue": _("reading the catalogue"),
    "fitting the rankers": _("learning what goes together"),
    "storing the ranking": _("storing the suggestions"),
    "Too few returning customers to compare rankers; standard weights stand in.": _(
        "Too few returning customers to compare; standard weights stand in."
    ),
    "Nothing was ordered before this day, so nothing can be forecast.": _(
        "Nothing was ordered before this day, so nothing can be forecast."
    ),
    "No week is complete yet; a forecast needs at least one.": _(
        "No week is complete yet; a forecast needs at least one."
    ),
    "Its worker died three times.": _("It was interrupted three times and given up."),
    "won its backtest": _("won its test on past weeks"),
    "no better than the live one": _("no better than the live one"),
    "its worker was not heard of": _("it was interrupted and starts again"),
    "taken back in the forecast before": _("taken back in the forecast before"),
}


def demand_class(name: str) -> str:
    return str(CLASSES[name][0]) if name in CLASSES else name


def explained_class(name: str) -> str:
    return str(CLASSES[name][1]) if name in CLASSES else ""


def method(names: str) -> str:
    """`mean+naive` → “Long average and Last week again”."""
    return _joined(str(METHODS[one][0]) if one in METHODS else one for one in names.split("+"))


def explained_method(names: str) -> str:
    sentences = [str(METHODS[one][1]) for one in names.split("+") if one in METHODS]
    if len(sentences) > 1:
        sentences.append(gettext("The average of them is used."))
    return " ".join(sentences)


def rule(names: str) -> str:
    return str(RULES.get(names, names))


def said(stored: str | Mapping[str, Any]) -> str:
    """The words for what a run stored: a text of `SAID`, or a code of `NOTES` with its facts."""
    if isinstance(stored, str):
        if stored.startswith(TESTING):
            return gettext("testing: %(method)s") % {"method": method(stored[len(TESTING) :])}
        return str(SAID.get(stored, stored))
    facts = dict(stored["facts"])
    facts |= {name: method(facts[name]) for name in ("method", "stand_in") if name in facts}
    return str(NOTES[stored["code"]]) % facts


def ranker(name: str) -> str:
    return str(RANKERS.get(name, name))


def weeks(number: int) -> str:
    return ngettext("%(number)d week", "%(number)d weeks", number) % {"number": number}


def _joined(parts: Iterable[str]) -> str:
    *first, last = [part for part in parts if part] or [""]
    if not first:
        return last
    return gettext("%(first)s and %(last)s") % {"first": ", ".join(first), "last": last}
