"""Frames of a movie that a decoder rebuilt: read back, a figure, and the report's section."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from safetensors import SafetensorError, safe_open

from raylab.errors import DataError
from raylab.reporting.plots import literal
from raylab.reporting.score_sections import image

FILE = "frames.png"
_TITLE = "Frames rebuilt"
_SAID = (
    "Distinct validation frames of one session, evenly spaced in time and not chosen by their "
    "scores, above their reconstructions; all on the grey scale of the true frames. Beside them "
    "the mean training frame."
)
_SIDE = 1.5  # inches of a frame's longer side
_DPI = 130


@dataclass(frozen=True)
class Frames:
    """Held-out frames of one session; see `tasks.frames.kept_frames`.

    Attributes:
        truth, found: (n, height, width).
        ssim: (n,) structural similarity.
        mean: (height, width), the mean training frame.
    """

    session: str
    truth: np.ndarray
    found: np.ndarray
    ssim: np.ndarray
    mean: np.ndarray


def load_frames(path: Path) -> Frames | None:
    """Read the frames of an `embedding.safetensors`; None where it has none. DataError when they
    are damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = [name for name in file.keys() if name.startswith("frames.")]  # noqa: SIM118 (not a mapping)
            if not names:
                return None
            found = Frames(
                str(json.loads(file.metadata()["frames"])),
                *(file.get_tensor(f"frames.{name}") for name in ("truth", "found", "ssim", "mean")),
            )
        return _checked(found)
    except FileNotFoundError:
        return None
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise DataError(
            f"{path}: frames that cannot be read ({error})", "Run the trial again."
        ) from None


def _checked(found: Frames) -> Frames:
    shape = (len(found.ssim), *found.mean.shape)
    if len(shape) != 3 or 0 in shape or {found.truth.shape, found.found.shape} != {shape}:
        raise ValueError(f"arrays of shapes {found.truth.shape}, {found.found.shape}, {shape}")
    return found


def frame_figures(path: Path) -> dict[str, Figure]:
    """Of an `embedding.safetensors`: file name -> figure; none where the trial rebuilt no frames."""
    found = load_frames(path)
    return {} if found is None else {FILE: frame_figure(found)}


def frame_figure(found: Frames) -> Figure:
    """True frames above their reconstructions, and the mean training frame beside them."""
    height, width = found.mean.shape
    columns, scale = len(found.truth) + 1, _SIDE / max(height, width)
    size = (max(5.0, columns * (scale * width + 0.25)), 2 * (scale * height + 0.4) + 0.4)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    figure.suptitle(literal(f"validation frames of session {found.session}"), fontsize=10)
    panels = figure.subplots(2, columns, squeeze=False)
    scale_of_truth = {
        "cmap": "gray",
        "vmin": float(found.truth.min()),
        "vmax": float(found.truth.max()),
    }
    for panel in panels.ravel():
        panel.set_xticks([])
        panel.set_yticks([])
    for column, (true, rebuilt, similarity) in enumerate(zip(found.truth, found.found, found.ssim)):
        panels[0, column].imshow(true, **scale_of_truth)
        panels[1, column].imshow(rebuilt, **scale_of_truth)
        panels[1, column].set_title(f"SSIM {similarity:.2f}", fontsize=8)
    panels[0, 0].set_ylabel("true", fontsize=9)
    panels[1, 0].set_ylabel("rebuilt", fontsize=9)
    panels[0, -1].set_axis_off()
    panels[1, -1].imshow(found.mean, **scale_of_truth)
    panels[1, -1].set_title("training mean", fontsize=8)
    return figure


def frame_section(path: Path) -> str:
    """The report's section on rebuilt frames, with the figure that lies beside it; nothing without
    any.
    """
    try:
        found = load_frames(path)
    except DataError as error:
        return f"<p class='warning'>{escape(error.what)}</p>"
    picture = path.parent / "figures" / FILE
    if found is None or not picture.is_file():
        return ""
    return f"<p class='soft'>{escape(_SAID)}</p>{image(picture, _TITLE)}"
