"""The Python environment with allensdk: made once per user and set of constraints."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from raylab.errors import DataError

CONSTRAINTS = Path(__file__).with_name("constraints.txt")
REQUIREMENTS = (
    "allensdk==2.16.2",
    "setuptools<81",
)  # the second because allensdk imports pkg_resources unasked
NAMED = "RAYLAB_ALLEN_PYTHON"
READY = "raylab-ready.json"
# What the reader process imports: a bare `import allensdk` passes in environments where these fail.
CHECK = """
import h5py, pynwb, allensdk
import allensdk.core.brain_observatory_nwb_data_set
import allensdk.brain_observatory.ecephys.ecephys_session
print(allensdk.__version__)
"""
LIMIT_S = 1800.0  # for one step; a slow network takes minutes, a dead one for ever
Say = Callable[[str], None]


def ensure_environment(*, say: Say | None = None) -> Path:
    """The interpreter of an environment in which allensdk imports; makes the environment where
    there is none.

    Made once in the user's cache folder (XDG_CACHE_HOME, else ~/.cache), keyed by the constraints;
    processes that ask at the same time wait for the one that makes it. `RAYLAB_ALLEN_PYTHON` names
    a ready interpreter instead.

    Args:
        say: Takes lines of progress; standard error by default.

    Raises:
        DataError: No Python 3.11 on this machine, or pip cannot install allensdk; says what to do.
    """
    named = os.environ.get(NAMED)
    if named:
        return _named(Path(named))
    folder = environment_folder()
    if _ready(folder):
        return _python(folder)
    say = say or _to_stderr
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_name(f"{folder.name}.lock"), say):
            if not _ready(folder):  # another process may have made it while this one waited
                _make(folder, say)
    except OSError as error:
        raise DataError(
            f"{folder}: the environment of allensdk cannot be made there "
            f"({error.strerror or error})",
            "Make room or set XDG_CACHE_HOME to another folder; or name a Python with allensdk in "
            f"{NAMED}.",
        ) from None
    return _python(folder)


def environment_folder() -> Path:
    """Where the environment of these constraints is, or will be."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute()
    key = hashlib.sha256(CONSTRAINTS.read_bytes() + "\n".join(REQUIREMENTS).encode()).hexdigest()
    return cache / "raylab" / f"allen-{key[:12]}"


def find_python() -> Path:
    """A Python 3.11, the newest that allensdk's pins install in: this one, one on PATH, or one that
    uv knows.

    Raises:
        DataError: There is none.
    """
    for candidate in _candidates():
        if _version(candidate) == (3, 11):
            return Path(candidate)
    running = ".".join(str(part) for part in sys.version_info[:2])
    raise DataError(
        f"allensdk needs a Python 3.11, and this machine has none (raylab runs on {running})",
        "Install one so that `python3.11` is found (such as `uv python install 3.11`, or your "
        f"system's packages), or name the interpreter of an environment with allensdk in {NAMED}.",
    )


def scrubbed() -> dict[str, str]:
    """This process's environment without what would lead another interpreter to this one's
    packages.
    """
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("PYTHON") and key != "VIRTUAL_ENV"
    }


def _named(python: Path) -> Path:
    if not os.access(python, os.X_OK) or python.is_dir():
        raise DataError(
            f"{NAMED} names '{python}', which is no program",
            "Name the interpreter of an environment with allensdk, such as "
            "/path/to/env/bin/python.",
        )
    return python


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _ready(folder: Path) -> bool:
    """Whether the environment is whole: the marker is written last.

    The interpreter is missing where the Python that it was made from was removed.
    """
    return (folder / READY).is_file() and _python(folder).exists()


@contextlib.contextmanager
def _locked(path: Path, say: Say) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0.2)
    except Timeout:
        say("Another process is making the environment of allensdk; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _make(folder: Path, say: Say) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # a half-made one
    base = find_python()
    say(f"Making an environment for allensdk in {folder} (once; a minute and 1 GB).")
    _run([str(base), "-m", "venv", str(folder)], "make an environment")
    python = str(_python(folder))
    say(
        f"Installing {' and '.join(REQUIREMENTS)} with the tested versions of everything they need."
    )
    pip = [
        python,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--constraint",
        str(CONSTRAINTS),
    ]
    _run([*pip, *REQUIREMENTS], "install allensdk")
    version = _run([python, "-I", "-c", CHECK], "import allensdk").strip().splitlines()[-1]
    (folder / READY).write_text(json.dumps({"allensdk": version, "python": str(base)}) + "\n")
    say(f"allensdk {version} is ready.")


def _run(command: Sequence[str], purpose: str) -> str:
    """Standard output; a DataError with the last line the command wrote where it fails."""
    try:
        done = subprocess.run(
            command,
            env=scrubbed(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(purpose, f"no end after {LIMIT_S:.0f} s") from None
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise _failed(purpose, lines[-1] if lines else f"exit code {done.returncode}")
    return done.stdout


def _failed(purpose: str, reason: str) -> DataError:
    return DataError(
        f"cannot {purpose} in the environment of allensdk: {reason}",
        "Check the network and pip's settings and try again, or name a Python with allensdk in "
        f"{NAMED}.",
    )


def _candidates() -> Iterator[str]:
    yield sys.executable
    for name in ("python3.11", "python3"):
        path = shutil.which(name)
        if path:
            yield path
    uv = shutil.which("uv")
    if uv:
        done = subprocess.run(
            [uv, "python", "find", "3.11"], capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode == 0 and done.stdout.strip():
            yield done.stdout.strip()


def _version(python: str) -> tuple[int, int] | None:
    """The version of a Python, by running it: a shim of pyenv may have no Python behind it."""
    if python == sys.executable:
        return sys.version_info[:2]
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run(
            [python, "-I", "-c", code],
            env=scrubbed(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
