"""Make `.venv` and fill it from a lock with hashes. Standard library only: it runs first.

    python3 bootstrap.py                         what the shop and its tests need
    python3 bootstrap.py requirements-tools.txt  linting, typing, browser tests

Any Python 3.7 can read this file, so that an old one can say what is missing.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent
VENV = HOME / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
CANDIDATES = ("python3.11", "python3.12", "python3.13", "python3", "python")
NEEDED_MB = 900
FULL = f"the disk is full. Free about {NEEDED_MB} MB and start again."
NO_PIP = """{python} comes without pip (no ensurepip). Install what is missing, on Debian and Ubuntu
    apt install python3-venv
or install uv, then start again."""
NO_PYTHON = """it needs Python 3.11 or later; this machine offers {version}.
Install one, on Debian and Ubuntu
    apt install python3.11 python3.11-venv
then start again."""


class CannotInstall(Exception):
    """The installation cannot go on; the text says why and what to do, in plain words."""


def main(locks: list[str]) -> int:
    try:
        for lock in locks or ["requirements.txt"]:
            install(lock)
    except CannotInstall as reason:
        return complain(str(reason))
    except OSError as error:
        where = f"{error.strerror} ({error.filename or HOME})."
        return complain(FULL if error.errno == errno.ENOSPC else where)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The next start goes on from here.\n")
        return 130
    return 0


def install(lock: str) -> None:
    """Install `lock` unless its stamp says that exactly this lock is installed already."""
    path = HOME / lock
    if not path.exists():
        raise CannotInstall(f"the lock {lock} is not part of this version.")
    stamp = VENV / f"installed-{lock}"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest and answers(PYTHON):
        return
    command = installer()
    say(f"Installing {lock}; the first time takes from seconds to a few minutes.")
    run([*command, "--require-hashes", "-r", str(path)])
    stamp.write_text(digest)
    say("Installed.")


def installer() -> list[str]:
    """The command that installs into `.venv`, which is made where it is missing or broken."""
    usable = answers(PYTHON)
    python = str(PYTHON) if usable else find_python()
    if not usable:
        check_space()
        remove_broken_venv()
    uv = shutil.which("uv")
    if uv and succeeds([uv, "--version"]):
        if not usable:
            run([uv, "venv", "--quiet", "--python", python, str(VENV)])
        return [uv, "pip", "install", "--python", str(PYTHON)]
    if not usable:
        make_venv(python)
    if answers(PYTHON, "import pip"):
        return [str(PYTHON), "-m", "pip", "install"]
    return [find_python("import pip"), "-m", "pip", "--python", str(PYTHON), "install"]


def make_venv(python: str) -> None:
    """With pip inside where this Python brings it, else to be filled by the pip beside it."""
    if answers(python, "import ensurepip, venv"):
        run([python, "-m", "venv", str(VENV)])
    elif answers(python, "import venv, pip"):
        run([python, "-m", "venv", "--without-pip", str(VENV)])
    else:
        raise CannotInstall(NO_PIP.format(python=python))


def find_python(also: str = "pass") -> str:
    """A Python of 3.11 or later that can do `also`: tried versions first, then any other."""
    test = f"import sys; {also}; sys.exit(sys.version_info < {OLDEST})"
    for candidate in [*map(shutil.which, CANDIDATES), sys.executable]:
        if candidate and answers(candidate, test):
            return candidate
    if also != "pass":
        raise CannotInstall(NO_PIP.format(python=find_python()))
    raise CannotInstall(NO_PYTHON.format(version=sys.version.split()[0]))


def check_space() -> None:
    free = shutil.disk_usage(HOME).free // 2**20
    if free < NEEDED_MB:
        raise CannotInstall(f"{HOME} has {free} MB left on its disk; it needs {NEEDED_MB} MB.")


def remove_broken_venv() -> None:
    """Clear away a `.venv` whose Python has gone; a folder that is not one is left alone."""
    if (VENV / "pyvenv.cfg").exists():
        shutil.rmtree(VENV)
    elif VENV.exists() and any(VENV.iterdir()):
        raise CannotInstall(f"{VENV} exists and is no virtual environment. Move it away.")


def run(command: list[str]) -> None:
    """Run `command`, showing what it prints; a failure is told in plain words."""
    full = False
    with subprocess.Popen(
        command, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for line in process.stdout or ():
            full = full or b"No space left" in line or b"os error 28" in line
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
    if process.returncode:
        raise CannotInstall(FULL if full else "the lines above say why.")


def answers(python: str | Path, code: str = "pass") -> bool:
    """Whether this Python starts and runs `code`."""
    return Path(python).exists() and succeeds([str(python), "-c", code])


def succeeds(command: list[str]) -> bool:
    finished = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return finished.returncode == 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(reason: str) -> int:
    sys.stderr.write(f"\nTailorline cannot be installed: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
