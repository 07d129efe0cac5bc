"""Allen sessions from what the reader process writes; tests/conformance has the allensdk."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raylab.data.allen.ecephys import session_of
from raylab.data.allen.environment import NAMED
from raylab.data.allen.process import TIMEOUT, Answer
from raylab.data.allen.recipes import PresentationsSpec, UnitFiltersSpec
from raylab.data.load_recipe import load_recipe
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.errors import ConfigError, DataError
from tests.fixtures.allen_answers import (
    ECEPHYS,
    OPHYS,
    invalid_arrays,
    presentation_arrays,
    stand_in,
    unit_arrays,
    write_arrays,
)

Reads = Callable[..., Session]
SCENES = {"format": "allen_ecephys"}
SPIKES = [np.array([0.05, 0.3, 1.26]), np.array([0.26, 0.27, 5.0])]
START = np.array([0.0, 0.25, 1.25])


@pytest.fixture
def reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Read `arrays` as if allensdk had handed them over for a file."""

    def read(
        arrays: dict[str, Any], recipe: dict[str, Any], answer: dict[str, Any] | None = None
    ) -> Session:
        with h5py.File(tmp_path / "arrays.h5", "w") as file:
            write_arrays(file, arrays)
        answer = answer or (OPHYS if recipe["format"] == "allen_ophys" else ECEPHYS)
        program = stand_in(tmp_path, json.dumps(answer), arrays=tmp_path / "arrays.h5")
        monkeypatch.setenv(NAMED, str(program))
        source = tmp_path / "session_715093703_501559087.nwb"
        source.write_bytes(b"an NWB file")
        return read_source(Source(source), parse_recipe(recipe, "test"))

    return read


def scenes(**changes: Any) -> dict[str, Any]:
    shown = presentation_arrays(
        START, START + 0.25, stimulus="natural_scenes", frame=["-1.0", "0.0", "5.0"]
    )
    return unit_arrays(SPIKES) | shown | invalid_arrays([]) | changes


