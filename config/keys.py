"""Secrets: from the environment, from a file it names, or made once in DATA_DIR (mode 0600)."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def secret(name: str, data_dir: Path) -> str:
    """The secret `name`: `$NAME`, else the file `$NAME_FILE`, else one made in `data_dir`."""
    if given := os.environ.get(name):
        return given
    path = Path(os.environ.get(f"{name}_FILE") or data_dir / name.lower())
    if not path.exists() and f"{name}_FILE" not in os.environ:
        _make(path)
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} cannot be read from {path}: {error.strerror}. Set {name} or {name}_FILE."
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
