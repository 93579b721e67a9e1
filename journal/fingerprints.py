"""Fingerprints of what work was made from: equal ones say that doing it again changes nothing."""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings

_BYTES = 16


def of(*parts: object) -> str:
    """Of anything that JSON holds, dates and decimals as text; the order of keys is no matter.

    >>> of({"a": 1, "b": 2}) == of({"b": 2, "a": 1}), of(["1"]) == of([1])
    (True, False)
    """
    return of_bytes([json.dumps(parts, sort_keys=True, default=str).encode()])


def of_bytes(parts: Iterable[bytes]) -> str:
    """Of parts in their order, each with its length, so that nothing moves from one to the next."""
    digest = hashlib.blake2b(digest_size=_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


@cache
def of_program() -> str:
    """Of the program: its sources and what it requires. Another one after any upgrade."""
    root = Path(settings.BASE_DIR)
    folders = [Path(app.path) for app in apps.get_app_configs()]
    sources = [
        path for folder in folders if root in folder.parents for path in folder.rglob("*.py")
    ]
    files = [*sorted(sources), root / "requirements.txt"]
    return of_bytes(path.read_bytes() for path in files if path.exists())
