"""The hook of hatchling that writes the commit of the sources into what is built from them, as
`raylab/commit.json`. A study that an installed wheel makes records it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface[Any]):
    """Hatchling looks for a class of this name."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the commit to what is built. Nothing where git does not track these sources, as in an
        unpacked archive, which has the file already where its own build knew the commit.
        """
        if version == "editable" or self._git("ls-files", "--error-unmatch", __file__) is None:
            return
        commit = self._git("rev-parse", "HEAD")
        if commit is None:
            return
        dirty = bool(self._git("status", "--porcelain", "--untracked-files=no"))
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name) / "commit.json"
        file.write_text(json.dumps({"commit": commit, "dirty": dirty}))
        build_data["force_include"][str(file)] = "raylab/commit.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "_folder"):
            self._folder.cleanup()

    def _git(self, *arguments: str) -> str | None:
        command = ["git", *arguments]
        try:
            done = subprocess.run(
                command, cwd=self.root, capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.strip()
