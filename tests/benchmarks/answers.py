"""`python -m tests.benchmarks.answers --out FOLDER [--only NAME] [--minutes 10] [--folds 5]`:
`raylab answer` on pairs of a published recording and a label (RAYLAB_REAL_DATA, as for the tests),
beside its best baseline and beside what a student reaches with scikit-learn on the same folds.

Prints a Markdown row per pair as it ends, and writes it to FOLDER/NAME.json, so that an interrupted
run goes on with the pairs that are missing. Nothing is asserted. Measure on a quiet machine: the
answers have a budget of time.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import raylab
from raylab.analysis.answering.conclusion import Conclusion
from raylab.analysis.answering.outcomes import FoldOutcome
from raylab.analysis.answering.planning import question as planned
from raylab.analysis.answering.pooling import Pooled
from raylab.analysis.answering.refitting.finishing import chosen_folds
from raylab.analysis.answering.searching.board import Board
from raylab.analysis.answering.searching.clock import Clock
from raylab.data.dataset import Dataset
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.tracking.study import StudyFolder
from tests.benchmarks.reference import reference
from tests.benchmarks.science import REAL_DATA


@dataclass(frozen=True)
class Question:
    """A recording, the recipe that reads it, and the label to decode from it."""

    path: str
    recipe: str
    label: str
    per: str = "sample"


QUESTIONS = {
    "hippocampus-position": Question("hippocampus", "hippocampus", "position"),
    "hippocampus-direction": Question("hippocampus", "hippocampus", "direction"),
    "motor-target": Question("motor_cortex", "motor_cortex", "target"),
    "motor-velocity": Question("motor_cortex", "motor_cortex", "velocity"),
    "head-direction": Question("head_direction", "head_direction", "angle"),
    "worm-velocity": Question("worm", "worm", "velocity"),
    "worm-reversal": Question("worm", "worm", "reversal"),
    "orbitofrontal-stimulus": Question("orbitofrontal", "orbitofrontal", "stim", per="segment"),
    "reaching-hand": Question("reaching", "reaching", "hand"),
    "fly-heading": Question("fly", "fly", "heading"),
}
HEADINGS = (
    "recording and label",
    "recommended",
    "score",
    "best mean",
    "its score",
    "best baseline",
    "scikit-learn",
    "less baseline",
    "less scikit-learn",
)


@dataclass(frozen=True)
class Row:
    """What one question came to; differences are the recommendation less another, by the metric,
    with their 95 % intervals.
    """

    name: str
    recommended: str
    score: Sequence[float]
    best: str
    best_score: float
    baseline: float
    reference: float
    less_baseline: Sequence[float]
    less_reference: Sequence[float]
    choices: Sequence[str]
    sentence: str

    def cells(self) -> list[str]:
        return [
            self.name,
            self.recommended,
            _span(self.score),
            self.best,
            f"{self.best_score:.3f}",
            f"{self.baseline:.3f}",
            f"{self.reference:.3f}",
            _span(self.less_baseline),
            _span(self.less_reference),
        ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="questions whose names begin so")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--folds", type=int, default=5)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    print(_line(HEADINGS), _line(["---"] * len(HEADINGS)), sep="\n")
    for name, question in QUESTIONS.items():
        if name.startswith(options.only):
            file = options.out / f"{name}.json"
            if not file.is_file():
                row = ask(name, question, options.out, options.minutes, options.folds)
                file.write_text(json.dumps(asdict(row), indent=1))
            print(_line(Row(**json.loads(file.read_text())).cells()), flush=True)


def ask(name: str, question: Question, out: Path, minutes: float, folds: int) -> Row:
    """Answer a question, and hold the reference against it on the same test samples."""
    data, folder = out / "data" / question.recipe, out / name
    if not data.is_dir():
        raylab.prepare(REAL_DATA / question.path, recipe=question.recipe, out=data)
    if folder.is_dir():
        raylab.resume(folder)
    else:
        raylab.answer(
            data, question.label, minutes=minutes, folds=folds, per=question.per, out=folder
        )
    study = StudyFolder.open(folder)
    answer = json.loads(study.answer_path.read_text(encoding="utf-8"))
    outcomes = _outcomes(study)
    losses, choices = _reference_losses(folder, question, outcomes)
    return Row(
        name=name,
        recommended=answer["recommended"]["name"],
        score=[answer["recommended"][key] for key in ("score", "low", "high")],
        best=answer["best"]["name"],
        best_score=answer["best"]["score"],
        baseline=answer["baseline"]["score"],
        reference=1 - float(np.mean([each.mean() for each in losses])),
        less_baseline=[answer["difference"][key] for key in ("value", "low", "high")],
        less_reference=_difference(outcomes, losses, answer["metric"]),
        choices=choices,
        sentence=answer["sentence"],
    )


def _outcomes(study: StudyFolder) -> list[FoldOutcome]:
    """What each fold of an answer came to, read from its folder."""
    question = planned.Question.of(study)
    folds = question.fold_paths(study)
    entrants, _ = question.entrants(Dataset(folds[0]), study.path)
    board = Board(study, folds, entrants)
    board.restore(study.records())
    conclusion = Conclusion(study, question, board, Clock(question.minutes))
    return conclusion.outcomes(chosen_folds(board, question.label))


def _reference_losses(
    folder: Path, question: Question, outcomes: Sequence[FoldOutcome]
) -> tuple[list[np.ndarray], list[str]]:
    """The losses of the reference on the test units of each fold, and its choices."""
    losses, choices = [], []
    for outcome in outcomes:
        dataset = Dataset(folder / "folds" / str(outcome.fold))
        decoded, chosen = reference(dataset, question.label, per=question.per)
        held_out = HeldOut.of(decoded, question.per)
        losses.append(held_out.unit_losses(held_out.align(decoded)))
        choices += chosen
    return losses, choices


def _difference(
    outcomes: Sequence[FoldOutcome], losses: Sequence[np.ndarray], metric: str
) -> list[float]:
    """The recommendation less the reference over the test units of all folds."""
    own = Pooled.of([outcome.test[outcome.recommended] for outcome in outcomes])
    difference = own.above(Pooled.of(losses), metric)
    return [float(value) for value in difference.to_dict().values()]


def _span(values: Sequence[float]) -> str:
    value, low, high = values
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
