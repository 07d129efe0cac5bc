"""export_embeddings: to be described."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from raylab.analysis.winner import model_and_data, winner
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.data.splitting.splits import SPLITS
from raylab.errors import StudyError
from raylab.files import atomic_path
from raylab.tracking.events import TestRead
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model


def export_embeddings(
    path: str | Path,
    *,
    out: str | Path,
    splits: Sequence[str] = ("train", "valid"),
    trial: str | None = None,
) -> pd.DataFrame:
    """Write the winner's embedding of every reference sample as Parquet: session, sample, time,
    split, labels, e0...

    Test samples only where `splits` names them; that reading is counted.
    """
    unknown = [split for split in splits if split not in SPLITS]
    if unknown:
        raise StudyError(
            f"split '{unknown[0]}' does not exist", f"Use some of: {', '.join(SPLITS)}."
        )
    if Path(out).exists():
        raise StudyError(f"{out}: already there", "Choose another --out, or remove it.")
    study = StudyFolder.open(Path(path))
    record = winner(study, trial)
    model, dataset = model_and_data(study, record)
    if "test" in splits:
        study.ledger.append(TestRead(trial=record.trial, purpose="export"))
    table = pd.concat(
        [_embedding_table(model, dataset, name, splits) for name in model.sessions],
        ignore_index=True,
    )
    with atomic_path(Path(out)) as temporary:
        table.to_parquet(temporary, index=False)
    return table


def _embedding_table(
    model: Model, dataset: Dataset, name: str, splits: Sequence[str]
) -> pd.DataFrame:
    session = whole_shard(dataset, model.config.view, model.config.sessions)[name]
    timeline = session.timeline
    held = np.isin(timeline.splits, [SPLITS.index(split) for split in splits])
    columns: dict[str, Any] = {
        "session": name,
        "sample": timeline.samples[held],
        "time_s": np.asarray(dataset.open(name).time[timeline.samples[held]]),
        "split": np.array(SPLITS)[timeline.splits[held]],
    }
    for label_name, label in timeline.reference.items():
        values = label.values[held]
        # A label may be called as a column of ours.
        label_name = (
            f"label_{label_name}"
            if label_name in columns or re.fullmatch(r"e\d+", label_name)
            else label_name
        )
        if label.kind == "discrete":
            columns[label_name] = [label.classes[code] if code >= 0 else None for code in values]
        else:
            wide = values.shape[1] > 1
            columns |= {
                f"{label_name}_{d}" if wide else label_name: values[:, d]
                for d in range(values.shape[1])
            }
    embedding = model.embed(session)[timeline.rows[held]]
    columns |= {f"e{d}": embedding[:, d] for d in range(embedding.shape[1])}
    return pd.DataFrame(columns)
