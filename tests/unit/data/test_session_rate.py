"""A session has a sampling rate that a device can have."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers import session

from raylab.errors import DataError


@pytest.mark.parametrize("rate_hz", [1e300, np.inf, np.nan, 0.0, -5.0])
def test_no_sampling_rate(rate_hz: float) -> None:
    with pytest.raises(DataError, match="Hz is no sampling rate"):
        dataclasses.replace(session(), rate_hz=rate_hz).check("a.npz")
