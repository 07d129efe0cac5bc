"""The plug-in packages of docs/extending.md, written to a folder as if they were installed there.

The code is taken from the text of the page, so the tests run what readers copy.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(?:python|toml)\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def install(section: str, folder: Path) -> Path:
    """Write the package of a section of docs/extending.md; the folder, to be put on the path."""
    page = (ROOT / "docs" / "extending.md").read_text()
    text = page.split(f"\n## {section}\n")[1].split("\n## ")[0]
    files = dict(_BLOCK.findall(text))
    project = tomllib.loads(files.pop("pyproject.toml"))["project"]
    for name, code in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(code)
    metadata = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = project["entry-points"].items()
    lines = [
        line
        for group, points in groups
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return folder


def run_with(folder: Path, code: str, *arguments: str) -> str:
    """Run Python code in a new process in which the packages of `folder` are installed; its output.

    A new process, because registries are read once per process.
    """
    paths = [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
