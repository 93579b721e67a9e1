"""The rankers by name. The blend takes them from here; deleting a line removes a ranker."""

from __future__ import annotations

from recommendations.rankers.again import Again
from recommendations.rankers.content import Content
from recommendations.rankers.cooccurrence import Cooccurrence
from recommendations.rankers.interface import Ranker
from recommendations.rankers.popularity import Popularity

RANKERS: dict[str, type[Ranker]] = {
    "cooccurrence": Cooccurrence,
    "content": Content,
    "popularity": Popularity,
    "again": Again,
}
