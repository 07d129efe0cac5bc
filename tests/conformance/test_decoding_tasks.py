"""What is decoded of Allen-like sessions, each above chance with a readout; labels follow
presentations.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from command import run

import raylab
from raylab.config.parse import parse_trial
from raylab.data.allen.environment import NAMED
from raylab.data.dataset import Dataset
from raylab.data.load_recipe import load_recipe
from raylab.data.prepare import prepare
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.data.shard import whole_shard
from raylab.data.synth import write_session
from raylab.data.synth_spikes import ORIENTATIONS, SHOWN_S, synth_spikes
from raylab.training.loop import Training
from tests.fixtures.allen_answers import (
    ECEPHYS,
    invalid_arrays,
    presentation_arrays,
    stand_in,
    unit_arrays,
    write_arrays,
)

SCENES, UNITS, SHOWN, QUIET = 8, 150, 20, 0.2
FRAMES, REPEATS = 900, 6  # of the movie in the two-photon session


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return tmp_path_factory.mktemp("tasks")


@pytest.fixture(scope="module")
def spikes(folder: Path) -> Path:
    (path,) = synth_spikes(
        folder / "npx", units=UNITS, scenes=SCENES, presentations=SHOWN, noise=QUIET
    )
    return path


@pytest.fixture(scope="module")
def neuropixels(folder: Path, spikes: Path) -> Dataset:
    return prepare(spikes, out=folder / "neuropixels", recipe="synthetic_neuropixels").dataset


@pytest.fixture(scope="module")
def calcium(folder: Path) -> Path:
    return write_session(folder / "calcium.h5", samples=FRAMES * REPEATS * 5 // 3, units=60)


def splits(folder: Path, source: Path, **sections: Any) -> Dataset:
    name = "-".join(str(value) for value in sections.values())
    return prepare(
        source, out=folder / name, overrides={f"splits.{key}": one for key, one in sections.items()}
    ).dataset


def decoded(data: Dataset, label: str, kind: str, **sections: Any) -> dict[str, float]:
    """Test scores of a decoder; nothing but training samples is fitted on, settings are chosen on
    validation.
    """
    value = {"task": {"kind": "decoder", "label": label}, "model": {"kind": kind}, **sections}
    config = parse_trial(value, "test")
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    while not training.done:
        training.advance()
    (found,) = (
        training.task.predictions(config, training.model.eval(), training.shard, "test") or {}
    ).values()
    return found.scores


PRESENTATIONS = {"evaluation": {"per": "presentation"}, "input": {"window": 5, "pool": "mean"}}


def test_natural_scenes_from_few_presentations_and_all(neuropixels: Dataset) -> None:
    found = [
        decoded(neuropixels, "scene", "naive_bayes", **PRESENTATIONS, training={"shots": shots})[
            "balanced_accuracy"
        ]
        for shots in (1, 3, None)
    ]
    # One presentation has no variance within its class, by which naive Bayes weighs units.
    one = decoded(neuropixels, "scene", "knn", **PRESENTATIONS, training={"shots": 1})[
        "balanced_accuracy"
    ]
    assert one > 2 / SCENES
    assert found[1] > 3 / SCENES
    assert found[2] > 0.6
    assert found[0] < found[1] < found[2]


@pytest.mark.parametrize(
    ("label", "kind", "chance"),
    [("static_orientation", "lda", 1 / 6), ("running_speed", "ridge", 0)],
)
def test_static_gratings_and_running(
    neuropixels: Dataset, label: str, kind: str, chance: float
) -> None:
    scores = decoded(neuropixels, label, kind, **PRESENTATIONS)
    assert scores["r2" if label == "running_speed" else "balanced_accuracy"] > chance + 0.2


def test_drifting_gratings_of_eight_directions(folder: Path, calcium: Path) -> None:
    data = splits(folder, calcium, kind="groups", by="presentation", stratify="orientation")
    assert len(next(iter(data.sessions.values())).labels["orientation"].classes) == 8
    assert decoded(data, "orientation", "lda", **PRESENTATIONS)["balanced_accuracy"] > 0.5


@pytest.mark.parametrize(("fold", "kind"), [(0, "knn"), (REPEATS - 1, "naive_bayes")])
def test_the_frame_of_a_movie_repeats_as_folds(
    folder: Path, calcium: Path, fold: int, kind: str
) -> None:
    data = splits(
        folder, calcium, kind="groups", by="movie_repeat", folds="leave_one_out", fold=fold
    )
    scores = decoded(data, "movie_frame", kind, input={"window": 1})
    assert (
        scores["frame_error_median"] < FRAMES / 30
    )  # of the best constant: a quarter of the movie
    assert scores["within_window"] > 0.5  # of the best constant: 59 of 900


def test_running_speed_of_a_two_photon_session(folder: Path, calcium: Path) -> None:
    data = splits(folder, calcium, kind="blocked", blocks=20)
    assert decoded(data, "running_speed", "ridge", input={"window": 1})["r2"] > 0.2


# -- labels follow presentations -------------------------------------------------------------------


def tuning(session: Session, label: str) -> np.ndarray:
    """(classes, N) mean counts a sample, classes in the order of their numbers."""
    of = session.labels[label]
    order = np.argsort([int(name) for name in of.classes])
    return np.stack([session.neural[of.values == code].mean(axis=0) for code in order])


def agreement(session: Session, rates: np.ndarray, label: str) -> float:
    """Correlation over classes and units of measured and true rates, each unit's mean taken
    away.
    """
    found, true = (one - one.mean(axis=0) for one in (tuning(session, label), rates))
    return float(np.corrcoef(found.ravel(), true.ravel())[0, 1])


@pytest.mark.parametrize("kept", [None, 0.6])
def test_spikes_of_shuffled_and_dropped_presentations(
    folder: Path, spikes: Path, kept: float | None
) -> None:
    """The file's rows in another order, some missing: labels are those of the spikes' own
    presentations.
    """
    arrays = dict(np.load(spikes))
    random, count = np.random.default_rng(3), len(arrays["presentation_id"])
    rows = random.permutation(count)[: count if kept is None else int(kept * count)]
    place = np.full(count, -1)
    place[rows] = np.arange(len(rows))
    of = place[arrays["presentations"]]
    for name in ("times", "units"):
        arrays[name] = arrays[name][of >= 0]
    arrays["presentations"] = of[of >= 0]
    for name in ("presentation_id", "scene", "static_orientation", "running_speed"):
        arrays[name] = arrays[name][rows]
    path = folder / f"changed-{kept}.npz"
    np.savez(path, **arrays)
    recipe = load_recipe("synthetic_neuropixels")
    session = read_source(list_sources(path, recipe)[0], recipe)
    assert np.array_equal(session.groups["presentation"][::5], rows)
    assert agreement(session, arrays["scene_rates"], "scene") > 0.8
    assert agreement(session, arrays["static_rates"], "static_orientation") > 0.8
    wrong = np.roll(arrays["scene_rates"], 1, axis=0)
    assert agreement(session, wrong, "scene") < 0.5


def _spike_times(start: np.ndarray, rates: np.ndarray, random: np.random.Generator) -> np.ndarray:
    counts = random.poisson(rates * SHOWN_S)
    return np.sort(np.repeat(start, counts) + SHOWN_S * random.random(counts.sum()))


def test_an_allen_session_whose_presentations_are_shuffled_and_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the reader of Neuropixels sessions: a table in any order, rows missing, spikes on the
    session's clock.
    """
    random = np.random.default_rng(4)
    scene, rates = random.permutation(np.repeat(np.arange(6), 15)), random.uniform(2, 60, (6, 12))
    start = (
        3 + SHOWN_S * np.arange(len(scene)) + np.where(np.arange(len(scene)) > 40, 100, 0)
    )  # two blocks
    times = [_spike_times(start, rates[scene, unit], random) for unit in range(12)]
    rows = random.permutation(len(scene))[:60]
    shown = presentation_arrays(
        start[rows], start[rows] + SHOWN_S, stimulus="natural_scenes", frame=scene[rows].astype(str)
    )
    shown["presentations/id"] = 1000 + rows
    with h5py.File(tmp_path / "arrays.h5", "w") as file:
        write_arrays(file, unit_arrays(times) | shown | invalid_arrays([]))
    monkeypatch.setenv(
        NAMED, str(stand_in(tmp_path, json.dumps(ECEPHYS), arrays=tmp_path / "arrays.h5"))
    )
    (tmp_path / "715093703.nwb").touch()
    recipe = parse_recipe({"format": "allen_ecephys"}, "test")
    session = read_source(Source(tmp_path / "715093703.nwb"), recipe)
    assert session.groups["presentation"].tolist() == sorted(1000 + rows)
    assert session.labels["scene"].values.tolist() == scene[np.sort(rows)].tolist()
    assert agreement(session, rates, "scene") > 0.9
    assert session.area == "VISp"


