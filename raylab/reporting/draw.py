"""`inspect --png`: pictures of recordings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from raylab.data.describing.sessions_with_parts import sessions_with_parts
from raylab.data.load_recipe import RecipeSource
from raylab.errors import ConfigError
from raylab.files import safe_name
from raylab.paths import AnyPath, local_path
from raylab.reporting.figures.files import save_figure
from raylab.reporting.figures.recording import recording_figure


def draw(
    path: AnyPath,
    *,
    out: str | Path,
    recipe: RecipeSource | None = None,
    companions: str | Path | Mapping[str, str | Path] | None = None,
    session: str | None = None,
) -> list[Path]:
    """Draw the sessions of a dataset or of raw recordings: splits, activity and labels.

    Args:
        path: A prepared dataset, or a file or folder of raw recordings.
        out: A `.png` file for one session, or a folder that gets one file per session.
        recipe: The recipe by which raw recordings are read. Default: none, for a dataset and for
            recordings that describe themselves, such as NWB files.
        companions: The folder with the recipe's companions, or a folder for each companion by its
            name. Default: beside each file.
        session: The only session to draw. Default: all of them.

    Returns:
        The paths of the files written.

    Raises:
        ConfigError: `out` names one file, but there are several sessions.
        DataError: There is no such dataset, recording or session.

    Example:
        >>> [path.name for path in raylab.draw("dataset", out="pictures")]
        ['a.png', 'b.png']
    """
    target = local_path(out)
    single = target.suffix == ".png"
    written: list[Path] = []
    recordings = sessions_with_parts(path, recipe=recipe, companions=companions, session=session)
    for recording, parts, kept in recordings:
        if single and written:
            raise ConfigError(
                f"{path}: has several sessions, '{out}' is one picture",
                f"Name one with --session, such as {recording.id}, or give a folder.",
            )
        file = target if single else target / f"{safe_name(recording.id)}.png"
        save_figure(file, recording_figure(recording, parts, kept=kept))
        written.append(file)
    return written
