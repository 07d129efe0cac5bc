"""`inspect --png`: pictures of recordings."""

from __future__ import annotations

from pathlib import Path

from raylab.data.inspect import sessions_with_parts
from raylab.errors import ConfigError
from raylab.files import atomic_path, safe_name


def draw(
    path: str | Path,
    *,
    out: str | Path,
    recipe: str | Path | None = None,
    session: str | None = None,
) -> list[Path]:
    """Draw the sessions of a dataset or of raw recordings: splits, activity, labels.

    Args:
        out: A `.png` file for one session, or a folder that gets one file a session.
        session: Only this one.

    Returns:
        The files written.

    Raises:
        ConfigError: one file, but several sessions.
    """
    from raylab.reporting.recording import recording_figure

    target = Path(out)
    written: list[Path] = []
    for one, parts, kept in sessions_with_parts(path, recipe=recipe, session=session):
        if target.suffix == ".png" and written:
            raise ConfigError(
                f"{path}: has several sessions, '{out}' is one picture",
                f"Name one with --session, such as {one.id}, or give a folder.",
            )
        file = target if target.suffix == ".png" else target / f"{safe_name(one.id)}.png"
        with atomic_path(file) as temporary:
            recording_figure(one, parts, kept=kept).savefig(temporary, format="png")
        written.append(file)
    return written
