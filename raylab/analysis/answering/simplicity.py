"""The simplest of several entrants that held-out data cannot tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# The simplest first.
ORDER = ("baseline", "readout", "network", "contrastive", "vqvae", "ensemble")


def simplest(
    members: Sequence[str],
    families: Mapping[str, str],
    learnt: Mapping[str, int],
    means: Mapping[str, float],
    *,
    constant: float = float("inf"),
) -> str:
    """The simplest entrant: by its family, then by how many numbers it learns, then by its mean.

    Baselines are nearest neighbours, which store samples and learn nothing: they are equally
    simple, so the best of them by its mean is taken.

    An entrant that fails in a few units has so wide a spread that no data tell it from the best
    one. So an entrant that loses more than a constant is left out where another one does not.

    Args:
        members: Of a model confidence set.
        means: The mean loss of each.
        constant: The mean loss of a constant prediction.
    """
    useful = [name for name in members if means[name] < constant] or members

    def size(name: str) -> int:
        return 0 if families[name] == ORDER[0] else learnt.get(name, 0)

    return min(useful, key=lambda name: (ORDER.index(families[name]), size(name), means[name]))
