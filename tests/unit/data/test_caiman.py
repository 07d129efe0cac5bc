"""Results of CaImAn: traces of accepted components, of files that lack one thing or another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.sparse

from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.errors import DataError

COMPONENTS, FRAMES, SHAPE = 5, 50, (6, 8)
GENERATOR = np.random.default_rng(0)
C = GENERATOR.normal(size=(COMPONENTS, FRAMES))
S = GENERATOR.poisson(0.1, (COMPONENTS, FRAMES)).astype(float)
ACCEPTED = [3, 0, 4]


def results(path: Path, group: str = "estimates/", **changes: Any) -> Path:
    """Write a file; None is written as CaImAn writes it, and `leave` leaves an array out."""
    footprints = scipy.sparse.lil_matrix((SHAPE[0] * SHAPE[1], COMPONENTS))
    for component in range(COMPONENTS):  # two pixels, in columns `component` and `component + 2`
        footprints[[1 + SHAPE[0] * component, 1 + SHAPE[0] * (component + 2)], component] = 0.5
    matrix = footprints.tocsc()
    arrays: dict[str, Any] = {
        "C": C,
        "S": S,
        "F_dff": None,
        "idx_components": np.array(ACCEPTED),
        "SNR_comp": np.arange(COMPONENTS) + 0.5,
        "A/data": matrix.data,
        "A/indices": matrix.indices,
        "A/indptr": matrix.indptr,
        **changes,
    }
    with h5py.File(path, "w") as file:
        for name, value in arrays.items():
            if value is not leave:
                file[f"{group}{name}"] = "NoneType" if value is None else value
        file["params/data/fr"] = changes.get("fr", 20)
        file["params/data/dims"] = SHAPE
    return path


leave = object()


def read(path: Path, **value: Any) -> Session:
    parsed = parse_recipe({"format": "caiman", **value}, "test")
    return read_source(list_sources(path, parsed)[0], parsed)


def test_accepted_components_are_units(tmp_path: Path) -> None:
    session = read(results(tmp_path / "m1.hdf5"))
    np.testing.assert_array_equal(session.neural, C[[0, 3, 4]].T.astype(np.float32))
    assert (session.id, session.kind, session.rate_hz) == ("m1", "calcium", 20)
    assert session.units["component"].tolist() == [0, 3, 4]
    assert session.units["SNR_comp"].tolist() == [0.5, 3.5, 4.5]
    assert session.units["y"].tolist() == [1, 1, 1]
    assert session.units["x"].tolist() == [1, 4, 5]
    assert session.notes[0] == "3 of 5 components are accepted."
    everyone = read(tmp_path / "m1.hdf5", signal="S", cells=False)
    np.testing.assert_array_equal(everyone.neural, S.T)
    assert everyone.kind == "rate"


def test_dff_where_it_was_computed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'F_dff', which is not read: CaImAn did not compute it"):
        read(results(tmp_path / "a.hdf5"), signal="F_dff")
    session = read(results(tmp_path / "b.hdf5", F_dff=C / 2), signal="F_dff")
    np.testing.assert_array_equal(session.neural, (C / 2)[[0, 3, 4]].T.astype(np.float32))
    with pytest.raises(DataError, match=r"estimates/F_dff has 4 components, C 5"):
        read(results(tmp_path / "c.hdf5", F_dff=C[1:]), signal="F_dff")


@pytest.mark.parametrize("absent", [None, leave])
def test_files_without_a_choice_have_a_note(tmp_path: Path, absent: Any) -> None:
    path = results(
        tmp_path / "a.hdf5", idx_components=absent, SNR_comp=absent, **{"A/data": absent}
    )
    session = read(path)
    assert session.neural.shape == (FRAMES, COMPONENTS)
    assert "so all of them are units" in session.notes[0]
    assert list(session.units) == ["component"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"idx_components": [0, 5]}, "names components that the 5 traces do not have"),
        ({"idx_components": [0.5]}, "names components"),
        ({"idx_components": np.zeros(0, int)}, "no component is accepted"),
        ({"C": leave}, "has no traces of components"),
        ({"C": np.ones(4)}, "has no traces of components"),
        ({"fr": 0}, "state the frames per second as `fr: 30`"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = results(tmp_path / "a.hdf5", **changes)
    with pytest.raises(DataError, match=message) as error:
        read(path)
    assert "a.hdf5" in error.value.what


def test_an_older_layout_and_a_stated_rate(tmp_path: Path) -> None:
    session = read(results(tmp_path / "a.hdf5", group=""), fr=7)
    np.testing.assert_array_equal(session.neural, C[[0, 3, 4]].T.astype(np.float32))
    assert session.rate_hz == 7


def test_labels_beside_it_and_a_process_of_its_own(tmp_path: Path) -> None:
    path = results(tmp_path / "m1.hdf5")
    np.save(tmp_path / "m1_position.npy", np.arange(FRAMES))
    value = {
        "format": "caiman",
        "companions": {"position": "*_position.npy"},
        "labels": {"position": {"path": "position", "kind": "continuous"}},
    }
    parsed = parse_recipe(value, "test")
    session = read_isolated(list_sources(path, parsed)[0], parsed)
    np.testing.assert_array_equal(session.labels["position"].values[:, 0], np.arange(FRAMES))
