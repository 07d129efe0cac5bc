"""Suite2p folders: the same numbers as numpy computes from the same files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, minimum_filter1d, percentile_filter
from suite2p_folders import FRAMES, FS, ROIS, traces, write_old, write_plane

import raylab
from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.errors import ConfigError, DataError

CELLS = np.arange(ROIS) % 3 != 1


def read(path: Path, **value: Any) -> Session:
    parsed = parse_recipe({"format": "suite2p", **value}, "test")
    (source,) = list_sources(path, parsed)
    return read_source(source, parsed)


def maximin(trace: np.ndarray, window: int) -> np.ndarray:
    smooth = gaussian_filter1d(trace, 10)
    return np.asarray(maximum_filter1d(minimum_filter1d(smooth, window), window))


def test_df_over_f_of_the_cells_is_the_default(tmp_path: Path) -> None:
    arrays = write_plane(tmp_path / "m1" / "suite2p" / "plane0")
    session = read(tmp_path)
    corrected = (arrays["F"] - np.float32(0.7) * arrays["Fneu"])[CELLS]
    base = np.stack([maximin(row, FRAMES) for row in corrected])  # 60 s are longer than it is
    np.testing.assert_allclose(session.neural, ((corrected - base) / base).T, rtol=1e-5, atol=1e-6)
    assert (session.id, session.kind, session.rate_hz) == ("m1", "calcium", FS)
    np.testing.assert_allclose(session.time, np.arange(FRAMES) / FS)
    assert session.units["roi"].tolist() == np.flatnonzero(CELLS).tolist()
    assert session.units["y"].tolist() == np.flatnonzero(CELLS).tolist()
    assert session.units["x"].tolist() == (2 * np.flatnonzero(CELLS)).tolist()
    assert session.units["npix"].tolist() == (5 + np.flatnonzero(CELLS)).tolist()
    assert session.units["probability"] == pytest.approx(np.flatnonzero(CELLS) / 10)
    assert "4 of 6 ROIs are cells" in session.notes[0]
    assert "also of other splits" in session.notes[1]


def test_other_signals_and_other_cells(tmp_path: Path) -> None:
    arrays = write_plane(tmp_path / "plane0")
    spikes = read(tmp_path, signal="spks", cells=False)
    np.testing.assert_array_equal(spikes.neural, arrays["spks"].T)
    assert spikes.kind == "rate"
    np.testing.assert_array_equal(read(tmp_path, signal="F").neural, arrays["F"][CELLS].T)
    likely = read(tmp_path, signal="F", neuropil=0.5, cells=0.4)
    np.testing.assert_allclose(likely.neural, (arrays["F"] - 0.5 * arrays["Fneu"])[4:].T, rtol=1e-6)


def test_the_baseline_may_be_a_percentile(tmp_path: Path) -> None:
    arrays = write_plane(tmp_path / "plane0")
    baseline = {"kind": "percentile", "percentile": 20, "window_s": 4}
    session = read(tmp_path, baseline=baseline, neuropil=0, cells=False)
    base = np.stack([percentile_filter(row, 20, size=40) for row in arrays["F"]])
    np.testing.assert_allclose(session.neural, ((arrays["F"] - base) / base).T, rtol=1e-5)
    # The clock that a user states is also that of the window.
    fast = read(tmp_path, baseline=baseline, neuropil=0, cells=False, time={"rate_hz": 20})
    base = np.stack([percentile_filter(row, 20, size=80) for row in arrays["F"]])
    np.testing.assert_allclose(fast.neural, ((arrays["F"] - base) / base).T, rtol=1e-5)
    assert fast.rate_hz == 20


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"signal": "f"}, "signal: 'f' is not known"),
        ({"signal": "spks", "neuropil": 0.7}, "`neuropil` is not used"),
        ({"signal": "F", "baseline": "maximin"}, "`baseline` is used by `signal: dff` only"),
        ({"baseline": {"kind": "maximin", "percentile": 8}}, "`percentile` is not used"),
        ({"cells": 1.5}, "cells"),
        ({"fs": 0}, "fs"),
    ],
)
def test_options_that_do_nothing_are_errors(value: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_recipe({"format": "suite2p", **value}, "test")


def test_planes_are_joined_in_their_order(tmp_path: Path) -> None:
    first = write_plane(tmp_path / "suite2p" / "plane2")
    second = write_plane(tmp_path / "suite2p" / "plane10", **traces(4, FRAMES - 1, seed=1))
    write_plane(tmp_path / "suite2p" / "combined", **traces(2))
    (tmp_path / "suite2p" / "plane3").mkdir()
    session = read(tmp_path / "suite2p", signal="F", cells=False)
    joined = np.concatenate([first["F"][:, :-1], second["F"]])
    np.testing.assert_array_equal(session.neural, joined.T)
    assert session.units["plane"].tolist() == [2] * 6 + [10] * 4
    notes = " ".join(session.notes)
    assert "2 planes are joined" in notes
    assert "The last frame, which not all planes have, was cut." in notes
    assert "Planes without F.npy are left out: plane3." in notes
    assert read(tmp_path / "suite2p" / "combined", signal="F", cells=False).neural.shape[1] == 2
    write_plane(tmp_path / "suite2p" / "plane0", **traces(4, FRAMES - 2))
    with pytest.raises(DataError, match="different numbers of frames"):
        read(tmp_path / "suite2p")


def test_a_unit_without_a_positive_baseline_is_dropped(tmp_path: Path) -> None:
    arrays = traces()
    arrays["Fneu"][2] = 500  # brighter than the cell
    write_plane(tmp_path / "plane0", **arrays)
    session = read(tmp_path)
    assert session.units["roi"].tolist() == [0, 3, 5]
    assert "1 units were dropped: their baseline is not above 1%" in " ".join(session.notes)
    assert read(tmp_path, signal="F").neural.shape[1] == 4
    arrays["Fneu"][:] = 500
    write_plane(tmp_path / "b" / "plane0", **arrays)
    with pytest.raises(DataError, match="no unit is left"):
        read(tmp_path / "b")


def test_settings_of_other_versions_are_read(tmp_path: Path) -> None:
    write_plane(tmp_path / "a" / "plane0")
    write_old(tmp_path / "a" / "plane0" / "ops.npy", {"fs": np.float32(7.5), "Ly": 512})
    assert read(tmp_path / "a").rate_hz == 7.5
    write_plane(tmp_path / "b" / "plane0", ops={"badframes": np.arange(FRAMES) < 3})
    assert "3 frames are marked as bad" in " ".join(read(tmp_path / "b").notes)
    (tmp_path / "b" / "plane0" / "ops.npy").unlink()
    with pytest.raises(DataError, match=r"no ops\.npy states the frames per second"):
        read(tmp_path / "b")
    assert read(tmp_path / "b", fs=20).rate_hz == 20
    with pytest.raises(DataError, match=r"`time\.rate_path` names 'fs', which is not read"):
        read(tmp_path / "b", signal="spks")
    np.save(tmp_path / "b" / "plane0" / "settings.npy", {"fs": 15}, allow_pickle=True)  # type: ignore[arg-type]
    assert read(tmp_path / "b").rate_hz == 15


def test_files_of_different_runs_are_refused(tmp_path: Path) -> None:
    for name, changes in (
        ("spks", {"spks": traces()["spks"][:, :-5]}),
        ("iscell", {"iscell": np.ones((5, 2))}),
        ("F", {"F": np.ones(5)}),
    ):
        write_plane(tmp_path / name / "plane0", **({**traces(), **changes} if name != "F" else {}))
        if name == "F":
            np.save(tmp_path / "F" / "plane0" / "F.npy", np.ones(5))
        with pytest.raises(DataError, match=rf"{name}\.npy: has"):
            read(tmp_path / name, signal="spks")
    write_plane(tmp_path / "none" / "plane0", spks=None)
    with pytest.raises(DataError, match=r"'spks', which is not read: there is no spks\.npy"):
        read(tmp_path / "none", signal="spks")


def test_no_code_of_a_file_is_run(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    write_plane(tmp_path / "plane0", ops={"hook": Hostile()})
    assert read(tmp_path).rate_hz == FS
    assert not (tmp_path / "ran").exists()


def test_three_lines_prepare_a_folder(tmp_path: Path) -> None:
    write_plane(tmp_path / "m1" / "suite2p" / "plane0")
    rows = "\n".join(f"{k / 2},{k}" for k in range(41))
    (tmp_path / "m1" / "running.csv").write_text(f"time_s,speed_cm_s\n{rows}")
    (tmp_path / "r.yaml").write_text(
        "format: suite2p\n"
        "companions: {running: running.csv}\n"
        'labels: {speed: {path: "running:speed_cm_s", kind: continuous, time: "running:time_s"}}\n'
    )
    prepared = raylab.prepare(tmp_path, out=tmp_path / "ds", recipe=tmp_path / "r.yaml")
    recipe = prepared.dataset.manifest["recipe"]
    assert recipe is not None
    assert recipe["time"]["rate_path"] == "fs"
    speed = prepared.dataset.recorded("m1").labels["speed"].values[:, 0]
    np.testing.assert_allclose(speed, np.arange(FRAMES) / FS * 2, atol=1e-5)
    parsed = parse_recipe({"format": "suite2p"}, "test")
    source = list_sources(tmp_path / "m1", parsed)[0]
    np.testing.assert_array_equal(
        read_isolated(source, parsed).neural, read_source(source, parsed).neural
    )
    with pytest.raises(DataError, match="is a folder, not one of its files"):
        list_sources(tmp_path / "m1" / "suite2p" / "plane0" / "F.npy", parsed)
