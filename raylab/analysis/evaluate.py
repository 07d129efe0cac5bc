"""evaluate: to be described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from raylab.analysis.scorer import Scorer
from raylab.analysis.winner import model_and_data, winner
from raylab.errors import StudyError
from raylab.evaluation.baselines import Baselines
from raylab.evaluation.summaries import summaries
from raylab.files import write_json
from raylab.reporting.figures.confusion import keep_confusions
from raylab.tracking.events import TestRead
from raylab.tracking.records import reads_of_test
from raylab.tracking.selections import ended_selection
from raylab.tracking.study import StudyFolder


def evaluate(path: str | Path, *, split: str = "valid", trial: str | None = None) -> dict[str, Any]:
    """Decode every label of one split from the winner's embedding, beside chance and matched
    baselines.

    Decoder settings are chosen on validation. For the test figure what is fitted at once (the
    decoder of embeddings, a readout) is fitted on train and validation; networks stay as they were
    trained. Labels that `evaluation.decoder` has no meaning for have no score.

    Returns:
        {"split", "trial", "selected": whether it is the champion of a selection over seeds,
        "scores": {label: {metric: value}}, "intervals": {label: {metric: [low, high]}}, "permuted":
        {label: {metric: {"mean", "low", "high", "p"}}} of the same predictions against permuted
        labels, "sessions": {session: {label: {metric: value}}}, "fitted": {label: [split]} that the
        decoder was fitted on, "animals", "summary": medians and quartiles (`summaries`),
        "baselines": {name: {label: {metric: value}}}, "test_reads"};
        scores are means over sessions, errors in the label's own unit.
    """
    if split not in ("valid", "test"):
        raise StudyError(
            f"split '{split}' cannot be evaluated", "Use --split valid or --split test."
        )
    study = StudyFolder.open(Path(path))
    record = winner(study, trial)
    model, dataset = model_and_data(study, record)
    labels = list(dataset.labels)
    if not labels:
        raise StudyError(f"{study.path}: the dataset has no label to decode")
    if split == "test":
        study.ledger.append(TestRead(trial=record.trial, purpose="evaluate"))
    scorer = Scorer(model, dataset, split)
    baselines = Baselines(dataset, model.config.evaluation.matched, labels, model.config.sessions)
    selection = ended_selection(study.ledger.read())
    selected = selection is not None and selection.champion == record.trial
    result = {"split": split, "trial": record.trial, "selected": selected, **scorer.scores(labels)}
    result |= summaries(
        result["sessions"], {one["id"]: one["animal"] for one in dataset.manifest["sessions"]}
    )
    result["baselines"] = {**baselines.scores(split), "input": scorer.own_input(labels)}
    result["test_reads"] = len(reads_of_test(study.ledger.read()))
    write_json(study.evaluation_path(split), {**result, "settings": baselines.settings})
    keep_confusions(study, scorer.decoded, split=split, trial=record.trial)
    return result
