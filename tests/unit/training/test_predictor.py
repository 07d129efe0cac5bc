"""Predictors: raw activity in, the predictions that were scored out, for each family and label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from entrants import decoder_config, embedding_config, held_out, kept, scored
from helpers import dataset, session

from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.errors import ConfigError, DataError
from raylab.training.model import Model

LABELS = ("position", "place", "heading", "choice")
SETTINGS: dict[str, dict[str, Any]] = {
    "knn": {"neighbours": [5], "metric": ["euclidean"]},
    "ridge": {"alpha": [1.0]},
    "logistic": {"c": [0.1]},
    "mlp": {"hidden": [8]},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    sessions = []
    for number, (name, units) in enumerate((("a", 6), ("b", 4))):
        made = session(name, units=units, seed=number)
        position, heading = (made.labels[each].values for each in ("position", "heading"))
        labels = {
            **made.labels,
            "place": Label.continuous(np.hstack([position, np.cos(heading)]), unit="m"),
            # The classes of the two sessions come in different orders, and one has a third.
            "choice": Label.discrete(
                np.where(
                    position[:, 0] > 0.5 + number,
                    "far",
                    np.array(["right", "left"])[(position[:, 0] < 0).astype(int)],
                )
            ),
        }
        sessions.append(session(name, units=units, seed=number, labels=labels))
    return dataset(
        tmp_path_factory.mktemp("predictor") / "ds", *sessions, splits=BlockedSplits(blocks=12)
    )


def settings(kind: str) -> dict[str, Any]:
    return {"model": SETTINGS.get(kind, {})}


def same_as_scored(predictor: Any, model: Model, data: Dataset) -> None:
    """Every part of the validation split, predicted from raw activity."""
    decoded = scored(model, data)
    assert set(decoded) == set(data.sessions)
    for name, each in decoded.items():
        found = np.concatenate(
            [predictor.predict(part, session=name) for part in held_out(data, name)]
        )
        if each.kind == "discrete":
            assert found.tolist() == [each.classes[code] for code in each.predicted]
        else:
            expected = each.predicted[:, 0] if each.predicted.shape[1] == 1 else each.predicted
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


DECODERS = [
    *(("ridge", label, "separate") for label in LABELS),
    *(("mlp", label, "padded") for label in LABELS),
    *(("knn", label, "separate") for label in ("heading", "choice")),
    *(("logistic", "choice", combine) for combine in ("separate", "padded")),
    *(("kalman", label, "separate") for label in ("place", "heading")),
    ("wiener_cascade", "position", "separate"),
    *(("gradient_boosting", label, "separate") for label in ("place", "choice")),
    ("extra_trees", "choice", "padded"),
]


@pytest.mark.parametrize(("kind", "label", "combine"), DECODERS)
def test_a_decoder_predicts_what_was_scored(
    data: Dataset, tmp_path: Path, kind: str, label: str, combine: str
) -> None:
    sections = {"view": {"smoothing_ms": 200, "bin_ms": 200}, "sessions": {"combine": combine}}
    config = decoder_config(kind, label, **settings(kind), **sections)
    predictor = kept(tmp_path, data, [config])
    model = predictor.members[0].model
    same_as_scored(predictor, model, data)
    same_as_scored(model, model, data)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("family", ["contrastive", "vqvae"])
def test_an_embedding_predicts_what_was_scored(
    data: Dataset, tmp_path: Path, family: str, label: str
) -> None:
    predictor = kept(tmp_path, data, [embedding_config(family, label)], family=family)
    same_as_scored(predictor, predictor.members[0].model, data)
    with pytest.raises(ConfigError, match="embeds activity and predicts no label"):
        predictor.members[0].model.predict(held_out(data, "a")[0], session="a")


@pytest.mark.parametrize("label", LABELS)
def test_labels_have_the_form_of_the_dataset(data: Dataset, tmp_path: Path, label: str) -> None:
    predictor = kept(tmp_path, data, [decoder_config("knn", label, **settings("knn"))])
    part = held_out(data, "b")[0]
    found = predictor.predict(part, session="b")
    known = data.sessions["b"].labels[label]
    assert (predictor.kind, predictor.unit, predictor.label) == (known.kind, known.unit, label)
    if known.kind == "discrete":
        assert set(found) <= set(predictor.classes)
        assert set(predictor.classes) == {"right", "left", "far"}
    else:
        assert found.dtype == np.float64
        assert predictor.classes == ()
    assert found.shape == ((len(part), 2) if label == "place" else (len(part),))
    if known.kind == "circular":
        assert np.abs(found).max() <= np.pi


@pytest.mark.parametrize("kind", ["knn", "logistic", "mlp", "gradient_boosting", "ridge"])
def test_probabilities_of_classes(data: Dataset, tmp_path: Path, kind: str) -> None:
    predictor = kept(tmp_path, data, [decoder_config(kind, "choice", **settings(kind))])
    part = held_out(data, "b")[0]
    likely = predictor.predict_proba(part, session="b")
    assert likely.shape == (len(part), len(predictor.classes))
    np.testing.assert_allclose(likely.sum(axis=1), 1)
    assert (likely >= 0).all()
    best = np.array(predictor.classes)[likely.argmax(axis=1)]
    ahead = np.sort(likely, axis=1)[:, -1] > np.sort(likely, axis=1)[:, -2]
    assert ahead.mean() > 0.9
    assert np.array_equal(best[ahead], predictor.predict(part, session="b")[ahead])
    assert np.isin(likely, [0, 1]).all() == (kind == "ridge")


def test_numbers_have_no_probabilities(data: Dataset, tmp_path: Path) -> None:
    predictor = kept(tmp_path, data, [decoder_config("ridge", "position", **settings("ridge"))])
    with pytest.raises(ConfigError, match="the label is continuous and has no classes"):
        predictor.predict_proba(held_out(data, "a")[0], session="a")


def test_what_is_no_activity(data: Dataset, tmp_path: Path) -> None:
    predictor = kept(tmp_path, data, [decoder_config("ridge", "position", **settings("ridge"))])
    part = held_out(data, "a")[0]
    with pytest.raises(DataError, match="predict: activity of shape"):
        predictor.predict(np.full((5, 6), np.nan), session="a")
    with pytest.raises(DataError, match="predict: activity has 5 units"):
        predictor.predict(part[:, :5], session="a")
    with pytest.raises(DataError, match="knows 2 sessions"):
        predictor.predict(part)
    with pytest.raises(DataError, match="not one continuous stretch"):
        predictor.predict(part[None], session="a")
    with pytest.raises(DataError, match="groups are of no use where every sample"):
        predictor.predict(part, session="a", groups=np.zeros(len(part), int))
