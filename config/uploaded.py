"""Files that somebody brought and looks at before they are used: kept a day, then forgotten."""

import re
import secrets
import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

KEPT = timedelta(days=1)
TOKEN_BYTES = 18
TOKEN = re.compile(r"[-\w]{24}")
NOT_KEPT = re.compile(r"[^-\w. ]")
LONGEST_NAME = 60  # characters; a file system takes 255 bytes


class Forgotten(Exception):
    """The files are not kept any more."""


def keep(files: "Iterable[UploadedFile[Any]]", now: datetime) -> str:
    """Keep files in a folder of their own; returns the token that finds them."""
    forget_old(now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    folder = _root() / token
    folder.mkdir(parents=True, mode=0o700)
    for file in files:
        # a name is only a name here: what the file is, its bytes say
        with (folder / kept_name(file)).open("wb") as kept:
            for chunk in file.chunks():
                kept.write(chunk)
    return token


def kept_name(file: "UploadedFile[Any]") -> str:
    """What a file is called here, in the words by which its table is known; "" where no sign of
    its name can stay."""
    name = NOT_KEPT.sub("", Path(str(file.name)).name).strip()
    if name in (".", ".."):
        return ""
    ending = Path(name).suffix
    return name.removesuffix(ending)[:LONGEST_NAME].strip() + ending[:LONGEST_NAME]


def find(token: str) -> Path:
    """The folder of a token. Raises `Forgotten`."""
    folder = _root() / token
    if not TOKEN.fullmatch(token) or not folder.is_dir():
        raise Forgotten(token)
    return folder


def forget(token: str) -> None:
    shutil.rmtree(find(token), ignore_errors=True)


def forget_old(now: datetime) -> None:
    oldest = (now - KEPT).timestamp()
    for folder in _root().iterdir() if _root().is_dir() else ():
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    return Path(settings.DATA_DIR) / "setup"
