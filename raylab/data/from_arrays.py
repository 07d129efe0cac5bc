"""A dataset from arrays in memory; `Dataset.from_arrays` is its door."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from raylab.data.array_inputs import ArrayInputs
from raylab.data.array_values import SOURCE
from raylab.data.checks.table import checked
from raylab.data.preparation.sections import DEALT, Sections, read_sections
from raylab.data.preparation.writing import (
    store_session,
    store_split,
    write_manifest,
)
from raylab.data.readers.files import Files
from raylab.data.readers.parts.assemble import assemble
from raylab.data.readers.store import MemoryStore
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.data.splitting.splits import make_parts
from raylab.errors import ConfigError, DataError
from raylab.files import atomic_folder, safe_name
from raylab.paths import local_path

NOTE = "Made from arrays in Python; no file was read."


def write_arrays(inputs: ArrayInputs, out: str | Path, *, splits: Mapping[str, Any] | None) -> Path:
    """Write the dataset of one session that `inputs` describe.

    Returns:
        Its folder.

    Raises:
        ConfigError: A key or value is wrong.
        DataError: The arrays do not fit together, or `out` exists.
    """
    target = local_path(out)
    if target.exists():
        raise DataError(f"{target}: already exists", "Choose another `out`, or remove it.")
    recipe = parse_recipe({"format": "npz", **inputs.recipe}, SOURCE)
    sections = read_sections({"splits": splits}, {}, SOURCE)
    if sections.deals_sessions:
        raise ConfigError(
            f"{SOURCE}: splits of the kind {' and '.join(DEALT)} deal whole sessions, and this "
            "dataset has one",
            "Join the datasets with raylab.prepare, and split them there.",
        )
    files = Files({"": MemoryStore(inputs.arrays)}, {"": Path(SOURCE)}, {"": SOURCE})
    session = assemble(files, recipe, stem=recipe.session.id)
    session = checked(session.check(SOURCE), recipe)
    _write(target, session, sections)
    return target


def _write(target: Path, session: Session, sections: Sections) -> None:
    name = safe_name(session.id)
    parts = make_parts(session, sections.splits, source=SOURCE)
    with atomic_folder(target) as folder:
        entry = store_session(folder, session, name=name, source=SOURCE)
        split = store_split(folder, session, parts, sections.filters, name=name, source=SOURCE)
        write_manifest(
            folder,
            [{**entry, **split, "notes": [*entry["notes"], NOTE]}],
            recipe=None,
            splits=sections.described({sections.splits.kind}),
            filters=sections.filters,
        )
