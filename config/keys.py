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
    """The secret `name`: `$NAME`, else the file `$NAME_FILE`, else one made in `data_dir`.

    Raises `ImproperlyConfigured` where that is no key: nothing else is taken in its place.
    """
    if given := os.environ.get(name):
        return _sound(name, given, name)
    if named := os.environ.get(f"{name}_FILE"):
        path = Path(named).absolute()
        return _read(name, path, f"The file {path} of {name}_FILE")
    path = kept_at(name, data_dir)
    if not path.exists():
        _keep_new(name, path)
    return _read(name, path, f"The file {path}")


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


def _read(name: str, path: Path, place: str) -> str:
    try:
        return _sound(name, path.read_text(encoding="utf-8").strip(), place)
    except UnicodeDecodeError as error:
        raise _refused(name, f"{place} holds no text, so it is no key.") from error
    except OSError as error:
        raise _refused(name, f"{place} cannot be read: {error.strerror}.") from error


def _sound(name: str, key: str, place: str) -> str:
    """One line of signs that can be seen: what lies there by mistake is rarely that."""
    if not key.strip():
        raise _refused(name, f"{place} is empty, and anybody can guess an empty key.")
    if not key.isprintable():
        raise _refused(name, f"{place} holds more than one line of plain text, so it is no key.")
    return key


def _refused(name: str, what: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{what} Nothing was changed, and no other {name} was made in its place. Put back the one "
        f"that this shop has had so far, from where you keep passwords, or correct {name} or "
        f"{name}_FILE. A new shop makes its own when neither is set and DATA_DIR holds no file "
        f"{name.lower()}; of a shop with data that would lose what the old one sealed or signed."
    )


def _keep_new(name: str, path: Path) -> None:
    try:
        _make(path)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} cannot be kept in {path}: {error.strerror}. Nothing was changed. Let "
            f"this user write there, or set {name} or {name}_FILE."
        ) from error


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
