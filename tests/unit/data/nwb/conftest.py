"""A small NWB file of every kind of series and table, written by pynwb once."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raylab.data.readers.formats.nwb import NwbStore

T = 12


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nwb") / "all.nwb"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _write(path)
    return path


@pytest.fixture
def store(recording: Path) -> Iterator[NwbStore]:
    opened = NwbStore(recording)
    yield opened
    opened.close()


def _write(path: Path) -> None:
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.file import Subject

    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    file = NWBFile("test", "id7", start, session_id="s3")
    file.subject = Subject(subject_id="mouse 4")
    _electrodes_and_units(file)
    _intervals(file)
    _acquisition(file)
    _behavior(file)
    _imaging(file)
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file, cache_spec=False)


def _electrodes_and_units(file: Any) -> None:
    probe = file.create_device("probe")
    group = file.create_electrode_group("shank", description="d", location="CA1", device=probe)
    file.add_electrode_column("depth", "micrometres")
    for row in range(4):
        file.add_electrode(location=["CA1", "CA3"][row // 2], group=group, depth=10.0 * row)
    file.add_unit_column("quality", "by hand")
    once, twice = [[0.0, 1.0]], [[0.0, 1.0], [2.0, 3.0]]
    for times, electrodes, quality, observed in (
        ([0.1, 0.5], [0, 1], "good", once),
        ([], [2], "mua", twice),
        ([0.2], [1, 2], "good", once),
    ):
        file.add_unit(
            spike_times=times, electrodes=electrodes, quality=quality, obs_intervals=observed
        )


def _intervals(file: Any) -> None:
    from hdmf.common import EnumData
    from pynwb.epoch import TimeIntervals

    file.add_trial_column("choice", "c")
    file.add_trial_column("contrast", "c")
    file.add_trial_column("licks", "l", index=True)
    for trial in range(3):
        file.add_trial(
            start_time=float(trial),
            stop_time=trial + 0.5,
            choice="LRL"[trial],
            contrast=[0.5, np.nan, 1.0][trial],
            licks=[trial + 0.1] * trial,
        )
    file.add_epoch(0.0, 2.0, ["a", "b"])
    file.add_epoch(2.0, 3.0, ["c"])
    shown = TimeIntervals("gratings", "a table of another name")
    shown.add_column("side", "s", col_cls=EnumData)
    for side in ("left", "right", "left"):
        shown.add_interval(start_time=0.0, stop_time=1.0, side=side)
    file.add_time_intervals(shown)


def _acquisition(file: Any) -> None:
    from pynwb import TimeSeries
    from pynwb.ecephys import ElectricalSeries
    from pynwb.image import ImageSeries
    from pynwb.misc import AnnotationSeries, IntervalSeries

    stamps = np.arange(T) / 4
    first = TimeSeries("a", data=np.arange(T), unit="mV", conversion=0.001, timestamps=stamps)
    file.add_acquisition(first)
    file.add_acquisition(TimeSeries("b", data=first, unit="mV", timestamps=first))
    rows = file.create_electrode_table_region([2, 3], "channels")
    file.add_acquisition(
        ElectricalSeries(
            "lfp",
            data=np.arange(2 * T, dtype=np.int16).reshape(T, 2),
            electrodes=rows,
            rate=10.0,
            starting_time=5.0,
            conversion=0.5,
            offset=1.0,
            channel_conversion=[1.0, 2.0],
        )
    )
    file.add_acquisition(
        ImageSeries(
            "video", external_file=["eye.avi"], format="external", timestamps=stamps, unit="n.a."
        )
    )
    file.add_acquisition(AnnotationSeries("notes", data=["on", "off"], timestamps=[1.0, 2.0]))
    file.add_acquisition(
        IntervalSeries("licking", data=[1, 2, -2, -1], timestamps=[0.0, 1.0, 2.0, 3.0])
    )


def _behavior(file: Any) -> None:
    from pynwb import TimeSeries
    from pynwb.behavior import (
        BehavioralTimeSeries,
        CompassDirection,
        EyeTracking,
        Position,
        PupilTracking,
        SpatialSeries,
    )

    module = file.create_processing_module("behavior", "b")

    def spatial(name: str, unit: str) -> SpatialSeries:
        data = np.arange(2.0 * T).reshape(T, 2)
        data[0, 0] = np.nan
        return SpatialSeries(
            name, data=data, reference_frame="x", unit=unit, conversion=0.01, rate=4.0
        )

    module.add(Position(spatial_series=spatial("SpatialSeries", "meters")))
    module.add(EyeTracking(spatial_series=spatial("gaze", "degrees")))
    module.add(CompassDirection(spatial_series=spatial("head", "radians")))
    size = TimeSeries("size", data=np.arange(T), unit="pixels", offset=3.0, rate=4.0)
    module.add(PupilTracking(time_series=size))
    speed = TimeSeries("speed", data=np.arange(T) / 2, unit="cm/s", rate=4.0)
    module.add(BehavioralTimeSeries(time_series=speed))


def _imaging(file: Any) -> None:
    from pynwb.ophys import Fluorescence, ImageSegmentation, OpticalChannel

    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel("green", "d", 500.0),
        description="d",
        device=file.create_device("microscope"),
        excitation_lambda=900.0,
        imaging_rate=4.0,
        indicator="GCaMP6s",
        location="V1",
    )
    segmentation = ImageSegmentation()
    rois = segmentation.create_plane_segmentation(description="d", imaging_plane=plane, name="rois")
    rois.add_column("layer", "l")
    for row in range(4):
        rois.add_roi(pixel_mask=[(row, row, 1.0)], layer=f"L{row}")
    module = file.create_processing_module("ophys", "o")
    module.add(segmentation)
    fluorescence = Fluorescence()
    module.add(fluorescence)
    for name, shape in (("F", (T, 3)), ("rows", (3, T))):
        fluorescence.create_roi_response_series(
            name=name,
            data=np.arange(36, dtype=np.float32).reshape(shape),
            rois=rois.create_roi_table_region("r", region=[1, 2, 3]),
            unit="n.a.",
            rate=4.0,
        )
