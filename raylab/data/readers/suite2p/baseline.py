"""dF/F: fluorescence relative to a running baseline."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.suite2p.options import BaselineSpec

# A baseline below this share of the mean fluorescence makes dF/F of noise.
LEAST_SHARE = 0.01


def relative(
    traces: np.ndarray, fluorescence: np.ndarray, spec: BaselineSpec, rate_hz: float
) -> np.ndarray:
    """(N, T) float32 (F - F0) / F0, F0 being the running baseline.

    A trace becomes NaN where F0 is not everywhere above LEAST_SHARE of its mean fluorescence, and
    where it has a NaN, because its F0 is then not known.

    Args:
        traces: (N, T) F.
        fluorescence: (N,) mean fluorescence of each trace before anything was subtracted.
    """
    base = running_baseline(traces, spec, rate_hz)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = ((traces - base) / base).astype(np.float32)
    sound = np.isfinite(traces).all(1) & (base.min(1) > LEAST_SHARE * fluorescence)
    result[~(sound & (fluorescence > 0))] = np.nan
    return result


def running_baseline(traces: np.ndarray, spec: BaselineSpec, rate_hz: float) -> np.ndarray:
    """(N, T) the baseline F0 of each sample.

    `maximin` is Suite2p's own: the running minimum of the smoothed trace, then its running maximum.
    """
    from scipy.ndimage import (
        gaussian_filter1d,
        maximum_filter1d,
        minimum_filter1d,
        percentile_filter,
    )

    window = max(1, min(int(spec.window_s * rate_hz), traces.shape[1]))
    if spec.kind == "percentile":
        rows = [percentile_filter(row, spec.percentile, size=window) for row in traces]
        return np.stack(rows) if rows else np.zeros_like(traces)
    smooth = traces
    if spec.smoothing_frames:
        smooth = gaussian_filter1d(traces, spec.smoothing_frames, axis=1)
    return np.asarray(maximum_filter1d(minimum_filter1d(smooth, window, axis=1), window, axis=1))
