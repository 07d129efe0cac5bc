"""The user's environment does not reach the drawing."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import matplotlib

from raylab.reporting.canvas import Figure, plain

DRAW = "import raylab.reporting.trial_figures, raylab.reporting.draw, os; print(os.environ['{}'])"


def test_a_backend_of_a_notebook_is_not_needed() -> None:
    backend = "module://no_such_package.backend_inline"
    done = subprocess.run(
        [sys.executable, "-c", DRAW.format("MPLBACKEND")],
        env={**os.environ, "MPLBACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == backend  # which the user's own figures still get


@plain
def line() -> Figure:
    figure = Figure(figsize=(2, 2))
    figure.add_subplot().plot([0, 1], label="a_b")
    return figure


def png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def test_the_style_of_the_user_is_not_used_and_stays() -> None:
    usual = png(line())
    own = {"font.size": 30, "savefig.dpi": 20, "axes.facecolor": "red", "text.usetex": True}
    with matplotlib.rc_context(own):
        assert png(line()) == usual
        assert matplotlib.rcParams["font.size"] == 30
