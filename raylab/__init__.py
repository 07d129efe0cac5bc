"""raylab: distributed hyper-parameter search and scaling of neural-data models.

The functions mirror the verbs of the command line; each is imported on first use, so `import raylab` is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "synth": "raylab.data.synthetic:write_sessions",
    "synth_spikes": "raylab.data.synthetic_spikes:write_spikes",
    "fetch": "raylab.data.warehouse.fetch:fetch",
    "prepare": "raylab.data.prepare:prepare",
    "inspect": "raylab.data.inspect:inspect",
    "draw": "raylab.reporting.drawing:draw",
    "unit_correlations": "raylab.reporting.correlations:unit_correlations",
    "Dataset": "raylab.data.dataset:Dataset",
    "plan": "raylab.studies.forecast:plan",
    "search": "raylab.studies.study:search",
    "train": "raylab.studies.study:train",
    "compare": "raylab.studies.alternatives:compare",
    "scale": "raylab.studies.scaling:scale",
    "adapt": "raylab.studies.adapt:adapt",
    "select": "raylab.studies.select:select",
    "resume": "raylab.studies.study:resume",
    "reproduce": "raylab.studies.reproduce:reproduce",
    "sync": "raylab.studies.study:sync",
    "leaderboard": "raylab.studies.ranking:leaderboard",
    "report": "raylab.studies.compared:report",
    "evaluate": "raylab.studies.winner:evaluate",
    "consistency": "raylab.studies.consistency:consistency",
    "topology": "raylab.studies.topology:topology",
    "shuffle_labels": "raylab.studies.controls:shuffle_labels",
    "compare_embeddings": "raylab.studies.comparison:compare_embeddings",
    "export_embeddings": "raylab.studies.winner:export_embeddings",
    "export_model": "raylab.studies.exchange:export_model",
    "load": "raylab.studies.exchange:load",
    "from_cebra": "raylab.interop.cebra_read:from_cebra",
    "doctor": "raylab.health.doctor:doctor",
    "Space": "raylab.studies.space:Space",
    "Float": "raylab.studies.parameters:Float",
    "Int": "raylab.studies.parameters:Int",
    "Choice": "raylab.studies.parameters:Choice",
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
