"""What splits go by, from files: stated splits of true size, presentations, repeats of a movie, a
recipe's groups.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import RECIPE, recipe_file, recording_file, session

import raylab
from raylab.cli import main
from raylab.config.splits import GivenSplits, GroupSplits
from raylab.data.readers.parts.align import rebin
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.data.splitting.splits import CODE, counts, make_parts
from raylab.data.synth import write_session
from raylab.errors import ConfigError, DataError

SET, MOVIE = ("--set",), "splits.by=movie_repeat"
TRUE_COUNTS = {"train": 32_187, "valid": 4_486, "test": 8_064}


@pytest.mark.parametrize("form", ["domains", "masks"])
def test_a_session_of_true_size_keeps_the_counts_its_file_states(tmp_path: Path, form: Any) -> None:
    """Requirement A1: 115,459 x 150 samples, of which 32,187 / 4,486 / 8,064, in both forms of the
    file.
    """
    stated = tuple(TRUE_COUNTS.values())
    path = write_session(
        tmp_path / "a.h5", samples=115_459, units=150, form=form, split_counts=stated
    )  # type: ignore[arg-type]
    found = read_source(list_sources(path)[0])
    parts = make_parts(found, GivenSplits(), source="a.h5")
    assert found.neural.shape == (115_459, 150)
    assert counts(parts) == TRUE_COUNTS
    assert len(parts) == 9  # three runs of each


# -- torch_brain -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_session(tmp_path_factory.mktemp("file") / "a.h5", samples=6000, units=6)


@pytest.fixture(scope="module")
def shown(recording: Path) -> Session:
    return read_source(list_sources(recording)[0])


def test_a_presentation_is_a_grating_or_one_run_through_a_movie(
    recording: Path, shown: Session
) -> None:
    import h5py

    with h5py.File(recording) as file:
        gratings, movie = file["drifting_gratings"], file["natural_movie_one"]
        starts, ends = gratings["start"][:], gratings["end"][:]
        repeats = movie["repeat"][:]
        runs = [
            (movie["start"][:][repeats == one].min(), movie["end"][:][repeats == one].max())
            for one in range(4)
        ]
    ids = shown.groups["presentation"]
    expected = np.full(6000, -1)
    for number, (start, end) in enumerate(
        [*zip(starts, ends), *runs]
    ):  # gratings come first in a session
        expected[(shown.time >= start) & (shown.time < end)] = number
    np.testing.assert_array_equal(ids, expected)
    assert (ids == -1).any()


def test_repeats_of_the_movie_agree_with_its_label(shown: Session) -> None:
    label = shown.labels["movie_repeat"]
    np.testing.assert_array_equal(shown.groups["movie_repeat"], label.values)
    assert label.classes == ("0", "1", "2", "3")


def test_every_split_gets_whole_repeats_with_every_frame(shown: Session) -> None:
    parts = make_parts(shown, GroupSplits(by="movie_repeat"), source="a.h5")
    assert counts(parts) == {"train": 1800, "valid": 900, "test": 900}
    for start, stop, _ in parts:
        frames = shown.labels["movie_frame"].values[start:stop]
        assert set(frames) == set(range(900))


def test_left_out_repeats_come_in_their_order(shown: Session) -> None:
    config = GroupSplits(by="movie_repeat", folds="leave_one_out", fold=3)
    parts = make_parts(shown, config, source="a.h5")
    repeat = shown.groups["movie_repeat"]
    assert [(set(repeat[a:b]), code) for a, b, code in parts] == [({0}, 1), ({1, 2}, 0), ({3}, 2)]


def test_a_table_in_any_order_with_frames_left_out() -> None:
    from torch_brain.data import Interval

    from raylab.data.readers.formats.torch_brain_stimuli import _presentations

    start = np.array([3.0, 1.0, 0.0, 10.0, 11.0])
    table = Interval(
        start=start,
        end=start + 1,
        frame=np.array([2, 1, 0, 0, 1]),
        repeat=np.array([0, 0, 0, 1, 1]),
    )
    assert [column.tolist() for column in _presentations(table)] == [
        [0.0, 10.0],
        [4.0, 12.0],
        [0, 1],
    ]
    plain = Interval(start=start, end=start + 1)
    assert _presentations(plain)[0].tolist() == [0.0, 1.0, 3.0, 10.0, 11.0]


def test_from_the_command_line_by_repeat_then_folds_of_the_dataset(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(
        [
            "prepare",
            str(recording),
            "--out",
            str(tmp_path / "ds"),
            *SET,
            "splits.kind=groups",
            *SET,
            MOVIE,
        ]
    )
    capsys.readouterr()
    main(["inspect", str(tmp_path / "ds"), "--json"])
    (entry,) = json.loads(capsys.readouterr().out)["sessions"]
    assert entry["splits"] == {"train": 1800, "valid": 900, "test": 900}
    tested = []
    for fold in range(4):
        out = tmp_path / f"fold{fold}"
        main(
            [
                "prepare",
                str(tmp_path / "ds"),
                "--out",
                str(out),
                *SET,
                "splits.folds=4",
                *SET,
                f"splits.fold={fold}",
            ]
        )
        tested += [part[:2] for part in parts_in(out, entry["id"]) if part[2] == CODE["test"]]
    assert sorted(tested) == [[2400 + 900 * one, 3300 + 900 * one] for one in range(4)]


def parts_in(dataset: Path, name: str) -> list[list[int]]:
    parts: list[list[int]] = raylab.Dataset(dataset).open(name).parts.tolist()
    return parts


# -- bins and recipes ------------------------------------------------------------------------------


def test_a_bin_belongs_to_a_group_where_all_its_samples_do() -> None:
    ids = np.repeat([0, 1, -1, 2], [10, 11, 9, 10])
    one = session(samples=40, groups={"presentation": ids})
    assert rebin(one, 4).groups["presentation"].tolist() == [0, 0, -1, 1, 1, -1, -1, -1, 2, 2]


def test_groups_of_a_recipe_are_read_and_split_by(tmp_path: Path) -> None:
    ids = np.repeat(np.arange(-1, 9), 40).astype(float)
    ids[395:] = np.nan
    path, recipe = (
        recording_file(tmp_path, block=ids),
        recipe_file(tmp_path, groups={"block": "block"}),
    )
    made = raylab.prepare(
        path,
        recipe=recipe,
        out=tmp_path / "ds",
        overrides={"splits.kind": "groups", "splits.by": "block"},
    ).dataset
    (entry,) = made.manifest["sessions"]
    assert sum(entry["splits"].values()) == 355
    assert entry["groups"] == {"block": 9}
    assert parts_in(made.path, "rat")[0][0] == 40


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (np.full(400, 0.5), "`groups.block` holds 0.5, which is not a whole number"),
        (np.full(400, 1e300), "`groups.block` holds 1e.300"),
        (np.arange(399), "`groups.block` has 399 values, neural data 400"),
        (np.full(400, 1j), "`groups.block` names an array of type complex128"),
        (None, "`groups.block` names 'block', which the file does not have"),
    ],
)
def test_groups_that_are_no_ids_name_file_and_key(tmp_path: Path, block: Any, words: str) -> None:
    recipe = parse_recipe({**RECIPE, "groups": {"block": "block"}}, "test")
    with pytest.raises(DataError, match=rf"rat.npz: {words}"):
        read_source(Source(recording_file(tmp_path, block=block)), recipe)


def test_trials_of_spikes_are_a_group_and_groups_may_be_one_value_a_trial(tmp_path: Path) -> None:
    found = {
        "t": np.array([0.0, 5.0, 12.0, 3.0]),
        "unit": np.array([0, 1, 0, 1]),
        "trial": np.array([0, 0, 1, 2]),
        "side": np.array([0, 1, 1]),
        "day": np.array([4, 4, 7]),
    }
    np.savez(tmp_path / "a.npz", **found)
    spikes = {
        "times": "t",
        "units": "unit",
        "trials": "trial",
        "tick_s": 0.001,
        "window": [0, 20],
        "bin_s": 0.01,
    }
    value = {
        "format": "npz",
        "spikes": spikes,
        "labels": {"side": {"path": "side", "kind": "discrete"}},
        "groups": {"day": "day"},
    }
    read = read_source(Source(tmp_path / "a.npz"), parse_recipe(value, "test"))
    assert {name: ids.tolist() for name, ids in read.groups.items()} == {
        "trial": [0, 0, 1, 1, 2, 2],
        "day": [4, 4, 4, 4, 7, 7],
    }


def test_a_torch_brain_file_has_its_own_groups() -> None:
    with pytest.raises(ConfigError, match="remove groups"):
        parse_recipe({"format": "torch_brain", "groups": {"a": "b"}}, "test")
