"""Renew the lock files from pyproject.toml, or with `--check` say whether they still fit it.

Versions stay as they are unless pyproject.toml demands others; `make lock UPGRADE=1` takes newer.
A check compares versions, not hashes: a wheel that is added later makes no lock stale.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.txt": ["--group", "test", "pyproject.toml"],
    "requirements-tools.txt": ["--group", "tools", "-c", "requirements.txt"],
    "requirements-parquet.txt": ["--group", "parquet", "-c", "requirements.txt"],
    "requirements-peers.txt": ["--group", "peers", "-c", "requirements.txt"],
}
OPTIONS = ["--generate-hashes", "--no-emit-index-url", "--python-version", "3.11", "--quiet"]
PIN = re.compile(r"^([A-Za-z0-9._\[\],-]+)==(\S+)", re.MULTILINE)


def main(words: list[str]) -> int:
    if "--check" not in words:
        for lock, sources in LOCKS.items():
            compile_lock(sources, HOME / lock)
        return 0
    stale = [lock for lock, sources in LOCKS.items() if changes(sources, HOME / lock)]
    if stale:
        sys.stderr.write(f"Stale: {', '.join(stale)}. Run `make lock`.\n")
    return 1 if stale else 0


def changes(sources: list[str], lock: Path) -> set[tuple[str, str]]:
    """The pins that a fresh compilation would add to `lock` or take from it."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / lock.name
        shutil.copy(lock, fresh)
        compile_lock(sources, fresh)
        difference = pins(lock) ^ pins(fresh)
    for name, version in sorted(difference):
        sys.stderr.write(f"{lock.name}: {name}=={version}\n")
    return difference


def compile_lock(sources: list[str], target: Path) -> None:
    upgrade = ["--upgrade"] if os.environ.get("UPGRADE") else []
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "compile", *sources, *OPTIONS, *upgrade),
            *("--custom-compile-command", "make lock", "-o", str(target)),
        ],
        cwd=HOME,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def pins(lock: Path) -> set[tuple[str, str]]:
    return set(PIN.findall(lock.read_text()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
