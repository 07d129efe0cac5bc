"""Every path that leads to an array inside of an HDF5 file, over links too, is a name."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from raylab.data.readers.formats.hdf5 import Hdf5Store


def test_links_and_groups_of_any_name_are_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["specifications/x"] = np.arange(3)  # NWB's own names are nothing special here
        file["general/group/x"] = np.arange(4)
        file["links/general"] = h5py.SoftLink("/general")
        file["links/again"] = h5py.SoftLink("general/group")
        file["chain"] = h5py.SoftLink("/links")
        file["general/group/back"] = h5py.SoftLink("/general")
        file["general/hard"] = file["general/group"]
        file["a/b"] = h5py.SoftLink("/c")
        file["c/d"] = h5py.SoftLink("/a")
    opened = Hdf5Store(tmp_path / "a.h5")
    names = opened.names()
    for name, values in [
        ("specifications/x", 3),
        ("general/group/x", 4),
        ("links/general/group/x", 4),
        ("links/again/x", 4),
        ("chain/again/x", 4),
    ]:
        assert name in names
        assert len(opened.read(name)) == values
    assert not [name for name in names if "back" in name]
    assert opened.left_out() == {}
    opened.close()
