"""Synthetic two-photon sessions with known latents, in the files that the torch_brain tools write.

What drives the neurons is stored in the file (group `latents`), so a test can ask whether a model
found it. Layout, names and types follow `brainsets prepare allen_visual_coding_ophys_2016`.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

Form = Literal["domains", "masks"]

RATE_HZ = 30.0
START_S = 10.0  # recordings of the Allen Institute do not start at zero
FRAMES = 900  # of natural movie one
DIRECTIONS = 8
FREQUENCIES = (1.0, 2.0, 4.0, 8.0, 15.0)
GRATING_S, BLANK_S = 2.0, 1.0
RISE_S, DECAY_S = 0.07, 0.6  # GCaMP6
NOISE = 0.05
UNITS_AT_ONCE = 32  # bounds the memory of true-size sessions


def synth(
    folder: str | Path,
    *,
    sessions: int = 4,
    samples: int = 6000,
    seed: int = 0,
    form: Form = "domains",
    units: tuple[int, int] = (150, 240),
    noise: float = NOISE,
) -> list[Path]:
    """Write `sessions` files of `samples` x (units[0] to units[1]) dF/F values into `folder`.

    Sessions 0 and 1 are of one animal, 2 and 3 of the next, and so on. Equal arguments give equal
    data.

    Args:
        noise: Standard deviation of the noise of a sample, in dF/F (one spike is 0.2); that of
            spiking is beside it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    counts = np.random.default_rng([seed, sessions]).integers(units[0], units[1] + 1, sessions)
    return [
        write_session(
            folder / f"{session_id}.h5",
            samples=samples,
            units=int(count),
            seed=seed * 1000 + index,
            session_id=str(session_id),
            animal=str(511_510_000 + seed * 100 + index // 2),
            form=form,
            noise=noise,
        )
        for index, count in enumerate(counts)
        for session_id in [500_000_000 + seed * 1000 + index]
    ]


def write_session(
    path: Path,
    *,
    samples: int,
    units: int,
    seed: int = 0,
    session_id: str = "500000000",
    animal: str = "511510000",
    form: Form = "domains",
    split_counts: tuple[int, int, int] | None = None,
    noise: float = NOISE,
) -> Path:
    """Write one session of `samples` x `units`; 115,459 x 150 is a true size.

    Args:
        form: `domains` states splits as intervals, `masks` as one flag a sample, as older files do.
        split_counts: Exact numbers of train, valid and test samples, in three runs each; default:
            about 60, 20 and 20 percent of the presentations of each stimulus.
    """
    import h5py

    generator = np.random.default_rng(seed)
    truth = _Truth.draw(samples, generator)
    traces = _traces(truth, units, noise, generator)
    splits = _runs(split_counts, samples) if split_counts is not None else truth.splits()
    data = _data(truth, traces, generator, session_id, animal)
    _state_splits(data, splits, samples, form)
    with h5py.File(path, "w") as file:
        data.to_hdf5(file)
    return path


@dataclass(frozen=True, kw_only=True)
class _Truth:
    """What happened, sample by sample.

    Attributes:
        latent: (T, 3) float32: cosine and sine of an angle, and a variable around zero.
        speed: (T,) cm/s.
        gratings: (K, 4) int64: first sample, end, direction, temporal frequency.
        movie: (M, 4) int64: first sample, end, frame, repeat.
    """

    latent: np.ndarray
    speed: np.ndarray
    gratings: np.ndarray
    movie: np.ndarray

    @classmethod
    def draw(cls, samples: int, generator: np.random.Generator) -> _Truth:
        velocity = 0.6 * _smooth(
            generator.normal(size=samples), 60
        )  # rad/s, slow enough for the indicator
        angle = np.cumsum(velocity) / RATE_HZ + generator.uniform(0, 2 * np.pi)
        around = _smooth(generator.normal(size=samples), 40)
        latent = np.stack([np.cos(angle), np.sin(angle), around], axis=1).astype(np.float32)
        speed = 15 * np.maximum(_smooth(generator.normal(size=samples), 40) + 0.3, 0)
        gratings, movie = _stimuli(samples, generator)
        return cls(latent=latent, speed=speed, gratings=gratings, movie=movie)

    @property
    def time(self) -> np.ndarray:
        return START_S + np.arange(len(self.speed)) / RATE_HZ

    def splits(self) -> dict[str, list[tuple[int, int]]]:
        """Ranges of samples, cut between presentations of gratings and between repeats of the
        movie.
        """
        parts: dict[str, list[tuple[int, int]]] = {"train": [], "valid": [], "test": []}
        repeats = self.movie[np.unique(self.movie[:, 3], return_index=True)[1]]
        for table, length in (
            (self.gratings, None),
            (repeats, len(self.movie) // max(len(repeats), 1)),
        ):
            starts = table[:, 0]
            ends = table[:, 1] if length is None else starts + length
            test = max(1, round(0.2 * len(starts)))
            first, second = len(starts) - 2 * test, len(starts) - test
            for name, (a, b) in zip(parts, [(0, first), (first, second), (second, len(starts))]):
                if b > a >= 0:
                    parts[name].append((int(starts[a]), int(ends[b - 1])))
        return parts


def _smooth(noise: np.ndarray, width: float) -> np.ndarray:
    """Gaussian-filtered noise of unit variance; `width` in samples."""
    from scipy.ndimage import gaussian_filter1d

    filtered = gaussian_filter1d(noise, width)
    return np.asarray(filtered / (filtered.std() + 1e-12))


def _stimuli(samples: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """5 % grey screen, gratings in the next third, then the movie to the end, in 3 or more repeats."""
    on, period = int(GRATING_S * RATE_HZ), int((GRATING_S + BLANK_S) * RATE_HZ)
    begin, middle = samples // 20, samples * 2 // 5
    starts = np.arange(begin, middle - on, period)
    # Every direction once before any comes again, so that short sessions show all.
    rounds = [generator.permutation(DIRECTIONS) for _ in range(len(starts) // DIRECTIONS + 1)]
    directions = np.concatenate(rounds)[: len(starts)]
    frequencies = generator.integers(0, len(FREQUENCIES), len(starts))
    gratings = np.stack([starts, starts + on, directions, frequencies], axis=1)
    frames = min(FRAMES, (samples - middle) // 3)
    repeats = (samples - middle) // frames if frames else 0
    index = np.arange(frames * repeats)
    movie = np.stack(
        [middle + index, middle + index + 1, index % max(frames, 1), index // max(frames, 1)],
        axis=1,
    )
    return gratings, movie


def _traces(truth: _Truth, units: int, noise: float, generator: np.random.Generator) -> np.ndarray:
    """(T, N) float32 dF/F: spikes at rates that the truth drives, through the indicator, with
    noise.
    """
    traces = np.empty((len(truth.speed), units), np.float32)
    for start in range(0, units, UNITS_AT_ONCE):
        block = slice(start, min(start + UNITS_AT_ONCE, units))
        traces[:, block] = _fluoresce(
            _rates(truth, block.stop - block.start, generator), noise, generator
        )
    return traces


def _rates(truth: _Truth, units: int, generator: np.random.Generator) -> np.ndarray:
    """(T, units) spikes/s: tuned to the angle, some also to the other latent, speed, gratings,
    movie.
    """
    angle = np.arctan2(truth.latent[:, 1], truth.latent[:, 0])[:, None]
    preferred = generator.uniform(-np.pi, np.pi, units)
    rates = 0.2 + 5.0 * np.exp(3.0 * (np.cos(angle - preferred) - 1.0))
    rates += generator.uniform(0, 3.0, units) * np.maximum(
        truth.latent[:, 2:] * generator.choice([-1, 1], units), 0
    )
    rates += (
        _some(units, 0.3, generator) * generator.uniform(0.05, 0.2, units) * truth.speed[:, None]
    )
    orientation = generator.integers(0, DIRECTIONS, units)
    for first, end, direction, _ in truth.gratings:
        distance = np.abs(
            (direction - orientation + DIRECTIONS // 2) % DIRECTIONS - DIRECTIONS // 2
        )
        rates[first:end] += 8.0 * np.exp(-2.0 * distance)
    if len(truth.movie):
        frames = int(truth.movie[:, 2].max()) + 1
        tuning = np.stack(
            [_smooth(generator.normal(size=frames), frames / 60) for _ in range(units)], axis=1
        )
        drive = 10.0 * _some(units, 0.6, generator) * np.maximum(tuning - 0.5, 0)
        rates[truth.movie[:, 0]] += drive[truth.movie[:, 2]]
    return np.asarray(rates)


def _some(units: int, share: float, generator: np.random.Generator) -> np.ndarray:
    return (generator.random(units) < share).astype(np.float64)


def _fluoresce(rates: np.ndarray, noise: float, generator: np.random.Generator) -> np.ndarray:
    """Poisson spikes through a rise-and-decay kernel (two poles), 0.2 dF/F a spike, plus noise."""
    from scipy.signal import lfilter

    spikes = generator.poisson(rates / RATE_HZ)
    rise, decay = np.exp(-1 / (RISE_S * RATE_HZ)), np.exp(-1 / (DECAY_S * RATE_HZ))
    calcium = lfilter(
        [1.0 - rise], np.convolve([1.0, -rise], [1.0, -decay]), spikes.astype(np.float64), axis=0
    )
    return (0.2 * calcium + generator.normal(scale=noise, size=calcium.shape)).astype(np.float32)


def _data(
    truth: _Truth, traces: np.ndarray, generator: np.random.Generator, session_id: str, animal: str
) -> Any:
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


def _tables(truth: _Truth) -> dict[str, Any]:
    """The stimuli as intervals in seconds; a session too short for one does not have it."""
    from torch_brain.data import Interval

    time = np.append(truth.time, truth.time[-1] + 1 / RATE_HZ)
    tables: dict[str, Any] = {}
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


def _behaviour(time: np.ndarray, generator: np.random.Generator, **columns: np.ndarray) -> Any:
    """Columns at times that scatter by a millisecond and miss a sample in fifty, as cameras and
    wheels do.
    """
    from torch_brain.data import IrregularTimeSeries

    kept = generator.random(len(time)) > 0.02
    kept[[0, -1]] = True
    stamps = (time + generator.uniform(-1e-3, 1e-3, len(time)))[kept]
    values = {name: column[kept].astype(np.float32) for name, column in columns.items()}
    return IrregularTimeSeries(timestamps=stamps, **values, domain="auto")


def _rois(units: int, session_id: str, generator: np.random.Generator) -> Any:
    from torch_brain.data import ArrayDict

    return ArrayDict(
        id=np.array([f"{session_id}{unit:04d}" for unit in range(units)]),
        imaging_plane_xy=generator.uniform(0, 512, (units, 2)),
        imaging_plane_area=generator.integers(60, 300, units).astype(np.float64),
        imaging_plane_width=generator.integers(8, 20, units).astype(np.float64),
        imaging_plane_height=generator.integers(8, 20, units).astype(np.float64),
    )


def _state_splits(
    data: Any, splits: dict[str, list[tuple[int, int]]], samples: int, form: Form
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


def _runs(counts: tuple[int, int, int], samples: int) -> dict[str, list[tuple[int, int]]]:
    """Three runs of each split, one in each third of the session, with equal pauses between."""
    pieces = [np.diff(np.linspace(0, count, 4).astype(int)) for count in counts]
    parts: dict[str, list[tuple[int, int]]] = {"train": [], "valid": [], "test": []}
    for third in range(3):
        lengths = [int(piece[third]) for piece in pieces]
        pause = (samples // 3 - sum(lengths)) // 4
        if pause < 0:
            raise ValueError(f"{sum(counts)} samples in splits do not fit into {samples}")
        position = third * (samples // 3) + pause
        for name, length in zip(parts, lengths):
            parts[name].append((position, position + length))
            position += length + pause
    return parts
