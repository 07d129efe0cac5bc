"""A search, with everything that is asked of its trials, of the model family of docs/extending.md.

The family is a package of its own: no file of raylab knows it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import dataset, session
from plugin_packages import install, output

pytestmark = pytest.mark.ray

SEARCH = """
import json, sys
import raylab
from raylab.cluster import connect

data, folder = sys.argv[1:]
base = {"training": {"device": "cpu", "batch_size": 32, "max_steps": 40, "validate_every": 20}}
space = {
    "task": {"kind": "linear_autoencoder"},
    "objective": {"metric": "rebuilt.mse"},
    "base": {**base, "optimizer.learning_rate": 0.03},
    "search": {"model.dimension": {"categorical": [1, 4]}},
    "sampler": {"kind": "grid"},
}
connect(cpus=2)
silent = {"say": lambda line: None}
study = raylab.search(space, data=data, out=f"{folder}/search", **silent)
records = {record.params["model.dimension"]: record for record in study.records()}
raylab.evaluate(study.path)
page = raylab.report(study.path).read_text()
model = raylab.load(study.path)
activity = raylab.Dataset(data).open("rat").neural[:50]
try:
    raylab.adapt(study.path, data=data, out=f"{folder}/adapted", **silent)
    adapt = ""
except raylab.errors.RaylabError as error:
    adapt = str(error)
print(json.dumps({
    "states": [record.state for record in records.values()],
    "errors": [records[size].score for size in (1, 4)],
    "leaderboard": len(raylab.leaderboard(study.path)),
    "page": [text for text in ("model.dimension", "rebuilt.mse") if text not in page],
    "encoded": model.transform(activity, session="rat").shape[1],
    "width_path": model.config.width_path,
    "adapt": adapt,
}))
"""
WITHOUT = """
import sys
import raylab
try:
    raylab.load(sys.argv[1])
except raylab.errors.RaylabError as error:
    print(error)
"""


def test_a_family_from_a_package(tmp_path: Path) -> None:
    install(tmp_path / "site", "A model family")
    data = dataset(
        tmp_path / "ds", session(samples=400, units=6), session("b", samples=300, units=5, seed=1)
    )
    facts = json.loads(output(SEARCH, data.path, tmp_path, site=tmp_path / "site").splitlines()[-1])
    assert facts["states"] == ["completed", "completed"]
    narrow, wide = facts["errors"]
    assert wide < narrow
    assert facts["leaderboard"] == 2
    assert facts["page"] == []
    assert facts["encoded"] == 4
    assert facts["width_path"] == "model.dimension"
    assert "models of task.kind 'linear_autoencoder' cannot be adapted" in facts["adapt"]

    text = output(WITHOUT, tmp_path / "search")
    assert "pip install linear-autoencoder==1.0" in text
