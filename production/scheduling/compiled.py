"""Compiled functions: one typed door to numba.

A kernel is compiled at its first call and kept on disk for the next process. What is kept belongs
to these sources, byte for byte: numba itself would not see that another module has changed.
"""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from numba import config, njit

HERE = Path(__file__).parent

P = ParamSpec("P")
R = TypeVar("R")

# No door for C: nobody uses it, and it takes its time to compile
_COMPILED: dict[str, Any] = {"cache": True, "nogil": True, "no_cfunc_wrapper": True}
_LEAN: dict[str, Any] = {**_COMPILED, "_nrt": False}
_PART: dict[str, Any] = {**_LEAN, "no_cpython_wrapper": True}


def _digest() -> str:
    """Of all modules of this package."""
    found = hashlib.sha256()
    for path in sorted(HERE.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _kept_in() -> str:
    """A folder beside the sources; where they may not be written, one that nobody else can guess:
    what lies in it is run."""
    name = f"kernels-{_digest()}"
    folder = HERE / "__pycache__" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="tailorline-"))
    return str(folder)


KEPT_IN = _kept_in()
config.CACHE_DIR = KEPT_IN  # type: ignore[attr-defined] # it is set while numba is imported


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function at its first call; the result is cached on disk.

    While it runs it lets other threads run, so it must touch nothing but its arguments.

    >>> @kernel
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(21)
    42
    """
    return cast(Callable[P, R], njit(**_COMPILED)(function))


def lean(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel that makes no arrays; it runs several times as fast as others.

    Numba counts references to every array that a function is given; without its memory manager
    there is nothing to count.
    """
    return cast(Callable[P, R], njit(**_LEAN)(function))


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a lean kernel that only kernels call; Python does not get a door to it."""
    return cast(Callable[P, R], njit(**_PART)(function))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A line or two that kernels write out wherever they call it."""
    return cast(Callable[P, R], njit(inline="always")(function))


@inlined
def wide(number: int) -> int:
    """A number of a table in 64 bits: a kernel is compiled anew for every width that it meets."""
    return number + 0
