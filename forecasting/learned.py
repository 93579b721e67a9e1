"""What a forecast is learned from, as fingerprints: one of the way, one of each product.

They are kept with the model. Where all are equal, training again would publish the same; where
those of a few products differ, the test of all methods may wait for the next full week.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from forecasting.history import History
from forecasting.methods.method import Arrays, CorruptArtefact, stored
from forecasting.models import TrainingRun
from journal import fingerprints

Offers = Mapping[int, Mapping[str, list[str]]]  # product → option group → values on offer

# What a run may be asked for that changes the forecast; anything else in its params does not.
ASKED = ("product_ids", "horizon", "methods")


@dataclass(frozen=True)
class Learned:
    """`way`: program, what the run was asked for and its seed; `products`: fingerprint by id."""

    way: str
    products: Mapping[int, str]

    @property
    def data(self) -> str:
        """One fingerprint of all that was wanted and offered."""
        return fingerprints.of(sorted(self.products.items()))

    def changed(self, before: "Learned") -> set[int]:
        """The products that are new, gone, or have another history, family or offer."""
        ids = {*self.products, *before.products}
        return {pk for pk in ids if self.products.get(pk) != before.products.get(pk)}

    def to_arrays(self) -> Arrays:
        return {
            "learned.way": np.array([self.way], dtype=np.str_),
            "learned.ids": np.array(list(self.products), dtype=np.int64),
            "learned.products": np.array(list(self.products.values()), dtype=np.str_),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """What was kept with a model. Raises `CorruptArtefact`; so does an earlier release's."""
        way, ids, products = (
            stored(arrays, f"learned.{name}", 1).tolist() for name in ("way", "ids", "products")
        )
        if len(way) != 1 or len(ids) != len(products):
            raise CorruptArtefact("The fingerprints of the artefact do not fit together.")
        return cls(way[0], dict(zip(ids, products, strict=True)))


def asked(params: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a run's params that its forecast depends on."""
    return {name: params.get(name) for name in ASKED}


def from_what(run: TrainingRun, history: History, offers: Offers) -> Learned:
    """Everything that a run's forecast depends on."""
    way = fingerprints.of(fingerprints.of_program(), asked(run.params), run.seed)
    cubes = {**history.panel.signals, **history.panel.known}
    shared = [history.panel.starts.tobytes(), repr(sorted(cubes)).encode()]
    series = history.series
    rows = [series.raw, series.cleaned, series.censored, series.rule]
    rows += [cubes[name] for name in sorted(cubes)]
    return Learned(
        way,
        {
            product: fingerprints.of_bytes(
                [
                    *shared,
                    repr((history.families[row], sorted(offers.get(product, {}).items()))).encode(),
                    *(table[row].tobytes() for table in rows),
                ]
            )
            for row, product in enumerate(history.products)
        },
    )
