"""Frames of a movie above the frames that a decoder rebuilt."""

from __future__ import annotations

from pathlib import Path

from raylab.reporting.canvas import Figure, plain
from raylab.reporting.saved.frames import Frames, load_frames
from raylab.reporting.style import literal

FILE = "frames.png"
_SIDE = 1.5  # inches of a frame's longer side
_DPI = 130


@plain
def frame_figures(path: Path) -> dict[str, Figure]:
    """The figures of an `embedding.safetensors` by file name; none where the trial rebuilt no
    frames.
    """
    frames = load_frames(path)
    return {} if frames is None else {FILE: frame_figure(frames)}


@plain
def frame_figure(frames: Frames) -> Figure:
    """True frames above their reconstructions, and the mean training frame beside them. All are on
    the grey scale of the true frames.
    """
    height, width = frames.mean.shape
    columns, scale = len(frames.truth) + 1, _SIDE / max(height, width)
    size = (max(5.0, columns * (scale * width + 0.25)), 2 * (scale * height + 0.4) + 0.4)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    figure.suptitle(literal(f"validation frames of session {frames.session}"), fontsize=10)
    panels = figure.subplots(2, columns, squeeze=False)
    low, high = float(frames.truth.min()), float(frames.truth.max())
    for panel in panels.ravel():
        panel.set_xticks([])
        panel.set_yticks([])
    for column, (true, rebuilt, similarity) in enumerate(
        zip(frames.truth, frames.rebuilt, frames.ssim)
    ):
        panels[0, column].imshow(true, cmap="gray", vmin=low, vmax=high)
        panels[1, column].imshow(rebuilt, cmap="gray", vmin=low, vmax=high)
        panels[1, column].set_title(f"SSIM {similarity:.2f}", fontsize=8)
    panels[0, 0].set_ylabel("true", fontsize=9)
    panels[1, 0].set_ylabel("rebuilt", fontsize=9)
    panels[0, -1].set_axis_off()
    panels[1, -1].imshow(frames.mean, cmap="gray", vmin=low, vmax=high)
    panels[1, -1].set_title("training mean", fontsize=8)
    return figure
