"""The baselines of a study, computed beside its trials."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raylab.config.parse import parse_trial
from raylab.config.trial import ConfigValues
from raylab.files import write_json
from raylab.tracking.study import StudyFolder
from raylab.tuning.planning.study_plan import Plan

if TYPE_CHECKING:
    from ray import ObjectRef

    from raylab.tuning.say import Say


@dataclass(frozen=True)
class Job:
    """The baselines of a study, as plain values for another process.

    Attributes:
        out: The file that is written.
        data: The folder of the prepared dataset.
        config: The fixed part of the space.
        label: The label that is decoded.
        threads: How many CPUs it may use; None for all.
    """

    out: str
    data: str
    config: ConfigValues
    label: str
    threads: int | None = None


class StudyBaselines:
    """The scores that are reached without any model, for the leaderboard and the report. They are
    computed once per study, where its dataset has a label.

    Args:
        slots: How many trials run at the same time. Ray computes the baselines beside them, on the
            CPUs that they leave free. Without trials, `finish` does so in this process.
    """

    def __init__(self, study: StudyFolder, plan: Plan, *, slots: int) -> None:
        self._job = _job(study, plan)
        self._reference = None
        if slots and self._job is not None:
            resources = plan.space.resources
            used = slots * resources.workers * resources.cpus
            self._reference = _submit(self._job, used)

    def finish(self, say: Say) -> None:
        """Wait until the baselines are written."""
        if self._job is None:
            return
        reference, job = self._reference, self._job
        held_out = score(job) if reference is None else _result(reference, job)
        if held_out:
            say(
                "note: sessions held out whole have chance as their only baseline: "
                f"{', '.join(held_out)}"
            )

    def cancel(self) -> None:
        """Give up what is not written yet."""
        if self._reference is not None:
            import ray

            # Whatever went wrong with Ray is told already.
            with contextlib.suppress(Exception):
                ray.cancel(self._reference, force=True)


def score(job: Job) -> list[str]:
    """Write the baselines of a study; returns the sessions that have none but chance."""
    from threadpoolctl import threadpool_limits

    from raylab.data.dataset import Dataset
    from raylab.evaluation.baselines import Baselines

    # `sessions.combine: first` is never searched (see checks/paths.py), so the fixed part of the
    # space says which sessions are used.
    fixed = parse_trial(job.config, "space")
    baselines = Baselines(Dataset(job.data), fixed.evaluation.matched, [job.label], fixed.sessions)
    with threadpool_limits(job.threads):
        scores = baselines.scores("valid")
    written = {"valid": scores, "settings": baselines.settings, "sessions": baselines.by_session}
    write_json(Path(job.out), written)
    return baselines.held_out


def _job(study: StudyFolder, plan: Plan) -> Job | None:
    if not plan.label or study.baselines() is not None:
        return None
    data = str(plan.dataset.path.resolve())
    return Job(str(study.baselines_path), data, plan.space.fixed(), plan.label)


def _submit(job: Job, used: float) -> ObjectRef[Any]:
    """Let Ray compute baselines.

    Args:
        used: CPUs that trials use meanwhile.
    """
    import ray

    free = round(ray.cluster_resources().get("CPU", 0.0) - used)
    job = replace(job, threads=max(1, min(free, os.cpu_count() or 1)))
    # Without a CPU of its own, so that it never waits for a trial to end.
    task = ray.remote(score).options(num_cpus=0, name="baselines", max_retries=0)
    reference: ObjectRef[Any] = task.remote(job)
    return reference


def _result(reference: ObjectRef[Any], job: Job) -> list[str]:
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        held_out: list[str] = ray.get(reference)
    except RayTaskError as error:
        raise error.cause or error from None
    except RayError:  # its process or its node died
        return score(job)
    return held_out
