"""The report's section on a VQ-VAE's codes, and its figures as files."""

from __future__ import annotations

from html import escape
from pathlib import Path

from raylab.errors import DataError
from raylab.reporting.code_figures import MOST_CODES, WINDOWS
from raylab.reporting.codes import load_codes
from raylab.reporting.score_sections import image

_SAID = {
    "code_usage.png": (
        "Codebook usage",
        "How often each code was chosen in the validation windows of all sessions.",
    ),
    "code_transitions.png": (
        "Codes over time",
        f"Validation windows of one session, side by side in the order of time; at most {WINDOWS} "
        f"are drawn. A transition is from a code to the next within a window, of the {MOST_CODES} "
        "most frequent; rows sum to one.",
    ),
    "latent_map.png": (
        "Latent map",
        "The vectors that stand for validation samples, in two principal components: the area "
        "says of how many samples, the colour their mean label (of classes, the most frequent).",
    ),
    "reconstructions.png": (
        "Reconstructions",
        "From the best explained unit to the least, in the recording's own units. The explained "
        "variance is over all "
        "scored validation samples of the session, of which the first are drawn.",
    ),
}


def code_section(path: Path) -> str:
    """The report's section on codes, with the figures that lie beside it; nothing without codes."""
    try:
        found = load_codes(path)
    except DataError as error:
        return f"<p class='warning'>{escape(error.what)}</p>"
    if found is None:
        return ""
    folder = path.parent / "figures"
    return "".join(
        f"<h3>{title}</h3><p class='soft'>{escape(said)}</p>{image(folder / name, title)}"
        for name, (title, said) in _SAID.items()
        if (folder / name).is_file()
    )
