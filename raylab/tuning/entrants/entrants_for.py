"""The entrants that can decode a label of a dataset, each with its configs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from raylab.data.dataset import Dataset
from raylab.errors import ConfigError
from raylab.space.load_space import load_space
from raylab.space.space import Space
from raylab.tuning.checks.space import check_space
from raylab.tuning.entrants.entrant import Entrant
from raylab.tuning.entrants.shipped import (
    chosen_names,
    family_of,
    shipped_family,
    shipped_files,
)

SpaceSource: TypeAlias = str | Path | Mapping[str, object] | Space
SpaceSources: TypeAlias = SpaceSource | Sequence[SpaceSource]
OWN = "own"  # the name of the entrant of a space that is no file


def entrants_for(
    dataset: Dataset,
    label: str,
    *,
    families: Sequence[str] | None = None,
    space: SpaceSources | None = None,
    per: str = "sample",
    seed: int = 0,
) -> list[Entrant]:
    """The entrants of a question, the simplest families first.

    Entrants that cannot decode such a label, or cannot run on this dataset, are left out.

    Args:
        label: The name of the label to decode.
        families: Names of families (`baseline`, `readout`, `network`, `contrastive`, `vqvae`) or of
            single entrants. Default: all but `vqvae`. Baselines always take part.
        space: A search space of the user's own, or several. Each is an entrant, which is called as
            the file, or `own`.
        per: What one decoding example is; see `evaluation.per`.
        seed: Of the random draws.

    Raises:
        ConfigError: A name in `families` is not known, or what was asked for by its name cannot
            decode this label; nothing is left out without a word then.
    """
    return entrants_and_reasons(dataset, label, families=families, space=space, per=per, seed=seed)[
        0
    ]


def entrants_and_reasons(
    dataset: Dataset,
    label: str,
    *,
    families: Sequence[str] | None = None,
    space: SpaceSources | None = None,
    per: str = "sample",
    seed: int = 0,
) -> tuple[list[Entrant], dict[str, str]]:
    """As `entrants_for`; and, by its name, why an entrant was left out."""
    question = _question(dataset, label, per)
    asked = None if families is None else list(families)
    entrants: list[Entrant] = []
    reasons: dict[str, str] = {}
    for name in chosen_names(asked):
        file = shipped_files()[name]
        try:
            checked = _checked(file, dataset, question, name)
        except ConfigError as error:
            if asked and name in asked:
                raise
            reasons[name] = error.what.removeprefix(f"{name}: ")
        else:
            entrants.append(Entrant(name, shipped_family(name), checked, dataset.sessions, seed))
    entrants += [_own(each, dataset, question, seed) for each in listed(space)]
    return entrants, reasons


def listed(space: SpaceSources | None) -> list[SpaceSource]:
    """The user's own spaces, of which there may be none or several.

    Raises:
        ConfigError: Two have one name.
    """
    if space is None:
        return []
    spaces = [space] if isinstance(space, str | Path | Mapping | Space) else list(space)
    names = [_name(each) for each in spaces]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(
            f"two search spaces are called '{twice}', and so would be their entrants",
            "Write them to files of different names.",
        )
    return spaces


def _name(space: SpaceSource) -> str:
    return Path(space).stem if isinstance(space, str | Path) else OWN


def _own(
    space: SpaceSource, dataset: Dataset, question: Mapping[str, object], seed: int
) -> Entrant:
    name = _name(space)
    if name in shipped_files():
        is_file = str(space) != name
        raise ConfigError(
            f"{space}: '{name}' is the name of an entrant of raylab",
            "Give the file another name." if is_file else f"Leave it out: use --families {name}.",
        )
    source = str(space) if isinstance(space, str | Path) else "space"
    checked = _checked(space, dataset, question, source)
    return Entrant(name, family_of(checked), checked, dataset.sessions, seed)


def _question(dataset: Dataset, label: str, per: str) -> dict[str, object]:
    """What every config has in common."""
    question: dict[str, object] = {"task.label": label, "evaluation.per": per}
    if not all(spec.splits["train"] for spec in dataset.sessions.values()):
        question["sessions.combine"] = "padded"  # one model, which serves held-out sessions, too
    return question


def _checked(
    space: SpaceSource, dataset: Dataset, question: Mapping[str, object], source: str
) -> Space:
    return check_space(load_space(space, question, source=source), dataset.sessions, source=source)[
        0
    ]
