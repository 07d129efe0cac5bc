"""What a killed driver of a study left running, ended before its trials are run again: two
processes must not train one trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raylab.processes import is_alive, read_process, reap
from raylab.tracking.events import DriverStarted
from raylab.tracking.study import StudyFolder
from raylab.tuning.outcome import ENDED


def end_left_behind(study: StudyFolder) -> list[int]:
    """End what drivers of this study that are dead by now left on this machine; process ids.

    To be called by the driver that holds the study.
    """
    recorded: list[Mapping[str, Any]] = []
    for event in study.ledger.read():
        if isinstance(event, DriverStarted) and not is_alive(event.process):
            recorded += event.processes
    for record in study.records():
        if record.state not in ENDED:
            found = map(read_process, study.trial_folder(record.trial).glob("process-*.json"))
            recorded += [one for one in found if one is not None]
    return reap(recorded)
