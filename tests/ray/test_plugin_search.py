"""A search through Ray with the sampler and the scheduler of docs/extending.md."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import dataset, session
from worked_examples import install, run_with

pytestmark = pytest.mark.ray

SEARCH = """
import json, sys
import raylab
from raylab.cluster import connect

data, out = sys.argv[1:]
space = {
    "base": {
        "model.encoder.kind": "offset1", "model.encoder.hidden_units": 8, "training.device": "cpu",
        "training.batch_size": 16, "training.max_steps": 30, "training.validate_every": 10,
    },
    "search": {"loss.temperature": {"float": [0.1, 2.0]}},
    "sampler": {"kind": "near_best", "repeat": 0.5},
    "scheduler": {"kind": "behind_best", "margin": 0.0, "grace_steps": 10},
    "budget": {"trials": 4},
    "resources": {"concurrent": 1},
}
connect(cpus=1)
study = raylab.search(space, data=data, out=out, say=lambda line: None)
print(json.dumps([record.state for record in study.records()]))
print(json.dumps(list(study.records()[0].params)))
"""


def test_search(tmp_path: Path) -> None:
    for section in ("A sampler", "A scheduler"):
        packages = install(section, tmp_path / "packages")
    data = dataset(tmp_path / "ds", session(samples=400, units=5))
    text = run_with(packages, SEARCH, str(data.path), str(tmp_path / "study"))
    states, names = map(json.loads, text.splitlines()[-2:])
    assert len(states) == 4
    assert states[0] == "completed"
    assert set(states) <= {"completed", "pruned"}
    assert names == ["loss.temperature"]
    space = (tmp_path / "study" / "space.yaml").read_text()
    assert "near_best" in space
    assert "behind_best" in space
    description = json.loads((tmp_path / "study" / "study.json").read_text())
    assert [plugin["package"] for plugin in description["plugins"]] == [
        "near-best 1.0",
        "behind-best 1.0",
    ]
