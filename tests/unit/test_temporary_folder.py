"""Ray's sockets fit below a long TMPDIR."""

from __future__ import annotations

import pytest

from raylab.cluster import _temporary_folder


def test_a_long_folder_of_temporary_files_is_not_rays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setenv("TMPDIR", "/scratch/job")
    assert _temporary_folder() is None
    monkeypatch.setenv("TMPDIR", "/scratch/" + 60 * "x")
    assert _temporary_folder() == "/tmp/ray"
    monkeypatch.setenv("RAY_TMPDIR", "/short")
    assert _temporary_folder() is None