class TestEcephys:
    def test_counts_labels_groups_and_names(self, reads: Reads) -> None:
        session = reads(scenes(), SCENES)
        assert (session.id, session.animal, session.kind) == ("715093703", "718643564", "counts")
        assert session.neural.tolist() == [[1, 0], [1, 2], [1, 0]]
        np.testing.assert_allclose(session.time, START + 0.125)
        assert session.rate_hz == pytest.approx(4)
        assert session.segments.tolist() == [[0, 1], [1, 2], [2, 3]]
        assert session.labels["scene"].classes == ("blank", "0", "5")
        assert session.labels["scene"].values.tolist() == [0, 1, 2]
        assert session.groups["presentation"].tolist() == [40, 41, 42]
        assert session.units["unit_id"].tolist() == [950, 951]

    def test_a_presentation_of_several_bins_is_one_segment(self, reads: Reads) -> None:
        session = reads(scenes(), SCENES | {"presentations": {"bins": 2, "window_s": [0.0, 0.1]}})
        assert session.neural.tolist() == [[0, 0], [1, 0], [0, 2], [1, 0], [1, 0], [0, 0]]
        assert session.segments.tolist() == [[0, 2], [2, 4], [4, 6]]
        assert session.rate_hz == pytest.approx(20)
        assert session.groups["presentation"].tolist() == [40, 40, 41, 41, 42, 42]
        assert session.labels["scene"].values.tolist() == [0, 0, 1, 1, 2, 2]

    @pytest.mark.parametrize(
        ("tag", "left"),
        [
            ("stimulus", 2),
            ("all_probes", 2),
            ("probeA", 2),
            ("something_new", 2),
            ("probeB", 3),
            ("optotagging", 3),
        ],
    )
    def test_invalid_times_remove_presentations_they_concern(
        self, reads: Reads, tag: str, left: int
    ) -> None:
        invalid = invalid_arrays([(1.3, 1.31)], [["EcephysSession", "1", tag]])
        channels = {"channels/id": [850, 851, 900], "channels/valid_data": [True] * 3}
        channels |= {
            "channels/probe": ["probeA", "probeA", "probeB"],
            "channels/structure_acronym": ["VISp"] * 3,
        }
        session = reads(scenes(**invalid, **channels), SCENES)
        assert len(session.neural) == left
        assert any(
            f"{3 - left} of 3 presentations met an invalid time" in note for note in session.notes
        )

    def test_overlapping_presentations_share_an_id_and_are_told(self, reads: Reads) -> None:
        start = np.array([0.0, 0.2, 1.25])
        shown = presentation_arrays(
            start, start + 0.25, stimulus="natural_scenes", frame=["0.0", "1.0", "2.0"]
        )
        session = reads(scenes(**shown), SCENES)
        assert session.groups["presentation"].tolist() == [40, 40, 42]
        assert any("2 presentations share time" in note for note in session.notes)

    def test_each_filter_says_how_many_units_it_removed(self, reads: Reads) -> None:
        units = unit_arrays([np.array([0.05])] * 8)
        units["units/quality"][0] = "noise"
        units["channels/valid_data"][1] = False
        units["channels/structure_acronym"][2:4] = ["", "CA1"]
        units["units/isi_violations"][4] = 0.6
        units["units/amplitude_cutoff"][5] = np.nan
        units["units/presence_ratio"][6] = 0.9
        session = reads(scenes(**units), SCENES | {"unit_filters": {"structures": ["VISp"]}})
        assert session.units["unit_id"].tolist() == [957]
        told = {
            note.split()[0].rstrip(":"): note
            for note in session.notes
            if note.startswith("unit_filters")
        }
        names = ("good", "valid_channel", "in_brain", "structures")
        names += ("isi_violations_max", "amplitude_cutoff_max", "presence_ratio_min")
        assert [name.split(".")[1] for name in told] == list(names)
        for left, note in zip(range(8, 1, -1), told.values()):
            assert f"1 of {left} units removed" in note

    def test_any_turns_a_limit_off_for_nan_too(self, reads: Reads) -> None:
        units = unit_arrays(SPIKES, units__isi_violations=[3.0, np.nan])
        assert reads(
            scenes(**units), SCENES | {"unit_filters": {"isi_violations_max": "any"}}
        ).neural.shape == (3, 2)

    def test_no_unit_left_names_the_filters(self, reads: Reads) -> None:
        with pytest.raises(
            DataError, match=r"no unit is left.*isi_violations_max 0.5: 2 of 2 units removed"
        ):
            reads(scenes(**unit_arrays(SPIKES, units__isi_violations=[3.0, 3.0])), SCENES)

    def test_an_unknown_stimulus_names_those_there_are(self, reads: Reads) -> None:
        with pytest.raises(DataError, match="shows no `natural_scene`") as error:
            reads(scenes(), SCENES | {"presentations": {"stimulus": "natural_scene"}})
        assert "natural_scenes" in error.value.remedy

    def test_a_movie_has_repeats_and_its_whole_frames_are_counted(self, reads: Reads) -> None:
        start = 1.0 + np.arange(8) / 30
        frame = [str(float(n)) for n in [*range(4), *range(4)]]
        shown = presentation_arrays(
            start, start + 1 / 30, stimulus="natural_movie_three", frame=frame
        )
        invalid = invalid_arrays(
            [(start[4] + 0.01, start[4] + 0.02)]
        )  # the first frame of the second showing
        movie = {"presentations": {"stimulus": "natural_movie_three"}}
        session = reads(scenes(**shown, **invalid), SCENES | movie)
        assert session.rate_hz == pytest.approx(1000 / 33)
        assert session.groups["movie_three_repeat"].tolist() == [0, 0, 0, 0, 1, 1, 1]
        assert session.segments.tolist() == [
            [0, 4],
            [4, 7],
        ]  # frames of a showing follow each other
        assert list(session.labels) == ["movie_three_frame", "movie_three_repeat"]
        assert session.labels["movie_three_frame"].values.tolist() == [0, 1, 2, 3, 1, 2, 3]

    def test_gratings_have_their_parameters_and_blank_sweeps_none(self, reads: Reads) -> None:
        orientation = ["90.0", "", "0.0"]  # a blank sweep has no orientation
        shown = presentation_arrays(
            START,
            START + 0.25,
            stimulus="drifting_gratings",
            contrast=["0.8"] * 3,
            orientation=orientation,
        )
        arrays = unit_arrays(SPIKES) | shown | invalid_arrays([])
        session = reads(arrays, SCENES | {"presentations": {"stimulus": "drifting_gratings"}})
        assert list(session.labels) == ["orientation"]  # the contrast never changes
        assert session.labels["orientation"].classes == ("0", "90")
        assert session.labels["orientation"].values.tolist() == [1, -1, 0]

    def test_a_table_without_its_columns_is_an_error(self, reads: Reads) -> None:
        arrays = scenes()
        del arrays["presentations/stop_time"]
        with pytest.raises(
            DataError, match=r"session_715093703_501559087.nwb: not readable as allen_ecephys"
        ):
            reads(arrays, SCENES)


