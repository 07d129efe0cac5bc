"""What every reader must do, whatever its format: the same session gives the same Session; errors
are named.
"""

from __future__ import annotations

import dataclasses
import datetime
import pickle
from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.io

from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import Recipe, parse_recipe
from raylab.errors import DataError

SAMPLES, UNITS = 60, 5


def arrays() -> dict[str, np.ndarray]:
    """A recording of 6 s at 10 Hz with a pause of 2 s after sample 39, in float64 that float32
    holds exactly.
    """
    generator = np.random.default_rng(0)
    time = np.arange(SAMPLES) / 10.0
    time[40:] += 2.0
    speed = generator.normal(size=(SAMPLES, 2))
    speed[3] = np.nan
    return {
        "traces": generator.integers(0, 9, (SAMPLES, UNITS)).astype(np.float64),
        "time": time,
        "speed": speed,
        "angle": generator.uniform(0, 6, SAMPLES),
        "side": np.repeat([0.0, 1.0, 2.0], SAMPLES // 3),
    }


def write_hdf5(path: Path, found: dict[str, np.ndarray]) -> None:
    with h5py.File(path, "w") as file:
        file["traces"] = found["traces"]
        for name in ("time", "speed", "angle", "side"):
            file[f"group/{name}"] = found[name]


def write_mat5(path: Path, found: dict[str, np.ndarray]) -> None:
    group = {name: found[name] for name in ("time", "speed", "angle", "side")}
    scipy.io.savemat(path, {"traces": found["traces"], "group": group})


def write_mat73(path: Path, found: dict[str, np.ndarray]) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        file["traces"] = found["traces"].T
        for name in ("time", "speed", "angle", "side"):
            file[f"group/{name}"] = (
                np.atleast_2d(found[name]).T if found[name].ndim == 1 else found[name].T
            )
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(512))


def write_npz(path: Path, found: dict[str, np.ndarray]) -> None:
    np.savez_compressed(path, **found)


def write_joblib(path: Path, found: dict[str, np.ndarray]) -> None:
    joblib.dump(
        {"traces": found["traces"], "group": {k: v for k, v in found.items() if k != "traces"}},
        path,
    )


def table(found: dict[str, np.ndarray]) -> pd.DataFrame:
    columns = {f"unit_{unit}": found["traces"][:, unit] for unit in range(UNITS)}
    columns |= {"speed_x": found["speed"][:, 0], "speed_y": found["speed"][:, 1]}
    return pd.DataFrame(columns | {name: found[name] for name in ("time", "angle", "side")})


def write_csv(path: Path, found: dict[str, np.ndarray]) -> None:
    table(found).to_csv(path, index=False)


def write_parquet(path: Path, found: dict[str, np.ndarray]) -> None:
    table(found).to_parquet(path)


def write_nwb(path: Path, found: dict[str, np.ndarray]) -> None:
    from pynwb import NWBHDF5IO, NWBFile, TimeSeries

    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    file = NWBFile(session_description="test", identifier=path.stem, session_start_time=start)
    for name in ("traces", "speed", "angle", "side"):
        series = TimeSeries(name=name, data=found[name], unit="none", timestamps=found["time"])
        file.add_acquisition(series)
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file)


def recipe(format_name: str, neural: str, group: str, suffix: str = "", **changes: Any) -> Recipe:
    value = {
        "format": format_name,
        "neural": {"path": neural, "kind": "calcium"},
        "time": {"path": f"{group}time{suffix}"},
        "labels": {
            "speed": {"path": f"{group}speed{suffix}", "kind": "continuous", "unit": "m/s"},
            "side": {"path": f"{group}side{suffix}", "kind": "discrete"},
            "angle": {"path": f"{group}angle{suffix}", "kind": "circular"},
        },
    }
    return parse_recipe(value | changes, "test")


def table_recipe(format_name: str) -> Recipe:
    found = recipe(format_name, "unit_*", "").model_dump(exclude_unset=True)
    found["labels"]["speed"]["path"] = "speed_x"
    return parse_recipe(found, "test")


def nwb_recipe() -> Recipe:
    time = {"path": "acquisition/traces/timestamps"}
    return recipe("nwb", "acquisition/traces/data", "acquisition/", "/data", time=time)


FORMATS = {
    "hdf5": (".h5", write_hdf5, recipe("hdf5", "traces", "group/")),
    "mat5": (".mat", write_mat5, recipe("mat", "traces", "group/")),
    "mat73": (".mat", write_mat73, recipe("mat", "traces", "group/")),
    "npz": (".npz", write_npz, recipe("npz", "traces", "")),
    "joblib": (".jl", write_joblib, recipe("joblib", "traces", "group/")),
    "csv": (".csv", write_csv, table_recipe("csv")),
    "parquet": (".parquet", write_parquet, table_recipe("parquet")),
    "nwb": (".nwb", write_nwb, nwb_recipe()),
}


