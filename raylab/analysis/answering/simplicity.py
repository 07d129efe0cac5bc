"""The simplest of several entrants that held-out data cannot tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# The simplest first.
ORDER = ("baseline", "readout", "network", "contrastive", "vqvae", "ensemble")


def size_of(family: str, learnt: int) -> tuple[int, int]:
    """By what entrants are ordered, the simplest first: the family, then how many numbers it has
    learnt. Baselines are nearest neighbours, which store samples and learn nothing.
    """
    order = ORDER.index(family)
    return order, learnt if order else 0


def simplest(
    members: Sequence[str],
    families: Mapping[str, str],
    learnt: Mapping[str, int],
    means: Mapping[str, float],
    *,
    constant: float = float("inf"),
) -> str:
    """The simplest entrant, by `size_of` and then by its mean: of the baselines, which are equally
    simple, the best.

    An entrant whose losses spread widely is a member however bad its mean is, because no data tell
    it from the best one. So two kinds of members are passed over where others are left: those that
    lose more than a constant, and those to which an entrant that is no less simple is superior by
    its mean.

    Args:
        members: Of a model confidence set.
        means: The mean loss of every entrant, members or not.
        constant: The mean loss of a constant prediction.
    """

    def size(name: str) -> tuple[int, int]:
        return size_of(families[name], learnt.get(name, 0))

    def is_useful(name: str) -> bool:
        return means[name] < constant and not any(
            size(other) <= size(name) and means[other] < means[name] for other in means
        )

    useful = [name for name in members if is_useful(name)] or members
    return min(useful, key=lambda name: (size(name), means[name]))
