"""What the suggestions rest on: pairs that customers took together, visits, tests."""

from forecasting.runs import champion
from journal.footing import Fact, Footing, given
from recommendations.rankers.blend import BlendParams
from recommendations.rankers.interface import LEAST_CUSTOMERS
from recommendations.training import KIND


def footing() -> Footing:
    run = champion(KIND)
    if run is None:
        return Footing(
            "suggestions",
            lacks=(Fact("no_suggestions"),),
            stands_in=(Fact("none_shown"),),
            better=(Fact("run_a_cycle"),),
        )
    known = run.metrics
    lines, visits, pairs = (known.get(name, 0) for name in ("lines", "visits", "pairs"))
    few = pairs < known["items"]
    unjudged = known.get("ndcg20_new") is None
    return Footing(
        "suggestions",
        has=given(
            (lines, "ordered", {"lines": lines}),
            (pairs, "pairs", {"pairs": pairs, "least": LEAST_CUSTOMERS}),
            (visits, "visits", {"visits": visits}),
        ),
        lacks=given(
            (not visits, "no_visits", {}),
            (few, "few_pairs", {"pairs": pairs, "products": known["items"]}),
            (unjudged, "few_returning", {"needed": BlendParams().least_users}),
        ),
        stands_in=given((few, "alike_first", {}), (unjudged, "standard_weights", {})),
        better=given((not visits, "ask_consent", {})),
    )
