"""What a study ran on: package versions and the state of the code. No host names, no paths."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("raylab", "ray", "torch", "optuna", "mlflow", "numpy", "pandas", "scikit-learn")


def packages() -> dict[str, str]:
    """Versions of the packages that decide a result, of Python and of the platform."""
    versions = {name: package_version(name) for name in _PACKAGES}
    return {
        **{name: version for name, version in versions.items() if version},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def package_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def git_state(folder: Path | None = None) -> dict[str, object] | None:
    """`{"commit": ..., "dirty": ...}` of the working folder; None outside git or before the first
    commit.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    status = _git(folder, "status", "--porcelain", "--untracked-files=no") if commit else None
    return {"commit": commit, "dirty": bool(status)} if commit and status is not None else None


def _git(folder: Path | None, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            env={
                **os.environ,
                "GIT_OPTIONAL_LOCKS": "0",
            },  # a look must not disturb the user's own git commands
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
