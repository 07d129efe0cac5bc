"""Old studies open: what an earlier raylab wrote in tests/golden/stored is used as before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

import raylab
from raylab.config.yaml_files import load_yaml
from raylab.data.dataset import Dataset
from raylab.space.load_space import load_space
from raylab.tracking.study import StudyFolder
from raylab.tuning.planning.study_plan import make_plan
from raylab.tuning.run import plan_of
from tests.golden.recording import processor

HERE = Path(__file__).parent
GOLDEN: dict[str, Any] = json.loads((HERE / "golden.json").read_text())
STUDIES = ("study", "vqvae-1", "decoder-1")
TEXTS = (".json", ".jsonl", ".yaml")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A writable copy; the text HOME in its files stands for the folder they are in."""
    folder = tmp_path_factory.mktemp("stored") / "home"
    shutil.copytree(HERE / "stored", folder)
    for path in folder.rglob("*"):
        if path.suffix in TEXTS and "HOME" in (text := path.read_text()):
            path.write_text(text.replace("HOME", str(folder)))
    return folder


def recorded(study: Path) -> dict[str, float]:
    """Trial -> the score in the study's leaderboard file."""
    lines = (study / "leaderboard.csv").read_text().splitlines()
    at = lines[0].split(",").index("score")
    return {line.split(",")[0]: float(line.split(",")[at]) for line in lines[1:]}


def plain(result: Any) -> Any:
    """The JSON value of a result."""
    if isinstance(result, list | tuple):
        return [plain(entry) for entry in result]
    return result.to_dict() if hasattr(result, "to_dict") else result


def test_the_dataset_opens(home: Path) -> None:
    data = Dataset(home / "ds")
    assert data.fingerprint == GOLDEN["fingerprints"]["ds"]
    assert list(data.sessions) == ["anna", "bert"]
    for name in data.sessions:
        assert np.isfinite(data.open(name).neural).all()


@pytest.mark.parametrize("name", STUDIES)
def test_records_and_leaderboard_are_those_that_were_written(home: Path, name: str) -> None:
    records = StudyFolder.open(home / name).records()
    assert {record.trial: record.score for record in records} == recorded(home / name)
    assert {record.state for record in records} == {"completed"}
    assert all([step for _, step, _ in record.history] == [10, 20] for record in records)
    rows = plain(raylab.leaderboard(home / name))
    golden = GOLDEN["outputs"]["leaderboard"] if name == "study" else None
    for row in golden or []:
        own = next(each for each in rows if each["trial"] == row["trial"])
        assert row.items() <= own.items()
    if golden is None:
        (row,) = rows
        assert row["score"] == GOLDEN[name]["score"]
        assert GOLDEN[name]["metrics"].items() <= row["metrics"].items()
    else:
        assert [row["trial"] for row in rows] == [row["trial"] for row in golden]


@pytest.mark.parametrize("name", STUDIES)
def test_models_load_and_embed(home: Path, name: str) -> None:
    model = raylab.load(home / name)
    recording = Dataset(home / "ds").open("anna")
    activity = np.asarray(recording.neural)
    embedding = model.transform(activity, session="anna")
    assert embedding.shape[0] == len(activity)
    assert np.isfinite(embedding).any()


@pytest.mark.parametrize("name", STUDIES)
def test_evaluation_gives_the_recorded_score(home: Path, name: str) -> None:
    """Equal to the bit on the kind of processor that the score was recorded on."""
    study = StudyFolder.open(home / name)
    result = plain(raylab.evaluate(home / name, split="valid"))
    score = recorded(home / name)[result["trial"]]
    assert score == max(recorded(home / name).values())
    tolerance = 1e-9 if processor() == GOLDEN["processor"] else 0.05
    assert result["scores"]["position"]["r2"] == pytest.approx(score, abs=tolerance)
    assert study.description["label"] == "position"
    assert result["baselines"]["raw"]["position"]


@pytest.mark.parametrize("name", STUDIES)
def test_configs_keep_the_scale_that_they_ran_by(home: Path, name: str) -> None:
    """Earlier versions had no `view.scale`: what they did is called `plain`."""
    study = StudyFolder.open(home / name)
    plan = plan_of(study)
    recorded_configs = [record.config for record in study.records()]
    drawn = [plan.space.config(record.params) for record in study.records()]
    for config in (raylab.load(home / name).config, *drawn):
        assert (config.view.scale, config.evaluation.scale) == ("plain", "plain")
    for each in recorded_configs:
        assert (each["view"]["scale"], each["evaluation"]["scale"]) == ("plain", "plain")
    begun = make_plan(study.space_path, home / "ds").space  # the same space for a new study
    assert begun.base["view.scale"] == begun.base["evaluation.scale"] == "floored"


@pytest.mark.parametrize("name", STUDIES)
def test_optuna_reads_its_database(home: Path, name: str) -> None:
    url = f"sqlite:///{home / name / 'optuna.db'}"
    (summary,) = optuna.get_all_study_summaries(url)
    trials = optuna.load_study(study_name=summary.study_name, storage=url).get_trials()
    values = {f"{trial.number:04d}": trial.value for trial in trials}
    assert values == recorded(home / name)


@pytest.mark.parametrize("name", STUDIES)
def test_there_is_nothing_to_resume(home: Path, name: str) -> None:
    lines: list[str] = []
    # The stored copy lacks its report, which `resume` would write again.
    StudyFolder.open(home / name).report_path.write_text("<html></html>")
    raylab.resume(home / name, say=lines.append)
    assert any("nothing to resume" in line for line in lines)


@pytest.mark.parametrize("name", STUDIES)
def test_the_space_loads(home: Path, name: str) -> None:
    space = load_space(load_yaml(home / name / "space.yaml"))
    for record in StudyFolder.open(home / name).records():
        config = space.config(record.params).model_dump(mode="json")
        assert config["training"] == record.config["training"]
        assert config["task"] == record.config["task"]
