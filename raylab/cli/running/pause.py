"""The verb `pause`: a study, at the next checkpoints of its trials."""

from __future__ import annotations

from pathlib import Path

import raylab
from raylab.cli.group import STUDY, verb
from raylab.cli.show.screen import say


@verb("raylab pause study")
@STUDY
def pause(study: Path) -> None:
    """Pause a study that runs elsewhere, without losing any step.

    No further trial begins, and the driver ends when each trial at work has its next checkpoint.
    `raylab resume` goes on exactly there.
    """
    raylab.pause(study, say=say)
