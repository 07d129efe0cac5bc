"""Saved models: raw arrays in, the same embeddings out as in training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, session, trial

from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.errors import DataError, StudyError
from raylab.tasks.embedding import embed_session
from raylab.tasks.protocol import Comm
from raylab.training.loop import Training
from raylab.training.model import Model

VIEWS: dict[str, dict[str, Any]] = {
    "plain": {},
    "smoothed": {"smoothing_ms": 400, "lag_ms": 300},
    "binned": {"bin_ms": 300, "smoothing_ms": 600},
    "square roots, no z-score": {"sqrt": True, "zscore": False},
    "clipped, slower, some units": {
        "clip_max": 1.0,
        "resample_hz": 3.0,
        "outlier_z": 20,
        "selection": {"kind": "variance", "count": 3},
    },
    "faster, by label, no z-score": {
        "resample_hz": 17.0,
        "zscore": False,
        "normalized_time": True,
        "selection": {"kind": "correlation", "count": 3, "label": "heading"},
    },
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    x = session().neural.copy()
    x[:240, 2] = 1  # constant in training: dropped
    return dataset(
        tmp_path_factory.mktemp("model") / "ds",
        session("a", neural=x),
        session("b", units=4, seed=1),
    )


def trained(made: Dataset, folder: Path, **sections: Any) -> tuple[Training, Model]:
    config = trial(**sections)
    training = Training(config, made, whole_shard(made, config.view, config.sessions))
    training.advance()
    training.save_model(folder)
    return training, Model.load(folder)


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("kind", ["offset1", "offset10", "attention", "linear"])
@pytest.mark.parametrize("combine", ["separate", "padded"])
def test_transform_of_raw_activity_is_the_embedding_of_training(
    made: Dataset, tmp_path: Path, view: dict[str, Any], kind: str, combine: str
) -> None:
    sections = {
        "view": view,
        "model": {"encoder": {"kind": kind}},
        "sessions": {"combine": combine},
    }
    training, model = trained(made, tmp_path, **sections)
    assert model.config == training.config
    for name, held in training.shard.items():
        during = embed_session(training.model.encoder(name), held, Comm())[held.timeline.rows]  # type: ignore[operator]
        neural = made.open(name).neural
        for start, stop, _ in made.open(name).parts:
            mine = (held.timeline.samples >= start) & (held.timeline.samples < stop)
            found = model.transform(neural[start:stop], session=name)
            assert found.dtype == np.float32
            np.testing.assert_allclose(found, during[mine], atol=2e-5)
            rows = held.timeline.rows[mine]
            viewed = held.x[rows.min() : rows.max() + 1].numpy()
            np.testing.assert_allclose(
                model.encode(viewed, session=name)[0], during[mine][0], atol=2e-5
            )


def test_all_recorded_units_or_those_kept(made: Dataset, tmp_path: Path) -> None:
    _, model = trained(made, tmp_path)
    raw = session("a").neural.copy()
    raw[:, 2] = 5
    assert model.units["a"].tolist() == [True, True, False, True, True, True]
    whole, kept = (
        model.transform(raw, session="a"),
        model.transform(np.delete(raw, 2, axis=1), session="a"),
    )
    assert np.array_equal(whole, kept)
    assert whole.shape == (400, 3)
    with pytest.raises(
        DataError, match=r"activity has 4 units; session 'a' has 6 \(5 kept\)"
    ) as caught:
        model.transform(raw[:, :4], session="a")
    assert "in the recording's order" in caught.value.remedy


@pytest.mark.parametrize(
    "activity",
    [
        np.zeros((0, 6)),
        np.zeros(6),
        np.full((5, 6), np.nan),
        np.zeros((2, 3, 6)),
        np.full((5, 6), np.inf),
    ],
)
def test_activity_that_is_none(made: Dataset, tmp_path: Path, activity: np.ndarray) -> None:
    _, model = trained(made, tmp_path)
    with pytest.raises(DataError, match="not \\(samples, units\\) without NaN"):
        model.transform(activity, session="a")


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_stretches_shorter_than_the_receptive_field(
    made: Dataset, tmp_path: Path, samples: int
) -> None:
    _, model = trained(made, tmp_path, view={"bin_ms": 200})
    found = model.transform(session("a").neural[:samples], session="a")
    assert found.shape == (samples, 3)
    assert np.isfinite(found).all()


def test_which_session(made: Dataset, tmp_path: Path) -> None:
    _, model = trained(made, tmp_path)
    with pytest.raises(DataError, match="knows 2 sessions"):
        model.transform(session("a").neural)
    with pytest.raises(DataError, match="does not know session 'c'") as caught:
        model.transform(session("a").neural, session="c")
    assert "a, b" in caught.value.remedy


def test_one_session_needs_no_name(tmp_path: Path) -> None:
    _, model = trained(dataset(tmp_path / "ds"), tmp_path / "model")
    assert model.transform(session().neural).shape == (400, 3)


def test_a_model_needs_nothing_of_its_dataset(tmp_path: Path) -> None:
    made = dataset(tmp_path / "ds")
    _, model = trained(made, tmp_path / "model")
    before = model.transform(session().neural)
    for path in sorted(made.path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert np.array_equal(Model.load(tmp_path / "model").transform(session().neural), before)


def test_no_pickle_among_its_files(made: Dataset, tmp_path: Path) -> None:
    trained(made, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "model.json",
        "model.safetensors",
        "view.safetensors",
    ]


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no model was saved there"):
        Model.load(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "view.safetensors", "model.json"])
def test_damaged_files_are_named(made: Dataset, tmp_path: Path, name: str) -> None:
    trained(made, tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:40])
    with pytest.raises((StudyError, DataError), match=name.replace(".", r"\.")):
        Model.load(tmp_path)


def test_a_model_of_another_raylab(made: Dataset, tmp_path: Path) -> None:
    trained(made, tmp_path)
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(
        StudyError, match=r"model\.json: this version of raylab cannot read its form"
    ):
        Model.load(tmp_path)
