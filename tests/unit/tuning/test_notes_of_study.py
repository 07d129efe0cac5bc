"""A study keeps the notes on its dataset, which its report repeats wherever the dataset is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from helpers import dataset, session

from raylab.data.session import Label
from raylab.reporting.study_page import write_report
from raylab.tracking.study import StudyFolder
from raylab.tuning.planning.study_plan import make_plan
from raylab.tuning.run import create_study

SPACE = {
    "task": {"kind": "contrastive", "label": "position"},
    "base": {"training": {"max_steps": 5, "validate_every": 5, "batch_size": 32}},
    "objective": {"metric": "decoding.score"},
    "search": {"model.output_dimension": {"int": [2, 6]}},
    "sampler": {"kind": "random"},
    "budget": {"trials": 2},
}


def test_the_report_of_a_new_study_repeats_the_notes(tmp_path: Path) -> None:
    odour = Label.discrete(np.repeat(["mint", "rose"], [200, 200]))
    labels = {"odour": odour, "position": session().labels["position"]}
    data = dataset(tmp_path / "ds", session(labels=labels))
    create_study(tmp_path / "study", make_plan(SPACE, data.path), "search")
    shutil.rmtree(data.path)
    study = StudyFolder.open(tmp_path / "study")
    text = write_report(study, importance=None).read_text()
    assert "has class mint in training samples only" in text
