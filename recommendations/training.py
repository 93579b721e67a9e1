"""Train a ranking: who ordered and looked at what, the catalogue's words, one blend."""

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from django.conf import settings

from forecasting import artefacts, runs
from forecasting.runs import TrainingRun
from journal import fingerprints
from orders import behaviour, catalogue, demand
from recommendations.models import Ranking
from recommendations.rankers import Blend, CorruptModelError, Interactions, Listing, Product
from recommendations.rankers.cooccurrence import Cooccurrence

logger = logging.getLogger("tailorline.suggestions")

KIND = "ranking"
LEARNED_FROM = timedelta(days=730)

# What an event says about wanting, an order being 1.
EVENT_WEIGHT = {"view": 0.1, "configure": 0.3, "abandon": 0.2, "basket": 0.5}

COLUMNS = ("order_id", "customer_id", "product_id", "placed_at")
EPOCH, DAY = pd.Timestamp(0, tz=UTC), 86_400e6  # microseconds

Row = tuple[str, str, float, float]


def train(run: TrainingRun, beat: runs.Beat) -> runs.Outcome:
    """The trainer of rankings; the live ranking serves until this one is published.

    A run that was asked for changes only (`only_changes`) leaves the live ranking alone where
    nobody has ordered or looked at anything since, and takes its weights over within a week.
    """
    beat(0, "gathering orders and visits")
    live = _live(run) if run.params.get("only_changes") else None
    since = run.data_cut - LEARNED_FROM
    known = _log(run, min(since, live.since) if live else since)
    beat(0.3, "reading the catalogue")
    products = listed_products(run.params.get("product_ids"))
    this_week = live is not None and live.weighed == _week(run.data_cut)
    if live and this_week and live.learned == _fingerprint(_from(known, live.since), products):
        return _stands(live.run)
    beat(0.4, "fitting the rankers")
    log = _from(known, since)
    before = live.blend if live and this_week else None
    blend = Blend.fit(log, products, _day(run.data_cut), before=before)
    beat(0.9, "storing the ranking")
    path, digest = artefacts.save(f"ranking-{run.pk}-{run.attempts}", blend.to_arrays(), {})
    ranking, _ = Ranking.objects.update_or_create(run=run, defaults={"as_of": run.data_cut})
    kept = _Kept(_way(run), _fingerprint(log, products), _week(run.data_cut))
    return runs.Outcome(
        metrics={**_metrics(blend, log), **asdict(kept), "renewed": before is not None},
        wins=_wins(run, blend, kept),
        publish=partial(_publish, ranking),
        notes=_notes(blend),
        artefact=path,
        digest=digest,
    )


# What the live ranking was learned from


@dataclass(frozen=True)
class _Kept:
    """What a run keeps among its metrics: fingerprints of the way (program, params, seed) and of
    the orders, visits and products it learned from; the week in which its weights were chosen."""

    way: str
    learned: str
    weighed: str


@dataclass(frozen=True, eq=False)
class _Live:
    """The live ranking, where it was learned in the same way."""

    run: TrainingRun
    blend: Blend
    learned: str
    weighed: str

    @property
    def since(self) -> datetime:
        return self.run.data_cut - LEARNED_FROM


def _live(run: TrainingRun) -> _Live | None:
    live = runs.champion(KIND)
    if live is None or live.metrics.get("way") != _way(run) or live.data_cut > run.data_cut:
        return None
    try:
        arrays, _facts = artefacts.load(live.artefact, live.artefact_digest)
        blend = Blend.from_arrays(arrays)
    except (artefacts.CorruptArtefact, CorruptModelError) as problem:
        logger.info("%s cannot be read, everything is learned anew: %s", live, problem)
        return None
    return _Live(live, blend, live.metrics["learned"], live.metrics["weighed"])


def _way(run: TrainingRun) -> str:
    return fingerprints.of(fingerprints.of_program(), run.params.get("product_ids"), run.seed)


def _fingerprint(log: Interactions, products: Sequence[Product]) -> str:
    """Of the events, and of what the catalogue says."""
    ids = [" ".join(names).encode() for names in (log.users, log.items)]
    events = [array.tobytes() for array in (log.user, log.item, log.weight, log.day)]
    return fingerprints.of_bytes([*ids, *events, repr(products).encode()])


def _week(moment: datetime) -> str:
    """The Monday of a moment's week, in the plant's time."""
    day = moment.astimezone(ZoneInfo(settings.PLANT_TIME_ZONE)).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def _stands(live: TrainingRun) -> runs.Outcome:
    """Nothing to publish: nobody has ordered or looked at anything since."""
    return runs.Outcome(
        metrics={**{name: live.metrics[name] for name in ("items", "users")}, "stands": live.pk},
        wins=False,
        publish=lambda now: None,
        notes=[{"code": "stands", "facts": {"run": live.pk}}],
    )


