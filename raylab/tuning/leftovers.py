"""Ends the processes that a killed driver left running, since two processes must not train one
trial.
"""

from __future__ import annotations

from raylab.processes import Recorded, is_alive, read_process, reap
from raylab.tracking.events import ENDED, DriverStarted
from raylab.tracking.study import StudyFolder


def end_left_behind(study: StudyFolder) -> list[int]:
    """Kill the processes on this machine that dead drivers of a study left running.

    Only the driver that holds the study may call it.

    Returns:
        The ids of the processes that were killed.
    """
    recorded: list[Recorded] = []
    for event in study.ledger.read():
        if isinstance(event, DriverStarted) and not is_alive(event.process):
            recorded += event.processes
    for record in study.records():
        if record.state not in ENDED:
            processes = map(read_process, study.trial_folder(record.trial).glob("process-*.json"))
            recorded += [process for process in processes if process is not None]
    return reap(recorded)