TICKS = st.integers(0, 160).map(lambda tick: tick / 32)
TIMES = st.lists(
    st.tuples(TICKS, st.integers(1, 24).map(lambda tick: tick / 32)), min_size=1, max_size=8
)


@given(
    TIMES,
    st.lists(st.tuples(TICKS, TICKS), max_size=3),
    st.lists(st.lists(TICKS, max_size=30), min_size=1),
)
def test_sessions_equal_the_slow_reference(
    shown: list[tuple[float, float]], invalid: list[tuple[float, float]], spikes: list[list[float]]
) -> None:
    """Gaps, overlaps and invalid times at random; three bins of half a second from each start."""
    shown, invalid = sorted(shown), [(min(pair), max(pair)) for pair in invalid]
    left = [
        (number, start)
        for number, (start, length) in enumerate(shown)
        if not any(low <= start + max(length, 0.5) and start <= high for low, high in invalid)
    ]
    start, length = np.array(shown).T
    frame = [str(float(number)) for number in range(len(shown))]
    arrays = unit_arrays([np.array(times) for times in spikes]) | invalid_arrays(invalid)
    arrays |= presentation_arrays(start, start + length, stimulus="natural_scenes", frame=frame)
    wanted = PresentationsSpec(window_s=(0.0, 0.5), bins=3)
    with h5py.File(io.BytesIO(), "w") as file:
        write_arrays(file, arrays)
        if not left:
            with pytest.raises(DataError, match="no presentation of natural_scenes is left"):
                session_of(file, Answer(Path(), {}, {}), wanted, UnitFiltersSpec(), path=Path("a"))
            return
        session = session_of(
            file, Answer(Path(), {}, {}), wanted, UnitFiltersSpec(), path=Path("a")
        )
    expected = [
        [sum(begin + edges[b] <= time < begin + edges[b + 1] for time in times) for times in spikes]
        for edges in [np.linspace(0.0, 0.5, 4)]
        for _, begin in left
        for b in range(3)
    ]
    np.testing.assert_array_equal(session.neural, expected)
    if len(left) > 1:
        scene = session.labels["scene"]
        assert [scene.classes[code] for code in scene.values] == [
            str(n) for n, _ in left for _ in range(3)
        ]
    for (_, one), (_, other), same in zip(
        left, left[1:], np.diff(session.groups["presentation"][::3]) == 0
    ):
        if other < one + 0.5:
            assert same  # they count the same spikes


def ophys(**changes: Any) -> dict[str, Any]:
    """Twelve samples at 10 Hz: grating, blank sweep, two scenes that share frame 7, two showings of
    two frames.
    """
    found = {
        "dff": np.arange(24.0).reshape(2, 12),
        "timestamps": 5.0 + np.arange(12) / 10,
        "units/cell_specimen_id": [517, 530],
        "units/roi_id": [5, 6],
        "stimulus/drifting_gratings/start": [0, 3],
        "stimulus/drifting_gratings/end": [1, 3],
        "stimulus/drifting_gratings/orientation": np.array([45, np.nan], np.float32),
        "stimulus/drifting_gratings/blank_sweep": np.array([0, 1], np.float32),
        "stimulus/natural_scenes/start": [5, 7],
        "stimulus/natural_scenes/end": [7, 8],
        "stimulus/natural_scenes/frame": [-1, 3],
        "stimulus/natural_movie_one/start": [9, 11, 4],
        "stimulus/natural_movie_one/end": [9, 11, 4],
        "stimulus/natural_movie_one/frame": [0, 1, 1],
        "stimulus/natural_movie_one/repeat": [0, 1, 0],
        "behaviour/running_speed/values": np.append(np.full(11, 2.0), np.nan),
        "behaviour/running_speed/timestamps": 5.0 + np.arange(12) / 10,
    }
    return found | changes


