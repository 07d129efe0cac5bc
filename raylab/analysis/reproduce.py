"""`raylab reproduce`: a trial trained anew from its record, and compared with what was recorded."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from raylab.cluster import connect
from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.files import map_tensors
from raylab.space.settings import Resources
from raylab.space.space import load_space
from raylab.tracking.environment import git_state, packages
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.training.chain import Piece, in_this_process, train_chain, with_workers
from raylab.training.worker import TrialJob
from raylab.tuning.outcome import Outcome, outcome, report
from raylab.tuning.planning.placement import of_worker

# relative, where the environment is another; in the same one, results are equal to the bit
TOLERANCE = 1e-4


def reproduce(
    study: str | Path, trial: str, *, out: str | Path | None = None, tolerance: float | None = None
) -> dict[str, Any]:
    """Train a trial anew from its record (config, data, seed, workers) to the step where it ended,
    and compare.

    Args:
        out: Where the rebuilt trial is kept; must not exist. Default: a temporary folder.
        tolerance: Of the score relative to the recorded one, and of weights relative to the
            largest; default: none in the environment that the study was made in, else 1e-4.

    Returns:
        {"trial", "same", "tolerance", "step", "score": {"recorded", "rebuilt"}, "metrics": {name:
        [recorded, rebuilt]} of those that differ, "weights": {"equal", "largest_difference",
        "relative_difference"}, "environment": {name: [then, now]} of what differs}. `same`: score
        and weights are, within the tolerance.

    Raises:
        StudyError: there is no such trial, it has no score, its model or its data is not what was
            recorded.
    """
    folder = StudyFolder.open(Path(study))
    record = ended_trial(folder, trial)
    _check_data(folder)
    recorded = _weights(folder.model_folder(trial))
    with _place(out) as place:
        ended = _train(folder, record, place)
        weights = compare_weights(recorded, _weights(place / "model"))
    resources = load_space(folder.space_path).resources
    differs = environment(folder.description, resources)
    allowed = tolerance if tolerance is not None else TOLERANCE if differs else 0.0
    score = {"recorded": record.score, "rebuilt": ended.score}
    return {
        "trial": trial,
        "same": close(record.score, ended.score, allowed)
        and weights["relative_difference"] <= allowed,
        "tolerance": allowed,
        "step": ended.step,
        "score": score,
        "metrics": _different(record.metrics, ended.metrics, allowed),
        "weights": weights,
        "environment": differs,
    }


def ended_trial(study: StudyFolder, trial: str) -> TrialRecord:
    """The record of a trial that has a score to compare."""
    records = study.records()
    record = next((one for one in records if one.trial == trial), None)
    if record is None:
        raise StudyError(
            f"{study.path}: no trial '{trial}'",
            f"Its trials: {', '.join(r.trial for r in records)}.",
        )
    if record.state in ("running", "interrupted"):
        raise StudyError(
            f"{study.path}: trial {trial} is {record.state}",
            "Finish it first: `raylab resume STUDY`.",
        )
    if record.state == "failed":
        raise StudyError(
            f"{study.path}: trial {trial} failed ({record.error}): it left no score to compare "
            "with",
            "Name a completed or pruned trial.",
        )
    return record


def lineage(records: Mapping[str, TrialRecord], trial: str, until: int) -> list[Piece]:
    """The configs that the weights of a trial were trained with until a step, in order.

    A plain trial has one. A member of a population goes back to the member whose weights it took
    over, and so on.
    """
    record = records[trial]
    began: dict[str, Any] = {"step": 0, "source": None, "config": record.config}
    piece = [
        one for one in (record.lineage or (began,)) if one["step"] < until or one["source"] is None
    ][-1]
    before = [] if piece["source"] is None else lineage(records, piece["source"], piece["step"])
    return [*before, Piece(piece["config"], until)]


def _check_data(study: StudyFolder) -> None:
    data = Dataset(study.description["data"]["path"])
    if data.fingerprint != study.description["data"]["fingerprint"]:
        raise StudyError(
            f"{data.path}: not the data this study was made on (other fingerprint)",
            "Restore that dataset: on other data it would be another trial.",
        )


@contextlib.contextmanager
def _place(out: str | Path | None) -> Iterator[Path]:
    if out is not None:
        if Path(out).exists():
            raise StudyError(f"{out}: already there", "Choose another --out, or remove it.")
        Path(out).mkdir(parents=True)
        yield Path(out).absolute()
        return
    with tempfile.TemporaryDirectory(prefix="raylab-reproduce-") as folder:
        yield Path(folder)


def _train(study: StudyFolder, record: TrialRecord, place: Path) -> Outcome:
    resources = load_space(study.space_path).resources
    parent = str(study.parent_path) if study.parent_path.is_dir() else ""
    data = study.description["data"]["path"]
    job = TrialJob(
        record.trial, str(place), data, record.config, threads=resources.cpus, parent=parent
    )
    rounds: Any = in_this_process
    if resources.workers > 1:
        connect(dashboard=True)
        rounds = partial(with_workers, workers=resources.workers, resources=of_worker(resources))
    pieces = lineage({one.trial: one for one in study.records()}, record.trial, record.step)
    told = report(train_chain(job, pieces, rounds), objectives=study.metrics)
    return outcome(told, max_steps=pieces[-1].config["training"]["max_steps"])


def _weights(folder: Path) -> dict[str, np.ndarray]:
    path = folder / "model.safetensors"
    if not path.is_file():
        raise StudyError(
            f"{path}: no such file: there are no weights to compare",
            "Restore it from a copy of the study.",
        )
    return {
        name: np.array(value) for name, value in map_tensors(path).items()
    }  # out of a folder that may vanish


def compare_weights(
    then: Mapping[str, np.ndarray], now: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """{"equal" to the bit, "largest_difference" of a weight, "relative_difference": that over the
    largest weight}.

    Models of other shapes differ by infinity.
    """
    shapes = [{name: value.shape for name, value in one.items()} for one in (then, now)]
    if shapes[0] != shapes[1]:
        return {"equal": False, "largest_difference": math.inf, "relative_difference": math.inf}
    equal = all(value.tobytes() == now[name].tobytes() for name, value in then.items())
    pairs = [
        (value.astype(np.float64), now[name].astype(np.float64))
        for name, value in then.items()
        if value.size
    ]
    largest = max((float(np.abs(one - other).max()) for one, other in pairs), default=0.0)
    scale = max((float(np.abs(one).max()) for one, _ in pairs), default=0.0)
    relative = largest / scale if scale else math.inf if largest else 0.0
    return {"equal": equal, "largest_difference": largest, "relative_difference": relative}


def close(then: float | None, now: float | None, tolerance: float) -> bool:
    """Whether two scores are one, within a share of the first; numbers that are none are equal to
    each other.
    """
    if then is None or now is None:
        return then is now
    return (math.isnan(then) and math.isnan(now)) or abs(then - now) <= tolerance * abs(then)


def _different(
    then: Mapping[str, float], now: Mapping[str, float], tolerance: float
) -> dict[str, list[float | None]]:
    pairs = {name: (then.get(name), now.get(name)) for name in {**then, **now}}
    return {
        name: [one, other]
        for name, (one, other) in pairs.items()
        if not close(one, other, tolerance)
    }


def environment(described: Mapping[str, Any], resources: Resources) -> dict[str, list[Any]]:
    """{name: [then, now]} of what differs between the study's environment and this one.

    The kind of CPU or GPU is not recorded, so it is not compared.
    """
    then: dict[str, Any] = dict(described.get("packages") or {})
    now: dict[str, Any] = dict(packages())
    for held, git in ((then, described.get("git")), (now, git_state())):
        held |= {f"git {name}": value for name, value in (git or {}).items()}
    then["threads"], now["threads"] = (
        resources.cpus,
        min(resources.cpus, os.cpu_count() or resources.cpus),
    )
    return {
        name: [then.get(name), now.get(name)]
        for name in {**then, **now}
        if then.get(name) != now.get(name)
    }
