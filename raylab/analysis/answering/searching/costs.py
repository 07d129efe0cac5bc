"""How long trials take, predicted from those that have ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from statistics import median

MARGIN = 1.3  # trials of one entrant differ: half of them take longer than their median


class Costs:
    """Predicts seconds of trials.

    Args:
        families: Of each entrant.
    """

    def __init__(self, families: Mapping[str, str]) -> None:
        self._families = families
        self._of: dict[str, list[float]] = defaultdict(list)

    def note(self, entrant: str, seconds: float) -> None:
        """Count a trial that has ended."""
        self._of[entrant].append(seconds)

    def of(self, entrant: str) -> float | None:
        """Seconds of a further trial of an entrant; of a new one as those of its family take.

        None where neither the entrant nor its family has an ended trial.
        """
        if own := self._of.get(entrant):
            return MARGIN * median(own)
        family = self._families[entrant]
        medians = {name: median(each) for name, each in self._of.items()}
        related = [each for name, each in medians.items() if self._families[name] == family]
        return MARGIN * max(related) if related else None

    @property
    def least(self) -> float:
        """Seconds of the cheapest entrant."""
        return MARGIN * min((median(each) for each in self._of.values()), default=0.0)
