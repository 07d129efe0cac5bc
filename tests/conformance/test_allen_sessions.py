"""Allen sessions of both kinds through the real allensdk, in the environment that raylab makes for
it.
"""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import raylab
from raylab.cli import main
from raylab.data.allen.environment import ensure_environment
from raylab.data.load_recipe import load_recipe
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.errors import DataError
from tests.fixtures.allen_ophys import write_ophys

pytestmark = pytest.mark.allen
FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = {"allen_ophys": "ophys_experiment_501559087.nwb", "allen_ecephys": "session_715093703.nwb"}
each_kind = pytest.mark.parametrize("kind", NAMES)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A session of each kind; writing the second needs the environment too."""
    folder = tmp_path_factory.mktemp("sessions")
    found = {kind: folder / kind / name for kind, name in NAMES.items()}
    for path in found.values():
        path.parent.mkdir()
    write_ophys(found["allen_ophys"])
    in_allen("allen_ecephys.py", found["allen_ecephys"])
    return found


@pytest.fixture(scope="module")
def oracle(files: dict[str, Path]) -> dict[str, dict[str, np.ndarray]]:
    """What allensdk itself returns of the files."""
    found = {}
    for kind, path in files.items():
        target = path.with_suffix(".npz")
        in_allen("allen_oracle.py", kind.removeprefix("allen_"), path, target)
        found[kind] = dict(np.load(target))
        target.unlink()
    return found


@pytest.fixture(scope="module")
def sessions(files: dict[str, Path]) -> dict[str, Session]:
    return {kind: read_source(Source(path), load_recipe(kind)) for kind, path in files.items()}


def in_allen(script: str, *arguments: Any) -> None:
    command = [ensure_environment(), "-I", FIXTURES / script, *arguments]
    subprocess.run([str(part) for part in command], check=True, timeout=300)


def classes(session: Session, name: str) -> np.ndarray:
    """The class of every sample as text, empty where it has none."""
    label = session.labels[name]
    return np.array([*label.classes, ""])[label.values]


class TestOphysAgainstAllensdk:
    @pytest.fixture
    def pair(
        self, sessions: dict[str, Session], oracle: dict[str, dict[str, np.ndarray]]
    ) -> tuple[Session, dict[str, np.ndarray]]:
        return sessions["allen_ophys"], oracle["allen_ophys"]

    def test_traces_and_time(self, pair: tuple[Session, dict[str, np.ndarray]]) -> None:
        session, truth = pair
        whole = np.isfinite(truth["traces"]).all(axis=1)
        assert whole.sum() == 5  # the second cell has a NaN and was dropped
        np.testing.assert_array_equal(session.neural, truth["traces"][whole].T)
        np.testing.assert_array_equal(
            session.units["cell_specimen_id"], truth["cell_specimen_id"][whole]
        )
        np.testing.assert_array_equal(session.time, truth["time"])
        assert session.id == "501559087"
        assert session.animal == "Cux2-CreERT2;Camk2a-tTA;Ai93-222426"

    def test_the_stimulus_of_every_frame(self, pair: tuple[Session, dict[str, np.ndarray]]) -> None:
        """As allensdk's own search by frame finds it, frames that two rows share included.

        It gives the last frame of a row to that row, except where the whole stimulus ends: raylab
        does there too.
        """
        session, truth = pair
        found = classes(session, "stimulus")
        final = np.array(
            [np.flatnonzero(found == name)[-1] for name in set(found) - {"", "spontaneous"}]
        )
        stimulus = np.where(np.isin(np.arange(len(found)), final), found, truth["stimulus"])
        np.testing.assert_array_equal(found, stimulus)
        for name, column, shown in (
            ("orientation", "orientation", "drifting_gratings"),
            ("static_orientation", "orientation", "static_gratings"),
            ("scene", "frame", "natural_scenes"),
            ("movie_frame", "frame", "natural_movie_one"),
            ("movie_repeat", "repeat", "natural_movie_one"),
        ):
            values = np.where(stimulus == shown, truth[column], np.nan)
            expected = ["" if np.isnan(value) else str(int(value)) for value in values]
            found = np.where(classes(session, name) == "blank", "-1", classes(session, name))
            known = ~np.isin(np.arange(len(found)), final)
            np.testing.assert_array_equal(found[known], np.array(expected)[known], err_msg=name)
            assert (found != "").sum() > 50

    def test_behaviour(self, pair: tuple[Session, dict[str, np.ndarray]]) -> None:
        session, truth = pair
        np.testing.assert_allclose(
            session.labels["running_speed"].values[:, 0], truth["running_speed"]
        )
        np.testing.assert_allclose(session.labels["pupil_location"].values, truth["pupil_location"])

    def test_groups_hold_whole_presentations(
        self, pair: tuple[Session, dict[str, np.ndarray]]
    ) -> None:
        session, _ = pair
        presentation = session.groups["presentation"]
        assert len(np.unique(presentation[presentation >= 0])) == 17 + 13 + 1 + 36 + 10
        scene = classes(session, "scene")
        for one in np.unique(presentation[scene != ""]):
            assert len(set(scene[presentation == one])) == 1
        movie = classes(session, "movie_repeat")
        np.testing.assert_array_equal(
            session.groups["movie_repeat"], [int(r) if r else -1 for r in movie]
        )


class TestEcephysAgainstAllensdk:
    def read(self, files: dict[str, Path], stimulus: str) -> Session:
        wanted = {"stimulus": stimulus, "window_s": [0, 0.25], "bins": 5}
        recipe = parse_recipe({"format": "allen_ecephys", "presentations": wanted}, "test")
        return read_source(Source(files["allen_ecephys"]), recipe)

    def test_units_are_those_that_allensdk_keeps(
        self, sessions: dict[str, Session], oracle: dict[str, dict[str, np.ndarray]]
    ) -> None:
        session = sessions["allen_ecephys"]
        assert session.units["unit_id"].tolist() == sorted(oracle["allen_ecephys"]["unit_id"])
        removed = [note for note in session.notes if note.startswith("unit_filters")]
        assert sum(int(note.split(": ")[1].split()[0]) for note in removed) == 14 - len(
            session.units["unit_id"]
        )
        assert session.units["structure_acronym"].tolist() == ["VISp", "VISp", "LGd", "LGd"]

    @pytest.mark.parametrize(
        ("stimulus", "left_out"),
        [("natural_scenes", 2), ("drifting_gratings", 0), ("natural_movie_one", 0)],
    )
    def test_counts_and_labels(
        self,
        files: dict[str, Path],
        oracle: dict[str, dict[str, np.ndarray]],
        stimulus: str,
        left_out: int,
    ) -> None:
        """allensdk leaves out what is invalid for stimuli; raylab also scenes during which a probe
        was silent.
        """
        session = self.read(files, stimulus)
        truth = {
            name.split("/")[-1]: values
            for name, values in oracle["allen_ecephys"].items()
            if stimulus in name
        }
        start = session.time[::5] - 0.025
        row = np.searchsorted(truth["start_time"], start - 1e-6)
        assert len(start) == len(truth["id"]) - left_out
        np.testing.assert_allclose(truth["start_time"][row], start)
        unit = np.searchsorted(session.units["unit_id"], oracle["allen_ecephys"]["unit_id"])
        expected = truth["counts"][row].reshape(-1, len(unit))
        np.testing.assert_array_equal(session.neural[:, unit], expected)
        name = {"natural_scenes": "scene", "drifting_gratings": "orientation"}.get(
            stimulus, "movie_frame"
        )
        shown = truth["frame" if "frame" in truth else "orientation"][row]
        expected = ["" if value == "null" else str(int(float(value))) for value in shown]
        found = classes(session, name)[::5]
        np.testing.assert_array_equal(np.where(found == "blank", "-1", found), expected)

    def test_presentations_that_overlap_share_an_id(self, sessions: dict[str, Session]) -> None:
        session = sessions["allen_ecephys"]
        presentation = session.groups["presentation"]
        starts = session.time - 0.125
        shared = np.flatnonzero(np.diff(starts) < 0.25 - 1e-6)
        assert len(shared) == 2
        assert (presentation[shared] == presentation[shared + 1]).all()
        assert len(np.unique(presentation)) == len(presentation) - 2

    def test_a_movie_in_two_blocks_is_three_repeats(self, files: dict[str, Path]) -> None:
        session = self.read(files, "natural_movie_one")
        np.testing.assert_array_equal(session.groups["movie_repeat"], np.repeat([0, 1, 2], 20 * 5))


@each_kind
class TestEveryAllenReader:
    def test_a_folder_gives_the_file(self, files: dict[str, Path], kind: str) -> None:
        assert list_sources(files[kind].parent, load_recipe(kind)) == [Source(files[kind])]

    def test_ids_come_from_inside_the_file(
        self, files: dict[str, Path], kind: str, tmp_path: Path
    ) -> None:
        renamed = shutil.copy(files[kind], tmp_path / "rat7.nwb")
        session = read_source(Source(renamed), load_recipe(kind))
        assert session.id in NAMES[kind]
        assert any("rat7.nwb" in note for note in session.notes)

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.75])
    def test_a_truncated_file_is_named(
        self, files: dict[str, Path], kind: str, share: float, tmp_path: Path
    ) -> None:
        raw = files[kind].read_bytes()
        path = tmp_path / NAMES[kind]
        path.write_bytes(raw[: int(len(raw) * share)])
        with pytest.raises(DataError, match=f"{path}: allensdk cannot read it"):
            read_source(Source(path), load_recipe(kind))

    def test_values_in_another_file_are_not_read(
        self, files: dict[str, Path], kind: str, tmp_path: Path
    ) -> None:
        path = shutil.copy(files[kind], tmp_path / NAMES[kind])
        with h5py.File(path, "r+") as file:
            place = "processing/elsewhere" if kind == "allen_ophys" else "acquisition/elsewhere"
            file[place] = h5py.ExternalLink(str(files["allen_ophys"]), "stimulus")
        with pytest.raises(DataError, match="is stored in another file"):
            read_source(Source(path), load_recipe(kind))

    def test_the_other_kind_is_refused(self, files: dict[str, Path], kind: str) -> None:
        other = next(path for name, path in files.items() if name != kind)
        with pytest.raises(DataError, match=f"{other}: allensdk cannot read it") as error:
            read_source(Source(other), load_recipe(kind))
        assert "of the other kind" in error.value.remedy

    def test_a_source_and_its_recipe_travel_between_processes(
        self, files: dict[str, Path], kind: str
    ) -> None:
        pair = Source(files[kind]), load_recipe(kind)
        assert pickle.loads(pickle.dumps(pair)) == pair

    def test_prepared_and_inspected_from_the_command_line(
        self, files: dict[str, Path], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        short = [
            "--set",
            "splits.gap_s=0",
        ]  # of the recipe's 5 s nothing would be left of a session of 80 s
        main(
            [
                "prepare",
                str(files[kind].parent),
                "--recipe",
                kind,
                "--out",
                str(tmp_path / "ds"),
                *short,
            ]
        )
        capsys.readouterr()
        main(["inspect", str(tmp_path / "ds"), "--json"])
        (entry,) = json.loads(capsys.readouterr().out)["sessions"]
        assert entry["id"] in NAMES[kind]
        assert all(entry["splits"][name] > 0 for name in ("train", "valid", "test"))
        assert entry["labels"]["scene"]["classes"][0] == "blank"
        assert "presentation" in entry["groups"]
        assert any("removed" in note or "dropped" in note for note in entry["notes"])


class TestTerabytesStatedInAFewBytes:
    def state(self, path: Path, place: str, target: Path) -> Source:
        copy = shutil.copy(path, target / path.name)
        with h5py.File(copy, "r+") as file:
            del file[place]
            file.create_dataset(place, (2**40,), "f8", chunks=(1024,))
        return Source(copy)

    def test_of_units(self, files: dict[str, Path], tmp_path: Path) -> None:
        source = self.state(files["allen_ecephys"], "units/snr", tmp_path)
        with pytest.raises(DataError, match="allensdk cannot read it"):
            read_source(source, load_recipe("allen_ecephys"))

    def test_of_a_stimulus_costs_that_stimulus(
        self, files: dict[str, Path], tmp_path: Path
    ) -> None:
        source = self.state(
            files["allen_ophys"], "stimulus/presentation/natural_scenes_stimulus/data", tmp_path
        )
        session = read_source(source, load_recipe("allen_ophys"))
        assert any("allensdk gives no natural_scenes" in note for note in session.notes)
        assert "movie_frame" in session.labels
        assert "scene" not in session.labels


@pytest.fixture
def _local_ray() -> Iterator[None]:
    import ray

    from raylab.cluster import connect

    connect(cpus=2)
    yield
    ray.shutdown()


@pytest.mark.ray
@pytest.mark.usefixtures("_local_ray")
def test_several_sessions_through_ray(tmp_path: Path) -> None:
    """Each task calls its own reader process; no presentation lies in two splits."""
    write_ophys(tmp_path / "in" / "1.nwb", experiment=1)
    write_ophys(tmp_path / "in" / "2.nwb", experiment=2, seed=1)
    splits = {"splits.kind": "groups", "splits.by": "presentation"}
    made = raylab.prepare(
        tmp_path / "in", recipe="allen_ophys", out=tmp_path / "ds", overrides=splits
    )
    assert made.failed == []
    assert list(made.dataset.sessions) == ["1", "2"]
    for name in made.dataset.sessions:
        recording = made.dataset.open(name)
        presentation = recording.groups["presentation"]
        held = [
            {one for a, b, code in recording.parts if code == split for one in presentation[a:b]}
            for split in range(3)
        ]
        assert all(held)
        assert len(set.union(*held)) == sum(len(ids) for ids in held)
