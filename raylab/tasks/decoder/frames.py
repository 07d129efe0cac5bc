"""The loss of movie frames that are rebuilt from activity, and the scores of held-out frames."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from raylab.config.decoder import FramesLoss
from raylab.errors import ConfigError
from raylab.tasks.decoder.targets import Target

BATCH = 512  # frames compared per pass
CANDIDATES, OTHERS = 16, 128  # for the typical frame, and those that candidates are compared with


class FrameError(torch.nn.Module):
    """(n, height * width) rebuilt and true frames, stored row by row -> (n,) errors.

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
        # float64: pictures are scaled before they are float32.
        self.register_buffer("low", torch.zeros((), dtype=torch.float64))
        self.register_buffer("span", torch.ones((), dtype=torch.float64))
        typical = torch.zeros(config.height * config.width, dtype=torch.float64)
        self.register_buffer("typical", typical)

    def scale_to(self, frames: np.ndarray) -> None:
        """Set the range of values and the typical frame, which resembles other frames most, from
        training frames. These must not all be the same.
        """
        low, high = float(frames.min()), float(frames.max())
        self.low.fill_(low)
        self.span.fill_(high - low)
        candidates, others = _spaced(frames, CANDIDATES), _spaced(frames, OTHERS)
        alike = [self.similarities(frame[None], others).mean() for frame in candidates]
        self.typical.copy_(torch.from_numpy(candidates[int(np.argmax(alike))]))

    def forward(self, rebuilt: Tensor, truth: Tensor) -> Tensor:
        share, absolute = self.config.ssim, (rebuilt - truth).abs().mean(1) / self.span
        if share == 0:
            return absolute
        return (1 - share) * absolute + share * (1 - self.ssim(rebuilt, truth))

    def ssim(self, rebuilt: Tensor, truth: Tensor) -> Tensor:
        """(n,) structural similarity, at most 1."""
        # Importing torchmetrics takes seconds, so only trials of frames do so.
        from torchmetrics.functional.image import structural_similarity_index_measure

        height, width, window = self.config.height, self.config.width, self.config.window
        pictures = [
            ((frames - self.low) / self.span).float().reshape(-1, 1, height, width)
            for frames in (rebuilt, truth)
        ]
        # The Gaussian window of torchmetrics ignores `kernel_size`, so the window is uniform.
        similarity: Tensor = structural_similarity_index_measure(
            *pictures, gaussian_kernel=False, kernel_size=window, reduction="none", data_range=1.0
        )
        return similarity

    @torch.no_grad()
    def scores(self, rebuilt: np.ndarray, truth: np.ndarray, *, mean: Tensor) -> dict[str, float]:
        """Means over (n, height * width) held-out frames.

        Args:
            mean: (height * width,) the mean training frame.

        Returns:
            `ssim`; `l1`, the mean absolute error of a pixel in units of the frames; and two
            baselines, `ssim_of_mean_frame` and `ssim_of_one_frame`, for which the mean training
            frame or the typical frame stands in for every reconstruction. The mean frame is
            blurred, so that the typical frame is often the more similar one.
        """
        mean_frame, typical = (frame.cpu().numpy()[None] for frame in (mean, self.typical))
        return {
            "ssim": float(self.similarities(rebuilt, truth).mean()),
            "l1": float(np.abs(rebuilt - truth).mean()),
            "ssim_of_mean_frame": float(self.similarities(mean_frame, truth).mean()),
            "ssim_of_one_frame": float(self.similarities(typical, truth).mean()),
        }

    @torch.no_grad()
    def similarities(self, rebuilt: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """`ssim` of arrays, computed in batches."""
        pairs = zip(
            *(
                torch.from_numpy(frames).to(self.low).split(BATCH)
                for frames in np.broadcast_arrays(rebuilt, truth)
            )
        )
        return torch.cat([self.ssim(*pair) for pair in pairs]).cpu().numpy()


def _spaced(frames: np.ndarray, most: int) -> np.ndarray:
    return frames[np.unique(np.linspace(0, len(frames) - 1, most).round().astype(int))]


def check_frames(loss: FramesLoss, target: Target) -> None:
    """Raise a ConfigError where a label is not frames of the shape that the loss names."""
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
