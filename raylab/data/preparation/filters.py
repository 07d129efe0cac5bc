"""Quality filters of units, which see training samples only."""

from __future__ import annotations

import numpy as np

from raylab.config.splits import FiltersConfig
from raylab.data.session import Session
from raylab.errors import ConfigError, DataError


def judge_units(
    session: Session, parts: np.ndarray, config: FiltersConfig, *, source: str
) -> tuple[np.ndarray, dict[str, list[int]]]:
    """Apply the filters of units to a session.

    A session without training samples (held out whole) keeps all its units, because the filters
    have nothing to judge them by.

    Args:
        parts: (P, 3) rows [start, stop, split code].
        source: Name of the session's file, for errors.

    Returns:
        (N,) bool, the units to keep; and for each filter the units that it removed. A unit is
        removed by the first filter that it fails.

    Raises:
        ConfigError: A filter of firing rates is set, but the activity is not spike counts.
        DataError: No unit is left.
    """
    training = parts[parts[:, 2] == 0, :2]
    if config.rates and session.kind != "counts":
        raise ConfigError(
            f"{source}: filters.{config.rates[0]} needs spike counts, session '{session.id}' holds "
            f"{session.kind}",
            "Remove the filter.",
        )
    kept = np.ones(session.neural.shape[1], bool)
    removed: dict[str, list[int]] = {}
    if not len(training):
        return kept, removed
    for name, failing in _tests(session, training, config).items():
        if (failing & kept).any():
            removed[name] = np.flatnonzero(failing & kept).tolist()
            kept &= ~failing
    if not kept.any():
        samples = int((training[:, 1] - training[:, 0]).sum())
        reasons = ", ".join(f"{len(units)} {name}" for name, units in removed.items())
        raise DataError(
            f"{source}: no unit of session '{session.id}' is left: of {samples} training samples, "
            f"{reasons}",
            "Check `neural.path`, `splits` and `filters` in the recipe.",
        )
    return kept, removed


def _tests(session: Session, training: np.ndarray, config: FiltersConfig) -> dict[str, np.ndarray]:
    """For each filter the (N,) bool units that fail it, in one pass over the training samples."""
    units = session.neural.shape[1]
    low, high, total, samples = np.full(units, np.inf), np.full(units, -np.inf), np.zeros(units), 0
    for start, stop in training:
        part = session.neural[start:stop]
        np.minimum(low, part.min(axis=0), out=low)
        np.maximum(high, part.max(axis=0), out=high)
        total += part.sum(axis=0, dtype=np.float64)
        samples += len(part)
    silent = (low == 0) & (high == 0)
    failing = {"silent": silent, "constant": (low == high) & ~silent}
    if config.min_rate_hz is not None:
        failing["min_rate_hz"] = total / samples * session.rate_hz < config.min_rate_hz
    if config.max_rate_hz is not None:
        failing["max_rate_hz"] = high * session.rate_hz > config.max_rate_hz
    return failing
