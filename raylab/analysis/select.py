"""Selection (`raylab select`): the best of a search, trained again over seeds as trials of the same
study.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from raylab.analysis.shuffle_labels import shuffle_labels
from raylab.analysis.trained import without_seed
from raylab.config.dotted import set_path
from raylab.config.parse import parse_trial
from raylab.errors import StudyError
from raylab.evaluation.choice import Candidate, Rule, choose
from raylab.files import read_json
from raylab.reporting.figures.files import keep_score
from raylab.reporting.figures.selection import selection_figure
from raylab.tasks.families import get_task
from raylab.tasks.parameter_count import parameter_count
from raylab.tracking.events import Selected, SelectionStarted
from raylab.tracking.records import TrialRecord, is_ended, is_number
from raylab.tracking.selections import Selection, ranked, selections
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model
from raylab.tuning.drawing.fixed import Repeat
from raylab.tuning.driver import Say, run_repeats
from raylab.tuning.outcome import ENDED
from raylab.tuning.planning.study_plan import Plan, connect_for
from raylab.tuning.run import plan_of, run_recorded
from raylab.tuning.study_report import report
from raylab.tuning.sync import register_winners

SEED = "training.seed"


def select(
    path: str | Path,
    *,
    top: int = 4,
    seeds: int = 5,
    rule: Rule = "best",
    shuffles: int = 10,
    say: Say = print,
) -> dict[str, Any]:
    """Train the best trials of a search again over fresh seeds, choose by a stated rule, and name a
    champion.

    The search's own score of a candidate is not one of its repetitions: it was selected, so it
    flatters. All candidates get the same seeds, none of which the search used. The champion is the
    chosen config's repetition with the median score; what is built on a study's winner (evaluate,
    export, adapt, report) uses it from then on. The same call again, or `raylab resume`, finishes
    what was interrupted; a finished selection is shown.

    Args:
        path: A study that has ended.
        top: Candidates, by validation; of several objectives from the front, by the first. Trials
            that differ in their seed only are one candidate.
        seeds: Repetitions of each.
        rule: As `raylab.evaluation.choice.choose` says.
        shuffles: Of the champion's labels (`shuffle_labels`); 0 for no such control.

    Returns:
        What `choose` says, with {"metric", "mode", "top", "seeds", "rule", "shuffles", "values":
        the seeds, "selections": how many the study has had, "of", "trial": the champion, "control":
        as `shuffle_labels` gives it or None, "notes"}; also in the study's folder `scores`, with a
        figure.

    Raises:
        StudyError: the study has not ended, nothing completed in it, or another selection of it is
            unfinished.
    """
    study = StudyFolder.open(Path(path))
    if rule == "simplest" and seeds < 2:
        raise StudyError(
            "--rule simplest needs a standard error, which one seed has not",
            "Use --seeds 2 or more.",
        )
    asked = (top, seeds, rule, shuffles)
    known = selections(study.ledger.read())
    last = known[-1] if known else None
    same = last is not None and (last.top, last.seeds, last.rule, last.shuffles) == asked
    if last is not None and last.ended and same:
        say(f"{study.name}: this selection has ended; nothing to train")
        found: dict[str, Any] = read_json(study.selection_path)
        return found
    if last is not None and not last.ended and not same:
        raise StudyError(
            f"{study.path}: another selection is unfinished (top {last.top}, {last.seeds} seeds, "
            f"rule {last.rule})",
            f"Finish it with `raylab resume {study.path}`.",
        )
    return finish(study, say, None if same else asked)


def finish(
    study: StudyFolder, say: Say, asked: tuple[int, int, str, int] | None = None
) -> dict[str, Any]:
    """Finish the study's selection that is under way, or, with `asked`, begin one."""
    plan = plan_of(study)
    if asked is not None:
        event = _started(study, *asked)
        with study.hold():
            study.ledger.append(event)
    selection = selections(study.ledger.read())[-1]
    _train(study, plan, selection, say)
    result = _result(study, plan, selection)
    result["control"] = _control(study, selection, result, say)
    keep_score(study, "selection", result, selection_figure(result))
    chosen = {name: result[name] for name in ("trial", "of", "rule", "top", "seeds", "metric")}
    study.ledger.append(Selected(**chosen))
    report(study.path)
    register_winners(study, say)
    return result


