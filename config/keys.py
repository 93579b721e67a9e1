"""Secrets: from the environment, from a file it names, or made once in DATA_DIR (mode 0600)."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

KEYS = ("SECRET_KEY", "FIELD_KEY")
ROUNDS = 100_000  # a key that a person chose must not be guessed from its fingerprint


def secret(name: str, data_dir: Path) -> str:
    """The secret `name`: `$NAME`, else the file `$NAME_FILE`, else one made in `data_dir`."""
    if given := os.environ.get(name):
        return given
    path = Path(os.environ.get(f"{name}_FILE") or kept_at(name, data_dir))
    if not path.exists() and f"{name}_FILE" not in os.environ:
        _make(path)
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} cannot be read from {path}: {error.strerror}. Set {name} or {name}_FILE."
        ) from error


def kept_at(name: str, data_dir: Path) -> Path:
    """Where the secret `name` lies when the environment does not give it."""
    return data_dir / name.lower()


def is_given(name: str) -> bool:
    """Whether the environment decides on the secret `name`, not a file in DATA_DIR."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def fingerprint(name: str, key: str) -> str:
    """Tells keys apart and gives none away: `salt$digest`, with another salt each time."""
    return _fingerprint(name, key, secrets.token_hex(8))


def matches(name: str, key: str, known: str) -> bool:
    """Whether `known` is a fingerprint of this key.

    >>> matches("FIELD_KEY", "oak", fingerprint("FIELD_KEY", "oak"))
    True
    >>> matches("FIELD_KEY", "ash", fingerprint("FIELD_KEY", "oak"))
    False
    """
    return hmac.compare_digest(_fingerprint(name, key, known.partition("$")[0]), known)


def _fingerprint(name: str, key: str, salt: str) -> str:
    digest = hashlib.pbkdf2_hmac("sha256", key.encode(), f"{name}:{salt}".encode(), ROUNDS)
    return f"{salt}${digest.hex()}"


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)  # the first of two processes wins, both read the same key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
