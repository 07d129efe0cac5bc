"""The sessions of a dataset or of raw recordings, with their parts, for drawing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from raylab.config.explain import did_you_mean
from raylab.data.dataset import Dataset
from raylab.data.describing.recordings import Companions, parts_of, refuse_companions
from raylab.data.load_recipe import RecipeSource, load_recipe, name_of_recipe
from raylab.data.manifest import MANIFEST
from raylab.data.preparation.sections import read_sections
from raylab.data.readers.companions import folders_of
from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.sources import list_sources
from raylab.data.session import Session
from raylab.errors import DataError
from raylab.paths import AnyPath, local_path


def sessions_with_parts(
    path: AnyPath,
    *,
    recipe: RecipeSource | None = None,
    companions: Companions = None,
    session: str | None = None,
) -> Iterator[tuple[Session, np.ndarray, np.ndarray | None]]:
    """The sessions of a dataset or of raw recordings, one at a time, for drawing.

    Args:
        session: Only the session of this id.

    Yields:
        (session, (P, 3) parts, (N,) bool kept units or None for all).

    Raises:
        DataError: There is no such session.
    """
    refuse_companions(recipe, companions)
    if (local_path(path) / MANIFEST).is_file():
        dataset = Dataset(path)
        for name in [session] if session else list(dataset.sessions):
            recording = dataset.open(name)
            yield dataset.recorded(name), recording.parts, recording.kept
        return
    chosen = load_recipe(recipe) if recipe else None
    sections = read_sections(chosen, {}, name_of_recipe(recipe))
    ids = []
    for source in list_sources(Path(path), chosen, companions=folders_of(companions)):
        raw = read_isolated(source, chosen)
        ids.append(raw.id)
        if session in (None, raw.id):
            yield raw, parts_of(raw, source, sections), None
    if session and session not in ids:
        raise DataError(f"{path}: has no session '{session}'", did_you_mean(session, ids))
