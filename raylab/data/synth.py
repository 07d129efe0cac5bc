"""Synthetic two-photon sessions with known latents, in the files that the torch_brain tools write.

What drives the neurons is stored in the file (group `latents`), so a test can ask whether a model
found it. Layout, names and types follow `brainsets prepare allen_visual_coding_ophys_2016`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from raylab.data.synthesis.fluorescence import Tuning, fluorescence_of
from raylab.data.synthesis.truth import Truth, runs_of
from raylab.data.synthesis.two_photon_file import Form, data_of, state_splits
from raylab.paths import local_path

NOISE = 0.05


def synth(
    folder: str | Path,
    *,
    sessions: int = 4,
    samples: int = 6000,
    seed: int = 0,
    form: Form = "domains",
    units: tuple[int, int] = (150, 240),
    noise: float = NOISE,
    tuning: Tuning = "simple",
) -> list[Path]:
    """Write synthetic two-photon sessions, with known latents, in the torch_brain format.

    Sessions 0 and 1 are of one animal, 2 and 3 of the next, and so on. Equal arguments give equal
    data.

    Args:
        folder: Where the files go; it is made if it does not exist.
        sessions: Number of sessions, one file each.
        samples: Samples per session, at 30 Hz.
        seed: The seed of everything that is drawn.
        form: `domains` states splits as intervals, `masks` as one flag per sample.
        units: The smallest and largest number of units of a session.
        noise: Standard deviation of the noise of a sample, in dF/F (one spike is 0.2). The
            randomness of spiking comes on top of it.
        tuning: `simple` units add up what they are tuned to. `mixed` units answer to a conjunction
            of angle, running speed and a third latent, each up to half a second late, as many units
            of cortex do; a decoder of one of the three has to undo the other two.

    Returns:
        The paths of the files, one per session.

    Example:
        >>> [path.name for path in raylab.synth("recordings", sessions=2, samples=600)]
        ['500000000.h5', '500000001.h5']
    """
    folder = local_path(folder)
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
            tuning=tuning,
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
    tuning: Tuning = "simple",
) -> Path:
    """Write one session of `samples` x `units` dF/F values; 115,459 x 150 is a true size.

    Args:
        form: `domains` states splits as intervals, `masks` as a flag per sample as in older files.
        split_counts: Exact numbers of train, valid and test samples, in three runs each; default:
            about 60, 20 and 20 percent of the presentations of each stimulus.
    """
    import h5py

    generator = np.random.default_rng(seed)
    truth = Truth.draw(samples, generator)
    traces = fluorescence_of(truth, units, noise, generator, tuning)
    splits = runs_of(split_counts, samples) if split_counts is not None else truth.splits()
    data = data_of(truth, traces, generator, session_id, animal)
    state_splits(data, splits, samples, form)
    with h5py.File(path, "w") as file:
        data.to_hdf5(file)
    return path
