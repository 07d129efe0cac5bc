"""Studies, trials and entrants that options name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from raylab.config.explain import did_you_mean
from raylab.errors import StudyError
from raylab.tracking.records import best
from raylab.tracking.study import StudyFolder

_ENTRANTS, _PREDICTOR = "entrants", "predictor.json"  # of an answer: where its models are
SHOWN = 12  # names that an error lists


def opened(path: Path) -> StudyFolder:
    """The study in a folder.

    Raises:
        StudyError: There is none; a study with a similar name beside it is named.
    """
    try:
        return StudyFolder.open(path)
    except StudyError as error:
        if path.exists() or not path.absolute().parent.is_dir():
            raise
        beside = [file.parent.name for file in path.absolute().parent.glob("*/study.json")]
        guess = did_you_mean(path.name, beside)
        if not guess.startswith("Did you mean"):
            raise
        raise StudyError(error.what, f"{guess} {error.remedy}") from None


def distinct(paths: Sequence[Path]) -> list[StudyFolder]:
    """The studies in several folders, which were made on the same data.

    Raises:
        StudyError: There is no such study, one is named twice, or two were made on other data.
    """
    studies = [opened(path) for path in paths]
    first = studies[0]
    for place, study in enumerate(studies):
        if any(study.path.resolve() == other.path.resolve() for other in studies[:place]):
            raise StudyError(f"{study.path}: this study is named twice", "Name each study once.")
        if _fingerprint(study) != _fingerprint(first):
            raise StudyError(
                f"{study.path}: this study was made on other data than {first.path}",
                "Scores of different data cannot be compared: name studies of one dataset.",
            )
    return studies


def check_trial(study: StudyFolder, trial: str | None) -> None:
    """Check that a study has a trial with a model; without a name, that it has a winner.

    Raises:
        StudyError: There is none.
    """
    records = study.records()
    if trial is None:
        if study.is_answer:
            raise StudyError(
                f"{study.path}: an answer has a best trial in each fold, and no winner of all",
                "Name one trial with --trial, such as one of those that `raylab leaderboard` "
                "lists.",
            )
        if best(records, *(study.modes or ("max",))) is None:
            raise StudyError(
                f"{study.path}: no trial has completed", "`raylab leaderboard` shows why."
            )
        return
    names = [record.trial for record in records]
    if trial not in names:
        raise StudyError(f"{study.path}: no trial '{trial}'", _names(trial, names))
    if not study.model_folder(trial).is_dir():
        state = next(record.state for record in records if record.trial == trial)
        raise StudyError(
            f"{study.path}: trial {trial} is {state} and has no model",
            "Name a trial that completed (`raylab leaderboard` lists them).",
        )


def check_entrant(study: StudyFolder, entrant: str | None, trial: str | None) -> None:
    """Check that an answer kept an entrant.

    Raises:
        StudyError: It did not, the study is no answer, or a trial is named as well.
    """
    if entrant is None:
        return
    if trial is not None:
        raise StudyError(
            f"{study.path}: both a trial and an entrant are named",
            "Leave --trial or --entrant out.",
        )
    if not study.is_answer:
        raise StudyError(
            f"{study.path}: its trials are not grouped by entrants, because it was not made by "
            "`raylab answer`",
            "Name a trial (--trial), or leave it out for the winner.",
        )
    kept = sorted(file.parent.name for file in study.path.glob(f"{_ENTRANTS}/*/{_PREDICTOR}"))
    if kept and entrant not in kept:
        raise StudyError(
            f"{study.path}: the answer kept no entrant '{entrant}'",
            f"{_names(entrant, kept)} Any trial can be named by --trial.",
        )


def _fingerprint(study: StudyFolder) -> object:
    return (study.description.get("data") or {}).get("fingerprint")


def _names(word: str, known: Iterable[str]) -> str:
    """The most similar name, or the first ones."""
    names = list(known)
    guess = did_you_mean(word, names)
    if guess.startswith("Did you mean"):
        return guess
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"Known: {', '.join(names[:SHOWN])}{more}." if names else "It has no trial yet."
