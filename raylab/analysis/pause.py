"""A user's request to pause a study."""

from __future__ import annotations

from raylab.analysis.stop import LATER
from raylab.paths import AnyPath
from raylab.tracking.requests import Request, ask, driver_at_work, study_at_work
from raylab.tracking.study import StudyFolder
from raylab.tuning.say import Say


def pause(path: AnyPath, *, say: Say = print) -> bool:
    """Pause a study that runs in another process, without losing any step of its trials.

    No further trial begins. Each trial at work goes on to its next checkpoint, which is at its next
    validation, and the driver ends when all have. `raylab.resume` then goes on exactly there. A
    trial of an answer (`raylab.answer`) has no checkpoints, and is run to its end.

    Args:
        path: The study's folder. It may be on another machine that the driver also sees.
        say: Receives a line when the driver has taken the request.

    Returns:
        Whether the driver has taken the request. If not, the request waits for it: a driver looks
        for requests when its trials begin.

    Raises:
        StudyError: No driver is at work on the study.

    Example:
        >>> try:
        ...     raylab.pause("study")
        ... except raylab.RaylabError as error:
        ...     print(error.what.partition(": ")[2])
        no driver is at work on this study, which has ended
    """
    folder = StudyFolder.open(path)
    study = study_at_work(folder)
    taken = ask(study, Request("pause", driver_at_work(study)))
    when = "has ended" if study.is_answer else "has its next checkpoint"
    done = f"the driver ends when every trial at work {when}; `raylab resume {folder.path}` goes on"
    say(f"{study.name}: {done if taken else LATER}")
    return taken