# Reading


def _log(run: TrainingRun, since: datetime) -> Interactions:
    """Orders and visits from `since` to the run's data cut."""
    product_ids = run.params.get("product_ids")
    lines = demand.lines(run.data_cut, since, product_ids, COLUMNS)
    visits = Interactions.from_rows(_visits(run.data_cut, since, product_ids))
    return ordered(lines).joined(visits)


def _from(log: Interactions, since: datetime) -> Interactions:
    """The events from `since` on, and only those who did them and what they touched."""
    seen = log.where(log.day >= _day(since))
    user, users = pd.factorize(seen.user)
    item, items = pd.factorize(seen.item)
    return Interactions(
        tuple(log.users[place] for place in users),
        tuple(log.items[place] for place in items),
        user.astype(np.int64),
        item.astype(np.int64),
        seen.weight,
        seen.day,
    )


def ordered(lines: pd.DataFrame) -> Interactions:
    """Order lines as events. An order without a customer is a user of its own, so that what was
    bought together still counts."""
    guests = lines["customer_id"].isna().to_numpy()
    codes = np.where(guests, ~lines["order_id"], lines["customer_id"].fillna(0).astype("int64"))
    user, users = pd.factorize(codes)
    item, items = pd.factorize(lines["product_id"].to_numpy())
    return Interactions(
        tuple(f"customer:{x}" if x >= 0 else f"order:{~x}" for x in users.tolist()),
        tuple(str(x) for x in items.tolist()),
        user.astype(np.int64),
        item.astype(np.int64),
        np.ones(len(lines)),
        (lines["placed_at"] - EPOCH).to_numpy("timedelta64[us]").astype(np.float64) / DAY,
    )


def _visits(as_of: datetime, since: datetime, product_ids: Collection[int] | None) -> Iterator[Row]:
    events = behaviour.events(as_of, since=since)
    if product_ids is not None:
        events = events[events["product_id"].isin(product_ids)]
    event: Any
    for event in events.itertuples(index=False):
        weight = EVENT_WEIGHT.get(event.kind)
        if weight and pd.notna(event.product_id):
            yield f"visitor:{event.subject}", str(int(event.product_id)), weight, _day(event.at)


def listed_products(product_ids: list[int] | None = None) -> list[Product]:
    """What content knows: words, option values on offer, price."""
    return [
        Product(
            item=str(sheet.product_id),
            text=f"{sheet.name} {sheet.text}",
            attributes=(("family", str(sheet.family_id)), *_offers(sheet)),
            price=float(sheet.base_price),
        )
        for sheet in catalogue.sheets(product_ids).values()
    ]


def _offers(sheet: catalogue.ProductSheet) -> Iterator[tuple[str, str]]:
    for group, values in catalogue.feasible(sheet, {}).items():
        yield from ((group, value) for value in values)


def _day(moment: datetime) -> float:
    return moment.timestamp() / 86400


def _wins(run: TrainingRun, blend: Blend, kept: _Kept) -> bool:
    """On newer or corrected data a fresh ranking replaces the live one: its blend was chosen
    against all others on a rolling split of those data, or of the same week's. On the same data
    it must rank better. An empty one loses."""
    live = runs.champion(KIND)
    if live is None or not blend.items:
        return bool(blend.items)
    judged, before = blend.judged.get(Listing.NEW), live.metrics.get("ndcg20_new")
    better = judged is not None and (before is None or judged > before)
    asked, before = run.params.get("product_ids"), live.params.get("product_ids")
    corrected = live.metrics.get("learned", kept.learned) != kept.learned
    return better or corrected or live.data_cut.date() != run.data_cut.date() or asked != before


def _metrics(blend: Blend, log: Interactions) -> dict[str, Any]:
    visited = np.array([name.startswith("visitor:") for name in log.users], dtype=bool)[log.user]
    return {
        "items": len(blend.items),
        "users": len(log.users),
        "events": len(log.item),
        "lines": int((~visited).sum()),
        "visits": int(visited.sum()),
        "pairs": pairs(blend),
        "ndcg20_new": blend.judged.get(Listing.NEW),
        "ndcg20_any": blend.judged.get(Listing.ANY),
        "weights": {name: dict(weights) for name, weights in blend.weights.items()},
    }


def pairs(blend: Blend) -> int:
    """Pairs of products that enough customers took together to count."""
    together = blend.rankers.get("cooccurrence")
    return together.similar.nnz // 2 if isinstance(together, Cooccurrence) else 0


def _notes(blend: Blend) -> list[str]:
    if blend.judged:
        return []
    return ["Too few returning customers to compare rankers; standard weights stand in."]


def _publish(ranking: Ranking, now: datetime) -> None:
    Ranking.objects.filter(pk=ranking.pk).update(published_at=now)
