"""The options of `export`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from raylab.cli.checks.data import check_session, dataset_of
from raylab.cli.checks.outputs import new_output, writable_study
from raylab.cli.checks.studies import check_entrant, check_trial, opened
from raylab.errors import StudyError
from raylab.tracking.study import StudyFolder


def check_export(
    path: Path,
    *,
    kind: str,
    out: Path,
    splits: Sequence[str],
    trial: str | None,
    entrant: str | None,
    session: str | None,
) -> None:
    """Check all options of `export`.

    Raises:
        click.UsageError: Options have no effect with this --format.
        RaylabError: The study, trial, entrant or session does not exist, or `out` cannot be
            written.
    """
    if kind != "embeddings" and splits:
        raise click.UsageError(
            "--split needs --format embeddings: a model is not written split by split."
        )
    if kind == "embeddings" and session is not None:
        raise click.UsageError(
            "--session needs --format cebra: a table of embeddings names the session of each row."
        )
    if kind == "raylab" and session is not None:
        raise click.UsageError(
            "--session needs --format cebra: a raylab model keeps all its sessions."
        )
    new_output(out)
    if kind != "embeddings" and _is_model(path):
        if trial or entrant:
            name = "trial" if trial else "entrant"
            raise StudyError(f"{path}: a single model, not a study", f"Leave --{name} out.")
        return
    study = opened(path)
    _check_model(study, trial, entrant, splits)
    check_session(dataset_of(study), session)
    if "test" in splits:  # the reading is counted in the ledger
        writable_study(study)


def _is_model(path: Path) -> bool:
    """Whether a path is a model without its study: a file of CEBRA's, or the folder of one."""
    return path.is_file() or any(
        (path / name).is_file() for name in ("model.safetensors", "predictor.json")
    )


def _check_model(
    study: StudyFolder, trial: str | None, entrant: str | None, splits: Sequence[str]
) -> None:
    """Check that the model is there, and that an entrant of an answer has such samples."""
    check_entrant(study, entrant, trial)
    if not study.is_answer or trial is not None:
        check_trial(study, trial)
    elif "test" in splits:
        raise StudyError(
            f"{study.path}: an entrant of an answer was fitted on all samples, so none of them is "
            "a test sample",
            "Leave --split out, or name a trial of a fold (--trial).",
        )
