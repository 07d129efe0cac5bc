"""The verb `doctor`: gathers the facts and calls the checks."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import metadata, requires
from pathlib import Path

from raylab.authentication import token_path
from raylab.health import access, machine, rays, versions
from raylab.health.finding import Finding
from raylab.health.study import study as study_findings
from raylab.local_ray import store_bytes
from raylab.paths import AnyPath, local_path
from raylab.tracking.environment import package_version
from raylab.tracking.mlflow.addresses import raylab_home


def doctor(study: AnyPath | None = None) -> list[Finding]:
    """Check this machine, its packages and Ray clusters, and a study.

    The Ray clusters are those that run here, and the one that RAY_ADDRESS names.
    Nothing is changed: an empty file is written and removed again, to read the clock of the
    storage. No Ray is started. The named cluster is joined only if it asks for a token, or if the
    user accepts clusters without one (RAYLAB_INSECURE=1).

    Args:
        study: The folder of a study to check as well.

    Returns:
        One finding per check, with its level (`ok`, `warning` or `problem`) and a remedy.

    Example:
        >>> findings = raylab.doctor("study")
        >>> {finding.level for finding in findings} <= {"ok", "warning", "problem"}
        True
        >>> [finding.level for finding in findings if finding.check == "pickles"]
        ['ok']
    """
    path = local_path(study) if study is not None else None
    findings = [*_access(), *_packages(), *_machine(path)]
    address = os.environ.get("RAY_ADDRESS")
    findings += rays.cluster(address) if address else []
    return findings + (study_findings(path) if path is not None else [])


def _access() -> Iterator[Finding]:
    path = token_path()
    yield access.mode(os.environ)
    yield access.token(path, path.stat().st_mode & 0o777 if path.is_file() else None, os.environ)
    here = rays.running()
    yield access.instances(here)
    yield from access.open_instances(here)
    yield access.dashboards(here)


def _packages() -> Iterator[Finding]:
    yield versions.python(platform.python_version(), metadata("raylab")["Requires-Python"])
    wanted = requires("raylab") or []
    names = {versions.name(text) for text in wanted} | {hole.package for hole in versions.HOLES}
    installed = {name: version for name in names if (version := package_version(name))}
    yield from versions.holes(installed)
    yield versions.ranges(wanted, installed)


def _machine(study: Path | None) -> Iterator[Finding]:
    places = {
        "temporary files": Path(tempfile.gettempdir()),
        "RAYLAB_HOME": raylab_home(),
    }
    for name, path in (places | ({"study": study} if study else {})).items():
        space = shutil.disk_usage(_existing(path.absolute()))
        yield machine.disk(name, path, free=space.free, total=space.total)
    shared = Path("/dev/shm")
    yield machine.shared_memory(
        shutil.disk_usage(shared).total if shared.is_dir() else None, store_bytes()
    )
    yield machine.open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    yield machine.gpu(machine.seen_gpus(), os.environ)
    where = _existing((study or places["RAYLAB_HOME"]).absolute())
    try:
        yield machine.clock(machine.storage_offset(where), f"the storage of {where}")
    except OSError as error:
        yield Finding(
            "clock",
            "warning",
            f"{where}: cannot be written ({error.strerror})",
            "Choose another folder.",
        )


def _existing(path: Path) -> Path:
    """The nearest existing folder at or above a path. A new file at the path lies on its disk."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())