class TestOphys:
    def values(self, session: Session, name: str) -> list[str]:
        label = session.labels[name]
        return [label.classes[code] if code >= 0 else "" for code in label.values]

    def test_activity_and_names(self, reads: Reads) -> None:
        session = reads(ophys(), {"format": "allen_ophys"})
        assert (session.id, session.animal, session.kind) == ("501559087", "Cux2-222426", "calcium")
        np.testing.assert_array_equal(session.neural, np.arange(24.0).reshape(2, 12).T)
        assert session.rate_hz == pytest.approx(10)
        assert session.units["cell_specimen_id"].tolist() == [517, 530]
        assert session.labels["running_speed"].labelled.sum() == 11
        assert session.labels["running_speed"].unit == "cm/s"
        assert any("VISp" in note for note in session.notes)

    def test_labels_by_two_photon_frames(self, reads: Reads) -> None:
        """The last frame of a row is inside it; a frame that two rows share belongs to the one that
        begins there.
        """
        session = reads(ophys(), {"format": "allen_ophys"})
        assert self.values(session, "orientation") == ["45", "45", *[""] * 10]
        assert self.values(session, "scene") == [*[""] * 5, "blank", "blank", "3", "3", "", "", ""]
        assert self.values(session, "movie_frame") == [*[""] * 4, "1", *[""] * 4, "0", "", "1"]
        shown = [name[:9] for name in self.values(session, "stimulus")]
        assert shown[:5] == ["drifting_", "drifting_", "", "drifting_", "natural_m"]

    def test_groups(self, reads: Reads) -> None:
        """Numbered by start over all stimuli; a movie's presentation is a showing, the frame it
        lacks included.
        """
        session = reads(ophys(), {"format": "allen_ophys"})
        assert session.groups["presentation"].tolist() == [0, 0, -1, 1, 2, 3, 3, 4, 4, 5, 5, 5]
        assert session.groups["movie_repeat"].tolist() == [*[-1] * 4, 0, *[-1] * 4, 1, 1, 1]
        assert self.values(session, "movie_repeat") == [*[""] * 4, "0", *[""] * 4, "1", "", "1"]

    def test_bins_keep_labels_and_groups(self, reads: Reads) -> None:
        session = reads(ophys(), {"format": "allen_ophys", "bin": 2})
        assert session.groups["presentation"].tolist() == [0, -1, -1, -1, -1, 5]

    def test_samples_without_a_time_are_left_out(self, reads: Reads) -> None:
        time = 5.0 + np.arange(12) / 10
        time[5] = np.nan
        session = reads(ophys(timestamps=time), {"format": "allen_ophys"})
        assert len(session.neural) == 11
        assert session.segments.tolist() == [[0, 5], [5, 11]]
        assert self.values(session, "scene")[5:8] == ["blank", "3", "3"]
        assert any("1 samples without a time stamp" in note for note in session.notes)

    def test_nan_needs_a_rule(self, reads: Reads) -> None:
        traces = np.arange(24.0).reshape(2, 12)
        traces[0, 3] = np.nan
        with pytest.raises(DataError, match="NaN"):
            reads(ophys(dff=traces), {"format": "allen_ophys"})
        session = reads(
            ophys(dff=traces), {"format": "allen_ophys", "traces": {"nan": "drop_units"}}
        )
        assert session.units["roi_id"].tolist() == [6]

    def test_what_allensdk_cannot_give_is_told(self, reads: Reads) -> None:
        arrays = {name: values for name, values in ophys().items() if "running" not in name}
        answer = OPHYS | {"skipped": {"running_speed": "IndexError: index 0 is out of bounds"}}
        session = reads(arrays, {"format": "allen_ophys"}, answer)
        assert "running_speed" not in session.labels
        assert any("no running_speed (IndexError" in note for note in session.notes)

    def test_a_session_without_stimuli_has_activity(self, reads: Reads) -> None:
        arrays = {name: values for name, values in ophys().items() if "stimulus" not in name}
        session = reads(arrays, {"format": "allen_ophys"})
        assert session.groups == {}
        assert list(session.labels) == ["running_speed"]


