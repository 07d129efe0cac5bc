"""raylab reads NWB files by their structure; what it reads is what pynwb reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lab_files import recording
from lab_folders import nwb_file

from raylab.data.readers.formats.nwb import NwbStore

MADE = recording(frames=600, cells=6)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with units, two series, and a series whose numbers have a conversion and an offset."""
    from pynwb import NWBHDF5IO, TimeSeries

    path = nwb_file(tmp_path_factory.mktemp("nwb") / "a.nwb", MADE)
    with NWBHDF5IO(str(path), "r+") as io:
        file = io.read()
        stored = np.arange(12, dtype=np.int16).reshape(6, 2)
        raw = TimeSeries(
            name="raw",
            data=stored,
            rate=50.0,
            starting_time=2.0,
            unit="V",
            conversion=0.5,
            offset=3.0,
        )
        file.add_acquisition(raw)
        linked = TimeSeries(name="linked", data=raw, timestamps=np.arange(6) / 7, unit="V")
        file.add_acquisition(linked)
        io.write(file)
    return path


def test_arrays_are_those_of_pynwb(path: Path) -> None:
    from pynwb import NWBHDF5IO

    store = NwbStore(path)
    with NWBHDF5IO(str(path), "r") as io:
        file = io.read()
        for name, series in {
            "acquisition/raw": file.acquisition["raw"],
            "acquisition/linked": file.acquisition["linked"],
            "processing/behavior/running_speed": file.processing["behavior"]["running_speed"],
            "processing/behavior/Position/SpatialSeries": file.processing["behavior"][
                "Position"
            ].spatial_series["SpatialSeries"],
        }.items():
            np.testing.assert_allclose(store.read(f"{name}/data"), series.get_data_in_units())
            np.testing.assert_allclose(store.read(f"{name}/timestamps"), series.get_timestamps())
        units = file.units.to_dataframe()
        times, rows = store.read("units/spike_times"), store.read("units/spike_unit")
        for row, spikes in enumerate(units["spike_times"]):
            np.testing.assert_array_equal(times[rows == row], spikes)
        for column, values in file.trials.to_dataframe().items():
            stored = store.read(f"intervals/trials/{column}")
            np.testing.assert_array_equal(stored, values.to_numpy(stored.dtype))
    store.close()
