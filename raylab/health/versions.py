"""Checks of installed packages: known security holes, and the versions that raylab needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from raylab.health.finding import Finding


@dataclass(frozen=True)
class Hole:
    """A security hole in the versions of `package` before `fixed`.

    Attributes:
        what: What the hole allows.
        source: The advisory.
    """

    package: str
    fixed: str
    what: str
    source: str


HOLES = (
    Hole(
        "ray",
        "2.52.0",
        "a web page in a browser on the machine could use the jobs API",
        "CVE-2025-62593",
    ),
    Hole("ray", "2.54.0", "the dashboard took DELETE from any web page", "CVE-2026-27482"),
    Hole(
        "ray",
        "2.55.0",
        "Ray Data unpickled what is in Parquet files",
        "CVE-2026-41486, GHSA-mw35-8rx3-xf9r",
    ),
    Hole("torch", "2.6.0", "torch.load(weights_only=True) could run code", "CVE-2025-32434"),
    Hole(
        "torch",
        "2.10.0",
        "torch.load(weights_only=True) could be made to corrupt memory",
        "CVE-2026-24747",
    ),
    Hole(
        "mlflow",
        "3.10.0",
        "its server read any file for anyone",
        "advisory of May 2026 on prompt tags",
    ),
    Hole(
        "mlflow",
        "3.11.0",
        "others on the machine could change models while they are loaded",
        "CVE-2026-4137",
    ),
    Hole(
        "mlflow",
        "3.11.0",
        "a server with --serve-artifacts let users overwrite each other's",
        "CVE-2026-2651",
    ),
)


def holes(installed: Mapping[str, str], table: Sequence[Hole] = HOLES) -> list[Finding]:
    """One finding per package with known holes, or a single one that there is no such package.

    Args:
        installed: Versions by package name.
    """
    findings = []
    for package in dict.fromkeys(hole.package for hole in table):
        open_ = [
            hole
            for hole in table
            if hole.package == package and _older(installed.get(package), hole.fixed)
        ]
        if open_:
            text = "; ".join(f"{hole.what} ({hole.source})" for hole in open_)
            newest = max((hole.fixed for hole in open_), key=Version)
            what, remedy = (
                f"{package} {installed[package]}: {text}",
                f"pip install '{package}>={newest}'",
            )
            findings.append(Finding("known holes", "problem", what, remedy))
    packages = ", ".join(dict.fromkeys(hole.package for hole in table))
    return findings or [Finding("known holes", "ok", f"none that raylab knows of in {packages}")]


def _older(version: str | None, than: str) -> bool:
    return version is not None and Version(version) < Version(than)


def ranges(requirements: Sequence[str], installed: Mapping[str, str]) -> Finding:
    """Whether the installed versions are within the ranges that raylab needs.

    Args:
        requirements: The requirements in raylab's package metadata.
        installed: Versions by package name.
    """
    wrong = []
    for text in requirements:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue  # an extra that may be left out
        version = installed.get(wanted.name)
        if version is None or not wanted.specifier.contains(version, prereleases=True):
            wrong.append(
                f"{wanted.name} {version or 'missing'} (wanted {wanted.specifier or 'any'})"
            )
    if wrong:
        return Finding(
            "packages", "problem", "; ".join(wrong), "pip install -c constraints.txt -e ."
        )
    return Finding("packages", "ok", "all versions are in the ranges that raylab requires")


def name(requirement: str) -> str:
    return Requirement(requirement).name


def python(version: str, wanted: str) -> Finding:
    if not SpecifierSet(wanted).contains(version, prereleases=True):
        return Finding(
            "Python",
            "problem",
            f"Python {version}; raylab needs {wanted}",
            "Make a new environment.",
        )
    return Finding("Python", "ok", f"Python {version}")
