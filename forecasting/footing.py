"""What the forecast rests on: orders, tests, and where a simpler rule stands in."""

from collections.abc import Iterator
from datetime import datetime

from forecasting import enough, runs
from forecasting.history import week_of
from forecasting.methods.quantiles import ENOUGH as ENOUGH_ERRORS
from forecasting.models import DemandSeries, TrainingRun
from journal.footing import Fact, Footing, given
from orders import catalogue, demand

WEEKS_OF_A_YEAR = 52


def lacks_history(as_of: datetime, product_ids: list[int] | None = None) -> str:
    """Why nothing can be forecast as of a moment: `no_orders`, `no_week`, or nothing ("")."""
    first = demand.first_ordered(as_of, product_ids)
    if first is None:
        return "no_orders"
    return "" if week_of(first) < week_of(as_of) else "no_week"


def footing(now: datetime) -> list[Footing]:
    """The forecast of each product, its tests, its bands, and the shares of options."""
    run = runs.champion(TrainingRun.Kind.FORECAST)
    if run is None:
        return [_not_yet(now)]
    return [_forecast(run, now), _tests(run), _bands(run), _options(run)]


def _not_yet(now: datetime) -> Footing:
    lacking = lacks_history(now)
    return Footing(
        "forecast",
        lacks=(Fact(lacking or "not_trained"),),
        stands_in=(Fact("only_orders"),),
        better=(Fact("first_week" if lacking else "run_a_cycle"), Fact("older_orders")),
    )


def _forecast(run: TrainingRun, now: datetime) -> Footing:
    known = run.metrics
    new, seldom = known.get("new", 0), known.get("seldom", 0)
    never = len(set(catalogue.on_sale(now.date())) - _foreseen(run))
    short = known["weeks"] < WEEKS_OF_A_YEAR
    figures = {name: known.get(name, 0) for name in ("lines", "products", "weeks")}
    return Footing(
        "forecast",
        has=(Fact("learned_from", figures),),
        lacks=given(
            (new, "new_products", {"products": new}),
            (seldom, "seldom_products", {"products": seldom, "weeks": enough.WEEKS}),
            (never, "never_ordered", {"products": never}),
            (short, "no_year", {}),
        ),
        stands_in=given(
            (new, "usual_level", {}),
            (never, "made_when_ordered", {}),
            (short, "average_for_season", {}),
        ),
        better=(
            *given((short, "older_orders", {})),
            *_wanting(run),
        ),
    )


def _wanting(run: TrainingRun) -> Iterator[Fact]:
    """What the methods that could not take part would need: the contest that chose found out."""
    contest = TrainingRun.objects.filter(pk=run.metrics.get("contest", run.pk)).first() or run
    codes = {"few_orders": "more_product_weeks", "few_periods": "longer_history"}
    for note in contest.notes:
        if isinstance(note, dict) and note["code"] in codes:
            figures = {name: note["facts"][name] for name in ("have", "needed")}
            yield Fact(codes[note["code"]], figures)


def _foreseen(run: TrainingRun) -> set[int]:
    known = DemandSeries.objects.products().filter(forecasts__forecast__run=run)
    return {pk for pk in known.values_list("product_id", flat=True).distinct() if pk}


def _tests(run: TrainingRun) -> Footing:
    known = run.metrics
    tested, cases = known.get("origins", 0), known.get("cases", 0)
    more = known.get("weeks_to_test", 0)
    dark = [n for n in known.get("cases_by_class", {}).values() if n < enough.CASES]
    return Footing(
        "tests",
        has=given((tested and cases, "tested", {"dates": tested, "cases": cases})),
        lacks=given(
            (more, "few_dates", {"dates": tested}),
            (len(dark), "untested_patterns", {"patterns": len(dark), "cases": enough.CASES}),
        ),
        stands_in=given((more, "all_alike", {}), (len(dark), "no_error_claimed", {})),
        better=given((more, "more_weeks", {"weeks": more})),
    )


def _bands(run: TrainingRun) -> Footing:
    known = run.metrics
    tested = not known.get("weeks_to_test", 0)
    few = [n for n in known.get("cases_by_class", {}).values() if n < ENOUGH_ERRORS]
    return Footing(
        "bands",
        has=given((tested, "errors", {"cases": known.get("cases", 0)})),
        lacks=given(
            (not tested, "no_errors", {}),
            (tested and len(few), "few_errors", {"patterns": len(few), "cases": ENOUGH_ERRORS}),
        ),
        stands_in=given(
            (not tested, "own_ups_and_downs", {}), (tested and len(few), "kin_lends", {})
        ),
    )


def _options(run: TrainingRun) -> Footing:
    known = run.metrics
    lines, few = known.get("configurations", 0), known.get("few_choices", 0)
    return Footing(
        "options",
        has=given((lines, "choices", {"lines": lines, "products": known.get("configured", 0)})),
        lacks=given(
            (not lines, "no_choices", {}),
            (few, "few_choices", {"products": few, "lines": enough.CHOICES}),
        ),
        stands_in=given((not lines, "equal_shares", {}), (few, "family_shares", {})),
        better=given((few, "each_order", {"lines": enough.CHOICES})),
    )
