"""Rankers: pure, no Django and no clock. Fit a `Blend`, keep its arrays, ask `suggest`."""

from recommendations.rankers.blend import Blend, BlendParams, Listing
from recommendations.rankers.interactions import Interactions, InvalidInteractionsError, Product
from recommendations.rankers.interface import CorruptModelError, Ranker, ReasonKind
from recommendations.rankers.registry import RANKERS
from recommendations.rankers.steering import Steered, rerank
from recommendations.rankers.suggesting import Event, Steering, Suggestion, suggest

__all__ = [
    "RANKERS",
    "Blend",
    "BlendParams",
    "CorruptModelError",
    "Event",
    "Interactions",
    "InvalidInteractionsError",
    "Listing",
    "Product",
    "Ranker",
    "ReasonKind",
    "Steered",
    "Steering",
    "Suggestion",
    "rerank",
    "suggest",
]
