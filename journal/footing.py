"""What an engine rests on, in codes with their figures; whoever shows it finds the words.

Each engine that reckons for the shop says it: what it has, what it lacks, which simpler rule stands
in meanwhile, and what would make it better.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fact:
    """One finding: a code and its figures."""

    code: str
    figures: Mapping[str, int | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Footing:
    """What one engine rests on."""

    engine: str
    has: tuple[Fact, ...] = ()
    lacks: tuple[Fact, ...] = ()
    stands_in: tuple[Fact, ...] = ()
    better: tuple[Fact, ...] = ()

    @property
    def state(self) -> str:
        """`nothing` to rest on, `thin` where something is lacking, else `firm`."""
        if not self.has:
            return "nothing"
        return "thin" if self.lacks else "firm"


def given(*findings: tuple[bool | int, str, Mapping[str, int | float]]) -> tuple[Fact, ...]:
    """The findings that hold: those whose first part is true."""
    return tuple(Fact(code, figures) for holds, code, figures in findings if holds)
