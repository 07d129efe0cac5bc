"""The options of `evaluate`, of which several scores may be asked at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from raylab.cli.checks.data import check_label, dataset_of
from raylab.cli.checks.outputs import writable_study
from raylab.cli.checks.studies import check_trial, distinct
from raylab.config.explain import did_you_mean
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, StudyError
from raylab.tracking.study import StudyFolder

METHODS = ("pca", "umap", "tsne")  # of --against; a test compares them with the real ones
FILES = (".parquet", ".npz")
_GROUPS = {"animals": "animal", "areas": "area"}  # --consistency -> the key of the manifest


@dataclass(frozen=True)
class Evaluation:
    """The options of `evaluate`."""

    study: Path
    split: str
    trials: Sequence[str]
    between: str | None
    label: str | None
    bins: int | None
    beside: Sequence[Path]
    topology: str | None
    against: str | None
    samples: int | None
    shuffles: int | None

    @property
    def trial(self) -> str | None:
        return self.trials[0] if self.trials else None

    @property
    def others(self) -> list[str]:
        """The options, besides --consistency, that each compute a score."""
        named = {"topology": self.topology, "against": self.against, "shuffles": self.shuffles}
        return [f"--{name}" for name, value in named.items() if value]

    @property
    def shows_answer(self) -> bool:
        """Whether, of an answer, its result is shown again."""
        return not (self.trials or self.between or self.others)

    @property
    def methods(self) -> list[str]:
        """What --against lists."""
        return [name.strip() for name in (self.against or "").split(",") if name.strip()]


def check_evaluate(options: Evaluation) -> None:
    """Check all options of `evaluate`.

    Raises:
        click.UsageError: Options exclude each other, or have no effect.
        RaylabError: A study, trial, label, method or file does not exist, or cannot be used.
    """
    _check_together(options)
    first, *others = distinct([options.study, *options.beside])
    if options.shows_answer and first.is_answer:
        return
    writable_study(first)
    for trial in options.trials or (None,):
        check_trial(first, trial)
    for other in others:
        check_trial(other, None)
    _check_against(options)
    if options.topology and find_spec("ripser") is None:
        raise StudyError(
            "topology needs the package ripser, which is not installed",
            "pip install 'raylab[topology]'",
        )
    if options.between not in (None, "seeds"):
        _check_groups(options, first, dataset_of(first))


def _check_together(options: Evaluation) -> None:
    between = options.between
    if between is None and (options.label or options.bins or options.beside):
        raise click.UsageError("--label, --bins and --beside belong to --consistency")
    if between == "seeds" and (options.label or options.bins):
        raise click.UsageError(
            "--consistency seeds compares models sample by sample: leave out --label and --bins"
        )
    if options.against is None and options.samples:
        raise click.UsageError("--samples belongs to --against")
    if len(options.trials) > 1 and between is None:
        raise click.UsageError("only --consistency compares several trials")
    if len(options.trials) > 1 and options.others:
        raise click.UsageError(
            f"{', '.join(options.others)} takes one --trial, and --consistency several: run "
            "`raylab evaluate` once for each"
        )
    if options.against is not None and not options.methods:
        raise click.UsageError("--against names nothing: for example --against pca,saved.parquet")


def _check_against(options: Evaluation) -> None:
    """Check the methods and files of --against."""
    names = [Path(name).name for name in options.methods]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(
            f"--against: '{twice}' is named twice", "Give each method, and each file name, once."
        )
    for name in options.methods:
        if name in METHODS:
            if name == "umap" and find_spec("umap") is None:
                raise StudyError(
                    "UMAP needs the package umap-learn, which is not installed",
                    "pip install 'raylab[umap]'",
                )
        elif Path(name).suffix not in FILES:
            raise ConfigError(
                f"--against: no method '{name}' to compare with",
                did_you_mean(name, METHODS) + " Or a .parquet or .npz file.",
            )
        elif not Path(name).expanduser().is_file():
            raise ConfigError(f"--against: {name}: no such file", "`raylab export` writes one.")


def _check_groups(options: Evaluation, study: StudyFolder, dataset: Dataset | None) -> None:
    """Check the label that aligns sessions, animals or areas, and that there are two of them."""
    label = options.label or study.description.get("label")
    if label is None:
        raise StudyError(
            f"{study.path}: decodes no label to align {options.between} by",
            "Name one with --label.",
        )
    check_label(dataset, label, shared=False)
    if dataset is None:
        return
    spec = dataset.labels.get(label)
    if spec is not None and spec.kind != "discrete" and spec.dims > 1:
        raise ConfigError(
            f"--label {label}: it has {spec.dims} columns, and sessions are aligned by one",
            "Name another label, discrete or of one column.",
        )
    key = _GROUPS.get(str(options.between), "id")
    named = [str(session.get(key) or "") for session in dataset.manifest["sessions"]]
    groups = {name for name in named if name}
    if len(groups) < 2:
        raise StudyError(
            f"{dataset.path}: the dataset names {len(groups)} {options.between}, and at least 2 "
            "are compared",
            "Prepare a dataset of several, or use --consistency seeds.",
        )
