"""Between two contests of the methods: the live forecast stands, or is renewed where it must be.

A full run tests every method and learns how far each may be wrong. Both go on until the next full
week, or until more than a tenth of the products have other weeks than that contest saw. Products
whose weeks are as they were keep their forecast: a method that learns from all products together
would move each of them a little, and work orders with it, for no reason of their own.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

from forecasting import artefacts, runs
from forecasting.learned import Learned
from forecasting.methods.method import CorruptArtefact
from forecasting.methods.quantiles import Bands
from forecasting.methods.selection import Selection
from forecasting.models import Accuracy, TrainingRun

logger = logging.getLogger("tailorline.training")

MOST_CHANGED = 0.1


@dataclass(frozen=True, eq=False)
class Live:
    """The live forecast, what it was learned from, and what the contest before it saw."""

    run: TrainingRun
    learned: Learned
    contest: Learned
    forecast: Selection
    bands: Bands

    def may_go_on(self, sources: Learned) -> bool:
        """Whether the choice of its contest still holds for these data."""
        return len(sources.changed(self.contest)) <= MOST_CHANGED * len(sources.products)

    def accuracies(self, run: TrainingRun) -> Iterable[Accuracy]:
        """How good the methods were in that contest, as rows of another run."""
        for row in Accuracy.objects.filter(run=self.run).order_by("pk"):
            row.pk, row.run = None, run
            yield row


def standing(sources: Learned) -> Live | None:
    """The live forecast, where it was learned in this very way; None where all is to be done.

    A model of an earlier release, a damaged file, another program or other parameters: all to do.
    """
    run = runs.champion(TrainingRun.Kind.FORECAST)
    contest = _contest_of(run) if run is not None else None
    if run is None or contest is None:
        return None
    try:
        arrays, _ = artefacts.load(run.artefact, run.artefact_digest)
        tested, _ = artefacts.load(contest.artefact, contest.artefact_digest)
        live = Live(
            run,
            Learned.from_arrays(arrays),
            Learned.from_arrays(tested),
            replace(Selection.from_arrays(arrays), chosen=_choice(run)),
            Bands.from_arrays(arrays),
        )
    except (artefacts.CorruptArtefact, CorruptArtefact) as problem:
        logger.info("%s cannot be compared with, everything is learned anew: %s", run, problem)
        return None
    return live if live.learned.way == sources.way else None


def _choice(run: TrainingRun) -> dict[str, tuple[str, ...]]:
    return {name: tuple(methods) for name, methods in run.metrics["chosen"].items()}


def _contest_of(run: TrainingRun) -> TrainingRun | None:
    """The run in which the methods of this one were chosen: itself, or one before it."""
    known = run.metrics.get("contest")
    return TrainingRun.objects.filter(pk=known).exclude(artefact="").first() if known else None
