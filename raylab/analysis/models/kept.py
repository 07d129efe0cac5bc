"""The entrants that an answer keeps: the models that `raylab.load` gives."""

from __future__ import annotations

from pathlib import Path

from raylab.errors import ConfigError, DataError, StudyError
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model
from raylab.training.predicting.files import is_predictor
from raylab.training.predictor import Predictor

ENSEMBLE = "ensemble"  # the family
ENTRANTS = "entrants"


def kept_entrants(study: StudyFolder) -> list[str]:
    """The names of the entrants that were fitted on all samples."""
    folder = study.path / ENTRANTS
    return sorted(each.name for each in folder.glob("*") if is_predictor(each))


def entrant_folder(study: StudyFolder, entrant: str | None = None) -> Path:
    """The folder of an entrant that was kept; default: of the recommended one.

    Raises:
        StudyError: The study is no answer, the answer has no model yet, or it did not keep this
            entrant.
    """
    if not study.is_answer:
        raise StudyError(
            f"{study.path}: its trials are not grouped by entrants, because it was not made by "
            "`raylab answer`",
            "Name a trial (--trial), or leave it out for the winner.",
        )
    name = entrant or _recommended(study)
    known = kept_entrants(study)
    if name is None or not known:
        raise StudyError(
            f"{study.path}: the answer was interrupted, and its final model is not fitted yet",
            f"Finish it with `raylab resume {study.path}`, or name one trial (--trial).",
        )
    if name not in known:
        raise StudyError(
            f"{study.path}: the answer kept no entrant '{name}'",
            f"It kept {', '.join(known)}; any trial can be named by --trial.",
        )
    return study.path / ENTRANTS / name


def load_entrant(study: StudyFolder, entrant: str | None = None) -> Predictor:
    """An entrant of an answer, as `entrant_folder` finds it."""
    return Predictor.load(entrant_folder(study, entrant))


def single_model(model: Model | Predictor) -> Model:
    """The model of which an embedding or a file of CEBRA's is written: of several seeds the first.

    Raises:
        ConfigError: An ensemble has no embedding of its own.
    """
    if not isinstance(model, Predictor):
        return model
    if model.family == ENSEMBLE:
        raise ConfigError(
            f"entrant '{model.entrant}' is an ensemble of {len(model.members)} models, which have "
            "no embedding in common",
            "Name another entrant (--entrant), or one trial (--trial).",
        )
    return model.members[0].model


def _recommended(study: StudyFolder) -> str | None:
    """The entrant that answer.json recommends; None before it was fitted."""
    try:
        answer = study.answer()
        final = None if answer is None else answer["final"]
        return None if final is None else str(final["entrant"])
    except DataError as error:
        raise StudyError(error.what, error.remedy) from None
    except (KeyError, TypeError):
        raise StudyError(
            f"{study.answer_path}: does not say which entrant is recommended",
            "Write it anew with `raylab resume`, or name an entrant.",
        ) from None
