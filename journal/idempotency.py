"""Answer a repeated write with the first answer; the same key with another body is refused."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from journal.models import IdempotencyKey


class KeyReused(Exception):
    """The key was used before, with another request."""


@dataclass(frozen=True)
class Answer:
    """What a write answered: an HTTP status and a JSON body."""

    status_code: int
    body: dict[str, Any]
    repeated: bool = False


def fingerprint(method: str, path: str, body: object) -> str:
    """The same request has the same fingerprint, whatever the order of its keys."""
    text = json.dumps([method, path, body], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def once(
    *, scope: str, key: str, request: str, now: datetime, write: Callable[[], Answer]
) -> Answer:
    """Do `write` and remember its answer in one transaction, or return the remembered one.

    `request` is the request's fingerprint. Raises `KeyReused` where the key came with another.
    A `write` that raises leaves nothing behind, so the caller may repeat it with the same key.
    """
    if remembered := _remembered(scope, key, request):
        return remembered
    with transaction.atomic():
        # Reserved first: of two equal requests at once, the second waits here for the first.
        reserved, created = IdempotencyKey.objects.select_for_update().get_or_create(
            scope=scope,
            key=key,
            defaults={
                "fingerprint": request,
                "status_code": 0,
                "answer": {},
                "created_at": now,
            },
        )
        if not created:
            return _answer_of(reserved, request)
        answer = write()
        IdempotencyKey.objects.filter(pk=reserved.pk).update(
            status_code=answer.status_code, answer=answer.body
        )
        return answer


def _remembered(scope: str, key: str, request: str) -> Answer | None:
    row = IdempotencyKey.objects.filter(scope=scope, key=key).first()
    return _answer_of(row, request) if row else None


def _answer_of(row: IdempotencyKey, request: str) -> Answer:
    if row.fingerprint != request:
        raise KeyReused(row.key)
    return Answer(row.status_code, row.answer, repeated=True)
