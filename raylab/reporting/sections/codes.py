"""The codes and reconstructions of a VQ-VAE."""

from __future__ import annotations

from markupsafe import Markup

from raylab.reporting.facts import StudyFacts
from raylab.reporting.figures.code_transitions import MOST_CODES, WINDOWS
from raylab.reporting.saved.codes import load_codes
from raylab.reporting.sections.saved_figures import Caption, saved_figures


def _titled(title: str, text: str) -> Caption:
    return Caption(title, text, title)


_CAPTIONS = {
    "code_usage.png": _titled(
        "Codebook usage",
        "How often each code was chosen in the validation windows of all sessions.",
    ),
    "code_transitions.png": _titled(
        "Codes over time",
        f"Validation windows of one session, side by side in the order of time; at most {WINDOWS} "
        "are drawn. A transition leads from a code to the next one within a window; the matrix "
        f"holds the {MOST_CODES} most frequent codes, and its rows sum to one.",
    ),
    "latent_map.png": _titled(
        "Latent map",
        "The vectors that stand for validation samples, in two principal components. The area of a "
        "dot shows how many samples have the vector, the colour their mean label (for classes, the "
        "most frequent one).",
    ),
    "reconstructions.png": _titled(
        "Reconstructions",
        "From the best explained unit to the least, in the recording's own units. The explained "
        "variance covers all scored validation samples of the session, of which the first are "
        "drawn.",
    ),
}


def codes(facts: StudyFacts) -> Markup | None:
    """The figures of the winner's codes, where it has some."""
    return saved_figures(facts.embedding, _CAPTIONS, load_codes)
