"""The example packages of docs/extending.md, installed in a folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "extending.md"


def blocks(title: str, kind: str) -> list[str]:
    """The code blocks of a kind in a section of the page."""
    section = PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)


def config_of(title: str) -> dict[str, Any]:
    """The config that a section shows."""
    config: dict[str, Any] = yaml.safe_load(blocks(title, "yaml")[0])
    return config


def install(site: Path, title: str) -> str:
    """Install the package of a section below `site`. Returns its name."""
    (code,), (project,) = blocks(title, "python"), blocks(title, "toml")
    ((group, points),) = tomllib.loads(project)["project"]["entry-points"].items()
    module = next(iter(points.values())).partition(":")[0]
    package(site, module, code, group, points)
    return module.replace("_", "-")


def package(site: Path, module: str, code: str, group: str, points: dict[str, str]) -> None:
    """Install a package of one module that has these entry points."""
    name = module.replace("_", "-")
    information = site / f"{module}-0.1.dist-info"
    information.mkdir(parents=True)
    (site / f"{module}.py").write_text(code)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    lines = [f"{point} = {place}" for point, place in points.items()]
    (information / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]))


def run(
    code: str, *arguments: object, site: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run code in another Python, with the packages of `site`."""
    paths = [*([site] if site else []), ROOT, ROOT / "tests" / "support"]
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        check=False,
    )
