"""Looks in the process that reads foreign files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lab_files import hdf5_file, recording

import raylab
from raylab.data.looking.contents import Contents
from raylab.errors import DataError


def test_relative_paths_begin_where_the_caller_is_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that reads starts in another folder, where the first file was read."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / "x.npy", np.zeros((3 if folder == "a" else 4, 5)))
    shapes = []
    for folder in ("a", "b"):
        monkeypatch.chdir(tmp_path / folder)
        contents = raylab.inspect("x.npy")
        assert isinstance(contents, Contents)
        shapes.append(contents.files[0].items[0].shape)
    assert shapes == [(3, 5), (4, 5)]


def test_no_prefix_of_a_file_is_more_than_one_error(tmp_path: Path) -> None:
    whole = hdf5_file(tmp_path / "whole.h5", recording()).read_bytes()
    cut = tmp_path / "cut.h5"
    for share in (0.01, 0.3, 0.7, 0.99):
        cut.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(DataError, match=r"cut\.h5"):
            raylab.inspect(cut)
        with pytest.raises(DataError, match=r"cut\.h5"):
            raylab.draft(cut)