class TestProcess:
    """Whatever the other Python does, the user reads one sentence."""

    def fails(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, then: str = ""
    ) -> DataError:
        monkeypatch.setenv(NAMED, str(stand_in(tmp_path, answer, then=then)))
        source = tmp_path / "session.nwb"
        source.touch()
        with pytest.raises(DataError) as error:
            read_source(Source(source), load_recipe("allen_ophys"))
        return error.value

    def test_no_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(TIMEOUT, "0.3")
        error = self.fails(tmp_path, monkeypatch, "", "exec sleep 60")
        assert "session.nwb: allensdk had not read it after 0.3 s" in error.what
        assert TIMEOUT in error.remedy

    def test_death(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        error = self.fails(tmp_path, monkeypatch, "", "kill -9 $$")
        assert "killed (SIGKILL)" in error.what
        assert "memory" in error.remedy

    def test_no_json(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        error = self.fails(
            tmp_path, monkeypatch, "Segmentation fault", "echo 'no such option: -I' >&2; exit 2"
        )
        assert "did not answer (exit code 2): no such option: -I" in error.what

    def test_what_allensdk_says_of_a_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = json.dumps({"error": "KeyError", "message": "no DfOverF"})
        error = self.fails(tmp_path, monkeypatch, answer, "exit 3")
        assert "session.nwb: allensdk cannot read it (KeyError: no DfOverF)" in error.what

    def test_an_interpreter_without_allensdk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = json.dumps(
            {"error": "ModuleNotFoundError", "message": "No module named 'allensdk'"}
        )
        error = self.fails(tmp_path, monkeypatch, answer, "exit 3")
        assert "No module named 'allensdk'" in error.what
        assert NAMED in error.remedy

    @pytest.mark.parametrize(
        "answer", ["[]", "{}", json.dumps(OPHYS), '{"metadata": [], "skipped": {}}']
    )
    def test_json_that_is_no_answer_or_comes_without_arrays(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
    ) -> None:
        assert "allensdk cannot read it" in self.fails(tmp_path, monkeypatch, answer).what

    def test_a_program_that_cannot_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "broken").write_text("#!/no/such/interpreter\n")
        (tmp_path / "broken").chmod(0o755)
        monkeypatch.setenv(NAMED, str(tmp_path / "broken"))
        source = tmp_path / "session.nwb"
        source.touch()
        with pytest.raises(DataError, match="cannot be run"):
            read_source(Source(source), load_recipe("allen_ecephys"))

    @pytest.mark.parametrize("text", ["soon", "0", "-1", "nan"])
    def test_a_time_out_that_is_no_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        monkeypatch.setenv(TIMEOUT, text)
        assert f"{TIMEOUT} is '{text}'" in self.fails(tmp_path, monkeypatch, "{}").what


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"format": "allen_ecephys", "labels": {}}, "remove labels"),
        ({"format": "allen_ecephys", "bin": 2}, "remove bin"),
        ({"format": "allen_ophys", "presentations": {}}, "exists where format is allen_ecephys"),
        (
            {"format": "hdf5", "traces": {}, "time": {"rate_hz": 1}},
            "exists where format is allen_ophys",
        ),
        ({"format": "allen_ecephys", "presentations": {"window_s": [0.2, 0.1]}}, "from < to"),
        ({"format": "allen_ecephys", "presentations": {"window_s": [0, float("inf")]}}, "window_s"),
        (
            {"format": "allen_ecephys", "unit_filters": {"isi_violations_max": "none"}},
            "unit_filters",
        ),
    ],
)
def test_recipes_that_make_no_sense(value: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_recipe(value, "test")
    assert said in str(error.value)


def test_the_record_of_a_recipe_says_what_was_used_and_reads_again() -> None:
    for value, own in (
        ({"format": "allen_ophys"}, {"traces": {"nan": "error"}}),
        ({"format": "torch_brain"}, {}),
        (
            {"format": "allen_ecephys", "unit_filters": {"isi_violations_max": "any"}},
            {"presentations", "unit_filters"},
        ),
    ):
        recipe = parse_recipe(value, "test")
        record = recipe.model_dump(mode="json", by_alias=True, exclude_none=True)
        assert {
            name for name in record if name in ("traces", "presentations", "unit_filters")
        } == set(own)
        assert (
            parse_recipe(recipe.model_dump(mode="json", by_alias=True, exclude_unset=True), "test")
            == recipe
        )
    assert record["unit_filters"]["isi_violations_max"] == "any"
    assert record["unit_filters"]["presence_ratio_min"] == 0.95


def test_the_docs_name_every_key() -> None:
    text = (Path(__file__).parents[3] / "docs" / "allen.md").read_text()
    keys = {key for spec in (PresentationsSpec, UnitFiltersSpec) for key in spec.model_fields}
    assert not [key for key in sorted(keys) if f"`{key}`" not in text]


def test_a_scene_is_called_the_same_in_files_of_torch_brain(tmp_path: Path) -> None:
    """They number the grey screen 0 and allensdk's image 0 as 1."""
    from torch_brain.data import Data, Interval, RegularTimeSeries

    series = RegularTimeSeries(
        df_over_f=np.random.default_rng(0).normal(size=(40, 3)), sampling_rate=10.0
    )
    start = np.array([0.0, 1.0, 2.0])
    scenes = Interval(start=start, end=start + 1, frame=np.array([0, 1, 6]))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        Data(calcium_traces=series, natural_scenes=scenes, domain=series.domain).to_hdf5(file)
    label = read_source(Source(tmp_path / "a.h5")).labels["scene"]
    assert label.classes == ("blank", "0", "5")
    assert label.values[[0, 10, 20, 35]].tolist() == [0, 1, 2, -1]
