"""A dandiset on a server of this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dandi_server import Dandi
from warehouse_server import hdf5

OLD, NEW = "0.210101.1200", "0.220202.1200"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dandi]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("raylab.data.fetching.http.BACKOFF_S", 0.0)
    monkeypatch.setattr("raylab.data.fetching.http.PAUSE_S", 0.0)
    monkeypatch.setattr("raylab.data.fetching.download.PAUSE_S", 0.0)
    new = {
        "sub-a/a1.nwb": hdf5(1),
        "sub-a/a2.nwb": hdf5(2, values=500),
        "sub-b/b1.nwb": hdf5(3, values=500),
        "readme.txt": b"three sessions",
    }
    versions = {
        "draft": {**new, "sub-b/b2.nwb": hdf5(4, values=500)},
        OLD: {"sub-a/a1.nwb": hdf5(1)},
        NEW: new,
    }
    with Dandi(tables={}, files={}, versions=versions) as server:
        monkeypatch.setenv("RAYLAB_DANDI_URL", server.uri)
        yield server
