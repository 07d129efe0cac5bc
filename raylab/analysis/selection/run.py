"""A selection over seeds, run to its end."""

from __future__ import annotations

from raylab.analysis.selection.candidates import Choice, Request, choice_of, started
from raylab.analysis.selection.results import SeedSelection
from raylab.analysis.shuffle_labels import ShuffledLabels, shuffle_labels
from raylab.config.dotted import set_path
from raylab.config.parse import parse_trial
from raylab.reporting.figures.files import keep_score
from raylab.reporting.figures.selection import selection_figure
from raylab.tasks.families import get_task
from raylab.tracking.events import ENDED, Selected
from raylab.tracking.records import TrialRecord, is_ended
from raylab.tracking.selections import Selection, selections
from raylab.tracking.study import StudyFolder
from raylab.tuning.drawing.fixed import Repeat
from raylab.tuning.driver import run_repeats
from raylab.tuning.planning.study_plan import Plan, connect_for
from raylab.tuning.run import plan_of, run_recorded
from raylab.tuning.say import Say
from raylab.tuning.study_report import report
from raylab.tuning.sync import register_winners

SEED = "training.seed"


def finish(study: StudyFolder, say: Say, request: Request | None = None) -> SeedSelection:
    """Finish the study's unfinished selection; with a request, begin one."""
    plan = plan_of(study, runs=True)
    if request is not None:
        event = started(study, request)
        with study.hold():
            study.ledger.append(event)
    selection = selections(study.ledger.read())[-1]
    _train(study, plan, selection, say)
    choice = choice_of(study, selection)
    control, notes = _control(study, choice, say)
    result = choice.result(study, control, notes)
    plain = result.to_dict()
    keep_score(study, "selection", plain, selection_figure(plain))
    study.ledger.append(
        Selected(
            trial=result.trial,
            of=result.of,
            rule=result.rule,
            top=result.top,
            seeds=result.seeds,
            metric=result.metric,
        )
    )
    report(study.path)
    register_winners(study, say)
    return result


def _train(study: StudyFolder, plan: Plan, selection: Selection, say: Say) -> None:
    repeats = _repeats(study, selection)
    ended = {record.trial for record in study.records() if record.state in ENDED}
    missing = sum(repeat.trial not in ended for repeat in repeats)
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


def _control(
    study: StudyFolder, choice: Choice, say: Say
) -> tuple[ShuffledLabels | None, list[str]]:
    """The chosen config on shuffled labels; where there is no such control, a note says why."""
    shuffles = choice.selection.shuffles
    if not shuffles:
        return None, ["no shuffled-label control was requested"]
    record = next(record for record in study.records() if record.trial == choice.trial)
    config = parse_trial(record.config, f"trial {record.trial}")
    if not get_task(config).training_labels(config, study.description["label"]):
        return None, ["no shuffled-label control: training of the chosen config uses no label"]
    say(f"{study.name}: training trial {record.trial} on {shuffles} shuffles of its labels")
    control = shuffle_labels(study.path, shuffles=shuffles, trial=record.trial, say=say)
    return control, []
