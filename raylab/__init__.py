"""raylab: distributed hyper-parameter search and scaling of neural-data models.

The functions mirror the verbs of the command line; each is imported on first use, so `import
raylab` is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "synth": "raylab.data.synth:synth",
    "synth_spikes": "raylab.data.synth_spikes:synth_spikes",
    "fetch": "raylab.data.allen.fetch:fetch",
    "prepare": "raylab.data.prepare:prepare",
    "inspect": "raylab.data.inspect:inspect",
    "draw": "raylab.reporting.draw:draw",
    "unit_correlations": "raylab.reporting.unit_correlations:unit_correlations",
    "Dataset": "raylab.data.dataset:Dataset",
    "plan": "raylab.tuning.plan:plan",
    "search": "raylab.tuning.search:search",
    "train": "raylab.tuning.train:train",
    "compare": "raylab.analysis.compare:compare",
    "scale": "raylab.analysis.scale:scale",
    "adapt": "raylab.analysis.adapt:adapt",
    "select": "raylab.analysis.select:select",
    "resume": "raylab.analysis.resume:resume",
    "reproduce": "raylab.analysis.reproduce:reproduce",
    "sync": "raylab.tuning.sync:sync",
    "leaderboard": "raylab.analysis.leaderboard:leaderboard",
    "rank": "raylab.analysis.rank:rank",
    "report": "raylab.analysis.report:report",
    "evaluate": "raylab.analysis.evaluate:evaluate",
    "consistency": "raylab.analysis.consistency:consistency",
    "topology": "raylab.analysis.topology:topology",
    "shuffle_labels": "raylab.analysis.shuffle_labels:shuffle_labels",
    "compare_embeddings": "raylab.analysis.compare_embeddings:compare_embeddings",
    "export_embeddings": "raylab.analysis.export_embeddings:export_embeddings",
    "export_model": "raylab.analysis.export_model:export_model",
    "load": "raylab.analysis.load:load",
    "from_cebra": "raylab.interop.from_cebra:from_cebra",
    "doctor": "raylab.health.doctor:doctor",
    "Space": "raylab.space.space:Space",
    "Float": "raylab.space.parameters:Float",
    "Int": "raylab.space.parameters:Int",
    "Choice": "raylab.space.parameters:Choice",
    "RaylabError": "raylab.errors:RaylabError",
}
__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'raylab' has no attribute '{name}'")
    module, _, attribute = _PUBLIC[name].partition(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
