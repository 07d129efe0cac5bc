"""Frames of a movie rebuilt from activity: what training minimises, how held-out frames are scored,
what is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from raylab.config.decoder import FramesLoss
from raylab.data.examples import Examples
from raylab.errors import ConfigError
from raylab.tasks.targets import Target

KEPT_FRAMES = 6  # for the figure
FRAMES = 512  # compared at a time
TYPICAL, LIKE = (
    16,
    128,
)  # training frames of which one is typical, and those that it is compared with


class FrameError(torch.nn.Module):
    """(n, height * width) rebuilt and true frames, rows of pixels one after another -> (n,) errors.

    (1 - s) * mean absolute error + s * (1 - SSIM), both of frames scaled so that the training
    frames reach from 0 to 1 (SSIM: Wang et al. 2004, mean over the frame of uniform windows; the
    mix: Zhao et al. 2017).
    """

    low: Tensor
    span: Tensor
    typical: Tensor

    def __init__(self, config: FramesLoss) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("span", torch.ones(()))
        self.register_buffer("typical", torch.zeros(config.height * config.width))

    def scale_to(self, frames: np.ndarray) -> None:
        """Take from training frames, which are not all the same, their range and the one that is
        most like others.
        """
        low, high = float(frames.min()), float(frames.max())
        self.low.fill_(low)
        self.span.fill_(high - low)
        candidates, others = _spaced(frames, TYPICAL), _spaced(frames, LIKE)
        alike = [self.similarities(one[None], others).mean() for one in candidates]
        self.typical.copy_(torch.from_numpy(candidates[int(np.argmax(alike))]))

    def forward(self, found: Tensor, truth: Tensor) -> Tensor:
        share, absolute = self.config.ssim, (found - truth).abs().mean(1) / self.span
        if share == 0:
            return absolute
        return (1 - share) * absolute + share * (1 - self.ssim(found, truth))

    def ssim(self, found: Tensor, truth: Tensor) -> Tensor:
        """(n,) structural similarity, 1 at best."""
        # Importing torchmetrics takes seconds, which other trials need not wait.
        from torchmetrics.functional.image import structural_similarity_index_measure

        height, width, window = self.config.height, self.config.width, self.config.window
        pictures = [
            ((one - self.low) / self.span).reshape(-1, 1, height, width) for one in (found, truth)
        ]
        # A Gaussian window of torchmetrics ignores its size.
        similarity: Tensor = structural_similarity_index_measure(
            *pictures, gaussian_kernel=False, kernel_size=window, reduction="none", data_range=1.0
        )
        return similarity

    @torch.no_grad()
    def scores(self, found: np.ndarray, truth: np.ndarray, *, mean: Tensor) -> dict[str, float]:
        """Means over (n, height * width) held-out frames.

        Args:
            mean: (height * width,) the mean training frame.

        Returns:
            `ssim`; `l1`, the mean absolute error of a pixel in units of the frames;
            `ssim_of_mean_frame` and `ssim_of_one_frame`, those of the mean training frame and of
            `typical` in the place of every reconstruction. A mean is blurred, so that one frame for
            all often is the more similar.
        """
        mean_frame, one_frame = (one.cpu().numpy()[None] for one in (mean, self.typical))
        return {
            "ssim": float(self.similarities(found, truth).mean()),
            "l1": float(np.abs(found - truth).mean()),
            "ssim_of_mean_frame": float(self.similarities(mean_frame, truth).mean()),
            "ssim_of_one_frame": float(self.similarities(one_frame, truth).mean()),
        }

    @torch.no_grad()
    def similarities(self, found: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """`ssim` of arrays, some frames at a time."""
        pairs = zip(
            *(
                torch.from_numpy(one).to(self.low).split(FRAMES)
                for one in np.broadcast_arrays(found, truth)
            )
        )
        return torch.cat([self.ssim(*pair) for pair in pairs]).cpu().numpy()


def _spaced(frames: np.ndarray, most: int) -> np.ndarray:
    return frames[np.unique(np.linspace(0, len(frames) - 1, most).round().astype(int))]


def check_frames(loss: FramesLoss, target: Target) -> None:
    """Raise ConfigError where a label is not frames of that shape."""
    if target.kind != "continuous":
        raise ConfigError(
            f"loss.kind frames: label '{target.name}' is {target.kind}, frames are continuous",
            "Leave loss.kind out, or set task.label to the pixels of frames.",
        )
    if loss.height * loss.width != target.dims:
        raise ConfigError(
            f"loss.height {loss.height} x loss.width {loss.width} are {loss.height * loss.width} "
            f"pixels, label '{target.name}' has {target.dims}",
            "Give the shape that the frames have in the file of `features`.",
        )


def kept_frames(
    error: FrameError,
    examples: Mapping[str, Examples],
    outputs: Mapping[str, np.ndarray],
    mean: Tensor,
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Small arrays for a figure, of the first session that has validation examples.

    `frames.truth` and `.found` (n, height, width), the distinct frames evenly spaced in time,
    whatever their scores; `frames.ssim` (n,); `frames.mean` (height, width) of training.
    """
    first = next((name for name, of in examples.items() if len(of.rows)), None)
    if first is None:
        return {}, {}
    truth, found = examples[first].label.values, outputs[first]
    _, places = np.unique(truth, axis=0, return_index=True)
    at = np.sort(places)[
        np.unique(np.linspace(0, len(places) - 1, KEPT_FRAMES).round().astype(int))
    ]
    shape = (-1, error.config.height, error.config.width)
    arrays = {
        "frames.truth": truth[at].reshape(shape),
        "frames.found": found[at].reshape(shape),
        "frames.ssim": error.similarities(found[at], truth[at]),
        "frames.mean": mean.cpu().numpy().reshape(shape[1:]),
    }
    return {name: value.astype(np.float32) for name, value in arrays.items()}, {
        "frames": json.dumps(first)
    }