# -- the synthetic session itself ------------------------------------------------------------------


def test_the_synthetic_session_is_as_described(
    spikes: Path, neuropixels: Dataset, tmp_path: Path
) -> None:
    (name,) = neuropixels.sessions
    recording = neuropixels.open(name)
    assert recording.neural.shape == ((SCENES + len(ORIENTATIONS)) * SHOWN * 5, UNITS)
    assert recording.rate_hz == pytest.approx(20)
    codes, counts = np.unique(recording.labels["scene"].values, return_counts=True)
    assert counts[codes >= 0].tolist() == [SHOWN * 5] * SCENES
    again = synth_spikes(
        tmp_path / "again", units=UNITS, scenes=SCENES, presentations=SHOWN, noise=QUIET
    )[0]
    assert again.read_bytes() == spikes.read_bytes()
    features = np.load(spikes.with_name("scene_features.npy"))
    assert len(features) == SCENES


def test_noise_makes_it_harder(folder: Path, neuropixels: Dataset) -> None:
    (path,) = synth_spikes(
        folder / "loud", units=UNITS, scenes=SCENES, presentations=SHOWN, noise=1.5
    )
    loud = prepare(path, out=folder / "loud-ds", recipe="synthetic_neuropixels").dataset
    quiet, hard = (
        decoded(data, "scene", "lda", **PRESENTATIONS)["balanced_accuracy"]
        for data in (neuropixels, loud)
    )
    assert hard < quiet - 0.2