def _started(
    study: StudyFolder, top: int, seeds: int, rule: str, shuffles: int
) -> SelectionStarted:
    if not is_ended(study.ledger.read()):
        raise StudyError(
            f"{study.path}: the study has not ended",
            f"Finish it with `raylab resume {study.path}`.",
        )
    records = study.records()
    found: list[TrialRecord] = []
    for record in ranked(records, *study.modes):
        if len(found) < top and all(
            without_seed(record.config) != without_seed(one.config) for one in found
        ):
            found.append(record)
    if not found:
        raise StudyError(
            f"{study.path}: no trial has completed", "Look at `raylab leaderboard` for the reasons."
        )
    used = {
        (record.config.get("training") or {}).get("seed") for record in records if record.of is None
    }
    fresh = [seed for seed in range(1, seeds + len(used) + 1) if seed not in used][:seeds]
    return SelectionStarted(
        top=top,
        seeds=seeds,
        rule=rule,
        shuffles=shuffles,
        trials=tuple(record.trial for record in found),
        values=tuple(fresh),
    )


def _train(study: StudyFolder, plan: Plan, selection: Selection, say: Say) -> None:
    repeats = _repeats(study, selection)
    done = {record.trial for record in study.records() if record.state in ENDED}
    missing = sum(repeat.trial not in done for repeat in repeats)
    if missing or not is_ended(study.ledger.read()):
        slots = connect_for(plan.space.resources, missing)
        run_recorded(
            study,
            say,
            lambda end: run_repeats(study, plan, repeats, slots=slots, say=say, on_end=end),
        )


def _repeats(study: StudyFolder, selection: Selection) -> list[Repeat]:
    by_trial = {record.trial: record for record in study.records()}
    return [_repeat(by_trial[of], trial, seed) for trial, of, seed in selection.repetitions()]


def _repeat(record: TrialRecord, trial: str, seed: int) -> Repeat:
    config = parse_trial(set_path(record.config, SEED, seed), f"trial {trial}")
    return Repeat(trial, record.trial, {**record.params, SEED: seed}, config)


def _result(study: StudyFolder, plan: Plan, selection: Selection) -> dict[str, Any]:
    by_trial = {record.trial: record for record in study.records()}
    candidates = [_candidate(study, by_trial, of, selection) for of in selection.trials]
    if not any(one.found for one in candidates):
        raise StudyError(
            f"{study.path}: no repetition completed",
            f"`raylab leaderboard {study.path}` has the reasons.",
        )
    mode = study.modes[0]
    chosen = choose(candidates, mode=mode, rule=selection.rule)  # type: ignore[arg-type]  # as the ledger has it
    place, of = chosen.pop("champion"), chosen.pop("chosen")
    return {
        "metric": study.metrics[0],
        "mode": mode,
        **{name: getattr(selection, name) for name in ("top", "seeds", "rule", "shuffles")},
        "values": list(selection.values),
        "selections": len(selections(study.ledger.read())),
        **chosen,
        "of": of,
        "trial": f"{of}-seed{selection.values[place]}",
        "notes": _notes(study, [by_trial[trial] for trial in selection.trials], selection),
    }


def _candidate(
    study: StudyFolder, by_trial: dict[str, TrialRecord], of: str, selection: Selection
) -> Candidate:
    own = [
        by_trial.get(trial) for trial, candidate, _ in selection.repetitions() if candidate == of
    ]
    scores = tuple(
        one.score if one is not None and one.state == "completed" and is_number(one.score) else None
        for one in own
    )
    learnt = parameter_count(Model.load(study.model_folder(of)).module)
    return Candidate(of, float(by_trial[of].score or 0.0), scores, learnt)


def _notes(study: StudyFolder, records: Sequence[TrialRecord], selection: Selection) -> list[str]:
    found = []
    if len(records) < selection.top:
        found.append(
            f"{len(records)} different configs completed in the search, of {selection.top} asked "
            "for"
        )
    if len(study.modes) > 1:
        found.append(f"of several objectives, all here is of the first, {study.metrics[0]}")
    moved = [record.trial for record in records if record.lineage]
    if moved:
        found.append(
            f"hyper-parameters of {', '.join(moved)} changed on the way; its repetitions have the "
            "last ones"
        )
    return found


def _control(
    study: StudyFolder, selection: Selection, result: dict[str, Any], say: Say
) -> dict[str, Any] | None:
    """The chosen config on shuffled labels; why there is none, in the notes."""
    if not selection.shuffles:
        result["notes"].append("no shuffled-label control was asked for")
        return None
    record = next(one for one in study.records() if one.trial == result["trial"])
    config = parse_trial(record.config, f"trial {record.trial}")
    if not get_task(config).training_labels(config, study.description["label"]):
        result["notes"].append(
            "no shuffled-label control: training of the chosen config is told no label"
        )
        return None
    say(
        f"{study.name}: training trial {record.trial} on {selection.shuffles} shuffles of its "
        "labels"
    )
    return shuffle_labels(study.path, shuffles=selection.shuffles, trial=record.trial, say=say)
