"""How dear it is that a new plan leaves the one that people have seen."""

from datetime import datetime, timedelta

from production import figures
from production.models import Plan
from production.scheduling import Stability

# A near step that leaves its place costs so much as an order that is so many minutes late; by less
# than CALM_MINUTES nobody is disturbed.
PRICE = 60
# The places of an older plan lie behind: nobody readies anything for them any more.
SEEN_FOR = timedelta(days=2)


def stability(before: Plan | None, origin: datetime) -> Stability | None:
    """The near places of the plan before, and the price of leaving them; None without a plan that
    people still look at."""
    if before is None or origin - before.as_of > SEEN_FOR:
        return None
    places = figures.planned_places(before, origin)
    until = figures.NEAR_DAYS * 24 * 60
    return Stability(places, PRICE, until, figures.CALM_MINUTES)
