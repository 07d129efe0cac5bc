"""The best of a search, trained again over seeds as trials of the same study."""

from __future__ import annotations

from pathlib import Path

from raylab.analysis.selection.candidates import Request
from raylab.analysis.selection.results import SeedSelection, selection_from
from raylab.analysis.selection.run import finish
from raylab.errors import StudyError
from raylab.evaluation.choice import Rule
from raylab.files import read_json
from raylab.paths import AnyPath
from raylab.reporting.notebooks.watched import watched
from raylab.tracking.selections import selections
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import refuse_answer
from raylab.tuning.say import Say


def select(
    path: AnyPath,
    *,
    top: int = 4,
    seeds: int = 5,
    rule: Rule = "best",
    shuffles: int = 10,
    say: Say | None = None,
) -> SeedSelection:
    """Train the best trials of a search again over fresh seeds, and choose a champion by a rule.

    The search's own score of a candidate is not one of its repetitions, because that score was
    selected and is biased upwards. All candidates get the same seeds, none of which the search
    used. The champion is the repetition of the chosen config with the median score; `evaluate`,
    `export_embeddings`, `adapt` and `report` use it from then on. After an interruption, the same
    call or `raylab.resume` continues; a finished selection is returned as it is. The result is also
    written to the study's `scores` folder, with a figure.

    Args:
        path: A study that has ended.
        top: How many candidates, by validation; of several objectives, from the Pareto front, by
            the first. Trials that differ only in their seed are one candidate.
        seeds: Repetitions of each candidate.
        rule: `best`: the best mean over seeds. `simplest`: the candidate that learns the fewest
            numbers among those within one standard error of the best mean (Breiman et al. 1984,
            Classification and Regression Trees, section 3.4.3).
        shuffles: How often the champion's labels are shuffled (`raylab.shuffle_labels`); 0 for no
            such control.
        say: Receives lines of progress. Default: in a notebook a view that follows the study,
            elsewhere `print`.

    Returns:
        The scores of every candidate over seeds, how stable their order is, and the champion.

    Raises:
        StudyError: The study has not ended, nothing completed, or another selection is unfinished.

    Example:
        >>> result = raylab.select("study", top=2, seeds=2, shuffles=0, say=lambda line: None)
        >>> len(result.candidates), result.values
        (2, (1, 2))
        >>> result.trial.startswith(result.of)
        True
    """
    study = StudyFolder.open(Path(path))
    refuse_answer(study)
    if rule == "simplest" and seeds < 2:
        raise StudyError(
            "--rule simplest needs a standard error, which a single seed does not give",
            "Use --seeds 2 or more.",
        )
    request = Request(top, seeds, rule, shuffles)
    known = selections(study.ledger.read())
    last = known[-1] if known else None
    same = last is not None and request.matches(last)
    if last is not None and last.ended and same:
        (say or print)(f"{study.name}: this selection has ended; nothing to train")
        return selection_from(read_json(study.selection_path))
    if last is not None and not last.ended and not same:
        raise StudyError(
            f"{study.path}: another selection is unfinished (top {last.top}, {last.seeds} seeds, "
            f"rule {last.rule})",
            f"Finish it with `raylab resume {study.path}`.",
        )
    with watched(study, say) as listener:
        return finish(study, listener, None if same else request)
