"""Drafts of recipes run as written, and read what was written into the files."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
from lab_files import (
    RATE,
    Recording,
    assert_read,
    drafted_session,
    hdf5_file,
    recording,
    table,
)

import raylab
from raylab.cli import main
from raylab.errors import DataError


@pytest.fixture(scope="module")
def made() -> Recording:
    return recording()


def test_hdf5(made: Recording, tmp_path: Path) -> None:
    session = drafted_session(hdf5_file(tmp_path / "m.h5", made))
    assert_read(session, made, pos=made.position, speed=made.speed)
    assert session.kind == "calcium"


def test_matlab_structures_turned_on_their_side(made: Recording, tmp_path: Path) -> None:
    beh = {"pos": made.position[:, None], "speed": made.speed[:, None]}
    info = {"animal": "m1", "fs": RATE}
    data = {"dff": made.traces.T, "time": made.time[:, None] * 1000, "beh": beh, "info": info}
    scipy.io.savemat(tmp_path / "a.mat", {"data": data})
    session = drafted_session(tmp_path / "a.mat")
    assert_read(session, made, pos=made.position, speed=made.speed)
    assert session.animal == "m1"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_tables(made: Recording, tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame(table(made))
    path = tmp_path / f"session.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    session = drafted_session(path)
    assert_read(session, made, speed=made.speed, position=made.position)
    assert set(session.labels) == {"speed", "position"}


def test_an_array_with_its_label_beside_it(made: Recording, tmp_path: Path) -> None:
    np.save(tmp_path / "neural.npy", made.traces)
    np.save(tmp_path / "labels.npy", made.position)
    pd.DataFrame(table(made)).to_csv(tmp_path / "session.csv", index=False)
    session = drafted_session(tmp_path / "neural.npy", rate_hz=RATE)
    assert_read(session, made, labels=made.position)
    assert len(session.labels) == 1


def test_a_rate_that_nothing_states_is_marked(made: Recording, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", spikes=made.counts, angle=made.position / 100 * 2 * np.pi)
    draft = raylab.draft(tmp_path / "a.npz")
    assert draft.checks == ("time.rate_hz: nothing in the file states a rate",)
    assert "rate_hz: 30.0  # check: nothing in the file states a rate" in draft.text
    assert draft.recipe["neural"]["kind"] == "counts"
    assert draft.recipe["labels"]["angle"]["kind"] == "circular"
    assert draft.recipe["labels"]["angle"]["unit"] == "rad"


def test_a_folder_whose_third_file_is_damaged(made: Recording, tmp_path: Path) -> None:
    for number in range(3):
        hdf5_file(tmp_path / f"mouse{number}.h5", recording(number))
    whole = (tmp_path / "mouse2.h5").read_bytes()
    (tmp_path / "mouse2.h5").write_bytes(whole[: len(whole) // 3])
    assert_read(drafted_session(tmp_path), made, pos=made.position)


def test_trials_and_classes(made: Recording, tmp_path: Path) -> None:
    trial = np.repeat(np.arange(8), len(made.time) // 8)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["imaging/spks"], file["imaging"].attrs["frame_rate"] = made.counts, RATE
        file["trial"], file["choice"] = trial, (trial % 2).astype(np.int8)
        file["frame_number"], file["roi_id"] = np.arange(len(made.time)), np.arange(12)
    recipe = raylab.draft(tmp_path / "a.h5").recipe
    assert recipe["groups"] == {"trial": "trial"}
    assert recipe["splits"]["by"] == "trial"
    assert list(recipe["labels"]) == ["choice"]
    assert recipe["labels"]["choice"]["kind"] == "discrete"


def test_no_activity_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "labels.npy", np.arange(100.0) ** 2)
    with pytest.raises(DataError, match=r"labels\.npy: no array in it looks like activity"):
        raylab.draft(tmp_path / "labels.npy")


def test_the_command_writes_the_draft_and_never_overwrites(
    made: Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = hdf5_file(tmp_path / "m.h5", made), tmp_path / "recipe.yaml"
    main(["inspect", str(file), "--draft", str(out)])
    shown = capsys.readouterr().out
    assert out.read_text() in shown
    assert f"raylab prepare {file} --recipe {out} --out dataset" in shown
    with pytest.raises(DataError, match="already exists"):
        raylab.draft(file, out=out)


def test_a_label_without_a_clock_is_taken_to_span_the_recording(
    made: Recording, tmp_path: Path
) -> None:
    twice = np.repeat(made.position, 2)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["dff"], file["t"], file["pos"] = made.traces, made.time, twice
    draft = raylab.draft(tmp_path / "a.h5")
    assert draft.recipe["labels"]["pos"]["rate_hz"] == pytest.approx(2 * RATE)
    assert "480 rows beside 240 samples" in draft.checks[-1]
    assert drafted_session(tmp_path / "a.h5").labels["pos"].values.shape == (240, 1)


def test_tuning_by_unit_is_no_label_and_does_not_turn_the_activity(
    made: Recording, tmp_path: Path
) -> None:
    long = np.tile(made.counts, (2, 1))
    scipy.io.savemat(tmp_path / "a.mat", {"Q": long, "prefAngle": np.linspace(0, 6, 12)})
    recipe = raylab.draft(tmp_path / "a.mat").recipe
    assert recipe["neural"]["layout"] == "time_neuron"
    assert "labels" not in recipe


def test_a_position_that_only_increases_is_no_clock(made: Recording, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", dff=made.traces, position=np.cumsum(made.speed))
    recipe = raylab.draft(tmp_path / "a.npz").recipe
    assert recipe["time"] == {"rate_hz": 30.0}
    assert list(recipe["labels"]) == ["position"]
