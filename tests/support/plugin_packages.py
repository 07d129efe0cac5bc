"""The example packages of docs/extending.md, installed in a folder.

The code is taken from the text of the page, so the tests run what readers copy.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "extending.md"
VERSION = "0.1"  # of packages whose project table is cut to the entry points
_FILE_NAME = re.compile(r"# (\S+\.(?:py|toml))\n")  # first line of a block that names its file


def blocks(title: str, language: str) -> list[str]:
    """The code blocks of a language in a section of the page."""
    section = PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


def config_of(title: str) -> dict[str, Any]:
    """The first YAML block of a section."""
    config: dict[str, Any] = yaml.safe_load(blocks(title, "yaml")[0])
    return config


def install(site: Path, title: str) -> str:
    """Install the package of a section below `site`. Returns its name."""
    project = tomllib.loads(blocks(title, "toml")[0])["project"]
    ((group, points),) = project["entry-points"].items()
    module = next(iter(points.values())).partition(":")[0]
    files = {}
    for code in blocks(title, "python"):
        name = _FILE_NAME.match(code)
        files[name[1] if name else f"{module}.py"] = code
    distribution = project.get("name", module.partition(".")[0].replace("_", "-"))
    package(site, distribution, files, group, points, version=project.get("version", VERSION))
    return str(distribution)


def package(
    site: Path,
    name: str,
    files: Mapping[str, str],
    group: str,
    points: Mapping[str, str],
    *,
    version: str = VERSION,
) -> None:
    """Install a package of these files (path -> code) that has these entry points."""
    for path, code in files.items():
        file = site / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.parent != site:
            (file.parent / "__init__.py").touch()
        file.write_text(code)
    information = site / f"{name.replace('-', '_')}-{version}.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    )
    lines = [f"{point} = {place}" for point, place in points.items()]
    (information / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]))


def run(
    code: str, *arguments: object, site: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run code in another Python, with the packages of `site`.

    In another Python, because registries are read once per process. `PYTHONPATH` reaches the
    processes that Ray starts, too.
    """
    paths = [*([site] if site else []), ROOT, ROOT / "tests" / "support"]
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def output(code: str, *arguments: object, site: Path | None = None) -> str:
    """What `run` prints; the test fails where the code fails."""
    result = run(code, *arguments, site=site)
    assert result.returncode == 0, result.stderr
    return result.stdout
