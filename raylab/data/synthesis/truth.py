"""What happens in a synthetic session, sample by sample: latents, running and stimuli."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RATE_HZ = 30.0
START_S = 10.0  # recordings of the Allen Institute do not start at zero
FRAMES = 900  # of natural movie one
DIRECTIONS = 8
FREQUENCIES = (1.0, 2.0, 4.0, 8.0, 15.0)
GRATING_S, BLANK_S = 2.0, 1.0


@dataclass(frozen=True, kw_only=True)
class Truth:
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
    def draw(cls, samples: int, generator: np.random.Generator) -> Truth:
        velocity = 0.6 * smooth(
            generator.normal(size=samples), 60
        )  # rad/s, slow enough for the indicator
        angle = np.cumsum(velocity) / RATE_HZ + generator.uniform(0, 2 * np.pi)
        around = smooth(generator.normal(size=samples), 40)
        latent = np.stack([np.cos(angle), np.sin(angle), around], axis=1).astype(np.float32)
        speed = 15 * np.maximum(smooth(generator.normal(size=samples), 40) + 0.3, 0)
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


def smooth(noise: np.ndarray, width: float) -> np.ndarray:
    """Gaussian-filtered noise of unit variance; `width` in samples."""
    from scipy.ndimage import gaussian_filter1d

    filtered = gaussian_filter1d(noise, width)
    return np.asarray(filtered / (filtered.std() + 1e-12))


def _stimuli(samples: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Gratings after 5 % grey screen; from 2/5 on the movie, in 3 or more repeats."""
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


def runs_of(counts: tuple[int, int, int], samples: int) -> dict[str, list[tuple[int, int]]]:
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
