"""What an answer is concluded from: plain arrays of losses per unit, and facts of the entrants.

A loss per unit is as `HeldOut.unit_losses` gives it: 1 - mean(losses) is the primary score of the
label. All losses of one part of one fold are of the same units in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class FoldOutcome:
    """What one fold came to.

    Attributes:
        fold: Its number, counted from 0.
        valid: Entrant -> its cross-fitted losses (V,) of the validation units.
        valid_chance: (V,) losses of the constant prediction that the training samples give.
        members: The model confidence set of this fold; None where it has fewer than 20 units.
        recommended, baseline, best: The entrants that this fold chose; no baseline: None.
        parts: How many validation parts the choice rests on; `valid` is of the first of them.
        test: Entrant -> its losses (U,) of the test units, of those that were read; empty while
            the test part is unread.
        test_chance: (U,) losses of the constant prediction that the samples before test give; None
            while the test part is unread.
    """

    fold: int
    valid: Mapping[str, np.ndarray]
    valid_chance: np.ndarray
    members: Sequence[str] | None
    recommended: str
    baseline: str | None
    best: str
    parts: int = 1
    test: Mapping[str, np.ndarray] = field(default_factory=dict)
    test_chance: np.ndarray | None = None

    @property
    def is_tested(self) -> bool:
        """Whether the test part was read with the recommended entrant."""
        return self.recommended in self.test and self.test_chance is not None


@dataclass(frozen=True)
class EntrantFacts:
    """What is known of an entrant over all folds besides its losses.

    Attributes:
        family: "baseline", "readout", "network", "contrastive", "vqvae" or "ensemble".
        trials: How many configs of it were tried, over all folds.
        learnt: How many numbers it learns; None where that is not known.
        seconds: How long its trials worked, over all folds.
    """

    family: str
    trials: int = 0
    learnt: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Circumstances:
    """Everything else that the answer states.

    Attributes:
        label: The label that is decoded.
        metric: Its primary metric: "r2" or "balanced_accuracy".
        unit_kind: "block", "presentation", "trial" or "session".
        reads_of_test: How often a test part was read, by the ledger.
        seeds: How many seeds of a network are averaged.
        budget_minutes, used_minutes: The budget, and the time used over all attempts.
        interrupted: Whether the study ended before its last step.
        held_out: What is held out whole: "session" or "animal"; None where samples of every session
            train.
        kept: The entrants that were fitted on all samples and are kept for `raylab.load`.
        final: The first trial on all samples, which is the recommended entrant or, of an ensemble,
            its first member; None before it is there.
        folder: The study's folder, which the sentence names where it says how to go on.
        notes: Further remarks, such as entrants that failed.
        left_out: Which shipped entrants take no part, and why.
    """

    label: str
    metric: str
    unit_kind: str
    reads_of_test: int = 0
    seeds: int = 3
    budget_minutes: float = 0.0
    used_minutes: float = 0.0
    interrupted: bool = False
    held_out: str | None = None
    kept: Sequence[str] = ()
    final: str | None = None
    folder: str = ""
    notes: Sequence[str] = ()
    left_out: Sequence[str] = ()
