"""The verb `resume`: an interrupted study, finished."""

from __future__ import annotations

from pathlib import Path

import raylab
from raylab.cli.checks.studies import opened
from raylab.cli.group import STUDY, verb
from raylab.cli.show.live import live
from raylab.cli.show.study import print_study


@verb("raylab resume study")
@STUDY
def resume(study: Path) -> None:
    """Finish a study that was interrupted; a finished study is not changed."""
    opened(study)
    with live(study, stage="reading the study, starting Ray") as say:
        resumed = raylab.resume(study, say=say)
    print_study(resumed)