def test_leaving_a_session_out(folder: Path) -> None:
    """Two sessions of the same units: one trains, the other, which nothing was fitted on, is
    decoded.
    """
    (path,) = synth_spikes(
        folder / "two", units=UNITS, scenes=SCENES, presentations=2 * SHOWN, noise=QUIET
    )
    arrays = dict(np.load(path))
    half = arrays["presentation_id"] < len(arrays["presentation_id"]) // 2
    (folder / "halves").mkdir()
    for name, mask in (("first", half), ("second", ~half)):
        of = mask[arrays["presentations"]]
        part = {key: arrays[key][of] for key in ("times", "units")}
        part |= {
            key: arrays[key][mask]
            for key in ("presentation_id", "scene", "static_orientation", "running_speed")
        }
        part["presentations"] = arrays["presentations"][of] - np.flatnonzero(mask)[0]
        np.savez(folder / "halves" / f"{name}.npz", session=name, animal="mouse", **part)
    sources = [folder / "halves" / f"{name}.npz" for name in ("first", "second")]
    whole = [prepare(one, out=folder / one.stem, recipe="synthetic_neuropixels") for one in sources]
    joined = raylab.prepare([one.dataset.path for one in whole], out=folder / "joined").dataset
    chosen = {"splits.kind": "sessions", "splits.test": ["second"]}
    data = prepare(joined.path, out=folder / "left-out", overrides=chosen).dataset
    assert data.sessions["second"].splits["train"] == 0
    settings = {
        "model": {"kind": "naive_bayes", "smoothing": 0.01},
        "sessions": {"combine": "padded"},
    }
    assert (
        decoded(data, "scene", "naive_bayes", **{**PRESENTATIONS, **settings})["balanced_accuracy"]
        > 0.6
    )


def test_synth_writes_either_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ("--units", 5, "--scenes", 3, "--presentations", 2)
    code, out, err = run(
        capsys, "synth", tmp_path / "npx", "--kind", "neuropixels", "--sessions", 3, *small
    )
    assert code == 0, err
    assert "3 sessions" in out
    recipe = load_recipe("synthetic_neuropixels")
    found = [read_source(source, recipe) for source in list_sources(tmp_path / "npx", recipe)]
    assert [one.animal for one in found] == ["mouse0_0", "mouse0_0", "mouse0_1"]
    assert len({one.id for one in found}) == 3
    code, _, err = run(capsys, "synth", tmp_path / "calcium", "--scenes", 3)
    assert (code, "--scenes is not of --kind calcium" in err) == (2, True)
