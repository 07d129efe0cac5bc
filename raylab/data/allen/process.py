"""Calling the process that reads with allensdk.

A file goes in, arrays come out, and everything that can go wrong becomes a DataError.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from raylab.data.allen.environment import NAMED, ensure_environment, scrubbed
from raylab.data.readers.isolation.limits import machine_memory
from raylab.errors import DataError

SCRIPT = Path(__file__).with_name("reader_process.py")
TIMEOUT = "RAYLAB_ALLEN_TIMEOUT_S"
DEFAULT_TIMEOUT_S = 1800.0  # a Neuropixels session of 100 million spikes takes well under a minute


@dataclass(frozen=True)
class Answer:
    """What allensdk read.

    Attributes:
        arrays: The HDF5 file that `reader_process.py` wrote; it exists as long as the context of
            `read_with_allensdk`.
        metadata: By allensdk's names, all text.
        skipped: What allensdk could not read, with its reason.
    """

    arrays: Path
    metadata: dict[str, str]
    skipped: dict[str, str]


@contextlib.contextmanager
def read_with_allensdk(path: Path, kind: Literal["ophys", "ecephys"]) -> Iterator[Answer]:
    """Read an NWB file through allensdk in its own environment, which is made if there is none.

    Raises:
        DataError: No environment, a file that allensdk cannot read, or a process that took longer
            than `RAYLAB_ALLEN_TIMEOUT_S`, died, or answered what is not JSON.
    """
    python = ensure_environment()
    with tempfile.TemporaryDirectory(prefix="raylab-allen-") as folder:
        target = Path(folder) / "read.h5"
        answer = _ask(python, kind, path, target)
        yield Answer(target, answer["metadata"], answer["skipped"])


def _ask(python: Path, kind: str, path: Path, target: Path) -> dict[str, dict[str, str]]:
    limit = _timeout_s()
    command = [
        str(python),
        "-I",
        str(SCRIPT),
        kind,
        str(path.resolve()),
        str(target),
        str(machine_memory()),
    ]
    # matplotlib, which allensdk imports, writes its settings somewhere: beside the result, which
    # goes away with it.
    environment = scrubbed() | {
        "MPLCONFIGDIR": str(target.parent),
        "MPLBACKEND": "agg",  # a notebook's backend does not exist there
        "OMP_NUM_THREADS": "1",
    }
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DataError(
            f"{path}: allensdk had not read it after {limit:g} s",
            f"Set {TIMEOUT} to more seconds, or check the file.",
        ) from None
    except OSError as error:
        raise DataError(
            f"{python}: cannot be run ({error.strerror or error})",
            f"It should be an interpreter with allensdk; see {NAMED}.",
        ) from None
    return _understand(done, path, target)


def _understand(
    done: subprocess.CompletedProcess[str], path: Path, target: Path
) -> dict[str, dict[str, str]]:
    if done.returncode < 0:
        raise DataError(
            f"{path}: the process that read it with allensdk was killed "
            f"({_signal(-done.returncode)})",
            "The machine may be out of memory: read fewer files at a time.",
        )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1][:200]
        raise DataError(
            f"{path}: the process that reads with allensdk did not answer (exit code "
            f"{done.returncode}): {last}",
            f"If {NAMED} is set, it must name a Python 3.11 with allensdk.",
        ) from None
    if isinstance(answer, dict) and answer.get("error") in ("ModuleNotFoundError", "ImportError"):
        raise DataError(
            f"allensdk cannot be imported ({answer.get('message')})",
            f"{NAMED} must name an interpreter with allensdk 2.16; without it raylab makes one.",
        )
    if done.returncode != 0 or not _whole(answer) or not target.is_file():
        reason = (
            f"{answer.get('error')}: {answer.get('message')}"
            if isinstance(answer, dict)
            else str(answer)[:200]
        )
        raise DataError(
            f"{path}: allensdk cannot read it ({reason})",
            "The file is truncated, damaged or of the other kind (allen_ophys, allen_ecephys).",
        )
    return dict(answer)


def _whole(answer: object) -> bool:
    return isinstance(answer, dict) and all(
        isinstance(answer.get(key), dict) for key in ("metadata", "skipped")
    )


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _timeout_s() -> float:
    text = os.environ.get(TIMEOUT, str(DEFAULT_TIMEOUT_S))
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise DataError(
            f"{TIMEOUT} is '{text}', not a number of seconds",
            "Set it to, for example, 600; or unset it.",
        )
    return seconds
