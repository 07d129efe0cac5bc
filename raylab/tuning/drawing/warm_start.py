"""Trials of earlier studies that inform the sampler of a new one: which of them mean the same, and
which do not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raylab.config.dotted import ConfigValues, get_path
from raylab.config.families import DEFAULT_FAMILY
from raylab.config.trial import TrialConfig
from raylab.errors import ConfigError, RaylabError
from raylab.space.parameters import Scalar, leaves
from raylab.tracking.records import Mode, TrialRecord
from raylab.tracking.study import StudyFolder

if TYPE_CHECKING:
    from raylab.space.space import Space

from raylab.space.earlier import Earlier, EarlierTrial


def with_earlier(
    space: Space, *, fingerprint: str, modes: Mapping[str, Mode], label: str | None, source: str
) -> tuple[Space, list[str]]:
    """The space with the trials of its `warm_start`, and notes of what informs the sampler and what
    was left out.

    Used are completed trials (by tpe also pruned ones) whose score means the same: same data,
    objectives, label, evaluation and training.max_steps, and whose values this space could draw.

    Raises:
        ConfigError: An earlier study cannot be read, or none of its trials can be used.
    """
    notes: list[str] = []
    studies = []
    for number, earlier in enumerate(space.warm_start):
        if earlier.trials is None:
            where = f"{source}: warm_start.{number}"
            study = _opened(earlier.study, where)
            _check_same(study, space, fingerprint, modes, label, where)
            trials, left_out, differing = _usable(study, space)
            if not trials:
                reasons = (
                    "; ".join(f"{count} {why}" for why, count in left_out.items())
                    or "it has no trial"
                )
                raise ConfigError(
                    f"{where}: no trial of {earlier.study} can inform this search: {reasons}",
                    "Widen `search`, or leave warm_start out.",
                )
            notes += _notes(earlier.study, trials, left_out, differing)
            earlier = Earlier(study=str(study.path), trials=tuple(trials))
        studies.append(earlier)
    return (space.model_copy(update={"warm_start": tuple(studies)}) if studies else space), notes


def _opened(path: str, where: str) -> StudyFolder:
    try:
        return StudyFolder.open(Path(path))
    except RaylabError as error:
        raise ConfigError(f"{where}: {error.what}", error.remedy) from None


def _check_same(
    study: StudyFolder,
    space: Space,
    fingerprint: str,
    modes: Mapping[str, Mode],
    label: str | None,
    where: str,
) -> None:
    """What makes every score of an earlier study mean something else."""
    mine = [(metric, modes[metric]) for metric in space.metrics]
    theirs = list(zip(study.metrics, study.modes))
    data = study.description["data"]
    pairs = [
        (
            "other data (fingerprint)",
            data.get("fingerprint") if isinstance(data, Mapping) else None,
            fingerprint,
        ),
        ("another objective", theirs, mine),
        ("another label", study.description["label"], label),
        ("another family", _kind(study.description.get("task")), _kind(space.task)),
    ]
    for what, there, here in pairs:
        if there != here:
            shown = "" if "data" in what else f": {there}, here {here}"
            raise ConfigError(
                f"{where}: the scores of {study.path.name} are of {what}{shown}",
                "Leave warm_start out.",
            )


def _kind(task: object) -> str:
    return str(task.get("kind", DEFAULT_FAMILY)) if isinstance(task, Mapping) else DEFAULT_FAMILY


def _usable(study: StudyFolder, space: Space) -> tuple[list[EarlierTrial], Counter[str], set[str]]:
    """Trials in the terms of `space`; how many were left out, by reason; fixed paths whose values
    differ.
    """
    trials: list[EarlierTrial] = []
    left_out: Counter[str] = Counter()
    differing: set[str] = set()
    for record in study.records():
        if record.of is not None:
            continue
        params, why = _translated(record, space)
        if why is None:
            config = space.config(params)
            why = _scored_otherwise(record, config) or _searched_otherwise(record, config, space)
        if why is not None:
            left_out[why] += 1
            continue
        differing |= _differing(record, config, space)
        curve = (
            tuple((step, metrics[space.metrics[0]]) for _, step, metrics in record.history)
            if _pruned(record)
            else ()
        )
        scores = record.scores or (() if record.score is None else (record.score,))
        kept = "pruned" if _pruned(record) else "completed"
        trials.append(
            EarlierTrial(trial=record.trial, state=kept, params=params, scores=scores, curve=curve)
        )
    return trials, left_out, differing


def _pruned(record: TrialRecord) -> bool:
    return record.state == "pruned"


def _translated(record: TrialRecord, space: Space) -> tuple[dict[str, Scalar], str | None]:
    """The draw of `space` that makes the earlier config, and why there is none."""
    if record.state not in ("completed", "pruned"):
        return {}, record.state
    if record.origin_step is not None:
        return {}, "that train another trial further"
    if record.lineage:
        return {}, "with weights taken over from others (pbt)"
    if _pruned(record):
        if not space.sampler.learns_from_pruned or len(space.metrics) > 1:
            return {}, "pruned, which only tpe with one objective learns from"
        if not record.history or any(
            space.metrics[0] not in metrics for *_, metrics in record.history
        ):
            return {}, "pruned before its objective was measured"
    elif record.score is None:
        return {}, "without a score"
    params: dict[str, Scalar] = {}
    value = space.fixed()
    for name in space.ordered():
        if not space.active(name, value):
            continue
        there = {
            repr(_get(record.config, path)): _get(record.config, path) for path in space.paths(name)
        }
        leaf = next(iter(there.values()))
        if len(there) > 1 or not space.search[name].contains(leaf):
            return {}, f"with a {name} that this space does not draw"
        params[name] = leaf
        value = space.setting(value, name, leaf)
    if space.broken(params) is not None:
        return {}, "that break a constraint"
    return params, None


def _scored_otherwise(record: TrialRecord, config: TrialConfig) -> str | None:
    mine = config.model_dump(mode="json")
    theirs = {**record.config.get("evaluation", {}), "scale": config.evaluation.scale}
    if theirs != mine.get("evaluation"):  # scales differ only where a unit is almost silent
        return "with another evaluation section"
    if _get(record.config, "training.max_steps") != config.training.max_steps:
        return f"of training.max_steps other than {config.training.max_steps}"
    return None


def _searched_otherwise(record: TrialRecord, config: TrialConfig, space: Space) -> str | None:
    """A path that only the earlier study searched must have the value that it has here."""
    mine = config.model_dump(mode="json")
    changed = dict(leaves(record.config))
    for name in record.params:
        if name not in space.search and name in changed and _get(mine, name) != changed[name]:
            return f"with another {name}, which is not searched here"
    return None


def _differing(record: TrialRecord, config: TrialConfig, space: Space) -> set[str]:
    mine, theirs = dict(leaves(config.model_dump(mode="json"))), dict(leaves(record.config))
    unlike = {path for path in mine.keys() | theirs.keys() if mine.get(path) != theirs.get(path)}
    return (
        unlike - set(space.searched) - {"training.monitor"}
    )  # the default is filled in when a trial starts


def _notes(
    study: str, trials: Sequence[EarlierTrial], left_out: Mapping[str, int], differing: set[str]
) -> list[str]:
    notes = [f"warm start: {len(trials)} trials of {study} inform the sampler"]
    notes += [f"warm start: of {study} {count} left out {why}" for why, count in left_out.items()]
    if differing:
        notes.append(
            f"warm start: trials of {study} differ from this space in "
            f"{', '.join(sorted(differing))}"
        )
    return notes


def _get(config: ConfigValues, path: str) -> Any:
    try:
        return get_path(config, path)
    except (KeyError, AttributeError):
        return None
