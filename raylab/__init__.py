"""raylab: distributed hyper-parameter search and scaling of neural-data models.

The functions mirror the verbs of the command line. Each is imported when it is first used, so that
`import raylab` takes milliseconds. Type checkers and editors read the imports under TYPE_CHECKING
and see the real signatures; a test keeps them equal to `_PUBLIC`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from raylab.version import __version__ as __version__

if TYPE_CHECKING:
    from raylab.analysis.adapt import adapt as adapt
    from raylab.analysis.answer import answer as answer
    from raylab.analysis.compare import compare as compare
    from raylab.analysis.compare_embeddings import compare_embeddings as compare_embeddings
    from raylab.analysis.consistency import consistency as consistency
    from raylab.analysis.evaluate import evaluate as evaluate
    from raylab.analysis.export_embeddings import export_embeddings as export_embeddings
    from raylab.analysis.export_model import export_model as export_model
    from raylab.analysis.extend import extend as extend
    from raylab.analysis.leaderboard import leaderboard as leaderboard
    from raylab.analysis.load import load as load
    from raylab.analysis.pause import pause as pause
    from raylab.analysis.rank import rank as rank
    from raylab.analysis.report import report as report
    from raylab.analysis.reproduce import reproduce as reproduce
    from raylab.analysis.resume import resume as resume
    from raylab.analysis.scale import scale as scale
    from raylab.analysis.select import select as select
    from raylab.analysis.shuffle_labels import shuffle_labels as shuffle_labels
    from raylab.analysis.stop import stop as stop
    from raylab.analysis.topology import topology as topology
    from raylab.data.allen.fetch import fetch as fetch
    from raylab.data.dandi.fetch_dandi import fetch_dandi as fetch_dandi
    from raylab.data.dataset import Dataset as Dataset
    from raylab.data.draft import draft as draft
    from raylab.data.inspect import inspect as inspect
    from raylab.data.prepare import prepare as prepare
    from raylab.data.synth import synth as synth
    from raylab.data.synth_spikes import synth_spikes as synth_spikes
    from raylab.errors import RaylabError as RaylabError
    from raylab.health.doctor import doctor as doctor
    from raylab.interop.from_cebra import from_cebra as from_cebra
    from raylab.reporting.draw import draw as draw
    from raylab.reporting.study import Study as Study
    from raylab.reporting.unit_correlations import unit_correlations as unit_correlations
    from raylab.space.parameters import Choice as Choice
    from raylab.space.parameters import Float as Float
    from raylab.space.parameters import Int as Int
    from raylab.space.space import Space as Space
    from raylab.tuning.plan import plan as plan
    from raylab.tuning.search import search as search
    from raylab.tuning.sync import sync as sync
    from raylab.tuning.train import train as train

# Name -> `module:name` that it is imported from.
_PUBLIC = {
    "synth": "raylab.data.synth:synth",
    "synth_spikes": "raylab.data.synth_spikes:synth_spikes",
    "fetch": "raylab.data.allen.fetch:fetch",
    "fetch_dandi": "raylab.data.dandi.fetch_dandi:fetch_dandi",
    "prepare": "raylab.data.prepare:prepare",
    "inspect": "raylab.data.inspect:inspect",
    "draft": "raylab.data.draft:draft",
    "draw": "raylab.reporting.draw:draw",
    "unit_correlations": "raylab.reporting.unit_correlations:unit_correlations",
    "Dataset": "raylab.data.dataset:Dataset",
    "answer": "raylab.analysis.answer:answer",
    "plan": "raylab.tuning.plan:plan",
    "search": "raylab.tuning.search:search",
    "train": "raylab.tuning.train:train",
    "compare": "raylab.analysis.compare:compare",
    "scale": "raylab.analysis.scale:scale",
    "adapt": "raylab.analysis.adapt:adapt",
    "select": "raylab.analysis.select:select",
    "resume": "raylab.analysis.resume:resume",
    "stop": "raylab.analysis.stop:stop",
    "pause": "raylab.analysis.pause:pause",
    "extend": "raylab.analysis.extend:extend",
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
    "Study": "raylab.reporting.study:Study",
    "Space": "raylab.space.space:Space",
    "Float": "raylab.space.parameters:Float",
    "Int": "raylab.space.parameters:Int",
    "Choice": "raylab.space.parameters:Choice",
    "RaylabError": "raylab.errors:RaylabError",
}
__all__ = ["__version__", *_PUBLIC]

# Hidden from type checkers, which would otherwise accept any attribute of raylab.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _PUBLIC:
            raise AttributeError(f"module 'raylab' has no attribute '{name}'")
        module, _, attribute = _PUBLIC[name].partition(":")
        return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
