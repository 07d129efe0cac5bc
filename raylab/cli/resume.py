"""The verb `resume`: an interrupted study, finished."""

from __future__ import annotations

from pathlib import Path

import raylab
from raylab.cli.group import STUDY, verb
from raylab.cli.show.screen import say
from raylab.cli.show.study import print_study


@verb("raylab resume study")
@STUDY
def resume(study: Path) -> None:
    """Finish a study that was interrupted; a finished study is not changed."""
    print_study(raylab.resume(study, say=say))
