"""The section `session`: names of a session, its animal and its area."""

from __future__ import annotations

from pydantic import Field

from raylab.config.base import Strict


class SessionSpec(Strict):
    """Names of the session, its animal and its area.

    A path inside the file wins over a text, so that files renamed by hand keep their identity.
    """

    id: str = Field(
        default="stem", description="`stem`, or a text with {stem} and the variables of `sessions`"
    )
    id_path: str | None = None
    animal: str = Field(default="", description="`stem`, or a text as for id")
    animal_path: str | None = None
    area: str = Field(default="", description="where in the brain its units lie: a text as for id")
    area_path: str | None = None
