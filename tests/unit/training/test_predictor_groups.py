"""Predictors of labels that trials or presentations have: one label for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from entrants import decoder_config, embedding_config, kept, scored
from helpers import dataset, session

from raylab.config.parse import parse_trial
from raylab.config.splits import GroupSplits, TrialSplits
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.data.splitting.splits import CODE
from raylab.errors import DataError

TRIALS, LENGTH = 40, 10


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    segments = [[start, start + LENGTH] for start in range(0, TRIALS * LENGTH, LENGTH)]
    made = session("a", segments=segments)
    return dataset(tmp_path_factory.mktemp("trials") / "ds", made, splits=TrialSplits())


@pytest.fixture(scope="module")
def presentations(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Presentations of unequal length, with pauses between them."""
    ids = np.full(TRIALS * LENGTH, -1)
    for number in range(TRIALS):
        ids[number * LENGTH : number * LENGTH + 6 + number % 3] = number
    made = session("a", groups={"presentation": ids})
    return dataset(
        tmp_path_factory.mktemp("presentations") / "ds",
        made,
        splits=GroupSplits(kind="groups", by="presentation"),
    )


def configs(label: str, per: str) -> dict[str, TrialConfig]:
    evaluation: dict[str, Any] = {"evaluation": {"per": per}}
    near = {"model": {"neighbours": [3], "metric": ["euclidean"]}, **evaluation}
    read = {"evaluation": {"per": per, "neighbours": [3]}}
    return {
        "knn": decoder_config("knn", label, **near),
        "pooled": decoder_config("knn", label, input={"pool": "mean"}, **near),
        "gru": decoder_config("gru", label, model={"width": 8}, **evaluation),
        "contrastive": embedding_config("contrastive", label, **read),
        "vqvae": embedding_config("vqvae", label, **read),
    }


@pytest.mark.parametrize("kind", ["knn", "pooled", "gru", "contrastive", "vqvae"])
def test_one_label_for_each_trial(trials: Dataset, tmp_path: Path, kind: str) -> None:
    label = "choice" if kind in ("gru", "vqvae") else "heading"
    config = configs(label, "segment")[kind]
    predictor = kept(tmp_path, trials, [config])
    opened, decoded = trials.open("a"), scored(predictor.members[0].model, trials)["a"]
    parts = [opened.neural[a:b] for a, b, code in opened.parts.tolist() if code == CODE["valid"]]
    each = [predictor.predict(part) for part in parts]
    assert {len(found) for found in each} == {1}
    together = predictor.predict(np.stack(parts))
    assert together.tolist() == np.concatenate(each).tolist()
    if kind in ("knn", "gru"):  # a decoder predicts without a predictor as well
        model = predictor.members[0].model
        assert model.predict(np.stack(parts)).tolist() == together.tolist()
    if label == "choice":
        assert together.tolist() == [decoded.classes[code] for code in decoded.predicted]
        assert predictor.predict_proba(np.stack(parts)).shape == (len(parts), 2)
    else:
        np.testing.assert_allclose(together, decoded.predicted[:, 0], atol=1e-5)


@pytest.mark.parametrize("kind", ["knn", "pooled", "contrastive"])
def test_one_label_for_each_presentation(presentations: Dataset, tmp_path: Path, kind: str) -> None:
    """A recording with the ids of its presentations gives what was scored."""
    view = {"bin_ms": 200, "smoothing_ms": 200} if kind == "pooled" else {"smoothing_ms": 200}
    config = configs("position", "presentation")[kind].model_dump(mode="json")
    config = {**config, "view": {**config["view"], **view}}
    predictor = kept(tmp_path, presentations, [parse_trial(config, "test")])
    opened, decoded = (
        presentations.open("a"),
        scored(predictor.members[0].model, presentations)["a"],
    )
    ids = opened.groups["presentation"]
    found = [
        predictor.predict(opened.neural[a:b], groups=np.asarray(ids[a:b]))
        for a, b, code in opened.parts.tolist()
        if code == CODE["valid"]
    ]
    np.testing.assert_allclose(np.concatenate(found), decoded.predicted[:, 0], atol=1e-5)
    assert predictor.predict(opened.neural[:7]).shape == (1,)


def test_groups_that_do_not_fit(presentations: Dataset, trials: Dataset, tmp_path: Path) -> None:
    predictor = kept(tmp_path, presentations, [configs("position", "presentation")["knn"]])
    activity = presentations.open("a").neural[:30]
    for groups in (np.zeros(29, int), np.zeros(30), np.zeros((30, 1), int)):
        with pytest.raises(DataError, match="do not fit 30 samples"):
            predictor.predict(activity, groups=groups)
    with pytest.raises(DataError, match="a presentation of 30 rows is longer than any"):
        predictor.predict(activity)
    of_trials = kept(tmp_path / "trials", trials, [configs("position", "segment")["knn"]])
    with pytest.raises(DataError, match="groups are of no use where every segment"):
        of_trials.predict(activity[:10], groups=np.zeros(10, int))
