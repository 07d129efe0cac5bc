"""A predictor made of trained trials, kept in the folder of an answer."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from raylab.data.dataset import Dataset
from raylab.data.datasets.specs import LabelSpec
from raylab.data.views.view import view_labels
from raylab.errors import StudyError
from raylab.training.model import Model
from raylab.training.predicting.member import Member
from raylab.training.predictor import Predictor


def keep_entrant(
    folder: Path,
    members: Sequence[Path],
    *,
    label: str,
    entrant: str,
    family: str,
    dataset: Dataset,
    weights: Sequence[float] | None = None,
) -> Predictor:
    """Make an entrant of an answer ready for use, and save it as a predictor.

    A folder that is there already is replaced, so that an interrupted answer can do this again.

    Args:
        folder: `OUT/entrants/NAME`.
        members: Folders of the trials whose models are averaged, each with `model/`: the seeds of
            one config, or the trials of an ensemble.
        label: The label that is predicted.
        entrant: The name of the entrant.
        family: baseline, readout, network, contrastive, vqvae or ensemble.
        dataset: What the trials were trained on. An embedding's readouts are fitted on its
            training samples, as `sessions.train_on` of each trial's config says.
        weights: How much each member counts; default: all the same.

    Raises:
        StudyError: There is no member, a member has no model, or no readout can be fitted.
    """
    if not members:
        raise StudyError(f"{folder}: an entrant needs at least one trained trial")
    models = [Model.load(trial / "model") for trial in members]
    shares = list(weights) if weights is not None else [1.0] * len(models)
    if len(shares) != len(models) or min(shares) < 0 or sum(shares) <= 0:
        raise StudyError(f"{folder}: weights {shares} do not fit {len(models)} members")
    predictor = Predictor(
        members=tuple(Member.fitted(model, dataset, label) for model in models),
        weights=tuple(share / sum(shares) for share in shares),
        label=label,
        meaning=_meaning(models, label),
        entrant=entrant,
        family=family,
    )
    shutil.rmtree(folder, ignore_errors=True)
    predictor.save(folder, data=dataset.fingerprint)
    return predictor


def _meaning(models: Sequence[Model], label: str) -> LabelSpec:
    """What the label is, with the classes of all sessions."""
    known: Mapping[tuple[int, str], LabelSpec] = {
        (place, name): labels[label]
        for place, model in enumerate(models)
        for name, spec in model.sessions.items()
        if label in (labels := view_labels(spec.labels, model.config.view))
    }
    first = next(iter(known.values()))
    classes = dict.fromkeys(name for spec in known.values() for name in spec.classes)
    return LabelSpec(first.kind, first.unit, tuple(classes), first.dims)
