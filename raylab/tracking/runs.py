"""What MLflow should hold of a trial: pure functions of its record, so that a replay gives the same
run.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from raylab.files import digest
from raylab.tracking.events import Values
from raylab.tracking.records import TrialRecord, is_number

# MLflow has no state of its own for a pruned trial: KILLED, and the tag `raylab.state` says which
# it was.
STATUS = {
    "completed": "FINISHED",
    "pruned": "KILLED",
    "interrupted": "KILLED",
    "failed": "FAILED",
    "running": "RUNNING",
}
_MAX_PARAM, _MAX_TAG, _MAX_KEY = 6000, 8000, 250  # MLflow's limits, in characters

Point = tuple[str, float, int, int]  # key, value, time (ms), step


@dataclass(frozen=True)
class TrialRun:
    """One trial as MLflow stores it; times in milliseconds since 1970."""

    key: str
    name: str
    status: str
    started: int
    ended: int | None
    tags: dict[str, str]
    params: dict[str, str]
    points: tuple[Point, ...]

    @property
    def digest(self) -> str:
        """Of everything here: a run that carries it as a tag needs nothing more."""
        return digest(self.__dict__)


def trial_key(study_id: str, trial: str) -> str:
    """A trial's identity in MLflow: of the study and the trial, not of an attempt or a process."""
    return digest([study_id, trial])[:32]


def trial_run(record: TrialRecord, *, study: Values) -> TrialRun:
    """The run of `record`; `study` is the study's description."""
    key = trial_key(study["id"], record.trial)
    return TrialRun(
        key=key,
        name=f"{study['name']}/{record.trial}",
        status=STATUS[record.state],
        started=_ms(record.started or record.ended or study.get("created") or 0.0),
        ended=None if record.ended is None else _ms(record.ended),
        tags={"raylab.trial_key": key, **_state_tags(record), **study_tags(study)},
        params={_name(path): _text(value) for path, value in _parameters(record).items()},
        points=tuple(_points(record)),
    )


def study_tags(study: Values) -> dict[str, str]:
    """Where a result comes from: data, code, packages."""
    git, data = study.get("git") or {}, study.get("data") or {}
    tags = {
        "raylab.study_name": study["name"],
        "raylab.kind": study.get("kind"),
        "raylab.task": (study.get("task") or {}).get("kind"),
        "raylab.data_fingerprint": data.get("fingerprint"),
        "mlflow.source.git.commit": git.get("commit"),
        "raylab.git_dirty": None if not git else str(bool(git.get("dirty"))).lower(),
        **{
            f"raylab.package.{name}": version
            for name, version in (study.get("packages") or {}).items()
        },
    }
    return {name: str(value)[:_MAX_TAG] for name, value in tags.items() if value is not None}


def flatten(value: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Dotted paths and leaves of nested mappings."""
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            yield from flatten(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner


def _state_tags(record: TrialRecord) -> dict[str, str]:
    tags = {
        "raylab.trial": record.trial,
        "raylab.state": record.state,
        "raylab.of": record.of,
        "raylab.origin": record.origin,
        "raylab.origin_step": record.origin_step,
        "raylab.error": record.error,
        "raylab.kept_step": record.kept_step,
        "raylab.stopped": record.stopped,
        "raylab.lineage": _lineage(record),
    }
    return {
        name: str(value)[:_MAX_TAG]
        for name, value in tags.items()
        if value is not None and value != ""
    }


def _lineage(record: TrialRecord) -> str | None:
    """As JSON, without configs: the params say what differs."""
    pieces = [{key: entry[key] for key in ("step", "source", "params")} for entry in record.lineage]
    return json.dumps(pieces) if pieces else None


def _parameters(record: TrialRecord) -> dict[str, object]:
    """The whole resolved config, so that runs of different spaces compare, and the searched values.

    MLflow's params never change: of a trial that took over others' weights they are those it began
    with, and the tag `raylab.lineage` says what became of them.
    """
    began = record.lineage[0] if record.lineage else None
    config, params = (began["config"], began["params"]) if began else (record.config, record.params)
    return {**dict(flatten(config)), **params}


def _points(record: TrialRecord) -> Iterator[Point]:
    for time, step, metrics in record.history:
        yield from ((_name(key), value, _ms(time), step) for key, value in metrics.items())
    if record.ended is None:
        return
    seen = set(record.history[-1][2].items()) if record.history else set()
    final = {key: value for key, value in record.metrics.items() if (key, value) not in seen}
    if is_number(record.score):
        final["score"] = float(record.score or 0.0)
    yield from ((_name(key), value, _ms(record.ended), record.step) for key, value in final.items())


def _name(key: str) -> str:
    return re.sub(r"[^\w./ -]", "_", key, flags=re.ASCII)[:_MAX_KEY]


def _text(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return (value if isinstance(value, str) else json.dumps(value, default=str))[:_MAX_PARAM]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
