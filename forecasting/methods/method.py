"""What a forecasting method is: two small protocols, so that a shop can add its own.

A method is a frozen dataclass with its parameters; `fit` reads a panel and gives a fitted model;
a fitted model predicts and turns into plain arrays, which are stored as npz data, never pickles.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from forecasting.methods.series import Floats, Panel

COMBINED = "combined"
"""Stands where a method's name would for what the methods say together."""

Arrays = dict[str, NDArray[Any]]
Progress = Callable[[float, str], None]
"""Told the share done (0 … 1) and what is being done."""
Deadline = Callable[[], bool]
"""True when the time is up."""


def silent(_share: float, _what: str) -> None:
    """Progress that nobody watches."""


def never() -> bool:
    """A deadline that does not come."""
    return False


@dataclass(frozen=True)
class Note:
    """A finding that people read: a code with its figures and names, as they are stored.

    Whoever shows it puts it into words, in the reader's language.
    """

    code: str
    facts: Mapping[str, int | str] = field(default_factory=dict)


class NotEnoughData(ValueError):
    """The data are too thin for a method: what lacks, and what stands in.

    `of`: "orders" or "periods".

    >>> str(NotEnoughData(214, 400, of="orders", stand_in="seasonal naive"))
    '214 of about 400 orders needed; seasonal naive stands in'
    """

    def __init__(self, have: int, needed: int, *, of: str, stand_in: str) -> None:
        super().__init__(f"{have} of about {needed} {of} needed; {stand_in} stands in")
        self.have, self.needed, self.of, self.stand_in = have, needed, of, stand_in

    def note(self, method: str) -> Note:
        facts: dict[str, int | str] = {"method": method, "stand_in": self.stand_in}
        return Note(f"few_{self.of}", facts | {"have": self.have, "needed": self.needed})


class HorizonTooLong(ValueError):
    """A stored forecast is asked for more periods than it holds."""


class CorruptArtefact(ValueError):
    """Stored arrays are not those of the model that is to be read."""


class Fitted(Protocol):
    """A method that has seen a panel of n series."""

    def predict(self, horizon: int) -> Floats:
        """Mean demand of the next `horizon` periods, (n, horizon), never negative."""

    def to_arrays(self) -> Arrays:
        """The model as plain arrays, enough to predict again."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model again. Raises `CorruptArtefact`."""


class Method(Protocol):
    """A way to forecast."""

    @property
    def name(self) -> str:
        """Its name in tables and in the registry."""

    def fit(self, panel: Panel, seed: int = 0, progress: Progress = silent) -> Fitted:
        """Learn from the panel. Raises `NotEnoughData`. The same seed gives the same model."""


def stored(arrays: Mapping[str, NDArray[Any]], key: str, dimensions: int) -> NDArray[Any]:
    """One array of an artefact. Raises `CorruptArtefact` when absent, misshapen or not finite."""
    found = arrays.get(key)
    if found is None or found.ndim != dimensions:
        raise CorruptArtefact(f"The artefact has no usable {key}.")
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise CorruptArtefact(f"The artefact's {key} has values that are no numbers.")
    return found


@dataclass(frozen=True, eq=False)
class Repeating:
    """Forecast that repeats a pattern: `pattern` (n, m), period k gets column k mod m.

    With m = 1 the forecast is flat.
    """

    pattern: Floats
    kind: ClassVar[str] = "repeating"

    def predict(self, horizon: int) -> Floats:
        """See `Fitted.predict`."""
        columns = np.arange(horizon) % self.pattern.shape[1]
        return np.maximum(self.pattern[:, columns], 0.0)

    def to_arrays(self) -> Arrays:
        """See `Fitted.to_arrays`."""
        return {"pattern": self.pattern}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """See `Fitted.from_arrays`."""
        return cls(stored(arrays, "pattern", 2))


@dataclass(frozen=True, eq=False)
class Table:
    """Forecasts made when the model was fitted: `mean` (n, H).

    For models too large to store as arrays (trees): what is served is stored, not the model.
    """

    mean: Floats
    kind: ClassVar[str] = "table"

    def predict(self, horizon: int) -> Floats:
        """See `Fitted.predict`. Raises `HorizonTooLong` beyond H."""
        if horizon > self.mean.shape[1]:
            raise HorizonTooLong(f"{horizon} periods asked, {self.mean.shape[1]} stored.")
        return self.mean[:, :horizon]

    def to_arrays(self) -> Arrays:
        """See `Fitted.to_arrays`."""
        return {"mean": self.mean}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """See `Fitted.from_arrays`."""
        return cls(stored(arrays, "mean", 2))
