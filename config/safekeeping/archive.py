"""The file: a compressed tar, first `manifest.json`, last the digests of all that lies between.

First comes what decides whether the rest may be read at all; digests are known when everything is
written, so that each file is read once and a file that changes meanwhile cannot disagree with its
digest.
"""

import gzip
import hashlib
import json
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

from config.safekeeping import Advance

FORMAT = 1
MANIFEST, DIGESTS = "manifest.json", "digests.json"
FOLDERS = ("uploads", "models", "imports")
TOPS = frozenset({"database", "keys", *FOLDERS})
LEVEL = 4  # of gzip: half the time of the default for a few per cent more
CHUNK = 1 << 20
LONGEST_TEXT = 64 << 20  # bytes of a manifest or a list of digests


class BadArchive(Exception):
    """The file is no backup, or not the one that was written; the text says what is wrong."""


class NewerFormat(Exception):
    """The file was written in a format that this version does not know."""


@dataclass(frozen=True)
class Manifest:
    """What is inside: enough to refuse a backup before anything is unpacked."""

    version: str
    vendor: str
    created_at: str
    migrations: list[str]  # "orders.0001_initial"
    rows: dict[str, int]
    keys: dict[str, str]  # fingerprints by name
    with_keys: bool
    bytes: int  # of all members together
    format: int = FORMAT


@dataclass(frozen=True)
class Piece:
    """A file and its name in the archive; what it grows by after it was listed stays out."""

    name: str
    path: Path
    size: int


class Writer:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._digests: dict[str, str] = {}

    def add(self, piece: Piece, advance: Advance) -> None:
        with piece.path.open("rb") as file:
            self._add(piece.name, piece.size, file, advance)

    def text(self, name: str, content: Any) -> None:
        data = json.dumps(content, indent=1).encode()
        self._add(name, len(data), BytesIO(data), lambda count: None)

    def close(self) -> None:
        self.text(DIGESTS, self._digests)

    def _add(self, name: str, size: int, file: IO[bytes], advance: Advance) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        reading = _Hashed(file, advance)
        self._tar.addfile(info, reading)
        self._digests[name] = reading.sha.hexdigest()


class _Hashed:
    """Reads a file and knows the digest of what was read."""

    def __init__(self, file: IO[bytes], advance: Advance) -> None:
        self._file, self._advance = file, advance
        self.sha = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.sha.update(data)
        self._advance(len(data))
        return data


@contextmanager
def writing(target: Path, manifest: Manifest) -> Iterator[Writer]:
    """Write the archive `target`, for its owner only; it appears whole or not at all."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with (
                gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=LEVEL) as packed,
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
            ):
                writer = Writer(tar)
                writer.text(MANIFEST, asdict(manifest))
                yield writer
                writer.close()
            raw.flush()
            os.fsync(raw.fileno())
        draft.replace(target)
        sync_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_manifest(path: Path) -> Manifest:
    """What a backup says of itself. Raises `BadArchive` or `NewerFormat`."""
    with _reading(path) as tar:
        return _manifest(tar, tar.next())


def unpack(path: Path, place: Callable[[str], Path], advance: Advance) -> None:
    """Write every member to where `place` says and check it; raises `BadArchive`.

    What was written before a fault was found is the caller's to remove.
    """
    found: dict[str, str] = {}
    with _reading(path) as tar:
        first = tar.next()
        left = _manifest(tar, first).bytes
        found[MANIFEST] = hashlib.sha256(_content(tar, first)).hexdigest()
        while member := tar.next():
            if member.name == DIGESTS:
                return _compare(found, json.loads(_content(tar, member)))
            _check(member, found)
            left -= member.size
            if left < 0:
                raise BadArchive("There is more in the file than its manifest says.")
            found[member.name] = _write(tar, member, place(member.name), advance)
    raise BadArchive("The file ends too early: it was cut short or is damaged.")


@contextmanager
def _reading(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with (
            gzip.open(path) as plain,
            tarfile.open(fileobj=plain, mode="r:", errorlevel=2) as tar,
        ):
            yield tar
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise BadArchive(f"The file is damaged, or no backup of Tailorline ({error}).") from error


def _manifest(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> Manifest:
    if member is None or member.name != MANIFEST:
        raise BadArchive("The file is no backup of Tailorline: it has no manifest.")
    facts = json.loads(_content(tar, member))
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise BadArchive("The manifest of the file is damaged.")
    if facts["format"] > FORMAT:
        raise NewerFormat(f"It has format {facts['format']}, and this version reads {FORMAT}.")
    try:
        return Manifest(**facts)
    except TypeError as error:
        raise BadArchive("The manifest of the file is damaged.") from error


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> bytes:
    file = member and member.isreg() and member.size <= LONGEST_TEXT and tar.extractfile(member)
    if not file:
        raise BadArchive("The manifest of the file is damaged.")
    return file.read()


def _check(member: tarfile.TarInfo, found: dict[str, str]) -> None:
    """Nothing may lead out of its folder, whoever made the file."""
    path = PurePosixPath(member.name)
    if (
        not member.isreg()
        or path.is_absolute()
        or len(path.parts) < 2
        or path.parts[0] not in TOPS
        or ".." in path.parts
        or str(path) != member.name
        or "\0" in member.name
        or member.name in found
    ):
        raise BadArchive(f"“{member.name}” has no place in a backup; somebody changed the file.")


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, to: Path, advance: Advance) -> str:
    to.parent.mkdir(parents=True, exist_ok=True)
    packed = tar.extractfile(member)
    if packed is None:
        raise BadArchive(f"“{member.name}” is no file.")
    reading = _Hashed(packed, advance)
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while data := reading.read(CHUNK):
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return reading.sha.hexdigest()


def _compare(found: dict[str, str], written: Any) -> None:
    if not isinstance(written, dict):
        raise BadArchive("The list of digests in the file is damaged.")
    for name in sorted(found.keys() | written.keys()):
        if name not in found:
            raise BadArchive(f"“{name}” is missing in the file.")
        if found[name] != written.get(name):
            raise BadArchive(f"“{name}” is damaged: it is not what was written.")
