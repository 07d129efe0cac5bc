"""The dataset of a study as MLflow knows datasets: an input of the runs that were trained on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raylab.files import read_json
from raylab.tracking.study import ANSWER, StudyFolder

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

DIGEST = 36  # characters of a digest that MLflow stores; the tag raylab.data_fingerprint has all
_NAME = 500  # characters of a name that MLflow stores
_LOCAL = "local"  # what MLflow calls a source that is a path
_CONTEXT = "mlflow.data.context"  # the tag by which MLflow's pages say what a dataset was used for


def dataset_input(
    study: StudyFolder, fold: int | None = None, valid_fold: int | None = None
) -> DatasetInput | None:
    """The dataset of a study for `MlflowClient.log_inputs`; None where the study names none.

    The digest is the beginning of the dataset's fingerprint, and the source is its folder, so
    that `mlflow.data.get_source(run.inputs.dataset_inputs[0]).uri` is what raylab opens.

    Args:
        fold: Of an answer: the fold whose dataset is meant. Default: the study's own dataset.
        valid_fold: The fold that validates, where that is not the next one.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    data: Mapping[str, Any] = study.description.get("data") or {}
    folds = (study.description.get(ANSWER) or {}).get("fingerprints") or ()
    path, fingerprint = data.get("path"), data.get("fingerprint")
    name = str(data.get("name") or Path(str(path)).name)
    if fold is not None and fold < len(folds):
        path, fingerprint = study.fold_path(fold), folds[fold]
        name = f"{name} fold {fold}"
        if valid_fold is not None:
            path = study.rotation_path(fold, valid_fold)
            fingerprint = read_json(path / "manifest.json")["fingerprint"]
            name = f"{name} validated by {valid_fold}"
    if not path or not fingerprint:
        return None
    source = json.dumps({"uri": str(path)})
    dataset = Dataset(name[:_NAME], str(fingerprint)[:DIGEST], _LOCAL, source)
    return DatasetInput(dataset, [InputTag(_CONTEXT, "training")])
