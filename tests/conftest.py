"""Fixtures that all tests share."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy
from hypothesis import settings

# In CI a property test tries the same cases each time: what landed stays landed. Elsewhere it goes
# on exploring. No deadline: how long a case takes says how busy the machine is.
settings.register_profile("explore", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "explore")

REPO = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published recordings; see its README. Not part of the project."""
    folder = Path(os.environ.get("RAYLAB_REAL_DATA", REPO.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder} (set RAYLAB_REAL_DATA)")
    return folder


_NUMBERS = count()


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the user's MLflow store. The folder is not made: few tests need it."""
    home = tmp_path_factory.getbasetemp() / "homes" / str(next(_NUMBERS))
    monkeypatch.setenv("RAYLAB_HOME", str(home))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(autouse=True, scope="session")
def _the_disk_need_not_be_waited_for() -> Iterator[None]:
    """No test cuts the power, and without that nothing is lost that has not reached the disk.

    A killed process loses nothing, either: what it wrote is with the operating system.
    """

    def relax(connection: sqlite3.Connection, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", relax)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield
    sqlalchemy.event.remove(sqlalchemy.Engine, "connect", relax)


@pytest.fixture(autouse=True)
def _no_ray_beside(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks of a space begin no Ray in tests that need none: it would be given up at their end."""
    if not any(request.node.get_closest_marker(name) for name in ("ray", "slow", "chaos")):
        monkeypatch.setattr("raylab.cluster.begin", lambda **_: None)
