"""The entrants that raylab ships, by family; a search space describes each."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from raylab.config.explain import did_you_mean
from raylab.config.networks import NETWORKS
from raylab.config.readouts import READOUTS
from raylab.errors import ConfigError
from raylab.space.shipped import entrant_files, space_file
from raylab.space.space import Space

Family = Literal["baseline", "readout", "network", "contrastive", "vqvae"]
FAMILIES: tuple[Family, ...] = get_args(Family)  # the simplest first
BASELINES = ("raw", "smoothed", "pca")
EMBEDDINGS = ("contrastive", "vqvae")  # entrants whose space is the one that `search` uses
ASKED_FOR = ("vqvae",)  # entrants only where they are named

# Within a family, the order in which entrants are tried first: those that cost little and often do
# well. Others follow by name.
PREFERRED = (
    *("ridge", "logistic", "lda", "naive_bayes", "wiener", "svm"),
    *("gradient_boosting", "extra_trees", "kalman", "wiener_cascade"),
    *("mlp", "gru", "tcn"),
)


def shipped_files() -> dict[str, Path]:
    """The search spaces of the shipped entrants, by name, in the order of `FAMILIES`."""
    files = {**entrant_files(), **{name: space_file(name) for name in EMBEDDINGS}}
    return {name: files[name] for name in sorted(files, key=_place)}


def _place(name: str) -> tuple[int, int, str]:
    """The place of an entrant: by its family, by preference, by its name."""
    known = (*BASELINES, *PREFERRED)
    preference = known.index(name) if name in known else len(known)
    return FAMILIES.index(shipped_family(name)), preference, name


def shipped_family(name: str) -> Family:
    """The family of a shipped entrant, which its name states: readouts and networks are called as
    `model.kind` calls them.
    """
    if name in BASELINES:
        return "baseline"
    if name in NETWORKS.names:
        return "network"
    if name in READOUTS.names:
        return "readout"
    return next(family for family in FAMILIES if family == name)


def family_of(space: Space) -> Family:
    """The family of a space of the user's own: what the models that it describes are."""
    kind = space.task.get("kind", "contrastive")
    if kind != "decoder":
        return "vqvae" if kind == "vqvae" else "contrastive"
    model = space.search.get("model.kind")
    fixed = space.fixed().get("model", {})
    kinds = model.categorical or () if model else (fixed.get("kind", "mlp"),)
    return "readout" if all(each in READOUTS.names for each in kinds) else "network"


def chosen_names(families: list[str] | None) -> list[str]:
    """The names of the shipped entrants that take part.

    Baselines always take part, because every verdict is about the difference to the best of them.

    Args:
        families: Names of families or of entrants; None for all but those of `ASKED_FOR`.

    Raises:
        ConfigError: A name is no family and no entrant.
    """
    names = list(shipped_files())
    if families is None:
        return [name for name in names if name not in ASKED_FOR]
    for each in families:
        if each not in (*FAMILIES, *names):
            known = (*FAMILIES, *names)
            raise ConfigError(
                f"'{each}' is neither a family nor an entrant",
                f"{did_you_mean(each, known)} Families: {', '.join(FAMILIES)}. Entrants: "
                f"{', '.join(names)}.",
            )
    wanted = {*families, "baseline"}
    return [name for name in names if name in wanted or shipped_family(name) in wanted]
