"""Content: items alike in words, attributes or options, and price. Works from the first day.

TF-IDF with smoothed inverse document frequency, ln((1 + n) / (1 + df)) + 1 (Salton and Buckley,
1988; the smoothing of scikit-learn), rows of length 1; price closeness is a Gaussian in log price.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommendations.rankers.interactions import Floats, History, Interactions, Ints, Product, Rows
from recommendations.rankers.interface import (
    Arrays,
    CorruptModelError,
    Reason,
    ReasonKind,
    grown,
    lengthened,
    taken,
)

ALIKE = 0.2
"""Closeness (cosine) from which two items are called alike; a colour in common is not enough."""

_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile(r"([\u3400-\u9fff]+)")


@dataclass(frozen=True)
class ContentParams:
    """``price_share`` of the score is price closeness; ``price_width`` its spread in log price."""

    price_share: float = 0.2
    price_width: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.price_share <= 1 or not self.price_width > 0:
            raise ValueError("price_share must lie in [0, 1] and price_width above 0")


@dataclass(frozen=True, eq=False)
class Content:
    """``terms`` (n_items, n_terms) TF-IDF rows of length 1 or 0; ``log_price`` NaN: not known."""

    terms: Rows
    log_price: Floats
    params: ContentParams = ContentParams()

    @classmethod
    def fit(
        cls,
        data: Interactions,
        products: Sequence[Product],
        as_of: float,
        params: ContentParams = ContentParams(),
    ) -> Self:
        """Read the products; of ``data`` only the item list plays a part."""
        known = {p.item: p for p in products}
        rows = [known.get(x, Product(x)) for x in data.items]
        price = np.array([p.price if p.price and p.price > 0 else np.nan for p in rows])
        return cls(_tfidf([_tokens(p) for p in rows]), np.log(price.astype(np.float64)), params)

    def score(self, rows: Rows) -> Floats:
        """Closeness of every item to the weighted mean of each history, in [0, 1]."""
        total = np.asarray(rows.sum(axis=1), dtype=np.float64).reshape(-1, 1)
        mean = np.asarray((rows @ self.terms @ self.terms.T).toarray(), dtype=np.float64)
        text = np.divide(mean, total, out=np.zeros_like(mean), where=total > 0)
        share = self.params.price_share
        return np.asarray((1 - share) * text + share * self._price(rows), dtype=np.float64)

    def _price(self, rows: Rows) -> Floats:
        known = np.isfinite(self.log_price)
        price = np.where(known, self.log_price, 0.0)
        weight = np.asarray(rows @ known.astype(np.float64))
        centre = np.asarray(rows @ price) / np.where(weight > 0, weight, 1.0)
        away = (price[None, :] - centre[:, None]) / self.params.price_width
        return np.exp(-0.5 * away**2) * known[None, :] * (weight > 0)[:, None]

    def explain(self, history: History, items: Ints) -> list[Reason | None]:
        """The item of the history whose words and options are nearest, where one is near."""
        if not history.item.size or not items.size:
            return [None] * len(items)
        shared = (self.terms[history.item] @ self.terms[items].T).toarray()
        shared = np.where(shared >= ALIKE, shared * history.weight[:, None], 0.0)
        shared[history.item[:, None] == items[None, :]] = 0.0
        best = shared.argmax(axis=0)
        return [
            Reason(ReasonKind.SIMILAR, (int(history.item[h]),)) if shared[h, column] > 0 else None
            for column, h in enumerate(best)
        ]

    def update(self, new: Interactions, before: Interactions) -> Self:
        """New items get empty rows; their words are read at the next fit."""
        n = max(len(new.items), len(before.items), len(self.log_price))
        terms = lengthened(self.terms, n, self.terms.shape[1])
        price = grown(self.log_price, n)
        price[len(self.log_price) :] = np.nan
        return type(self)(terms, price, self.params)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for storage."""
        p = self.params
        return {
            "terms": self.terms.data,
            "indices": self.terms.indices,
            "pointer": self.terms.indptr,
            "log_price": self.log_price,
            "settings": np.array([self.terms.shape[1], p.price_share, p.price_width]),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Back from storage. Raises CorruptModelError."""
        price = taken(arrays, "log_price")
        try:
            width, share, spread = taken(arrays, "settings").tolist()
            parts = tuple(taken(arrays, k) for k in ("terms", "indices", "pointer"))
            terms: Rows = csr_array(parts, shape=(len(price), int(width)))
            terms.check_format()
            params = ContentParams(share, spread)
        except (ValueError, TypeError, IndexError) as problem:
            raise CorruptModelError("the stored content does not fit together") from problem
        return cls(terms, price, params)


def _tokens(product: Product) -> list[str]:
    """Words in lower case, Chinese as pairs of characters, attributes as ``name=value``."""
    tokens = [f"{name}={value}".lower() for name, value in product.attributes]
    for word in _WORD.findall(product.text.lower()):
        for part in filter(None, _HAN.split(word)):
            tokens.extend(_han_pairs(part) if _HAN.match(part) else [part])
    return tokens


def _han_pairs(run: str) -> list[str]:
    return [a + b for a, b in pairwise(run)] or [run]


def _tfidf(documents: Sequence[Sequence[str]]) -> Rows:
    counts = [Counter(d) for d in documents]
    seen = Counter(token for c in counts for token in c)
    place = {token: i for i, token in enumerate(sorted(seen))}
    idf = {t: np.log((1 + len(documents)) / (1 + n)) + 1 for t, n in seen.items()}
    row, column, value = [], [], []
    for i, count in enumerate(counts):
        length = np.sqrt(sum((n * idf[t]) ** 2 for t, n in count.items()))
        for token, n in count.items():
            row.append(i)
            column.append(place[token])
            value.append(n * idf[token] / length)
    shape = (len(documents), max(len(place), 1))
    index = np.array(row, dtype=np.int64), np.array(column, dtype=np.int64)
    return csr_array((np.array(value, dtype=np.float64), index), shape=shape)
