"""The folders and files from which pages start: small, made once for all pages, and without Ray.

A page names what it starts from (`page_blocks.starts_from`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import page_files
from helpers import dataset, session, study_of, trial
from page_files import SAMPLES

import raylab
from raylab.analysis.export_embeddings import export_embeddings
from raylab.config.parse import parse_trial
from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Label

ROOT = Path(__file__).resolve().parents[2]
TORCH_BRAIN = parse_recipe({"format": "torch_brain"}, "the tour")


def _movie(samples: int) -> dict[str, Label]:
    """A class of image, and pictures of 16 x 32 pixels, which repeat."""
    random = np.random.default_rng(0)
    pictures = random.random((10, 512))
    shown = np.arange(samples) // 5 % 10
    names = np.array([f"image {number}" for number in range(10)])
    return {
        "scene": Label.discrete(names[shown]),
        "movie": Label.continuous(pictures[shown][:, :3]),
        "pixels": Label.continuous(pictures[shown]),
    }


def _recorded(name: str, seed: int, units: int = 6) -> Any:
    """A session with the labels that pages name."""
    made = session(name, samples=SAMPLES, units=units, seed=seed, animal=f"mouse_{seed + 1}")
    made.labels.update(_movie(SAMPLES))
    return made


def _ds(folder: Path) -> None:
    sessions = [_recorded(name, seed) for seed, name in enumerate("abc")]
    dataset(folder / "ds", *sessions)


def _other_ds(folder: Path) -> None:
    dataset(folder / "other_ds", session("new", units=9, seed=3))


def _study(name: str, trials: int) -> Callable[[Path], None]:
    """A study of embeddings that differ in their seeds, with the scores that they have."""

    def make(folder: Path) -> None:
        positives = {"conditional": "time_delta"}
        configs = [trial(training={"seed": seed}, sampling=positives) for seed in range(trials)]
        study_of(folder / name, Dataset(folder / "ds"), configs)

    return make


def _saved(folder: Path) -> None:
    """Stands for the embedding of another program, in the form that `raylab export` writes."""
    export_embeddings(folder / "study", out=folder / "saved.parquet")


def _tour(folder: Path) -> None:
    """What README's tour leaves, from its first session."""
    raylab.synth(folder / "recordings", sessions=1, samples=900, units=(8, 8), tuning="mixed")
    (source,) = list_sources(folder / "recordings", TORCH_BRAIN)
    dataset(folder / "ds", read_source(source, TORCH_BRAIN), splits=BlockedSplits())
    _study("study", 4)(folder)


def _search_spaces(folder: Path) -> None:
    (folder / "search_spaces").symlink_to(ROOT / "search_spaces")


def _decoders(folder: Path) -> None:
    """A study of two readouts."""
    task = {"kind": "decoder", "label": "position"}
    configs = [
        parse_trial({"task": task, "model": {"kind": kind}}, "decoders")
        for kind in ("ridge", "knn")
    ]
    study_of(folder / "decoders", Dataset(folder / "ds"), configs)


# Of a name: how it is made, after the names that it needs.
MATERIALS: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "ds": (_ds, ()),
    "other_ds": (_other_ds, ()),
    "study": (_study("study", 2), ("ds",)),
    "other": (_study("other", 1), ("ds",)),
    "decoders": (_decoders, ("ds",)),
    "recordings": (page_files.recordings, ()),
    "session.csv": (page_files.table_files, ()),
    "worms": (page_files.worms, ()),
    "raw": (page_files.raw_files, ()),
    "recording.npz": (page_files.npz_files, ()),
    "saved.parquet": (_saved, ("study",)),
    "search_spaces": (_search_spaces, ()),
    "tour": (_tour, ()),
}


class Materials:
    """What was made already, in a folder that all pages of a run share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[str, list[Path]] = {}

    def put(self, name: str, folder: Path) -> None:
        """Copy a material, and what it needs, into the folder of a page."""
        for path in self._paths(name):
            target = folder / path.name
            if path.is_symlink():
                target.symlink_to(path.resolve())
            elif path.is_dir():
                shutil.copytree(path, target, dirs_exist_ok=True)
            else:
                shutil.copy(path, target)

    def _paths(self, name: str) -> list[Path]:
        if name not in self._made:
            make, needed = MATERIALS[name]
            for other in needed:
                self._paths(other)
            # The tour has a `ds` of its own.
            below = self.folder / ("tour" if name == "tour" else "shared")
            below.mkdir(exist_ok=True)
            before = set(below.iterdir())
            make(below)
            self._made[name] = sorted(set(below.iterdir()) - before)
        return self._made[name]
