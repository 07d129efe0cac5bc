"""Drafts for folders of npy files, run as they are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lab_files import drafted_session

import raylab
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe

TRIALS, SAMPLES, UNITS = 20, 30, 12
SPIKES = np.random.default_rng(0).poisson(2, (TRIALS, SAMPLES, UNITS))
POSITION = np.random.default_rng(1).uniform(0, 90, (TRIALS, SAMPLES))
TRACES = np.random.default_rng(2).uniform(100, 200, (300, UNITS))
SPEED = np.abs(np.sin(np.arange(300) / 20)) * 10 + np.random.default_rng(4).uniform(0, 1, 300)


def test_a_tensor_and_a_position_of_trials_are_one_session(tmp_path: Path) -> None:
    np.save(tmp_path / "spikes.npy", SPIKES)
    np.save(tmp_path / "pos.npy", POSITION)
    session = drafted_session(tmp_path)
    np.testing.assert_allclose(session.neural, SPIKES.reshape(-1, UNITS))
    np.testing.assert_allclose(session.labels["pos"].values[:, 0], POSITION.reshape(-1))
    assert raylab.draft(tmp_path).recipe["neural"]["path"] == "spikes"


@pytest.mark.parametrize("transposed", [False, True])
def test_the_axes_of_a_label_with_columns_follow_the_tensor(
    transposed: bool, tmp_path: Path
) -> None:
    columns = np.random.default_rng(3).normal(size=(TRIALS, SAMPLES, 2))
    arrays = {"spikes": SPIKES, "hand": columns}
    if transposed:  # as MATLAB has them: units, samples, trials
        arrays = {name: values.T for name, values in arrays.items()}
    np.savez(tmp_path / "a.npz", **arrays)
    session = drafted_session(tmp_path / "a.npz")
    np.testing.assert_allclose(session.neural, SPIKES.reshape(-1, UNITS))
    np.testing.assert_allclose(session.labels["hand"].values, columns.reshape(-1, 2))


def test_spike_times_and_their_units_in_two_files(tmp_path: Path) -> None:
    np.save(tmp_path / "spike_t.npy", np.sort(np.random.default_rng(0).uniform(0, 50, 600)))
    np.save(tmp_path / "times.npy", np.sort(np.random.default_rng(0).uniform(0, 50, 500)))
    np.save(tmp_path / "unit.npy", np.arange(500) % 4)
    assert drafted_session(tmp_path).neural.sum() == 500


def test_two_kinds_of_traces_are_one_session(tmp_path: Path) -> None:
    for name in ("dff", "deconv"):
        np.save(tmp_path / f"{name}.npy", TRACES)
    np.save(tmp_path / "speed.npy", SPEED)
    assert raylab.draft(tmp_path).recipe["neural"]["path"] == "dff"
    assert "speed" in drafted_session(tmp_path).labels


@pytest.mark.parametrize(
    "names", [("m1_dff", "m2_dff"), ("anna", "bert"), ("dff_anna", "dff_bert")]
)
def test_arrays_of_one_kind_are_recordings(names: tuple[str, str], tmp_path: Path) -> None:
    for number, name in enumerate(names):
        np.save(tmp_path / f"{name}.npy", TRACES[number * 40 :])
    recipe = parse_recipe(dict(raylab.draft(tmp_path).recipe), "draft")
    assert len(list_sources(tmp_path, recipe)) == 2


def test_folders_of_arrays_are_sessions(tmp_path: Path) -> None:
    for name in ("s0", "s1"):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "activity.npy", TRACES)
        np.save(tmp_path / name / "speed.npy", SPEED)
        table = pd.DataFrame({"time": np.arange(300) / 30, "lick": SPEED**2})
        table.to_csv(tmp_path / name / f"{name}_beh.csv", index=False)
    recipe = dict(raylab.draft(tmp_path).recipe)
    assert recipe["companions"] == {"beh": "*_beh.csv"}
    assert len(list_sources(tmp_path, parse_recipe(recipe, "draft"))) == 2
    assert {"speed", "lick"} <= set(drafted_session(tmp_path).labels)


def test_a_label_of_trials_that_no_recipe_can_name_is_said(tmp_path: Path) -> None:
    for columns in (2, 9):  # columns between trials and samples; too many of them
        hand = np.random.default_rng(3).normal(size=(TRIALS, SAMPLES, columns))
        hand = hand.transpose(0, 2, 1) if columns == 2 else hand
        path = tmp_path / f"a{columns}.npz"
        np.savez(path, spikes=SPIKES, hand=hand, time=np.arange(SAMPLES) / 100)
        assert any("left out" in check and "'hand'" in check for check in raylab.draft(path).checks)


@pytest.mark.parametrize("name", ["trial", "trial_number"])
def test_the_number_of_a_trial_is_no_label_beside_its_group(name: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", dff=TRACES, speed=SPEED, time=np.arange(300) / 30)
    starts, side = np.arange(0, 10, 0.5), ["left", "right"] * 10
    columns = {name: np.arange(20), "start": starts, "stop": starts + 0.4, "side": side}
    pd.DataFrame(columns).to_csv(tmp_path / "trials.csv", index=False)
    recipe = raylab.draft(tmp_path).recipe
    assert list(recipe["intervals"]["trial"]["columns"]) == ["side"]
    assert set(drafted_session(tmp_path).labels) == {"speed", "side"}
