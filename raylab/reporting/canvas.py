"""matplotlib as raylab draws with it: for files, whatever the user's environment states.

All figures import matplotlib from here. `MPLBACKEND` may name a backend of a notebook that this
process does not have, with which matplotlib cannot even be imported; and a `matplotlibrc` may state
fonts, sizes or LaTeX for the user's own figures.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@contextlib.contextmanager
def _without_backend() -> Iterator[None]:
    """Hide `MPLBACKEND` while matplotlib is imported; figures for files need no backend."""
    stated = os.environ.pop("MPLBACKEND", None)
    try:
        yield
    finally:
        if stated is not None:
            os.environ["MPLBACKEND"] = stated


with _without_backend():
    from matplotlib import colormaps, style
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure as _Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter


class Figure(_Figure):
    """A figure that is also saved with matplotlib's default style."""

    def savefig(self, *args: Any, **kwargs: Any) -> None:
        with style.context("default"):
            super().savefig(*args, **kwargs)


def plain(draw: Callable[P, R]) -> Callable[P, R]:
    """Make a function draw with matplotlib's default style; the user's style is back afterwards."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with style.context("default"):
            return draw(*args, **kwargs)

    return drawn


__all__ = [
    "Axes",
    "Figure",
    "Line2D",
    "LinearSegmentedColormap",
    "LogLocator",
    "NullFormatter",
    "Patch",
    "StrMethodFormatter",
    "colormaps",
    "plain",
]
