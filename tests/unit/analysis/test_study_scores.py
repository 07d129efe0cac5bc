"""Scores that compare embeddings, taken of a study: held-out samples, the test split by name, kept
and reported.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command import run
from helpers import dataset, session, small_study, trial

import raylab
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.errors import ConfigError, DataError, StudyError
from raylab.evaluation.comparison import linear_r2
from raylab.results import Result
from raylab.tracking.records import reads_of_test
from raylab.tracking.study import StudyFolder

SAMPLES = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scores")


@pytest.fixture(scope="module")
def data(folder: Path) -> Dataset:
    named = (("a", 6, "x"), ("b", 4, "x"), ("c", 5, "y"))
    made = [
        session(name, samples=SAMPLES, units=units, seed=seed, animal=animal)
        for seed, (name, units, animal) in enumerate(named)
    ]
    return dataset(folder / "ds", *made)


@pytest.fixture(scope="module")
def study(folder: Path, data: Dataset) -> StudyFolder:
    """Two seeds of one config."""
    return small_study(folder / "study", data)


@pytest.fixture(scope="module")
def alone(folder: Path) -> StudyFolder:
    """Two seeds on one session."""
    return small_study(folder / "alone", dataset(folder / "alone-ds", session(animal="x")))


def reads(study: StudyFolder) -> list[tuple[str, str]]:
    return [
        (event.trial, event.purpose)
        for event in reads_of_test(StudyFolder.open(study.path).ledger.read())
    ]


# -- consistency -----------------------------------------------------------------------------------


def test_seeds_are_compared_on_held_out_samples(study: StudyFolder, data: Dataset) -> None:
    found = raylab.consistency(study.path)
    assert (found.between, found.names, found.samples) == (
        "seeds",
        ("0001", "0000"),
        3 * SAMPLES // 5,
    )
    models = [raylab.load(study.path, trial=name) for name in found.names]
    expected = []
    for name in data.sessions:
        opened = data.open(name)
        start, stop, _ = next(part for part in opened.parts.tolist() if part[2] == 1)
        one, other = (
            model.transform(opened.activity(start, stop), session=name) for model in models
        )
        design = np.column_stack([one, np.ones(len(one))])
        left = other - design @ np.linalg.lstsq(design, other)[0]
        expected.append(1 - (left.var(axis=0) / other.var(axis=0)).mean())
    assert found.matrix[0][1] == pytest.approx(np.mean(expected), abs=1e-4)
    assert found.matrix[0][0] == pytest.approx(1)


def test_only_seeds_of_the_winner_are_taken_by_default(
    folder: Path, data: Dataset, study: StudyFolder
) -> None:
    other = small_study(folder / "other", data, scores=(0.5,), model={"output_dimension": 2})
    with pytest.raises(StudyError, match="no other seed") as caught:
        raylab.consistency(other.path)
    assert "--beside" in caught.value.remedy
    beside = raylab.consistency([study.path, other.path], trials=["0000"])
    assert beside.names == ("study/0000", "other/0000")
    with pytest.raises(StudyError, match="no other seed"):
        raylab.consistency(study.path, trials=["0000", "0000"])
    assert beside.matrix[0][1] != pytest.approx(beside.matrix[1][0])


def test_sessions_and_animals_are_aligned_by_a_label(study: StudyFolder) -> None:
    sessions = raylab.consistency(study.path, between="sessions")
    assert (sessions.names, sessions.label) == (("a", "b", "c"), "position")
    assert sessions.matrix[0][0] is None
    animals = raylab.consistency(study.path, between="animals", label="heading")
    assert animals.names == ("x", "y")
    again = raylab.consistency(study.path, between="sessions", label="heading").matrix
    assert animals.matrix[0][0] == pytest.approx(np.mean([again[0][1], again[1][0]]))
    assert animals.matrix[0][1] == pytest.approx(np.mean([again[0][2], again[1][2]]))


def test_what_cannot_be_compared_is_said(folder: Path, data: Dataset, study: StudyFolder) -> None:
    single = small_study(folder / "single", dataset(folder / "one"), scores=(0.5,))
    with pytest.raises(StudyError, match="1 of its sessions"):
        raylab.consistency(single.path, between="sessions")
    with pytest.raises(StudyError, match="other data"):
        raylab.consistency([study.path, single.path])
    with pytest.raises(StudyError, match="which animal"):
        raylab.consistency(single.path, between="animals")
    with pytest.raises(StudyError, match="in which area"):
        raylab.consistency(study.path, between="areas")
    with pytest.raises(ConfigError, match="between 'moods'"):
        raylab.consistency(study.path, between="moods")  # type: ignore[arg-type]


# -- topology --------------------------------------------------------------------------------------


def test_topology_of_each_session(study: StudyFolder) -> None:
    found = raylab.topology(study.path, shuffles=2, landmarks=60)
    assert list(found.sessions) == ["a", "b", "c"]
    one = found.sessions["a"]
    assert (len(one.betti), len(one.thresholds), one.landmarks) == (2, 2, 60)
    assert one.longest[0] == tuple(sorted(one.longest[0], reverse=True))
    assert raylab.topology(study.path, shuffles=2, landmarks=60) == found


# -- comparison ------------------------------------------------------------------------------------


def test_every_method_is_scored_on_the_same_samples(alone: StudyFolder, folder: Path) -> None:
    raylab.export_embeddings(alone.path, out=folder / "saved.parquet")
    table = pd.read_parquet(folder / "saved.parquet")
    arrays = {"session": table["session"].to_numpy(str), "sample": table["sample"].to_numpy()}
    np.savez(folder / "saved.npz", **arrays, embedding=table[["e0", "e1", "e2"]].to_numpy())
    files = [folder / "saved.parquet", folder / "saved.npz"]
    found = raylab.compare_embeddings(alone.path, against=["pca", "tsne", *files], samples=60)
    model, pca, tsne, parquet, npz = found.methods.values()
    assert list(found.methods) == ["trial 0001", "pca", "tsne", "saved.parquet", "saved.npz"]
    assert [one.transductive for one in found.methods.values()] == [
        False,
        False,
        True,
        None,
        None,
    ]
    assert [one.dimensions for one in found.methods.values()] == [3, 3, 2, 3, 3]
    assert model.scores == parquet.scores == npz.scores
    assert model.intervals == npz.intervals
    assert set(pca.scores["position"]) == {"r2", "median_abs_error", "linear_r2"}
    assert "linear_r2" not in tsne.scores["choice"]
    assert pca.scores["heading"]["r2"] > 0.5


def test_pca_learns_nothing_from_validation(tmp_path: Path) -> None:
    """The other rows of validation, which are not scored, change; windows of the scored ones do not
    reach them.
    """
    found = []
    for change in (0.0, 50.0):
        one = session(samples=500)
        neural = one.neural.copy()
        neural[345:355] += change
        data = dataset(tmp_path / f"ds{change}", session(samples=500, neural=neural))
        study = small_study(
            tmp_path / f"study{change}", data, scores=(0.5,), view={"zscore": False}
        )
        found.append(raylab.compare_embeddings(study.path, against=["pca"], samples=4).methods)
    assert found[0] == found[1]


def test_a_file_that_lacks_samples_is_refused(study: StudyFolder, tmp_path: Path) -> None:
    raylab.export_embeddings(study.path, out=tmp_path / "all.parquet")
    table = pd.read_parquet(tmp_path / "all.parquet")
    table[table["sample"] != 0].to_parquet(tmp_path / "some.parquet")
    with pytest.raises(DataError, match=r"some.parquet: 1 of the 120 samples of session 'a'"):
        raylab.compare_embeddings(study.path, against=[tmp_path / "some.parquet"], samples=60)
    table.drop(columns=["e0", "e1", "e2"]).to_parquet(tmp_path / "none.parquet")
    np.savez(tmp_path / "odd.npz", session=["a"], sample=[0.5], embedding=np.ones((2, 2)))
    (tmp_path / "damaged.npz").write_bytes(b"PK\x03\x04 cut")
    for name, said in (
        ("none.parquet", "no column e0"),
        ("odd.npz", "do not belong together"),
        ("damaged.npz", "not a file of embeddings"),
        ("gone.npz", "no such file"),
    ):
        with pytest.raises(DataError, match=said):
            raylab.compare_embeddings(study.path, against=[tmp_path / name])
    with pytest.raises(ConfigError, match=r"'all\.parquet' is named twice"):
        raylab.compare_embeddings(
            study.path, against=[tmp_path / "all.parquet", tmp_path / "x" / "all.parquet"]
        )
    with pytest.raises(ConfigError, match="no method 'umpa'") as caught:
        raylab.compare_embeddings(study.path, against=["umpa"])
    assert "umap" in caught.value.remedy


def test_a_linear_map_to_a_known_latent() -> None:
    random = np.random.default_rng(0)
    latent, angle = random.normal(size=(400, 2)), random.uniform(-np.pi, np.pi, (400, 1))
    points = np.concatenate(
        [latent @ random.normal(size=(2, 2)), np.cos(angle), np.sin(angle)], axis=1
    )
    noise = random.normal(size=points.shape)
    for label in (Label.continuous(latent), Label.continuous(angle, kind="circular")):
        parts = [
            Label.continuous(label.values[rows], kind=label.kind)
            for rows in (slice(200), slice(200, 400))
        ]
        assert linear_r2(points[:200], parts[0], points[200:], parts[1]) == pytest.approx(1)
        assert linear_r2(noise[:200], parts[0], noise[200:], parts[1]) < 0.05


# -- the test split, what is kept, the command line ------------------------------------------------


def test_every_reading_of_test_is_counted(folder: Path) -> None:
    study = small_study(folder / "read", dataset(folder / "read-ds"))
    raylab.consistency(study.path)
    raylab.topology(study.path, shuffles=1, landmarks=40)
    raylab.compare_embeddings(study.path, against=["pca"], samples=40)
    assert reads(study) == []
    raylab.consistency(study.path, split="test")
    raylab.topology(study.path, split="test", shuffles=1, landmarks=40)
    raylab.compare_embeddings(study.path, against=["pca"], samples=40, split="test")
    assert reads(study) == [(t, "consistency") for t in ("0001", "0000")] + [
        ("0001", "topology"),
        ("0001", "comparison"),
    ]
    with pytest.raises(StudyError, match="split 'train'"):
        raylab.consistency(study.path, split="train")


def test_scores_do_not_depend_on_test_data(tmp_path: Path) -> None:
    found: list[dict[str, Any]] = []
    for name in ("a", "b"):
        one = session()
        neural, position = one.neural.copy(), one.labels["position"].values.copy()
        if name == "b":
            neural[320:], position[320:] = 50, -50
        made = session(neural=neural, labels={"position": Label.continuous(position, unit="m")})
        study = small_study(tmp_path / f"study-{name}", dataset(tmp_path / name, made))
        consistent = raylab.consistency(study.path)
        compared = raylab.compare_embeddings(study.path, against=["pca"], samples=40)
        found.append(
            {
                "consistency": consistent,
                "compared": compared,
                "topology": raylab.topology(study.path, shuffles=1, landmarks=40),
            }
        )
    assert found[0] == found[1]


def test_a_comparison_is_reported_as_a_table(alone: StudyFolder) -> None:
    raylab.compare_embeddings(alone.path, against=["pca"], samples=40)
    page = raylab.report(alone.path).read_text()
    assert "<th>heading: linear_r2</th>" in page
    assert 'alt="comparison-valid"' in page


def test_scores_are_kept_drawn_and_reported(study: StudyFolder) -> None:
    raylab.consistency(study.path, between="animals")
    raylab.topology(study.path, shuffles=2, landmarks=60)
    for name in ("consistency-animals-valid", "topology-valid"):
        assert json.loads((study.scores_folder / f"{name}.json").read_text())["split"] == "valid"
        assert (study.scores_folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    page = raylab.report(study.path).read_text()
    assert "Embeddings compared" in page
    assert page.count("data:image/png;base64,") >= 2
    assert "a: Betti numbers" in page
    (study.scores_folder / "topology-valid.json").write_text("{}")
    assert "topology-valid.json cannot be read" in raylab.report(study.path).read_text()


def test_a_study_without_such_scores_has_no_such_section(folder: Path, data: Dataset) -> None:
    plain = small_study(folder / "plain", data, scores=(0.5,))
    assert "Embeddings compared" not in raylab.report(plain.path).read_text()


def test_the_command_line_asks_for_several_at_once(
    alone: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "evaluate",
        alone.path,
        "--consistency",
        "seeds",
        "--against",
        "pca,tsne",
        "--samples",
        60,
    ]
    code, out, _ = run(capsys, *arguments, "--json")
    found = json.loads(out)
    assert (code, found["consistency"]["between"]) == (0, "seeds")
    assert list(found["against"]["methods"]) == ["trial 0001", "pca", "tsne"]


def test_what_the_command_line_prints(
    alone: StudyFolder, study: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(
        capsys,
        "evaluate",
        study.path,
        "--consistency",
        "sessions",
        "--label",
        "heading",
        "--bins",
        20,
    )
    assert (code, "mean R2" in out, "20 bins of heading" in out) == (0, True, True)
    code, out, _ = run(capsys, "evaluate", alone.path, "--against", "pca", "--samples", 50)
    assert (code, "linear_r2" in out) == (0, True)
    code, out, _ = run(capsys, "evaluate", alone.path, "--topology", 1)
    assert (code, "Betti number" in out) == (0, True)
    code, out, _ = run(
        capsys,
        "evaluate",
        study.path,
        "--consistency",
        "seeds",
        "--trial",
        "0000",
        "--trial",
        "0001",
    )
    assert (code, "trials 0000, 0001" in out) == (0, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--label", "heading"),
        ("--bins", "20"),
        ("--beside", "x"),
        ("--samples", "60"),
        ("--trial", "0000", "--trial", "0001"),
        ("--consistency", "seeds", "--bins", "20"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    study: StudyFolder, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(capsys, "evaluate", study.path, *arguments)[0] == 2


@dataclass(frozen=True)
class Taken(Result):
    """Stands in for a result."""

    verb: str


def test_the_verb_takes_only_the_scores_that_options_name(
    study: StudyFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("evaluate", "shuffle_labels", "topology"):
        monkeypatch.setattr(
            f"raylab.analysis.{name}.{name}", lambda *_, name=name, **__: Taken(name)
        )
    for options, taken in ((["--shuffles", 3], "shuffle_labels"), ([], "evaluate")):
        code, out, _ = run(capsys, "evaluate", study.path, *options, "--json")
        assert (code, json.loads(out)) == (0, {"verb": taken})


def test_a_control_says_that_it_is_one() -> None:
    assert trial(sampling={"conditional": "time_delta"}, controls={"shuffle": 3}).model_dump()[
        "controls"
    ] == {"shuffle": 3}
