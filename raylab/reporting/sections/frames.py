"""Frames of a movie that a decoder rebuilt."""

from __future__ import annotations

from markupsafe import Markup

from raylab.reporting.facts import StudyFacts
from raylab.reporting.figures.frames import FILE
from raylab.reporting.saved.frames import load_frames
from raylab.reporting.sections.saved_figures import Caption, saved_figures

_CAPTION = Caption(
    "Frames rebuilt",
    "Distinct validation frames of one session above their reconstructions, all on the grey scale "
    "of the true frames. They are evenly spaced in time and not chosen by their scores. "
    "Beside them lies the mean training frame.",
)


def frames(facts: StudyFacts) -> Markup | None:
    """The figure of the winner's frames, where it has some."""
    return saved_figures(facts.embedding, {FILE: _CAPTION}, load_frames)
