"""A short, throw-away run of a few draws of a space, with the resources of a trial's worker: what
do trials cost?
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.errors import RaylabError, StudyError
from raylab.space.draws import allowed_draw
from raylab.space.parameters import Scalar
from raylab.space.space import Space
from raylab.tasks.parameter_count import trial_parameter_count
from raylab.training.worker import TrialJob
from raylab.tuning.planning.placement import of_worker
from raylab.tuning.planning.study_plan import Plan

DRAWS = 16  # of which the smallest, a middle and the largest are run
LOAD = 16  # the most probes at a time: enough to see how trials slow each other down
# What a process says of a draw: `began` and its costs by name, or `error`.
Answer: TypeAlias = dict[str, float | str]
# beyond the seconds asked for, that a draw has for its start, first steps and first validation
LONGEST_S = 300.0


@dataclass(frozen=True)
class Draw:
    """One draw of a space.

    Attributes:
        weight: Its part in the mean over the space: of three draws in order of size, a quarter, a
            half, a quarter.
    """

    params: dict[str, Scalar]
    config: TrialConfig
    weight: float

    @property
    def steps(self) -> int:
        return self.config.training.max_steps

    @property
    def validations(self) -> int:
        return math.ceil(self.steps / self.config.training.interval)


@dataclass(frozen=True)
class Probed:
    """What a draw cost, as `raylab.training.measuring.Cost` says it, or why it could not run."""

    draw: Draw
    cost: Mapping[str, float] | None
    error: str | None = None


def choose_draws(space: Space, sessions: Mapping[str, SessionSpec], *, seed: int = 0) -> list[Draw]:
    """The smallest, a middle and the largest of some random draws, by the work of a trial: numbers
    that it learns, times examples of a step, times steps. The same ones each time.
    """
    candidates: list[tuple[float, dict[str, Scalar], TrialConfig]] = []
    for number in range(DRAWS if space.search else 1):
        params = allowed_draw(space, random.Random(seed + number))
        if params is None:
            raise StudyError(
                "no draw meets the constraints of this space", "Loosen them, or the bounds."
            )
        config = space.config(params, source="draw")
        training = config.training
        examples = training.batch_size * training.accumulate * training.max_steps
        candidates.append(
            (float(trial_parameter_count(config, sessions)) * examples, params, config)
        )
    candidates.sort(key=lambda entry: entry[0])
    picked = (
        {0: 0.25, len(candidates) // 2: 0.5, len(candidates) - 1: 0.25}
        if len(candidates) > 2
        else dict.fromkeys(range(len(candidates)), 1.0)
    )
    draws: list[Draw] = []
    for index, weight in picked.items():
        same = next(
            (at for at, draw in enumerate(draws) if draw.params == candidates[index][1]), None
        )
        if same is None:
            draws.append(Draw(*candidates[index][1:], weight))
        else:
            draws[same] = Draw(*candidates[index][1:], draws[same].weight + weight)
    return draws


def probe(
    plan: Plan, draws: Sequence[Draw], *, slots: int, seconds: float
) -> tuple[list[Probed], float]:
    """Run the draws for about `seconds` together, as many at once as trials will be, under Ray.

    Of several workers only one is run, with the whole batch: longer than a worker's share of it.

    Returns:
        Each draw's cost, and the seconds that Ray took to begin the first.
    """
    load = min(slots, LOAD)
    padded = [
        *draws,
        *([draws[len(draws) // 2]] * (-len(draws) % load)),
    ]  # trials are never alone, so no probe is
    share = seconds / (len(padded) // load)
    answers, launch_s = _run(plan, padded, share)
    return [
        _probed(draw, [a for d, a in zip(padded, answers) if d is draw]) for draw in draws
    ], launch_s


def _run(plan: Plan, draws: Sequence[Draw], seconds: float) -> tuple[list[Answer], float]:
    import ray

    single = plan.space.resources.model_copy(update={"workers": 1})
    wanted = of_worker(single)
    task = ray.remote(
        num_cpus=wanted["CPU"],
        num_gpus=wanted.get("GPU", 0),
        memory=wanted.get("memory"),
        max_calls=1,  # a process of its own: the most it held is this draw's
        max_retries=0,
    )(_measured)
    jobs = [
        TrialJob(
            "probe",
            "",
            str(plan.dataset.path.resolve()),
            d.config.model_dump(mode="json"),
            single.cpus,
        )
        for d in draws
    ]
    began = time.time()
    waiting = [task.remote(job.as_dict(), seconds) for job in jobs]
    ready, late = ray.wait(
        waiting, num_returns=len(waiting), timeout=len(waiting) * (seconds + LONGEST_S)
    )
    for reference in late:
        ray.cancel(reference, force=True)
    answers = [_answer(reference) if reference in ready else dict(_LATE) for reference in waiting]
    return answers, max(
        0.0,
        min((float(answer["began"]) for answer in answers if "began" in answer), default=began)
        - began,
    )


_LATE: Answer = {
    "error": f"its start, first steps and first validation took longer than {LONGEST_S:g} s"
}


def _measured(job: dict[str, Any], seconds: float) -> Answer:
    began = time.time()
    from raylab.training.measuring import measure

    try:
        return {"began": began, **measure(TrialJob(**job), seconds=seconds).as_dict()}
    except Exception as error:  # a result: the search would record this trial as failed, too
        kind = "" if isinstance(error, RaylabError) else f"{type(error).__name__}: "
        return {"error": " ".join(f"{kind}{error}".split())[:500]}


def _answer(reference: object) -> Answer:
    import ray
    from ray.exceptions import RayError

    try:
        return dict(ray.get(reference))
    except RayError as error:
        return {"error": f"its process died: {str(error).strip().splitlines()[-1][:300]}"}


def _probed(draw: Draw, answers: Sequence[Answer]) -> Probed:
    """Means of the times; of what must fit, the most."""
    wrong = next((answer["error"] for answer in answers if "error" in answer), None)
    if wrong is not None:
        return Probed(draw, None, str(wrong))
    cost: dict[str, float] = {}
    for name in answers[0]:
        values = [float(answer[name]) for answer in answers]
        cost[name] = max(values) if name.endswith("_bytes") else sum(values) / len(values)
    cost.pop("began")
    return Probed(draw, cost)
