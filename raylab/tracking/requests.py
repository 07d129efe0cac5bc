"""Requests of other processes to the driver of a study: files in `STUDY/requests/`.

Only the driver writes the ledger. Another process, also on another machine that sees the folder,
leaves a request. The driver looks for requests about once a second, records each in the ledger, and
removes the file. A request carries the driver that it is meant for, so that a later driver of the
same study does not act on it.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from raylab.errors import DataError, StudyError
from raylab.files import read_json, write_json
from raylab.tracking.events import DriverStarted, Event
from raylab.tracking.records import is_ended
from raylab.tracking.study import StudyFolder

Kind = Literal["stop", "pause", "extend"]
FOLDER = "requests"
WAIT_S = 60.0  # for a driver to take a request: it may still be starting Ray
_LOOK_S = 0.1


@dataclass(frozen=True)
class Request:
    """What a user asks of a driver.

    Attributes:
        driver: The driver that it is meant for, see `driver_of`.
        trials: Of `stop`: the trials that end; empty for the whole study.
        extension: Of `extend`: what is added, as `Extension.to_dict` gives it.
        id: Names the file, and the event by which the driver records the request.
    """

    kind: Kind
    driver: str
    trials: tuple[str, ...] = ()
    extension: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}")


def driver_of(events: Iterable[Event]) -> str:
    """What tells the last driver of a study from every other one; empty where there was none.

    A process may be the driver of a study several times, so its identity is not enough.
    """
    started = [event for event in events if isinstance(event, DriverStarted)]
    last = started[-1] if started else None
    return f"{last.host}-{last.pid}-{last.began}-{last.time}" if last else ""


def study_at_work(study: StudyFolder) -> StudyFolder:
    """The study; its control on shuffled labels, a study in its folder, while that is at work."""
    if study.is_live():
        return study
    controls = (StudyFolder.open(file.parent) for file in study.path.glob("controls/*/study.json"))
    return next((control for control in controls if control.is_live()), study)


def driver_at_work(study: StudyFolder) -> str:
    """The driver that holds a study, as `Request.driver` names it.

    Raises:
        StudyError: There is none.
    """
    live = study.is_live()
    events = study.ledger.read()
    if live:
        return driver_of(events)
    if is_ended(events):
        raise StudyError(
            f"{study.path}: no driver is at work on this study, which has ended",
            f"`raylab extend {study.path}` gives it more to do.",
        )
    raise StudyError(
        f"{study.path}: no driver is at work on this study, which was interrupted",
        f"`raylab resume {study.path}` goes on with it.",
    )


def ask(study: StudyFolder, request: Request, *, wait_s: float = WAIT_S) -> bool:
    """Leave a request and wait until the driver has recorded it.

    Args:
        wait_s: Seconds to wait at most.

    Returns:
        Whether the driver has recorded it. If not, the request waits for the driver.

    Raises:
        StudyError: The driver ended before it took the request, or refused it.
    """
    path = _path(study, request)
    write_json(path, asdict(request))
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        gone, live = not path.exists(), study.is_live()
        if any(getattr(event, "request", None) == request.id for event in study.ledger.read()):
            return True
        if gone or not live:
            path.unlink(missing_ok=True)
            raise StudyError(
                f"{study.path}: the driver "
                f"{'did not take' if live else 'ended before it took'} the request to "
                f"{request.kind}",
                "Run the same command again: then it goes on with the study itself."
                if request.kind == "extend" and not live
                else f"`raylab leaderboard {study.path}` shows where the study is.",
            )
        time.sleep(_LOOK_S)
    return False


def take(study: StudyFolder) -> list[Request]:
    """The requests for the driver at work, oldest first. All others are removed: they were meant
    for a driver that is gone.

    Only the driver that holds the study may call it.
    """
    paths = sorted((study.path / FOLDER).glob("*.json"))
    driver = driver_of(study.ledger.read()) if paths else ""
    requests = []
    for path in paths:
        request = _read(path)
        if request is not None and request.driver == driver:
            requests.append(request)
        else:
            path.unlink(missing_ok=True)
    return requests


def remove(study: StudyFolder, request: Request) -> None:
    """Remove the file of a request that was recorded, or refused."""
    _path(study, request).unlink(missing_ok=True)


def _path(study: StudyFolder, request: Request) -> Path:
    return study.path / FOLDER / f"{request.id}.json"


def _read(path: Path) -> Request | None:
    """The request of a file; None for a file that has none."""
    with contextlib.suppress(DataError, TypeError, KeyError):
        values = read_json(path)
        request = Request(**{**values, "trials": tuple(values["trials"])})
        return request if request.id == path.stem else None
    return None
