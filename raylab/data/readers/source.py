"""A source: one session to read, before anything of it is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Source:
    """One session to read: a file, the files beside it, and which session of the file.

    Attributes:
        companions: (name, path) of the recipe's companion files.
        key: Of the recipe's `sessions`; empty where a file holds one session.
    """

    path: Path
    key: str = ""
    companions: tuple[tuple[str, Path], ...] = ()

    def __str__(self) -> str:
        return f"{self.path}[{self.key}]" if self.key else str(self.path)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file that the session is read from."""
        return (self.path, *(path for _, path in self.companions))
