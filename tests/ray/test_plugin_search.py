"""Searches through Ray with the packages of docs/extending.md, which no file of raylab knows.

Three searches use the reader, the encoder, the pairs, the metric, the sampler, the scheduler, the
quantizer, the readout and the network; test_plugin_family.py searches with the model family.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import arrays, dataset, session
from plugin_packages import blocks, install, output

pytestmark = pytest.mark.ray

TITLES = (
    "A reader",
    "An encoder",
    "A quantizer",
    "A network",
    "A readout",
    "A kind of pairs",
    "A sampler",
    "A scheduler",
    "A metric",
)
SEARCH = """
import sys
from pathlib import Path
import raylab
from raylab.cluster import connect

folder = Path(sys.argv[1])
scanner = raylab.prepare(
    folder / "recordings", recipe=folder / "scanner.yaml", out=folder / "scanner"
)
assert not scanner.failed
training = {
    "training.device": "cpu", "training.batch_size": 16,
    "training.max_steps": 20, "training.validate_every": 10,
}
contrastive = {
    "task": {"kind": "contrastive", "label": "speed"},
    "objective": {"metric": "decoding.correlation"},
    "base": {
        **training, "model.encoder.kind": "gated",
        "sampling.conditional": "soon", "sampling.longest": 5,
    },
    "search": {"loss.temperature": {"float": [0.1, 2.0]}},
    "sampler": {"kind": "near_best", "repeat": 0.5},
    "scheduler": {"kind": "behind_best", "margin": 0.0, "grace_steps": 10},
    "budget": {"trials": 4},
    "resources": {"concurrent": 1},
}
vqvae = {
    "task": {"kind": "vqvae"},
    "objective": {"metric": "reconstruction.mse"},
    "base": {
        **training, "model.window": 8, "model.stride": 4, "model.channels": [8],
        "model.kernels": [3], "model.strides": [2], "model.residual_blocks": 1,
        "model.code_dimension": 4, "quantizer.kind": "scalar",
    },
    "search": {"quantizer.step": {"categorical": [0.25, 0.5]}},
    "sampler": {"kind": "grid"},
}
decoder = {
    "task": {"kind": "decoder", "label": "choice"},
    "base": {**training, "input.window": 4},
    "search": {"model.kind": {"categorical": ["centroid", "average"]}},
    "sampler": {"kind": "grid"},
}
connect(cpus=2)
for name, space, data in (
    ("contrastive", contrastive, folder / "scanner"),
    ("vqvae", vqvae, folder / "scanner"),
    ("decoder", decoder, folder / "plain"),
):
    raylab.search(space, data=data, out=folder / name, say=lambda line: None)
"""
OPEN = """
import json, sys
from pathlib import Path
import raylab

folder, facts = Path(sys.argv[1]), {}
for name in ("contrastive", "vqvae", "decoder"):
    rows = raylab.leaderboard(folder / name)
    facts[name] = {
        "rows": [[row.state, row.score, row.params, row.metrics] for row in rows],
        "model": type(raylab.load(folder / name).config).__name__,
    }
print(json.dumps(facts))
"""


def write_recordings(folder: Path) -> None:
    """A file of the scanner, whose speed drives the activity, and the recipe of the page."""
    values = arrays(samples=420, units=5)
    header = {"units": 5, "rate_hz": 20.0, "session": "mouse1_a", "animal": "mouse1"}
    rows = np.column_stack([values["position"], values["x"]]).astype("<f4")
    recordings = folder / "recordings"
    recordings.mkdir()
    (recordings / "mouse1_a.scan").write_bytes(json.dumps(header).encode() + b"\n" + rows.tobytes())
    (folder / "scanner.yaml").write_text(blocks("A reader", "yaml")[0])


def plugins(study: Path) -> list[str]:
    description = json.loads((study / "study.json").read_text())
    return [f"{plugin['name']} of {plugin['package']}" for plugin in description["plugins"]]


def test_searches_with_packages(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for title in TITLES:
        install(site, title)
    write_recordings(tmp_path)
    dataset(tmp_path / "plain", session(samples=300, units=5))
    output(SEARCH, tmp_path, site=site)
    studies = json.loads(output(OPEN, tmp_path, site=site).splitlines()[-1])

    rows = studies["contrastive"]["rows"]
    assert len(rows) == 4
    assert rows[0][0] == "completed"
    assert {state for state, *_ in rows} <= {"completed", "pruned"}  # as the scheduler decides
    assert all(score == metrics["decoding.correlation"] for _, score, _, metrics in rows)
    assert plugins(tmp_path / "contrastive") == [
        "soon of raylab-soon 0.1",
        "gated of raylab-gated 0.1",
        "near_best of near-best 1.0",
        "behind_best of behind-best 1.0",
        "decoding.correlation of label-correlation 1.0",
    ]

    for name, values in {
        "vqvae": {"quantizer.step": {0.25, 0.5}},
        "decoder": {"model.kind": {"centroid", "average"}},
    }.items():
        rows = studies[name]["rows"]
        assert [state for state, *_ in rows] == ["completed"] * 2
        ((key, expected),) = values.items()
        assert {params[key] for _, _, params, _ in rows} == expected
    assert plugins(tmp_path / "vqvae") == ["scalar of raylab-scalar 0.1"]
    assert plugins(tmp_path / "decoder") == [
        "average of raylab-average 0.1",
        "centroid of raylab-centroid 0.1",
    ]
