"""Two-photon and Neuropixels sessions of one movie in one dataset, trained jointly; consistency of
areas.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml
from command import run
from helpers import dataset, session, small_study
from scipy.ndimage import gaussian_filter1d

import raylab
from raylab.config.splits import ChronologicalSplits
from raylab.data.allen.environment import NAMED
from raylab.data.dataset import Dataset
from raylab.data.synth import write_session
from raylab.errors import ConfigError, DataError
from raylab.tracking.study import StudyFolder
from tests.fixtures.allen_answers import (
    ECEPHYS,
    invalid_arrays,
    presentation_arrays,
    stand_in,
    unit_arrays,
    write_arrays,
)

FRAMES, REPEATS = 900, 6  # of the movie
SPLITS = {"kind": "groups", "by": "movie_repeat"}


def smooth(random: np.random.Generator, columns: int, width: float = 15.0) -> np.ndarray:
    """(FRAMES, columns) of unit variance."""
    found = gaussian_filter1d(random.normal(size=(FRAMES, columns)), width, axis=0)
    return np.asarray(found / found.std(axis=0))


def movie_spikes(units: int, random: np.random.Generator) -> dict[str, Any]:
    """What allensdk hands over of a session that shows the movie; half of the units are in VISp,
    half in VISl.
    """
    rates = np.exp(smooth(random, units)) * 10
    start = 5 + np.arange(FRAMES * REPEATS) / 30
    counts = random.poisson(np.tile(rates, (REPEATS, 1)) / 30)
    times = [np.sort(np.repeat(start, of) + random.random(of.sum()) / 30) for of in counts.T]
    frame = (np.arange(len(start)) % FRAMES).astype(str)
    shown = presentation_arrays(start, start + 1 / 30, stimulus="natural_movie_one", frame=frame)
    areas = ["VISp", "VISl"] * (units // 2)
    return unit_arrays(times, channels__structure_acronym=areas) | shown | invalid_arrays([])


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Dataset]:
    """A dataset of each kind, by its own recipe; both recipes name one table of features."""
    folder = tmp_path_factory.mktemp("joint")
    random = np.random.default_rng(0)
    np.save(folder / "features.npy", smooth(random, 3))
    features = {"movie": {"path": "features.npy", "frame": "movie_frame"}}
    write_session(
        folder / "500.h5",
        samples=FRAMES * REPEATS * 5 // 3,
        units=40,
        session_id="500",
        animal="calcium",
    )
    recipes: dict[str, dict[str, Any]] = {"calcium": {"format": "torch_brain"}}
    for area in ("VISp", "VISl"):
        recipes[area] = {
            "format": "allen_ecephys",
            "presentations": {"stimulus": "natural_movie_one"},
            "unit_filters": {"structures": [area]},
            "filters": {"max_rate_hz": 1000},
        }
    with h5py.File(folder / "arrays.h5", "w") as file:
        write_arrays(file, movie_spikes(60, random))
    (folder / "ecephys_715093703.nwb").touch()
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NAMED, str(stand_in(folder, json.dumps(ECEPHYS), arrays=folder / "arrays.h5")))
        for name, recipe in recipes.items():
            path = folder / f"{name}.yaml"
            path.write_text(yaml.safe_dump({**recipe, "features": features, "splits": SPLITS}))
            source = folder / ("500.h5" if name == "calcium" else "ecephys_715093703.nwb")
            found.append(raylab.prepare(source, recipe=path, out=folder / f"ds-{name}").dataset)
    return found


@pytest.fixture(scope="module")
def joined(parts: list[Dataset], tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return raylab.prepare(
        [one.path for one in parts], out=tmp_path_factory.mktemp("joined") / "ds"
    ).dataset


def trained(path: Path, data: Dataset, positives: str, conditional: str, label: str) -> StudyFolder:
    sampling = {"conditional": conditional, "positives": positives, "labels": [label]}
    return small_study(
        path,
        data,
        scores=(0.5,),
        task={"label": label},
        sampling=sampling,
        model={"encoder": {"kind": "offset10", "hidden_units": 16}, "output_dimension": 4},
        training={"max_steps": 120, "batch_size": 64, "validate_every": 120},
        optimizer={"learning_rate": 3e-3},
    )


def test_a_dataset_of_both_kinds(parts: list[Dataset], joined: Dataset) -> None:
    """Every session as it was prepared: activity, labels, splits; areas told apart."""
    assert list(joined.sessions) == ["500", "715093703_VISl", "715093703_VISp"]
    entries = {entry["id"]: entry for entry in joined.manifest["sessions"]}
    assert [(one["area"], one["kind"]) for one in entries.values()] == [
        ("VISp", "calcium"), ("VISl", "counts"), ("VISp", "counts"),
    ]  # fmt: skip
    assert not any("is called" in note for entry in entries.values() for note in entry["notes"])
    for part in parts:
        for name in part.sessions:
            before, after = part.open(name), joined.open(name)
            assert np.array_equal(before.neural, after.neural)
            assert np.array_equal(before.parts, after.parts)
            assert after.labels["movie"].values.shape[1] == 3
    assert joined.manifest["splits"]["kind"] == "groups"
    assert [spec.rate_hz for spec in joined.sessions.values()] == pytest.approx(
        [30, 1000 / 33, 1000 / 33]
    )
    joined.verify()
    assert [part["sessions"] for part in joined.manifest["joined"]] == [
        list(part.sessions) for part in parts
    ]


@pytest.fixture(scope="module")
def study(joined: Dataset, tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    return trained(
        tmp_path_factory.mktemp("across") / "study", joined, "across", "discrete", "movie_frame"
    )


def least(study: StudyFolder) -> float:
    """Of all pairs of sessions, those of a two-photon and a Neuropixels session among them; on
    held-out showings.
    """
    return float(raylab.consistency(study.path, between="sessions", label="movie_frame").least)


def test_joint_training_makes_sessions_consistent(
    tmp_path: Path, joined: Dataset, study: StudyFolder
) -> None:
    """Positives from all sessions, by the frame or by its features, against an embedding of each
    session's own.
    """
    alone = least(trained(tmp_path / "alone", joined, "within", "discrete", "movie_frame"))
    by_features = least(trained(tmp_path / "features", joined, "across", "delta", "movie"))
    assert min(least(study), by_features) > alone + 0.15


def test_consistency_within_and_between_areas(
    study: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    areas = raylab.consistency(study.path, between="areas", label="movie_frame")
    pairs = np.array(
        raylab.consistency(study.path, between="sessions", label="movie_frame").matrix, float
    )
    assert areas.names == ("VISp", "VISl")  # sessions 0 and 2; session 1
    assert (
        areas.matrix[0][0]
        == pytest.approx((pairs[0, 2] + pairs[2, 0]) / 2)
        == pytest.approx(areas.within)
    )
    assert areas.matrix[1][1] is None  # one session has no pair within its area
    assert areas.matrix[0][1] == pytest.approx((pairs[0, 1] + pairs[2, 1]) / 2)
    assert areas.mean == pytest.approx((areas.matrix[0][1] + areas.matrix[1][0]) / 2)
    code, out, _ = run(
        capsys, "evaluate", study.path, "--consistency", "areas", "--label", "movie_frame"
    )
    assert code == 0
    assert f"within areas {areas.within:.3f}" in out


def test_what_cannot_be_joined(tmp_path: Path, parts: list[Dataset], joined: Dataset) -> None:
    with pytest.raises(DataError, match="session '500'"):
        raylab.prepare([parts[0].path, joined.path], out=tmp_path / "twice")
    with pytest.raises(ConfigError, match="joined as they are"):
        raylab.prepare(
            [one.path for one in parts], out=tmp_path / "set", overrides={"splits.kind": "blocked"}
        )
    with pytest.raises(DataError, match="none: no such file or folder"):
        raylab.prepare([parts[0].path, tmp_path / "none"], out=tmp_path / "none-ds")
    with pytest.raises(ConfigError, match="different filters") as caught:
        raylab.prepare(joined.path, out=tmp_path / "again", overrides={"splits.kind": "sessions"})
    assert "Split the datasets" in caught.value.remedy
    assert not list(tmp_path.iterdir())


def test_joined_datasets_with_equal_filters_are_split_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "ab":
        dataset(tmp_path / name, session(name, seed=ord(name)), splits=ChronologicalSplits())
    code, _, err = run(capsys, "prepare", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "ab")
    assert code == 0, err
    made = raylab.prepare(
        tmp_path / "ab", out=tmp_path / "fold", overrides={"splits.kind": "blocked"}
    ).dataset
    assert list(made.sessions) == ["a", "b"]
    assert made.manifest["splits"]["kind"] == "blocked"
    assert Dataset(tmp_path / "a").open("a").parts[:, 2].tolist() == [
        0,
        1,
        2,
    ]  # linked, and left as it was
