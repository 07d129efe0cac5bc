"""Ray's sockets fit below a long TMPDIR."""

from __future__ import annotations

import pytest

from raylab.local_ray import temporary_folder


def test_a_long_folder_of_temporary_files_is_not_rays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setenv("TMPDIR", "/scratch/job")
    assert temporary_folder() is None
    monkeypatch.setenv("TMPDIR", "/scratch/" + 60 * "x")
    assert temporary_folder() == "/tmp/ray"
    monkeypatch.setenv("RAY_TMPDIR", "/short")
    assert temporary_folder() is None
