"""Which trial of a fold is next: every entrant once, baselines first; then the other configs of the
baselines, up to a share of the time; then equal time for those entrants that are left after each
quarter of the time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest

QUARTERS = 4  # rounds of successive halving
BASELINES = 0.25  # share of a fold's time in which baselines go before further configs of others
FAILURES = 2  # an entrant that failed so often without a result is given up
BASELINE = "baseline"


@dataclass
class Standing:
    """Where an entrant stands in a fold.

    Attributes:
        begun: How many of its configs were begun.
        exhausted: Whether it has no further config.
        failed: How many of its trials ended without a result.
        seconds: How long its trials worked, those at work as long as is predicted.
        loss: Its cross-fitted validation loss; infinite while it has none.
        at_work: How many of its trials run.
    """

    begun: int = 0
    exhausted: bool = False
    failed: int = 0
    seconds: float = 0.0
    loss: float = math.inf
    at_work: int = 0

    @property
    def given_up(self) -> bool:
        return self.failed >= FAILURES and math.isinf(self.loss)

    @property
    def open(self) -> bool:
        """Whether a further trial of it could run."""
        return not self.exhausted and not self.given_up


@dataclass
class Queue:
    """What could be next in a fold.

    Attributes:
        stage: 0 for first configs of baselines, 1 for first configs of the other entrants, 2 for
            further configs of baselines, 3 for those of all that are left.
        names: The entrants whose next config could run, the most urgent first.
    """

    stage: int
    names: list[str] = field(default_factory=list)


def first_order(families: Mapping[str, str]) -> list[str]:
    """The entrants other than baselines, one of each family in turn, so that a short budget does
    not leave a family out.

    Args:
        families: Of each entrant.
    """
    of: dict[str, list[str]] = {}
    for name, family in families.items():
        if family != BASELINE:
            of.setdefault(family, []).append(name)
    return [name for name in chain(*zip_longest(*of.values())) if name is not None]


def queues(
    families: Mapping[str, str], standings: Mapping[str, Standing], used: float
) -> list[Queue]:
    """What could be next in a fold, stage by stage.

    Args:
        families: Of each entrant, in the order of their preference.
        standings: Of each entrant in this fold.
        used: The share of the fold's time that is used, from 0 to 1.
    """
    order = first_order(families)
    baselines = [name for name, family in families.items() if family == BASELINE]
    further = _by(baselines, standings, "begun")
    total = sum(standing.seconds for standing in standings.values()) or 1.0
    share = sum(standings[name].seconds for name in baselines) / total * used
    return [
        Queue(0, _new(baselines, standings)),
        Queue(1, _new(order, standings)),
        Queue(2, further if share < BASELINES else []),
        Queue(3, _by([*left(order, standings, used), *further], standings, "seconds")),
    ]


def _new(names: Sequence[str], standings: Mapping[str, Standing]) -> list[str]:
    """The entrants of which no config was begun."""
    return [name for name in names if standings[name].open and not standings[name].begun]


def left(order: Sequence[str], standings: Mapping[str, Standing], used: float) -> list[str]:
    """The entrants that still get time: the better half after each quarter of the fold's time.

    An entrant whose first trial still runs is kept, because its loss is not known.
    """
    running = [name for name in order if standings[name].at_work and _unknown(standings[name])]
    known = sorted(
        (name for name in order if not _unknown(standings[name])),
        key=lambda name: standings[name].loss,
    )
    half = min(int(QUARTERS * used), QUARTERS - 1)
    kept = max(1, math.ceil((len(known) + len(running)) / 2**half))
    better = [name for name in known[:kept] if standings[name].open]
    # Where all configs of the better ones are tried, the next best goes on.
    next_best = [name for name in known[kept:] if standings[name].open][:1]
    return [*running, *(better or next_best)]


def _by(names: Sequence[str], standings: Mapping[str, Standing], key: str) -> list[str]:
    """The open entrants, those with the least of an attribute first."""
    still = [name for name in names if standings[name].open]
    return sorted(still, key=lambda name: getattr(standings[name], key))


def _unknown(standing: Standing) -> bool:
    return math.isinf(standing.loss)
