"""The options of `select`, `adapt` and `reproduce`, which begin from one study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from raylab.cli.checks.data import check_session, dataset_of
from raylab.cli.checks.outputs import new_output, writable_study
from raylab.cli.checks.studies import check_trial, opened
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, StudyError

_UNENDED = ("running", "interrupted")


def check_select(path: Path, *, seeds: int, rule: str) -> None:
    """Check all options of `select`.

    Raises:
        StudyError: The study has no winner or cannot be written to, or the rule needs more seeds.
    """
    study = opened(path)
    if rule == "simplest" and seeds < 2:
        raise StudyError(
            "--rule simplest needs a standard error, which a single seed does not give",
            "Use --seeds 2 or more.",
        )
    check_trial(study, None)
    writable_study(study)


def check_adapt(
    path: Path,
    *,
    data: Path,
    out: Path,
    trial: str | None,
    session: str | None,
    overrides: Mapping[str, object],
) -> None:
    """Check the options of `adapt`.

    Raises:
        RaylabError: The study, trial, session or dataset does not exist, `out` cannot be written,
            or the shape of the model would change.
    """
    new_output(out)
    study = opened(path)
    check_trial(study, trial)
    check_session(dataset_of(study), session)
    Dataset(data)
    shape = next((name for name in overrides if name.startswith("model.")), None)
    if shape is not None:
        raise ConfigError(
            f"--set {shape}: an adapted model has the shape of the trained model; `--set model...` "
            "cannot change it",
            "Leave it out, or train anew (`raylab train`).",
        )


def check_reproduce(path: Path, *, trial: str, out: Path | None) -> None:
    """Check the options of `reproduce`.

    Raises:
        StudyError: There is no such trial, it has not ended, or `out` cannot be written.
    """
    new_output(out)
    study = opened(path)
    check_trial(study, trial)
    record = next(record for record in study.records() if record.trial == trial)
    if record.state in _UNENDED:
        raise StudyError(
            f"{study.path}: trial {trial} is {record.state}",
            "Finish it first: `raylab resume STUDY`.",
        )
