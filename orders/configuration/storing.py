"""One row for each choice, however often it is made."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from orders.models import Configuration


def digest(values: Mapping[str, object]) -> str:
    """SHA-256 of the canonical JSON: the same choice has the same digest."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def store(product_id: int, values: Mapping[str, object], now: datetime) -> Configuration:
    """The one row of this choice, made where it does not exist yet."""
    configuration, _made = Configuration.objects.get_or_create(
        product_id=product_id,
        digest=digest(values),
        defaults={"values": dict(values), "created_at": now},
    )
    return configuration


def store_each(chosen: Mapping[int, Mapping[str, object]], now: datetime) -> dict[int, int]:
    """The id of one choice of each product, by product; one query where all of them exist."""
    digests = {product_id: digest(values) for product_id, values in chosen.items()}
    rows = Configuration.objects.filter(product__in=chosen, digest__in={*digests.values()})
    known = {(of, text): pk for of, text, pk in rows.values_list("product_id", "digest", "pk")}
    return {
        product_id: known.get((product_id, digests[product_id]))
        or store(product_id, values, now).pk
        for product_id, values in chosen.items()
    }
