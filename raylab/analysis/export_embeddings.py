"""The winner's embedding of every sample, as a Parquet table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from raylab.analysis.models.kept import load_entrant, single_model
from raylab.analysis.models.winner import final_dataset, model_and_data
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.data.splitting.splits import SPLITS
from raylab.errors import StudyError
from raylab.files import atomic_path
from raylab.paths import AnyPath, local_path
from raylab.tracking.events import TestRead
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner
from raylab.training.model import Model

Columns = dict[str, "Sequence[str | None] | np.ndarray"]


def export_embeddings(
    path: AnyPath,
    *,
    out: str | Path,
    splits: Sequence[str] = ("train", "valid"),
    trial: str | None = None,
    entrant: str | None = None,
) -> pd.DataFrame:
    """Write the winner's embedding of every sample of some splits as Parquet.

    An entrant of an answer is fitted on all samples, so all of them are written, as `train`. Of
    several seeds, the embedding is that of the first. A decoder's embedding are its outputs.

    Args:
        path: The study, or the answer of `raylab answer`.
        out: The file; it must not exist yet.
        splits: Some of train, valid and test. Test samples are read only where `splits` names
            them, and that reading is counted in the study's ledger.
        trial: Default of a study: its winner.
        entrant: The entrant of an answer. Default: the recommended one.

    Returns:
        The table as written: one row per sample, with the columns `session`, `sample` (its row in
        the recording), `time_s` (seconds), `split`, one per label (or per column of a wide label,
        `position_0`, ...) and `e0`, `e1`, ... of the embedding. A label whose name is one of these
        columns becomes `label_NAME`.

    Raises:
        StudyError: There is no such split, trial or entrant, or `out` exists already.
        ConfigError: The entrant is an ensemble, which has no embedding.

    Example:
        >>> table = raylab.export_embeddings("study", out="embeddings.parquet")
        >>> list(table.columns)
        ['session', 'sample', 'time_s', 'split', 'position', 'heading', 'choice', 'e0', 'e1', 'e2']
        >>> sorted(set(table["split"]))
        ['train', 'valid']
    """
    unknown = [split for split in splits if split not in SPLITS]
    if unknown:
        raise StudyError(
            f"split '{unknown[0]}' does not exist", f"Use some of: {', '.join(SPLITS)}."
        )
    if local_path(out).exists():
        raise StudyError(f"{out}: already exists", "Choose another --out, or remove it.")
    study = StudyFolder.open(Path(path))
    if entrant is not None or (trial is None and study.is_answer):
        model, dataset = _of_entrant(study, entrant, splits)
    else:
        model, dataset = _of_trial(study, trial, splits)
    table = pd.concat(
        [_embedding_table(model, dataset, name, splits) for name in model.sessions],
        ignore_index=True,
    )
    with atomic_path(local_path(out)) as temporary:
        table.to_parquet(temporary, index=False)
    return table


def _of_trial(
    study: StudyFolder, trial: str | None, splits: Sequence[str]
) -> tuple[Model, Dataset]:
    record = winner(study, trial)
    model, dataset = model_and_data(study, record)
    if "test" in splits:
        study.ledger.append(TestRead(trial=record.trial, purpose="export"))
    return model, dataset


def _of_entrant(
    study: StudyFolder, entrant: str | None, splits: Sequence[str]
) -> tuple[Model, Dataset]:
    predictor = load_entrant(study, entrant)
    if "test" in splits:
        raise StudyError(
            f"{study.path}: entrant '{predictor.entrant}' was fitted on all samples, so none of "
            "them is a test sample",
            "Leave --split out, or name a trial of a fold (--trial).",
        )
    return single_model(predictor), final_dataset(study)


def _embedding_table(
    model: Model, dataset: Dataset, name: str, splits: Sequence[str]
) -> pd.DataFrame:
    session = whole_shard(dataset, model.config.view, model.config.sessions)[name]
    timeline = session.timeline
    held = np.isin(timeline.splits, [SPLITS.index(split) for split in splits])
    columns: Columns = {
        "session": [name] * int(held.sum()),
        "sample": timeline.samples[held],
        "time_s": np.asarray(dataset.open(name).time[timeline.samples[held]]),
        "split": np.array(SPLITS)[timeline.splits[held]],
    }
    for label_name, label in timeline.reference.items():
        taken = label_name in columns or re.fullmatch(r"e\d+", label_name)
        columns |= _label_columns(f"label_{label_name}" if taken else label_name, label, held)
    embedding = model.embed(session)[timeline.rows[held]]
    columns |= {f"e{d}": embedding[:, d] for d in range(embedding.shape[1])}
    return pd.DataFrame(columns)


def _label_columns(name: str, label: Label, held: np.ndarray) -> Columns:
    """Class names of a discrete label, None where unlabelled; else one column per dimension."""
    values = label.values[held]
    if label.kind == "discrete":
        return {name: [label.classes[code] if code >= 0 else None for code in values]}
    wide = values.shape[1] > 1
    return {f"{name}_{d}" if wide else name: values[:, d] for d in range(values.shape[1])}
