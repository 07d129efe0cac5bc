"""Names of the labels of Allen stimuli, and of their classes; the same for all file formats."""

from __future__ import annotations

import dataclasses

import numpy as np

from raylab.data.session import FRAME, Label

BLANK_SCENE = "-1"  # allensdk's number of the grey screen among natural scenes 0 to 117
BLANK = "blank"  # its class

# Where the column alone would not say whose it is. Gratings that drift are simply `orientation`.
NAMES = {
    ("natural_scenes", "frame"): "scene",
    ("locally_sparse_noise", "frame"): "noise_frame",
    ("locally_sparse_noise_4deg", "frame"): "noise_4deg_frame",
    ("locally_sparse_noise_8deg", "frame"): "noise_8deg_frame",
    ("static_gratings", "orientation"): "static_orientation",
    ("static_gratings", "spatial_frequency"): "static_spatial_frequency",
    ("static_gratings", "phase"): "static_phase",
}


def label_name(stimulus: str, column: str) -> str:
    """`movie_frame` of natural_movie_one, `movie_three_frame` of natural_movie_three, `scene`,
    `orientation` ...
    """
    if stimulus.startswith("natural_movie_"):
        number = stimulus.split("_")[2]
        return f"movie_{column}" if number == "one" else f"movie_{number}_{column}"
    return NAMES.get((stimulus, column), column)


def is_movie(stimulus: str) -> bool:
    """A movie shown in order, so that its showings can be told apart."""
    return stimulus.startswith("natural_movie_") and not stimulus.endswith("_shuffled")


def stimulus_label(name: str, values: np.ndarray) -> Label:
    """A discrete label; the grey screen among scenes is the class `blank`, image n the class n of
    allensdk. Frames of a movie have the unit `frame`.
    """
    if values.dtype.kind == "f":
        values = np.round(values.astype(np.float64), 6)  # 0.08 stored as float32 is 0.08
    label = Label.discrete(values)
    if name.startswith("movie_") and name.endswith("_frame"):
        return dataclasses.replace(label, unit=FRAME)
    if name != "scene":
        return label
    return dataclasses.replace(
        label, classes=tuple(BLANK if name == BLANK_SCENE else name for name in label.classes)
    )
