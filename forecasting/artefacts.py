"""Models on disk: arrays and JSON, never pickles; what was written is checked when it is read."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class CorruptArtefact(Exception):
    """The file is gone, cut short, or not what was written."""


def save(name: str, arrays: Arrays, facts: Mapping[str, Any]) -> tuple[str, str]:
    """Write arrays and JSON `facts` as one file; returns its path below DATA_DIR and its digest.

    The file appears whole or not at all.
    """
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
    np.savez_compressed(buffer, allow_pickle=False, __facts__=text, **arrays)
    path = Path("models") / f"{name}.npz"
    target = settings.DATA_DIR / path
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return str(path), hashlib.sha256(buffer.getbuffer()).hexdigest()


def load(path: str, digest: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `save` wrote. Raises `CorruptArtefact` where the digest does not match."""
    try:
        content = (settings.DATA_DIR / path).read_bytes()
    except OSError as error:
        raise CorruptArtefact(f"{path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise CorruptArtefact(f"{path} is not what was written: its digest differs")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, zipfile.BadZipFile) as error:
        raise CorruptArtefact(f"{path} is no model file: {error}") from error
    facts: dict[str, Any] = json.loads(arrays.pop("__facts__").tobytes())
    return arrays, facts
