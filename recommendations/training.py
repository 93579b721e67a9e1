"""Train a ranking: who ordered and looked at what, the catalogue's words, one blend."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from forecasting import artefacts, runs
from forecasting.runs import TrainingRun
from orders import behaviour, catalogue, demand
from recommendations.models import Ranking
from recommendations.rankers import Blend, Interactions, Listing, Product
from recommendations.rankers.cooccurrence import Cooccurrence

KIND = "ranking"
LEARNED_FROM = timedelta(days=730)

# What an event says about wanting, an order being 1.
EVENT_WEIGHT = {"view": 0.1, "configure": 0.3, "abandon": 0.2, "basket": 0.5}

Row = tuple[str, str, float, float]


def train(run: TrainingRun, beat: runs.Beat) -> runs.Outcome:
    """The trainer of rankings; the live ranking serves until this one is published."""
    beat(0, "gathering orders and visits")
    since, product_ids = run.data_cut - LEARNED_FROM, run.params.get("product_ids")
    lines = demand.lines(run.data_cut, since=since, product_ids=product_ids)
    visits = list(_visits(run.data_cut, since, product_ids))
    log = Interactions.from_rows([*ordered_rows(lines), *visits])
    beat(0.3, "reading the catalogue")
    products = listed_products(product_ids)
    beat(0.4, "fitting the rankers")
    blend = Blend.fit(log, products, _day(run.data_cut))
    beat(0.9, "storing the ranking")
    path, digest = artefacts.save(f"ranking-{run.pk}-{run.attempts}", blend.to_arrays(), {})
    ranking, _ = Ranking.objects.update_or_create(run=run, defaults={"as_of": run.data_cut})
    return runs.Outcome(
        metrics={**_metrics(blend, log), "lines": len(lines), "visits": len(visits)},
        wins=_wins(run, blend),
        publish=partial(_publish, ranking),
        notes=_notes(blend),
        artefact=path,
        digest=digest,
    )


def ordered_rows(lines: pd.DataFrame) -> Iterator[Row]:
    """Order lines as (user, item, weight, day). An order without a customer is a user of its own,
    so that what was bought together still counts."""
    row: Any
    for row in lines.itertuples(index=False):
        known = pd.notna(row.customer_id)
        user = f"customer:{int(row.customer_id)}" if known else f"order:{row.order_id}"
        yield user, str(row.product_id), 1.0, _day(row.placed_at)


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


def _wins(run: TrainingRun, blend: Blend) -> bool:
    """On newer data a fresh ranking replaces the live one: its blend was chosen against all others
    on a rolling split of those data. On the same data it must rank better. An empty one loses."""
    live = runs.champion(KIND)
    if live is None or not blend.items:
        return bool(blend.items)
    judged, before = blend.judged.get(Listing.NEW), live.metrics.get("ndcg20_new")
    better = judged is not None and (before is None or judged > before)
    return better or live.data_cut.date() != run.data_cut.date() or live.params != run.params


def _metrics(blend: Blend, log: Interactions) -> dict[str, Any]:
    return {
        "items": len(blend.items),
        "users": len(log.users),
        "events": len(log.item),
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
