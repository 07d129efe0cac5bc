"""What is scored on the test part is what the kept entrant predicts: refits of several seeds and
families, averaged as an answer averages them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from entrants import decoder_config, embedding_config, held_out
from helpers import dataset, session

from raylab.analysis.answering.fitting import FitJob, fit
from raylab.config.splits import BlockedSplits
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.evaluation.ensembles.averaging import average
from raylab.training.candidates import PREDICTIONS, CandidateTable
from raylab.training.predicting.keeping import keep_entrant

REFIT: dict[str, Any] = {"sessions": {"train_on": "train+valid"}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    made = (session("a"), session("b", units=4, seed=1))
    splits = BlockedSplits(blocks=10, gap_s=0.5)
    return dataset(tmp_path_factory.mktemp("use") / "ds", *made, splits=splits)


def config_of(entrant: str, label: str, seed: int) -> TrialConfig:
    more = {**REFIT, "training": {"seed": seed}}
    if entrant == "ridge":
        return decoder_config("ridge", label, model={"alpha": [seed + 1.0]}, **REFIT)
    if entrant == "mlp":
        return decoder_config("mlp", label, model={"hidden": [8]}, **more)
    return embedding_config("contrastive", label, **more)


def refits(folder: Path, data: Dataset, entrant: str, label: str) -> list[Path]:
    """The folders of an entrant's refits: two seeds of a config, or two configs of a readout."""
    trials = []
    for seed in (0, 1):
        path = folder / f"{entrant}-{seed}"
        values = config_of(entrant, label, seed).model_dump(mode="json")
        result = fit(FitJob(path.name, str(path), str(data.path), values, label, split="test"))
        assert result.error is None
        trials.append(path)
    return trials


@pytest.mark.parametrize("label", ["position", "heading", "choice"])
@pytest.mark.parametrize("entrant", ["mlp", "contrastive", "ensemble"])
def test_the_scored_predictions_are_those_of_the_predictor(
    data: Dataset, tmp_path: Path, entrant: str, label: str
) -> None:
    names = ("ridge", "mlp", "contrastive") if entrant == "ensemble" else (entrant,)
    trials = [trial for name in names for trial in refits(tmp_path, data, name, label)]
    weights = [1.0 + number for number in range(len(trials))]
    tables = [CandidateTable.load(trial / PREDICTIONS) for trial in trials]
    expected = average(
        tables[0].held_out.kind,
        [table.predicted[0] for table in tables],
        probabilities=[table.probabilities.get(0) for table in tables],
        weights=weights,
        classes=len(tables[0].held_out.classes),
    )
    predictor = keep_entrant(
        tmp_path / "entrant",
        trials,
        label=label,
        entrant=entrant,
        family="ensemble",
        dataset=data,
        weights=weights,
    )
    parts = [(name, part) for name in "ab" for part in held_out(data, name, "test")]
    predictions = np.concatenate([predictor.predict(part, session=name) for name, part in parts])
    if label == "choice":
        assert predictions.tolist() == [
            tables[0].held_out.classes[code] for code in expected.values
        ]
        likely = [predictor.predict_proba(part, session=name) for name, part in parts]
        assert tables[0].held_out.classes == predictor.classes
        assert expected.probabilities is not None
        np.testing.assert_allclose(np.concatenate(likely), expected.probabilities, atol=1e-4)
    else:
        np.testing.assert_allclose(predictions, expected.values[:, 0], rtol=1e-3, atol=1e-3)


def test_the_probabilities_of_a_refit_are_kept(data: Dataset, tmp_path: Path) -> None:
    """Of networks and neighbours; a ridge knows none, and then all vote."""
    for entrant in ("mlp", "contrastive", "ridge"):
        table = CandidateTable.load(refits(tmp_path, data, entrant, "choice")[0] / PREDICTIONS)
        assert list(table.probabilities) == ([] if entrant == "ridge" else [0])
        for likely in table.probabilities.values():
            assert likely.shape == (len(table.held_out.truth), 2)
            np.testing.assert_allclose(likely.sum(axis=1), 1)
            assert np.array_equal(likely.argmax(axis=1), table.predicted[0])
