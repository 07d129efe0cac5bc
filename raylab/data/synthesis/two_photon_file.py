"""The content of a torch_brain file of a two-photon session."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Literal

import numpy as np

from raylab.data.synthesis.truth import FREQUENCIES, RATE_HZ, START_S, Truth

if TYPE_CHECKING:
    from torch_brain import data as tb

Form = Literal["domains", "masks"]


def data_of(
    truth: Truth, traces: np.ndarray, generator: np.random.Generator, session_id: str, animal: str
) -> tb.Data:
    """The torch_brain Data object of a session, without its splits."""
    from torch_brain import data as tb

    time = truth.time
    series = tb.RegularTimeSeries(df_over_f=traces, sampling_rate=RATE_HZ, domain_start=START_S)
    stimuli = _tables(truth)
    return tb.Data(
        brainset=tb.BrainsetDescription(
            id="raylab_synthetic",
            origin_version="1",
            derived_version="1.0.0",
            source="raylab",
            description="Synthetic two-photon sessions with known latents.",
        ),
        subject=tb.SubjectDescription(
            id=animal, species="MUS_MUSCULUS", age=100.0, sex="male", cre_line="Cux2_CreERT2"
        ),
        session=tb.SessionDescription(id=session_id, recording_date=datetime.datetime(2016, 7, 5)),
        device=tb.DeviceDescription(
            id=session_id,
            recording_tech="TWO_PHOTON_IMAGING",
            imaging_depth=275,
            target_area="VISp",
        ),
        calcium_traces=series,
        rois=_rois(traces.shape[1], session_id, generator),
        running=_behaviour(time, generator, running_speed=truth.speed[:, None]),
        pupil=_behaviour(
            time,
            generator,
            size=1000 + 50 * truth.latent[:, 2],
            location=np.cumsum(generator.normal(scale=1e-3, size=(len(time), 2)), axis=0),
        ),
        latents=tb.RegularTimeSeries(
            latent=truth.latent, sampling_rate=RATE_HZ, domain_start=START_S
        ),
        **stimuli,
        **{
            f"{name}_domain": tb.Interval(table.start[:1], table.end[-1:])
            for name, table in stimuli.items()
        },
        spontaneous_domain=tb.Interval(time[:1], time[len(time) // 20 : len(time) // 20 + 1]),
        domain=series.domain,
    )


def _tables(truth: Truth) -> dict[str, tb.Interval]:
    """The stimuli as intervals in seconds; a session too short for one does not have it."""
    from torch_brain.data import Interval

    time = np.append(truth.time, truth.time[-1] + 1 / RATE_HZ)
    tables: dict[str, tb.Interval] = {}
    if len(truth.gratings):
        first, end, direction, frequency = truth.gratings.T
        tables["drifting_gratings"] = Interval(
            start=time[first],
            end=time[end],
            timestamps=(time[first] + time[end]) / 2,
            orientation=direction * 45.0,
            orientation_id=direction,
            temporal_frequency=np.array(FREQUENCIES)[frequency],
            temporal_frequency_id=frequency,
            timekeys=["start", "end", "timestamps"],
        )
    if len(truth.movie):
        first, end, frame, repeat = truth.movie.T
        tables["natural_movie_one"] = Interval(
            start=time[first],
            end=time[end],
            timestamps=(time[first] + time[end]) / 2,
            frame=frame,
            repeat=repeat,
            timekeys=["start", "end", "timestamps"],
        )
    return tables


def _behaviour(
    time: np.ndarray, generator: np.random.Generator, **columns: np.ndarray
) -> tb.IrregularTimeSeries:
    """Columns at times that scatter by a millisecond and miss a sample in fifty, as cameras and
    wheels do.
    """
    from torch_brain.data import IrregularTimeSeries

    kept = generator.random(len(time)) > 0.02
    kept[[0, -1]] = True
    stamps = (time + generator.uniform(-1e-3, 1e-3, len(time)))[kept]
    values = {name: column[kept].astype(np.float32) for name, column in columns.items()}
    return IrregularTimeSeries(timestamps=stamps, **values, domain="auto")


def _rois(units: int, session_id: str, generator: np.random.Generator) -> tb.ArrayDict:
    from torch_brain.data import ArrayDict

    return ArrayDict(
        id=np.array([f"{session_id}{unit:04d}" for unit in range(units)]),
        imaging_plane_xy=generator.uniform(0, 512, (units, 2)),
        imaging_plane_area=generator.integers(60, 300, units).astype(np.float64),
        imaging_plane_width=generator.integers(8, 20, units).astype(np.float64),
        imaging_plane_height=generator.integers(8, 20, units).astype(np.float64),
    )


def state_splits(
    data: tb.Data, splits: dict[str, list[tuple[int, int]]], samples: int, form: Form
) -> None:
    from torch_brain.data import Interval

    for name, ranges in splits.items():
        if form == "masks":
            mask = np.zeros(samples, bool)
            for start, stop in ranges:
                mask[start:stop] = True
            setattr(data.calcium_traces, f"{name}_mask", mask)
        else:
            edges = START_S + np.array(ranges, np.float64).reshape(-1, 2) / RATE_HZ
            setattr(data, f"{name}_domain", Interval(start=edges[:, 0], end=edges[:, 1]))
