"""One fit of an answer: a config trained on one fold, with the predictions of its candidates. Runs
in any process, without Ray.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from raylab.analysis.answering.gathering import Gathered
from raylab.analysis.answering.searching.curves import CurveWriter
from raylab.analysis.answering.steps import check_steps, step_overrides
from raylab.config.dotted import ConfigValues, set_path
from raylab.config.parse import parse_trial
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.metrics import SCORE
from raylab.files import is_full, write_tensors
from raylab.tasks.parameter_count import parameter_count
from raylab.training.candidates import PREDICTIONS, CandidateTable
from raylab.training.loop import Training
from raylab.training.reports import explain
from raylab.training.worker import TrialJob, start

STOP = "stop"  # the file by which a user ends a search, in the trial's folder


@dataclass(frozen=True)
class FitJob:
    """One trial of an answer. All values are strings, numbers and dicts, so that a job can be sent
    to any process.

    Attributes:
        trial: Its id, such as `fold0-ridge-03`.
        folder: The trial's folder in the study.
        data: The prepared dataset of the fold.
        config: The trial config.
        label: The label that is decoded.
        split: `valid` to search: the candidates on validation samples, and the model of the best
            one. `test` to train as `sessions.train_on` says and to predict the test samples. None
            to train only.
        repeats: The config is one that was chosen before: it is trained to its end, and `valid`
            has this one candidate.
        threads: CPU threads.
        limit_s: A search ends at the first candidate after so many seconds of training, or after
            the file `STOP` has appeared in its folder. Its candidates are the same as without a
            limit, only fewer; None for no limit.
    """

    trial: str
    folder: str
    data: str
    config: ConfigValues
    label: str
    split: str | None = "valid"
    threads: int = 1
    limit_s: float | None = None
    repeats: bool = False

    @property
    def searches(self) -> bool:
        return self.split == "valid" and not self.repeats

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def trial_job(self) -> TrialJob:
        """The same trial as the training loop knows it, with every default written down."""
        config = parse_trial(set_path(self.config, "task.label", self.label), self.trial)
        values = config.model_dump(mode="json")
        return TrialJob(self.trial, self.folder, self.data, values, threads=self.threads)


@dataclass(frozen=True)
class FitResult:
    """What a fit came to.

    Attributes:
        score: The label's primary score on the split; of several candidates that of the best one.
        metrics: All metrics of the model that is saved, on the split.
        step: The last step that was trained.
        kept_step: The step of the model that is saved.
        learnt: How many numbers the model has learnt.
        error: Why there is no result, in one line.
    """

    score: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    step: int = 0
    kept_step: int = 0
    learnt: int = 0
    seconds: float = 0.0
    error: str | None = None


def fit(job: FitJob) -> FitResult:
    """Run a job. Its folder then has what the folder of every trial has, such as config.json and
    model/, and the candidates in predictions.safetensors (see `CandidateTable`).

    Returns:
        A result with `error` where the trial cannot run.

    Raises:
        StudyError: The disk is full, so that every other trial would fail as well.
    """
    began, folder = time.monotonic(), Path(job.folder)
    try:
        result = _search(job) if job.searches else _repeat(job)
    except Exception as error:
        if is_full(error):
            remedy = "Free some space, then `raylab resume`."
            raise StudyError(f"no space left in {job.folder}", remedy) from error
        result = FitResult(error=explain(error, folder))
    return replace(result, seconds=time.monotonic() - began)


def with_overrides(config: ConfigValues, overrides: dict[str, Any]) -> ConfigValues:
    """A config with the values of a candidate, every default written down.

    Raises:
        ConfigError: The values do not fit the config.
    """
    for path, value in overrides.items():
        config = set_path(config, path, value)
    return parse_trial(config, "candidate").model_dump(mode="json")


def _search(job: FitJob) -> FitResult:
    """Train to the end, with the candidates of each validation, and keep the model of the best."""
    trial = job.trial_job
    config = parse_trial(trial.config, job.trial)
    check_steps(config)
    # A readout is fitted once for each candidate, and not once more before.
    training = start(trial, fit=not config.at_once)
    gathered = Gathered(config)
    losses = _fit_at_once(training, gathered) if config.at_once else _train(training, gathered, job)
    training.restore(gathered.weights)
    table, kept = gathered.table(parameter_count(training.model)), gathered.kept_step
    single = parse_trial(with_overrides(trial.config, table.overrides[table.best]), job.trial)
    validation = training.task.validate(single, training.model, training.shard, training.comm)
    if validation.arrays:
        file = Path(job.folder) / "embedding.safetensors"
        write_tensors(file, validation.arrays, validation.metadata)
    metrics = {"loss": losses[kept], **validation.metrics}
    return _saved(job, training, table, metrics=metrics, kept_step=kept)


def _fit_at_once(training: Training, gathered: Gathered) -> dict[int, float]:
    gathered.add(training, {}, step=1)
    return {1: training.advance()}


def _train(training: Training, gathered: Gathered, job: FitJob) -> dict[int, float]:
    """Train to the last step, or until early stopping, the limit in seconds or the user ends it;
    returns the loss of each round.
    """
    losses: dict[int, float] = {}
    began, limit = time.monotonic(), math.inf if job.limit_s is None else job.limit_s
    stop, curve = Path(job.folder) / STOP, CurveWriter(Path(job.folder))

    def ended() -> bool:
        return time.monotonic() - began >= limit or stop.exists()

    while not training.done and not (gathered.weights and ended()):
        loss = training.advance()
        losses[training.step] = loss
        overrides = step_overrides(training.config, training.step)
        if overrides is not None:
            gathered.add(training, overrides, step=training.step)
            curve.add(training.step, gathered.score_of(training.step))
        if training.monitor is not None:
            own = training.monitor.metric == SCORE and overrides is not None
            score = {SCORE: gathered.score_of(training.step)} if own else {}
            training.judge(score or training.validate().metrics)
    curve.close()
    return losses


def _repeat(job: FitJob) -> FitResult:
    """Train to the last step without a look at held-out samples, and predict the split."""
    training = start(job.trial_job)
    if training.config.training.keep == "best":
        raise ConfigError(
            "training.keep 'best': a fit that is repeated ends at training.max_steps",
            "Leave it out, and early_stopping too.",
        )
    while not training.done:
        loss = training.advance()
    if job.split is None:
        return _saved(job, training, None, metrics={"loss": loss}, kept_step=training.step)
    gathered = Gathered(training.config)
    gathered.add(training, {}, step=training.step, split=job.split)
    table = gathered.table(parameter_count(training.model))
    metrics = {"loss": loss, **gathered.metrics}
    return _saved(job, training, table, metrics=metrics, kept_step=training.step)


def _saved(
    job: FitJob,
    training: Training,
    table: CandidateTable | None,
    *,
    metrics: dict[str, float],
    kept_step: int,
) -> FitResult:
    """The result, when everything is in the trial's folder."""
    training.save_model(Path(job.folder) / "model")
    if table is not None:
        table.save(Path(job.folder) / PREDICTIONS)
    return FitResult(
        score=None if table is None else table.score,
        metrics=metrics,
        step=training.step,
        kept_step=kept_step,
        learnt=parameter_count(training.model),
    )