def assert_equal(first: Any, second: Any) -> None:
    """Equal to the bit, whatever dataclasses, dicts and arrays they are made of."""
    assert type(first) is type(second)
    if dataclasses.is_dataclass(first):
        for field in dataclasses.fields(first):
            assert_equal(getattr(first, field.name), getattr(second, field.name))
    elif isinstance(first, dict):
        assert list(first) == list(second)
        for key in first:
            assert_equal(first[key], second[key])
    elif isinstance(first, np.ndarray):
        assert first.dtype == second.dtype
        np.testing.assert_array_equal(first, second)
    else:
        assert first == second


@pytest.mark.parametrize("name", FORMATS)
class TestEveryReader:
    def write(self, name: str, folder: Path) -> tuple[Path, Recipe]:
        suffix, write, found = FORMATS[name]
        path = folder / f"rat7{suffix}"
        write(path, arrays())
        return path, found

    def test_the_same_recording_gives_the_same_session(self, name: str, tmp_path: Path) -> None:
        path, found = self.write(name, tmp_path)
        session = read_source(list_sources(path, found)[0], found)
        truth = arrays()
        assert session.id == "rat7"
        assert session.neural.dtype == np.float32
        np.testing.assert_array_equal(session.neural, truth["traces"])
        np.testing.assert_allclose(session.time, truth["time"])
        assert session.rate_hz == pytest.approx(10)
        assert session.segments.tolist() == [[0, 40], [40, 60]]
        assert list(session.labels) == ["speed", "side", "angle"]
        speed = session.labels["speed"].values
        np.testing.assert_allclose(speed, truth["speed"][:, : speed.shape[1]])
        assert session.labels["speed"].unit == "m/s"
        assert session.labels["side"].classes == ("0", "1", "2")
        np.testing.assert_array_equal(session.labels["side"].values, truth["side"])
        np.testing.assert_allclose(session.labels["angle"].values[:, 0], truth["angle"])
        assert session.labels["speed"].labelled.sum() == SAMPLES - 1

    def test_a_folder_gives_the_file(self, name: str, tmp_path: Path) -> None:
        path, found = self.write(name, tmp_path)
        (tmp_path / "notes.txt").write_text("not a recording")
        assert list_sources(tmp_path, found) == [Source(path)]

    def test_a_missing_file_is_named(self, name: str, tmp_path: Path) -> None:
        path, found = self.write(name, tmp_path)
        source = list_sources(path, found)[0]
        path.unlink()
        with pytest.raises(DataError, match=path.name):
            read_source(source, found)
        with pytest.raises(DataError, match="no such file"):
            list_sources(path, found)

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.75])
    def test_a_truncated_file_is_named(self, name: str, share: float, tmp_path: Path) -> None:
        path, found = self.write(name, tmp_path)
        raw = path.read_bytes()
        cut = raw[: int(len(raw) * share)]
        path.write_bytes(cut.rsplit(b",", 3)[0] if name == "csv" else cut)
        with pytest.raises(DataError, match=path.name):
            read_source(Source(path), found)

    def test_another_format_is_refused(self, name: str, tmp_path: Path) -> None:
        path, found = self.write(name, tmp_path)
        path.write_bytes(b"these are words, and no recording\n" * 40)
        with pytest.raises(DataError, match=path.name):
            read_source(Source(path), found)

    def test_a_wrong_path_names_file_key_and_close_paths(self, name: str, tmp_path: Path) -> None:
        path, found = self.write(name, tmp_path)
        value = found.model_dump(exclude_unset=True)
        value["labels"]["side"]["path"] = value["labels"]["side"]["path"].replace("side", "syde")
        with pytest.raises(DataError) as error:
            read_source(Source(path), parse_recipe(value, "test"))
        assert str(path) in error.value.what
        assert "`labels.side.path`" in error.value.what
        assert "syde" in error.value.what
        assert "side" in error.value.remedy

    def test_nan_in_neural_data_needs_a_rule(self, name: str, tmp_path: Path) -> None:
        suffix, write, found = FORMATS[name]
        path = tmp_path / f"rat7{suffix}"
        truth = arrays()
        truth["traces"][5, 2] = np.nan
        write(path, truth)
        with pytest.raises(DataError, match="NaN"):
            read_source(Source(path), found)
        value = found.model_dump(exclude_unset=True)
        value["neural"]["nan"] = "drop_units"
        session = read_source(Source(path), parse_recipe(value, "test"))
        assert session.neural.shape == (SAMPLES, UNITS - 1)
        assert any("dropped" in note for note in session.notes)

    def test_a_process_of_its_own_gives_the_same_session(self, name: str, tmp_path: Path) -> None:
        path, found = self.write(name, tmp_path)
        inside, apart = read_source(Source(path), found), read_isolated(Source(path), found)
        assert_equal(inside, apart)

    def test_a_source_travels_between_processes(self, name: str, tmp_path: Path) -> None:
        path, found = self.write(name, tmp_path)
        source = list_sources(path, found)[0]
        assert pickle.loads(pickle.dumps(source)) == source
        assert pickle.loads(pickle.dumps(found)) == found
