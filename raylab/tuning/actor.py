"""The processes of trials as Ray Tune runs them. A trial of one worker trains in Tune's actor; for
several workers, the actor waits for Ray Train.
"""

from __future__ import annotations

from pathlib import Path

from ray import tune

from raylab.files import is_full
from raylab.space.settings import Resources
from raylab.training.loop import Training
from raylab.training.reports import Report, explain, reports_before
from raylab.training.worker import TrialJob, describe_round, run_round, start
from raylab.tuning.job import Scored, TrialSetup
from raylab.tuning.outcome import RoundResult, report
from raylab.tuning.planning.placement import of_worker


class TrialActor(tune.Trainable):
    """Trains one round per Tune step. The actor is reused from trial to trial, since it has loaded
    torch and the dataset already.
    """

    _training: Training | None

    def setup(self, config: TrialSetup) -> None:
        self._begin(config)

    def reset_config(self, new_config: TrialSetup) -> bool:
        self._begin(new_config)
        return True

    def step(self) -> RoundResult:
        """Train a round. An exception ends this trial only, with the reason in the result; retries
        of Tune would lose the reason.
        """
        try:
            resumed = self._training is None
            self._training = self._training or start(self._job)
            progress = describe_round(self._training, run_round(self._training, self._job))
            return _result(
                progress, self._job, self._scored, since=self._since if resumed else None
            )
        except Exception as error:
            return trouble(error, self._training.step if self._training else 0, self._job)

    def _begin(self, config: TrialSetup) -> None:
        self._job = TrialJob(**config["job"])
        self._scored = config["scored"]
        self._since = config["since"]
        self._training = None


class WorkersTrial(tune.Trainable):
    """Waits for the Ray Train workers of a trial, one round per Tune step."""

    def setup(self, config: TrialSetup) -> None:
        from raylab.training.launch import WorkerGroup

        resources = config["resources"]
        wanted = of_worker(Resources(**resources))
        self._job, self._scored, self._steps = (
            TrialJob(**config["job"]),
            config["scored"],
            config["since"],
        )
        storage = Path(config["storage"])
        self._group = WorkerGroup(
            self._job, workers=resources["workers"], resources=wanted, storage=storage
        )

    def step(self) -> RoundResult:
        try:
            result = self._group.next()
            since, self._steps = self._steps, result["steps"]
            return _result(result, self._job, self._scored, since=since)
        except Exception as error:
            return trouble(error, self._steps, self._job)

    def cleanup(self) -> None:
        self._group.close()


def _result(
    progress: Report,
    job: TrialJob,
    scored: Scored,
    *,
    since: int | None,
) -> RoundResult:
    """The result of a round for Tune. It is marked if it ends a generation of a population.

    Args:
        since: The last step that the ledger has. Reports of a dead process about later steps are
            added as `earlier`.
    """
    result = report(progress, **scored)
    if since is not None:
        before = reports_before(Path(job.folder), step=result["steps"], piece=job.piece)
        result["earlier"] = [
            {**report(earlier, **scored), "time": earlier["time"]}
            for earlier in before
            if earlier["steps"] > since
        ]
    over = job.until is not None and result["steps"] >= job.until and not result["done"]
    return {**result, "done": True, "between": True} if over else result


def trouble(error: Exception, step: int, job: TrialJob) -> RoundResult:
    """The result of a trial that cannot go on: an `error` of the trial, or `halted` if the disk is
    full, which stops the study.
    """
    if is_full(error):  # every other trial would fail as well
        return {"steps": step, "halted": True, "done": True}
    return {"steps": step, "error": explain(error, Path(job.folder)), "done": True}
