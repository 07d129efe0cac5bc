"""The verb `answer`: which entrant decodes a label best, and how sure that is."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from raylab.analysis.answering.planning.plan import (
    DATA,
    Source,
    chosen_label,
    make_plan,
    open_source,
)
from raylab.analysis.answering.planning.question import Question
from raylab.analysis.answering.results import Answer
from raylab.analysis.answering.run import pool_of_actors, run_answer
from raylab.analysis.answering.searching import trials
from raylab.analysis.answering.searching.clock import Clock
from raylab.cluster import begun
from raylab.config.parse import parse
from raylab.data.dataset import Dataset
from raylab.data.load_recipe import RecipeSource
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.metrics import SCORE
from raylab.local_ray import Warm
from raylab.paths import AnyPath, local_path
from raylab.reporting.notebooks.watched import watched
from raylab.space.settings import Resources
from raylab.tracking.mlflow.addresses import default_uri
from raylab.tracking.study import ANSWER, StudyFolder
from raylab.tuning.entrants.entrants_for import SpaceSources
from raylab.tuning.say import Say


def answer(
    data: AnyPath,
    label: str | None = None,
    *,
    minutes: float = 10,
    out: str | Path,
    folds: int | None = None,
    families: Sequence[str] | None = None,
    space: SpaceSources | None = None,
    per: str = "sample",
    seeds: int = 3,
    recipe: RecipeSource | None = None,
    overrides: Mapping[str, Any] | None = None,
    say: Say | None = None,
) -> Answer:
    """Find out which entrant decodes a label best, how much better than the best baseline it is,
    and how sure that is.

    Baselines, readouts, networks and contrastive embeddings are compared on the same folds of the
    dataset. In each fold the recommendation and the best baseline are chosen from that fold's
    validation samples alone, fitted again on training and validation samples, and scored on its
    test samples, which are read once. At the end the entrants that are named in the answer are
    fitted on all samples; `raylab.load(out)` gives the recommended one.

    Args:
        data: A prepared dataset, or recordings.
        label: The label to decode; default: the dataset's first.
        minutes: The time for everything: search, refits, final fits and report.
        out: The folder of the study; it must not exist yet.
        folds: How many parts of the dataset test once each. Default: 5, or fewer where the dataset
            is too small for 5, or 1 where its splits cannot be dealt again. 1 keeps the splits that
            the dataset has.
        families: Names of families (`readout`, `network`, `contrastive`, `vqvae`) or of single
            entrants, such as `ridge`. Default: all but `vqvae`. Baselines always take part.
        space: A search space of your own, which takes part as one more entrant; or several. The
            name of a shipped space works as well as a file.
        per: What one decoding example is: `sample`, `segment` (a trial), or a group such as
            `presentation`.
        seeds: How many fits of a model with random numbers are averaged.
        recipe: The recipe of recordings, as `raylab.prepare` takes it.
        overrides: Values by dotted path: of the recipe, or of a dataset's `splits` and `filters`;
            or `resources.cpus`, `gpus`, `memory_gb` and `concurrent` of a trial.
        say: Receives lines of progress. Default: in a notebook a view that follows the study,
            elsewhere `print`.

    Returns:
        The answer, which is also in `answer.json` and in the report of the study.

    Raises:
        ConfigError, DataError, StudyError: Something does not fit; nothing was started or written.
        KeyboardInterrupt: The answer was stopped. `raylab.resume` finishes it.

    Example:
        >>> result = raylab.answer(
        ...     "dataset", "position", minutes=0.5, out="answer", folds=1,
        ...     families=["ridge"], say=lambda line: None,
        ... )
        >>> result.label, result.metric, result.reads_of_test
        ('position', 'r2', 1)
    """
    clock = Clock(minutes)
    if minutes <= 0 or seeds < 1:
        raise ConfigError(
            f"minutes {minutes:g}, seeds {seeds}: both must be above 0", "For example minutes=10."
        )
    target = local_path(out).absolute()
    if target.exists():
        raise StudyError(
            f"{out}: already exists", "Choose another --out, or continue it with `raylab resume`."
        )
    own, resources = _parted(overrides or {})
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as temporary:
        folder = Path(temporary).resolve()
        dataset = open_source(Source(data, recipe, own), folder)
        question = Question(
            label=chosen_label(dataset, label),
            minutes=minutes,
            folds=(),
            fingerprints=(),
            families=None if families is None else list(families),
            per=per,
            seeds=seeds,
            resources=resources.model_dump(),
        )
        with begun(warm=Warm((trials.__name__, *trials.WARM))):
            question = make_plan(question, dataset, folder, folds=folds, space=space)
        # Before the folder is made, so that a trial too large for the machines leaves none behind.
        pool = pool_of_actors(question.reserved)
        study = _create(target, question, dataset, folder, data)
    with watched(study, say) as listener:
        return replace(run_answer(study, clock, listener, pool=pool), path=study.path)


def _parted(overrides: Mapping[str, Any]) -> tuple[dict[str, Any], Resources]:
    """The overrides of the recipe, and the resources of a trial."""
    prefix = "resources."
    own = {path: value for path, value in overrides.items() if not path.startswith(prefix)}
    stated = {
        path.removeprefix(prefix): value
        for path, value in overrides.items()
        if path.startswith(prefix)
    }
    resources = parse(Resources, stated, "--set resources")
    if resources.workers > 1:
        raise ConfigError(
            "--set resources.workers: a trial of an answer has one worker", "Leave it out."
        )
    return own, resources


def _create(
    target: Path, question: Question, dataset: Dataset, folder: Path, source: AnyPath
) -> StudyFolder:
    """Make the folder of the study, with the datasets and the space that were made in `folder`
    from `source`.
    """

    def fill(study: Path) -> None:
        for entry in folder.iterdir():
            entry.rename(study / entry.name)

    # A dataset that was made for this answer moves into its folder.
    made = dataset.path.is_relative_to(folder)
    path = target / DATA if made else dataset.path.resolve()
    described = {
        "kind": ANSWER,
        "data": {
            "path": str(path),
            # The study names a dataset that it made by the recordings.
            **({"name": local_path(source).absolute().name} if made else {}),
            "fingerprint": dataset.fingerprint,
            "notes": [note.line for note in dataset.notes],
        },
        "objective": {"metric": SCORE, "mode": "max"},
        "label": question.label,
        "tracking": {"uri": default_uri()},
        ANSWER: question.described(),
    }
    return StudyFolder.create(target, described, fill=fill)
