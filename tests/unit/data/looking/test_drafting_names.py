"""Names and values of other laboratories: units, dates, classes, tables of trials, rates."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
from lab_files import RATE, Recording, drafted_session, recording, table

import raylab
from raylab.cli.show.contents import print_contents


@pytest.fixture(scope="module")
def made() -> Recording:
    return recording()


def test_a_unit_in_brackets_and_stamps_that_are_dates(made: Recording, tmp_path: Path) -> None:
    columns = table(made)
    frame = pd.DataFrame({f"n{number}": column for number, column in enumerate(made.traces.T)})
    dates = pd.date_range("2024-01-01 10:00", periods=len(made.time), freq="50ms")
    frame.insert(0, "timestamp", dates.strftime("%Y-%m-%d %H:%M:%S.%f"))
    frame["run_speed (cm/s)"] = columns["speed"]
    frame.to_csv(tmp_path / "a.csv", index=False)
    session = drafted_session(tmp_path / "a.csv")
    assert session.rate_hz == pytest.approx(RATE)
    assert list(session.labels) == ["run_speed"]
    assert session.labels["run_speed"].unit == "cm/s"


def test_stamps_in_milliseconds_and_degrees_of_the_head(made: Recording, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["deconv"] = made.counts
        file["timestamps"] = np.round(made.time * 1000).astype(np.int64)
        file["head_direction"] = made.position * 3.6
    draft = raylab.draft(tmp_path / "a.h5")
    assert draft.recipe["time"] == {"path": "timestamps", "unit": "ms"}
    assert draft.checks == ("time.unit: steps of 50 are 20 Hz",)
    assert draft.recipe["labels"]["head_direction"]["unit"] == "deg"
    session = drafted_session(tmp_path / "a.h5")
    assert (session.kind, session.rate_hz) == ("counts", pytest.approx(RATE))


def test_a_table_of_stimuli_and_a_rate_that_is_an_attribute(
    made: Recording, tmp_path: Path
) -> None:
    onsets = np.arange(0, 12, 1.0)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["F"], file.attrs["frame_rate"] = made.traces.T, RATE
        file["stim/onsets"], file["stim/offsets"] = onsets, onsets + 0.5
        file["stim/orientation"] = np.arange(12) % 4 * 45
        file["wheel/speed"], file["wheel/t"] = np.repeat(made.speed, 5), np.arange(1200) / 100
    session = drafted_session(tmp_path / "a.h5")
    assert session.rate_hz == RATE
    assert session.labels["orientation"].classes == ("0", "45", "90", "135")
    shown = session.labels["orientation"].values >= 0
    np.testing.assert_array_equal(shown, session.time % 1 < 0.5)
    np.testing.assert_allclose(session.labels["speed"].values[:, 0], made.speed)


def test_classes_in_numbers_are_discrete_and_sparse_counts_are_counts(
    made: Recording, tmp_path: Path
) -> None:
    sparse, classes = scipy.sparse.csc_matrix(made.counts.T.astype(float)), np.arange(240) % 4
    scipy.io.savemat(tmp_path / "a.mat", {"S": sparse, "y": classes, "fs": RATE})
    session = drafted_session(tmp_path / "a.mat")
    np.testing.assert_array_equal(session.neural, made.counts)
    assert (session.kind, session.rate_hz) == ("counts", RATE)
    assert session.labels["y"].classes == ("0", "1", "2", "3")


def test_a_table_without_names_and_one_of_spike_times(tmp_path: Path) -> None:
    counts = np.random.default_rng(0).poisson(0.5, (200, 6))
    np.savetxt(tmp_path / "a.csv", counts + 0.5, delimiter=",")
    assert raylab.draft(tmp_path / "a.csv").recipe["header"] is False
    np.testing.assert_array_equal(drafted_session(tmp_path / "a.csv").neural, counts + 0.5)
    times = np.sort(np.random.default_rng(0).uniform(0, 10, 400))
    frame = pd.DataFrame({"spike_time": times, "cluster": np.arange(400) % 5})
    frame.to_csv(tmp_path / "b.csv", index=False)
    session = drafted_session(tmp_path / "b.csv")
    assert (session.neural.sum(), session.neural.shape[1]) == (400, 5)


def test_a_speed_whose_unit_follows_the_name(
    made: Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.DataFrame({f"n{number}": column for number, column in enumerate(made.traces.T)})
    frame.insert(0, "time_s", made.time)
    frame["wheel cm/s"] = table(made)["speed"]
    frame.to_csv(tmp_path / "a.csv", index=False)
    print_contents(raylab.inspect(tmp_path / "a.csv"))
    assert "wheel cm/s" in capsys.readouterr().out
    session = drafted_session(tmp_path / "a.csv")
    assert list(session.labels) == ["wheel"]
    assert session.labels["wheel"].unit == "cm/s"


def test_values_that_may_stand_for_missing_ones_are_to_be_checked(
    made: Recording, tmp_path: Path
) -> None:
    lost = np.arange(len(made.time)) % 9 == 0
    np.savez(
        tmp_path / "a.npz",
        dff=made.traces,
        time_s=made.time,
        heading=np.where(lost, -1, np.arange(len(made.time)) * 7 % 359),
        choice=np.where(lost, "NA", "left"),
        speed=np.where(lost, "NA", np.arange(len(made.time)).astype(str)),
    )
    draft = raylab.draft(tmp_path / "a.npz")
    asked = {check.partition(":")[0]: check for check in draft.checks}
    assert draft.recipe["labels"]["heading"] == {
        "path": "heading", "kind": "circular", "unit": "deg"
    }  # fmt: skip
    assert "`missing: -1`" in asked["labels.heading.kind"]
    assert '`missing: "NA"`' in asked["labels.choice.kind"]
    assert "`continuous` with `missing:`" in asked["labels.speed.kind"]
