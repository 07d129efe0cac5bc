"""The only place that runs Ray Tune."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING, Protocol

from raylab.files import full_disk, is_full, no_room
from raylab.space.settings import Resources
from raylab.tracking.study import StudyFolder
from raylab.tuning.control import Control, StudyStopped
from raylab.tuning.outcome import OnEnd

if TYPE_CHECKING:
    from ray.tune.schedulers.trial_scheduler import TrialScheduler


class TrialSource(Protocol):
    """A Ray Tune searcher that knows which trials will be run again."""

    def comes_back(self, trial: str) -> bool:
        """Whether a trial waits to be run again."""


def run_tune(
    study: StudyFolder,
    searcher: TrialSource,
    *,
    resources: Resources,
    slots: int,
    scheduler: TrialScheduler | None,
    control: Control,
    on_end: OnEnd,
) -> None:
    """Run the trials that a searcher hands out until it has no more.

    Args:
        slots: How many trials run at the same time.
        scheduler: A Ray Tune scheduler; None to run every trial to its end.
        control: The requests of users.
        on_end: Called after each trial's end is in the ledger.

    Raises:
        StudyError: The disk is full.
        KeyboardInterrupt: A user stopped the study.
    """
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    from ray import tune

    from raylab.tuning.callbacks import LedgerCallback
    from raylab.tuning.steering import Steered

    # The line that raylab prints for a failed trial says all; Tune would print a traceback.
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    # Tune's own state holds pickles. It is deleted at the end and never restored from.
    storage = study.path / ".tune"
    ledger = LedgerCallback(
        study.ledger,
        control=control,
        comes_back=searcher.comes_back,
        no_room=partial(no_room, study.path),
        on_end=on_end,
    )
    interrupts = signal.getsignal(signal.SIGINT)
    try:
        tune.Tuner(
            trainable(resources),
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                scheduler=Steered(scheduler, control),
                num_samples=-1,  # the searcher says when there are no more
                max_concurrent_trials=slots,
                reuse_actors=resources.workers == 1,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                name="search",
                storage_path=str(storage),
                verbose=0,
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                callbacks=[ledger],
            ),
        ).fit()
    except StudyStopped:
        raise control.interruption() from None
    except Exception as error:
        if not is_full(error):
            raise
        ledger.halted = True
    finally:
        if interrupts is not None and threading.current_thread() is threading.main_thread():
            # Tune leaves its handler behind, which would swallow the next Ctrl-C.
            signal.signal(signal.SIGINT, interrupts)
        shutil.rmtree(storage, ignore_errors=True)
    if ledger.halted:
        raise full_disk(study.path)


def trainable(resources: Resources) -> object:
    """The class of a trial's process with the resources that Tune reserves for it."""
    from ray import tune

    from raylab.tuning.actor import TrialActor, WorkersTrial
    from raylab.tuning.planning.placement import WAITING_CPU

    if resources.workers > 1:
        return tune.with_resources(WorkersTrial, {"cpu": WAITING_CPU})
    reserved: dict[str, float] = {"cpu": resources.cpus, "gpu": resources.gpus}
    if resources.memory_gb:
        reserved["memory"] = resources.memory_gb * 1e9
    return tune.with_resources(TrialActor, reserved)
