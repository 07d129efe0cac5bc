"""Checks of the folder of a study."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from raylab.errors import RaylabError
from raylab.health.finding import Finding
from raylab.tracking.records import TrialRecord, is_ended
from raylab.tracking.study import StudyFolder

_PICKLES = (
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x04",
    b"\x80\x05",
)  # how a pickle of these protocols begins
_SHOWN = 3


def study(path: Path) -> list[Finding]:
    """All checks of a study. Nothing is written."""
    try:
        folder = StudyFolder.open(path)
        live, records = folder.is_live(), folder.records()
        ended = is_ended(folder.ledger.read())
    except RaylabError as error:
        return [Finding("study", "problem", error.what, error.remedy)]
    findings = [
        driver(path, records, live=live, ended=ended, lock=(folder.path / "driver.lock").exists()),
        pickles(pickled(folder.path, live=live)),
    ]
    return [*findings, *([database(folder.optuna_path)] if folder.optuna_path.exists() else [])]


def driver(
    path: Path, records: Sequence[TrialRecord], *, live: bool, ended: bool, lock: bool
) -> Finding:
    """Whether a driver runs the study, or should.

    Args:
        live: Whether a driver holds the study.
        ended: Whether the study has ended and was not resumed since.
        lock: Whether there is a lock file.
    """
    interrupted = [record.trial for record in records if record.state == "interrupted"]
    if live:
        return Finding(
            "driver", "ok", f"a driver is running this study ({len(records)} trials so far)"
        )
    if interrupted or not ended:
        left = " (it left driver.lock, which the next one takes over)" if lock else ""
        trials = f"; interrupted: {', '.join(interrupted)}" if interrupted else ""
        return Finding(
            "driver",
            "warning",
            f"its driver ended before the study did{left}{trials}",
            f"raylab resume {path}",
        )
    return Finding(
        "driver", "ok", f"the study ended; none of its {len(records)} trials is left open"
    )


def pickled(folder: Path, *, live: bool = False) -> list[str]:
    """The files in a folder that can run code when pickle, joblib or torch loads them.

    Args:
        live: Whether a driver runs the study. Ray Tune's own files do not count meanwhile.

    Returns:
        Paths relative to the folder.
    """
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    inside = (path for path in files if not (live and ".tune" in path.relative_to(folder).parts))
    return [str(path.relative_to(folder)) for path in inside if is_pickle(path)]


def is_pickle(path: Path) -> bool:
    """Whether the first bytes of a file are those of a pickle, or of an archive that holds one, as
    torch writes it.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK"):
        try:
            with zipfile.ZipFile(path) as archive:
                return any(name.endswith((".pkl", ".pickle")) for name in archive.namelist())
        except zipfile.BadZipFile:
            return False
    return start.startswith(_PICKLES)


def pickles(paths: Sequence[str]) -> Finding:
    if paths:
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        return Finding(
            "pickles",
            "warning",
            f"pickles in the study: {', '.join(paths[:_SHOWN])}{more}; raylab writes none to keep "
            "and reads none",
            "Delete them (.tune is what Ray Tune left when its driver was killed), and do not load "
            "them.",
        )
    return Finding("pickles", "ok", "no pickle in the study")


def database(path: Path) -> Finding:
    """Whether Optuna's database is intact, and free of pickles that a sampler would load."""
    remedy = (
        "Restore it from a copy of the study; the ledger still has every trial (`raylab "
        "leaderboard`)."
    )
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        ) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            (trials,) = connection.execute("SELECT count(*) FROM trials").fetchone()
            (states,) = connection.execute(
                "SELECT count(*) FROM trial_system_attributes WHERE key LIKE 'cma%:optimizer%'"
            ).fetchone()
    except sqlite3.Error as error:
        return Finding("Optuna's database", "problem", f"{path}: {error}", remedy)
    if verdict != "ok":
        return Finding("Optuna's database", "problem", f"{path}: {verdict}", remedy)
    if states:
        return Finding(
            "Optuna's database",
            "warning",
            f"{path}: holds pickled states of Optuna's own CMA-ES sampler; raylab's neither writes "
            "nor reads them",
            "Do not open it with another program unless you trust whoever wrote these states.",
        )
    return Finding("Optuna's database", "ok", f"{path}: whole, {trials} trials, no pickle")
