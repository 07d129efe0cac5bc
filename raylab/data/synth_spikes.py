"""Synthetic Neuropixels sessions: spikes during natural scenes and static gratings.

A session is one npz file, which the recipe `synthetic_neuropixels` reads; what drives the units is
in the file as well. The numbers of images and presentations and their length are those of the Allen
Institute's sessions. There are no pauses or blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from raylab.files import atomic_path
from raylab.paths import local_path

SHOWN_S = 0.25  # of a scene or grating
STEP_S = 0.01  # in which rates are constant
ORIENTATIONS = np.arange(6) * 30  # degrees, of static gratings
FEATURES = 20  # of a scene
NOT_SHOWN = -1
NOISE = 0.5
BASE_HZ, TUNED_HZ = (
    3.0,
    4.0,
)  # a unit without its stimulus; the mean over stimuli and units of what they add
CONTRAST = 0.5  # between scenes: standard deviation of the logarithm of what they add


@dataclass(frozen=True, kw_only=True)
class _Truth:
    """What drives the units of a session.

    Attributes:
        features: (scenes, FEATURES), the same in every session.
        scene_rates, grating_rates: (stimuli, N) spikes/s that a stimulus adds on average over a
            presentation.
        profile: (steps, N) how that is spread over a presentation, of mean 1.
    """

    features: np.ndarray
    scene_rates: np.ndarray
    grating_rates: np.ndarray
    profile: np.ndarray


def synth_spikes(
    folder: str | Path,
    *,
    sessions: int = 1,
    units: int = 400,
    scenes: int = 118,
    presentations: int = 50,
    seed: int = 0,
    noise: float = NOISE,
) -> list[Path]:
    """Write synthetic Neuropixels sessions with known tuning, for `synthetic_neuropixels`.

    That is the name of the recipe that reads them. Beside the sessions `scene_features.npy` is
    written, a table with the features of every scene.
    Each scene is shown `presentations` times, and so is each of 6 orientations of a static grating,
    in random order. Scenes have the same features in all sessions; each unit is driven by features
    of its own. Sessions 0 and 1 are of one animal, 2 and 3 of the next, and so on. Equal arguments
    give equal data.

    Args:
        folder: Where the files go; it is made if it does not exist.
        sessions: Number of sessions, one npz file each.
        units: Units per session.
        scenes: Number of scenes.
        presentations: Presentations of each scene and of each orientation.
        seed: The seed of everything that is drawn.
        noise: Standard deviation of the logarithm of a unit's gain, drawn anew for each
            presentation. Spikes are Poisson on top of it, and running raises all rates by up to a
            half.

    Returns:
        The paths of the sessions' files.

    Example:
        >>> paths = raylab.synth_spikes("spikes", units=12, scenes=6, presentations=10)
        >>> [path.name for path in paths]
        ['npx0_0.npz']
        >>> result = raylab.prepare("spikes", out="scenes", recipe="synthetic_neuropixels")
        >>> result.dataset.labels["scene"].kind
        'discrete'
    """
    folder = local_path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    features = np.random.default_rng([seed, scenes]).normal(size=(scenes, FEATURES))
    np.save(folder / "scene_features.npy", features)
    paths = []
    for index in range(sessions):
        generator = np.random.default_rng([seed, index, units])
        arrays = _session(features, units, presentations, noise, generator)
        arrays |= {
            "session": np.array(f"npx{seed}_{index}"),
            "animal": np.array(f"mouse{seed}_{index // 2}"),
        }
        paths.append(folder / f"npx{seed}_{index}.npz")
        with atomic_path(paths[-1]) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
    return paths


def _session(
    features: np.ndarray,
    units: int,
    presentations: int,
    noise: float,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    truth = _tuned(features, units, generator)
    stimuli = np.repeat(np.arange(len(features) + len(ORIENTATIONS)), presentations)
    shown = generator.permutation(stimuli)
    speed = 15 * np.maximum(
        gaussian_filter1d(generator.normal(size=len(shown)), 8) * 5 + 0.3, 0
    )  # cm/s
    grating = shown - len(features)
    times, unit, trial = _spikes(
        truth, shown, 1 + speed / (speed.max() + 1e-9) / 2, noise, generator
    )
    return {
        "times": times,
        "units": unit,
        "presentations": trial,
        "presentation_id": np.arange(len(shown)),
        "scene": np.where(grating < 0, shown, NOT_SHOWN),
        "static_orientation": np.where(
            grating >= 0, ORIENTATIONS[np.maximum(grating, 0)], NOT_SHOWN
        ),
        "running_speed": speed,
        "scene_rates": truth.scene_rates,
        "static_rates": truth.grating_rates,
    }


def _tuned(features: np.ndarray, units: int, generator: np.random.Generator) -> _Truth:
    weights = generator.normal(size=(features.shape[1], units)) / np.sqrt(features.shape[1])
    strength = generator.gamma(1.0, size=units) * TUNED_HZ  # some units see much, many little
    drive = np.exp(CONTRAST * features @ weights)
    preferred = generator.choice(ORIENTATIONS, units)
    angle = np.deg2rad(
        2 * (ORIENTATIONS[:, None] - preferred)
    )  # an orientation comes back after half a turn
    tuned = np.exp(2 * np.cos(angle))
    steps = np.arange(0, SHOWN_S, STEP_S) + STEP_S / 2
    latency, width = generator.uniform(0.04, 0.1, units), generator.uniform(0.02, 0.1, units)
    profile = np.exp(-0.5 * ((steps[:, None] - latency) / width) ** 2)
    return _Truth(
        features=features,
        scene_rates=strength * drive / drive.mean(axis=0),
        grating_rates=strength * tuned / tuned.mean(axis=0),
        profile=profile / profile.mean(axis=0),
    )


def _spikes(
    truth: _Truth,
    shown: np.ndarray,
    running: np.ndarray,
    noise: float,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The spikes of one unit after the other.

    Returns:
        For every spike its time in seconds after the start of the presentation, its unit, and its
        presentation.
    """
    rates = np.concatenate([truth.scene_rates, truth.grating_rates])
    times, units, trials = [], [], []
    for unit in range(rates.shape[1]):
        gain = np.exp(noise * generator.normal(size=len(shown)) - noise**2 / 2) * running
        rate = gain[:, None] * (BASE_HZ + rates[shown, unit, None] * truth.profile[:, unit])
        trial, step = np.nonzero(counts := generator.poisson(rate * STEP_S))
        repeats = counts[trial, step]
        trials.append(np.repeat(trial, repeats).astype(np.int32))
        times.append(
            ((np.repeat(step, repeats) + generator.random(repeats.sum())) * STEP_S).astype(
                np.float32
            )
        )
        units.append(np.full(len(times[-1]), unit, np.int32))
    return np.concatenate(times), np.concatenate(units), np.concatenate(trials)
