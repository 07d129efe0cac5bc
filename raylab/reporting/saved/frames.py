"""Frames of a movie that a decoder rebuilt from neural activity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from raylab.reporting.saved.tensors import read_saved


@dataclass(frozen=True)
class Frames:
    """Held-out frames of one session, as `tasks.frames.kept_frames` writes them.

    Attributes:
        session: The session's id.
        truth: (frames, height, width) the frames that were shown.
        rebuilt: (frames, height, width) the frames that the decoder predicted.
        ssim: (frames,) structural similarity of the two.
        mean: (height, width) the mean training frame.
    """

    session: str
    truth: np.ndarray
    rebuilt: np.ndarray
    ssim: np.ndarray
    mean: np.ndarray


def load_frames(path: Path) -> Frames | None:
    """Read the frames of an `embedding.safetensors`; None where it has none. DataError where they
    are damaged.
    """
    return read_saved(path, ("frames.",), _frames)


def _frames(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> Frames:
    frames = Frames(
        session=str(json.loads(metadata["frames"])),
        truth=tensors["frames.truth"],
        rebuilt=tensors["frames.found"],
        ssim=tensors["frames.ssim"],
        mean=tensors["frames.mean"],
    )
    shape = (len(frames.ssim), *frames.mean.shape)
    if len(shape) != 3 or 0 in shape or {frames.truth.shape, frames.rebuilt.shape} != {shape}:
        raise ValueError(f"arrays of shapes {frames.truth.shape}, {frames.rebuilt.shape}, {shape}")
    return frames
