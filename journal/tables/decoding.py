"""The encoding of a text file: proved by its bytes, or guessed and said, or refused where unsure.

Only UTF-8 and UTF-16 prove themselves. GB18030 and Windows-1252 accept almost any bytes, so each
is taken only where the text reads like Chinese or like Western European and not like the other.
"""

import codecs
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO, TextIO, cast

from django.utils.translation import gettext_noop as _

from journal.tables.sources import UnreadableFile

GZIP = b"\x1f\x8b"
CHUNK = 1 << 20
SAMPLE_LINES = 2000
SURE = 0.9

NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "gb18030": "GB18030",
    "cp1252": "Windows-1252",
    "iso8859-1": "Latin-1",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
FOREIGN = re.compile(rb"[\x80-\xff]")
CHINESE = re.compile(r"[\u4e00-\u9fa5\u3000-\u301f\uff01-\uff5e\u2014\u2018-\u201d\u2026\u00b7]")
WESTERN = frozenset("äöüßÄÖÜéèêëÉÈàâáÀçÇñÑôóòîïíìûúùåÅæøØœõã£€°§µ®©™½–—‘’“”„…•·«»´²×\u00a0")
LONG_RUN = re.compile(r"[\u00a1-\uffff]{3,}")


@dataclass(frozen=True)
class Text:
    """What is known of a text file after every byte of it was decoded."""

    encoding: str
    example: str  # a decoded line where the encoding is a guess, else ""
    newlines: int
    ends: bool
    nul: bool

    @property
    def name(self) -> str:
        return NAMES.get(self.encoding, self.encoding)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked where it is gzip, whatever its name says."""
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    with gzip.open(path, "rb") if packed else path.open("rb") as raw:
        yield cast("BinaryIO", raw)


@contextmanager
def opened_text(path: Path, encoding: str) -> Iterator[TextIO]:
    with opened(path) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as file:
        yield file


def examine(path: Path, encoding: str = "") -> Text:
    """Decode every byte. Raises `UnreadableFile` with the line of the first byte that does not
    fit, and where two encodings are equally likely. `encoding` is one that a person named."""
    if encoding:
        return _walk(path, _known(path, encoding), "")
    with opened(path) as raw:
        proved = _proved(raw.read(4096))
    if proved != "utf-8":
        return _walk(path, proved, "")
    try:
        return _walk(path, "utf-8", "")
    except UnreadableFile:
        guess, example = _guessed(path)
        return _walk(path, guess, example)


def _known(path: Path, encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise UnreadableFile(
            _("There is no encoding “%(encoding)s” for %(file)s."),
            encoding=encoding,
            file=path.name,
        ) from error
    return "utf-8-sig" if name == "utf-8" else name


def _proved(head: bytes) -> str:
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    half = len(head) / 2
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > 0.2 * half and even < 0.02 * half:
        return "utf-16-le"
    if even > 0.2 * half and odd < 0.02 * half:
        return "utf-16-be"
    return "utf-8"


def _walk(path: Path, encoding: str, example: str) -> Text:
    decoder = codecs.getincrementaldecoder(encoding)()
    newlines, nul, last, part = 0, False, "", ""
    with opened(path) as raw:
        while chunk := raw.read(CHUNK):
            part = _decoded(path, decoder, chunk, encoding, newlines)
            newlines += part.count("\n")
            nul = nul or "\0" in part
            last = part[-1:] or last
        _decoded(path, decoder, b"", encoding, newlines)
    return Text(encoding, example, newlines, last in ("\n", "\r", ""), nul)


def _decoded(
    path: Path, decoder: codecs.IncrementalDecoder, chunk: bytes, encoding: str, newlines: int
) -> str:
    try:
        return decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding, "ignore").count("\n")
        line = newlines + before + 1
        name = NAMES.get(encoding, encoding)
        raise UnreadableFile(
            _(
                "%(file)s: line %(line)d holds bytes that are no %(encoding)s text. Save the file "
                "as CSV UTF-8, or name its encoding (in the terminal with --encoding)."
            ),
            file=path.name,
            line=line,
            encoding=name,
        ) from error


def _guessed(path: Path) -> tuple[str, str]:
    """GB18030 or Windows-1252, with a line as it reads then. Damaged UTF-8 stays UTF-8, so that
    the walk names the line."""
    with opened(path) as raw:
        lines = list(islice((line for line in raw if FOREIGN.search(line)), SAMPLE_LINES))
    sample = b"".join(lines)
    foreign = len(FOREIGN.findall(sample))
    if sum(map(len, MULTIBYTE.findall(sample))) > foreign / 2:
        return "utf-8", ""
    chinese, western = _like_chinese(sample), _like_western(sample)
    if (chinese >= SURE) == (western >= SURE):
        raise UnreadableFile(
            _(
                "%(file)s is not UTF-8, and its bytes do not tell which encoding it is in. Save it "
                "as CSV UTF-8, or name its encoding, such as gb18030 or cp1252 (in the terminal "
                "with --encoding)."
            ),
            file=path.name,
        )
    encoding = "gb18030" if chinese >= SURE else "cp1252"
    return encoding, lines[0].decode(encoding, "replace").strip()[:80]


def _like_chinese(sample: bytes) -> float:
    """The share of characters beyond ASCII that everyday Chinese uses."""
    foreign = [char for char in sample.decode("gb18030", "replace") if char > "\x7f"]
    everyday = sum(bool(CHINESE.match(char)) and _in_gb2312(char) for char in foreign)
    return everyday / len(foreign)


def _in_gb2312(char: str) -> bool:
    return bool(char.encode("gb2312", "ignore"))


def _like_western(sample: bytes) -> float:
    """The share of characters beyond ASCII that Western languages use, one or two in a row."""
    text = sample.decode("cp1252", "replace")
    foreign = [char for char in text if char > "\x7f"]
    in_runs = sum(map(len, LONG_RUN.findall(text)))
    usual = sum(char in WESTERN for char in foreign)
    return max(0.0, usual - in_runs) / len(foreign)


class WithoutNul:
    """A text file in which each NUL is a sign that parsers do not stop at."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file

    def read(self, size: int = -1) -> str:
        return self.file.read(size).replace("\0", "\ufffd")

    def __iter__(self) -> Iterator[str]:
        return (line.replace("\0", "\ufffd") for line in self.file)
