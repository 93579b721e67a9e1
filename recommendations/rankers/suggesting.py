"""The list for one person, now: scores, exclusions, steering and a reason for every line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite

import numpy as np

from recommendations.rankers.blend import Blend, Listing
from recommendations.rankers.interactions import MOST_WEIGHT, Floats, History, Ints, decay
from recommendations.rankers.interface import Reason, ReasonKind
from recommendations.rankers.steering import Steered, rerank

MOST_HISTORY = 100
"""Items of a history that count, the newest."""


@dataclass(frozen=True)
class Event:
    """One thing a person did: item id, weight (an order is 1), day, and whether it was an order."""

    item: str
    weight: float = 1.0
    day: float = 0.0
    ordered: bool = True


@dataclass(frozen=True)
class Suggestion:
    """One line of a list. ``because`` holds item ids; ``count`` customers behind it, 0: none."""

    item: str
    score: float
    kind: ReasonKind
    because: tuple[str, ...] = ()
    count: int = 0
    steered: bool = False


@dataclass(frozen=True)
class Steering:
    """What the shop would like to make: per item id, missing ones count 0. See `rerank`."""

    free_capacity: Mapping[str, float] = field(default_factory=dict)
    setup_cost: Mapping[str, float] = field(default_factory=dict)
    lam: float = 0.0
    floor: float = 0.95

    def __post_init__(self) -> None:
        if not 0 <= self.floor <= 1 or not 0 <= self.lam < float("inf"):
            raise ValueError("lam must be finite and at least 0, floor must lie in [0, 1]")


PLAIN = Steering()


def suggest(
    model: Blend,
    history: Iterable[Event],
    exclude: Collection[str] = (),
    n: int = 20,
    listing: Listing = Listing.NEW,
    steering: Steering = PLAIN,
) -> list[Suggestion]:
    """At most ``n`` lines, best first. The newest event changes the next call.

    Unknown items and unusable events are passed over, an empty model gives an empty list, a person
    without history gets the trend. ``Listing.NEW`` leaves out what the person has ordered,
    ``Listing.AGAIN`` holds nothing else.
    """
    past = history_of(model, history)
    if not model.items or n < 1:
        return []
    terms = {name: t[0] for name, t in model.terms(past.row(len(model.items)), listing).items()}
    scores = np.array(sum(terms.values(), np.zeros(len(model.items))), dtype=np.float64)
    scores[_hidden(model, past, exclude, listing)] = -np.inf
    best = _steered(model, scores, steering, n)
    reasons = _reasons(model, past, terms, best.items)
    return [
        Suggestion(
            model.items[item],
            float(best.score[place]),
            reasons[place].kind,
            tuple(model.items[x] for x in reasons[place].because),
            reasons[place].count,
            bool(best.steered[place]),
        )
        for place, item in enumerate(best.items.tolist())
    ]


def history_of(model: Blend, events: Iterable[Event]) -> History:
    """The usable events as indices and weights, decayed from the newest one on."""
    place = model.place
    usable = [e for e in events if e.item in place and _usable(e)]
    newest: dict[str, Event] = {}
    ordered: set[str] = set()
    for event in sorted(usable, key=lambda e: e.day):
        newest.pop(event.item, None)
        newest[event.item] = event
        if event.ordered:
            ordered.add(event.item)
    kept = list(newest.values())[-MOST_HISTORY:]
    days = np.array([e.day for e in kept], dtype=np.float64)
    weight = np.array([min(e.weight, MOST_WEIGHT) for e in kept], dtype=np.float64)
    item = np.array([place[e.item] for e in kept], dtype=np.int64)
    age = decay(days, float(days.max()) if len(days) else 0.0, model.params.half_life)
    return History(item, weight * age, np.array([e.item in ordered for e in kept], dtype=bool))


def _usable(event: Event) -> bool:
    return isfinite(event.weight) and event.weight > 0 and isfinite(event.day)


def _hidden(model: Blend, past: History, exclude: Collection[str], listing: Listing) -> Ints:
    own = past.item[past.ordered]
    barred = {model.place[x] for x in exclude if x in model.place}
    shut = np.array(sorted(barred), dtype=np.int64)
    if listing is Listing.NEW:
        return np.concatenate([shut, own])
    if listing is Listing.AGAIN:
        return np.concatenate([shut, np.setdiff1d(np.arange(len(model.items)), own)])
    return shut


def _steered(model: Blend, scores: Floats, steering: Steering, n: int) -> Steered:
    free, cost = (_by_item(model, x) for x in (steering.free_capacity, steering.setup_cost))
    return rerank(scores, free, cost, steering.lam, steering.floor, n)


def _by_item(model: Blend, values: Mapping[str, float]) -> Floats:
    """(n_items,) values, 0 where none is given."""
    found = np.zeros(len(model.items))
    for item, value in values.items():
        if item in model.place:
            found[model.place[item]] = value
    return found


def _reasons(model: Blend, past: History, terms: Mapping[str, Floats], items: Ints) -> list[Reason]:
    """The reason of the ranker that adds most and may name one; else nothing is claimed."""
    told = {name: model.rankers[name].explain(past, items) for name in terms}
    chosen = []
    for place, item in enumerate(items.tolist()):
        names = sorted(terms, key=lambda name: -terms[name][item])
        said = (told[name][place] for name in names if terms[name][item] > 0)
        chosen.append(next((r for r in said if r), Reason(ReasonKind.CATALOGUE)))
    return chosen
