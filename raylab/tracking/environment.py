"""What a study ran on: package versions and the state of raylab's code. No host names, no paths."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from raylab.files import read_json
from raylab.version import __version__

PACKAGE = Path(__file__).resolve().parents[1]  # the folder `raylab`
BUILT = "commit.json"  # in the package of a wheel; `hatch_build.py` writes it
_PACKAGES = ("ray", "torch", "optuna", "mlflow", "numpy", "pandas", "scikit-learn")


def packages() -> dict[str, str]:
    """Versions of the packages that decide a result, of Python and of the platform."""
    versions = {name: package_version(name) for name in _PACKAGES}
    return {
        "raylab": __version__,
        **{name: version for name, version in versions.items() if version},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def package_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def code_state(package: Path = PACKAGE) -> dict[str, object] | None:
    """`{"commit": ..., "dirty": ...}` of raylab's own code, wherever the command runs.

    In a clone git knows it. A wheel states the commit that it was built from.

    Returns:
        None where nobody knows: in a copy of the sources without git.
    """
    # The folder of an environment may lie in a repository of the user's, which does not track it.
    if _git(package, "ls-files", "--error-unmatch", "version.py"):
        return git_state(package)
    built = package / BUILT
    return dict(read_json(built)) if built.is_file() else None


def git_state(folder: Path) -> dict[str, object] | None:
    """`{"commit": ..., "dirty": ...}` of the repository of a folder; None outside git or before the
    first commit.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    status = _git(folder, "status", "--porcelain", "--untracked-files=no") if commit else None
    return {"commit": commit, "dirty": bool(status)} if commit and status is not None else None


def _git(folder: Path, *arguments: str) -> str | None:
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
