"""Draws new trials. A sampler draws in an Optuna study in memory; accepted draws are written to the
study's database. The database is read only once: this process is its only writer, and reading each
trial back took most of the time.

The study in memory also holds what the database must not: draws that were not accepted, and trials
of earlier studies. The numbers of trials in the database therefore have no gaps, and the state of
samplers (CMA-ES pickles it) is neither written nor read.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from raylab.errors import ConfigError, StudyError
from raylab.space.draws import allowed_draw, random_draws
from raylab.space.earlier import EarlierTrial
from raylab.space.parameters import Scalar
from raylab.space.samplers import MOST_TRIES
from raylab.space.space import Space
from raylab.tracking.extensions import Addition
from raylab.tuning.drawing.optuna_private import (
    NSGA2_GENERATION,
    read_trial,
    set_end,
    set_intermediate_value,
    trial_id,
    trial_id_of,
)
from raylab.tuning.drawing.samplers import distribution, make_sampler

Params = Mapping[str, Scalar]
Same = Callable[[Params], str]  # a text that is equal for draws that are the same trial
_ORIGIN, _STEPS = "raylab_origin", "raylab_steps"  # of an addition, in the database
_NEW_TRIES = 200  # after so many random draws without a new one, a trial is repeated


def trial_name(number: int) -> str:
    """The id of a trial in the study, from its number in Optuna."""
    return f"{number:04d}"


@dataclass(frozen=True)
class _Ids:
    """The ids of one trial in the database (`kept`) and in memory."""

    kept: int
    memory: int


class Drawing:
    """Draws the trials of a study and records them in its Optuna database.

    Args:
        space: The checked space.
        study: The study in the database.
        same: Tells which draws are the same trial; default: those with the same values.
    """

    def __init__(self, space: Space, study: optuna.Study, same: Same | None = None) -> None:
        self._space, self._study, self._same = space, study, same or _values
        self._memory = optuna.create_study(directions=study.directions)
        self._spread = {name: distribution(parameter) for name, parameter in space.search.items()}
        self._earlier = [
            self._from_earlier(earlier_trial)
            for earlier in space.warm_start
            for earlier_trial in earlier.trials or ()
        ]
        self._memory.add_trials(self._earlier)
        self._held: dict[int, _Ids] = {}
        self._drawn = 0  # of the trials held, those that were drawn
        self._seen: set[str] = set()
        for held in study.get_trials(deepcopy=False):
            self._add(held)

    def draw(self) -> tuple[int, dict[str, Scalar]]:
        """Draw a new trial and write it to the database, as running.

        Returns:
            The number of the trial, and its values by path.

        Raises:
            StudyError: No draw meets the constraints.
        """
        number, place = len(self._held), self._drawn
        drawn = self._asked(place) or self._at_random(place)
        params = {
            name: drawn.params[name] for name in self._space.ordered() if name in drawn.params
        }
        notes = self._notes(drawn)
        self._held[number] = _Ids(self._keep(number, params, notes), trial_id(drawn))
        self._seen.add(self._key(params))
        self._drawn += 1
        return number, params

    def add(self, params: Params, addition: Addition) -> int:
        """Write a trial with given values to the database, as running. Returns its number."""
        number = len(self._held)
        self.keep(number, params, addition)
        return number

    def keep(self, number: int, params: Params, addition: Addition | None = None) -> None:
        """Write a trial that the ledger has and the database has lost."""
        self._keep(number, params, {}, addition)
        self._add(self._study.get_trials(deepcopy=False)[number])

    def _keep(
        self,
        number: int,
        params: Params,
        notes: dict[str, int],
        addition: Addition | None = None,
    ) -> int:
        """Write a trial to the database, as running. Returns its id there."""
        added = {} if addition is None else {_ORIGIN: addition.origin, _STEPS: addition.steps}
        self._study.add_trial(
            create_trial(
                state=TrialState.RUNNING,
                params=dict(params),
                distributions={name: self._spread[name] for name in params},
                user_attrs={"raylab_trial": trial_name(number), **added},
                system_attrs=notes,
            )
        )
        return trial_id_of(self._study, number)

    def report(self, number: int, step: int, value: float) -> None:
        """Record an intermediate value, unless the step has one or the trial has ended."""
        mine = self._in_memory(number)
        if not mine.state.is_finished() and step not in mine.intermediate_values:
            ids = self._held[number]
            set_intermediate_value(self._study, ids.kept, step, value)
            set_intermediate_value(self._memory, ids.memory, step, value)

    def tell(self, number: int, state: TrialState, values: float | Sequence[float] | None) -> None:
        """Record the end of a trial, unless it has ended already."""
        mine = self._in_memory(number)
        if not mine.state.is_finished():
            ended = self._memory.tell(mine.number, values, state=state)
            set_end(self._study, self._held[number].kept, ended.state, ended.values)

    def _in_memory(self, number: int) -> FrozenTrial:
        return read_trial(self._memory, self._held[number].memory)

    def addition_of(self, held: FrozenTrial) -> Addition | None:
        """What an extension added a trial of the database for; None for a trial that was drawn."""
        origin = held.user_attrs.get(_ORIGIN)
        return None if origin is None else Addition(origin, held.user_attrs.get(_STEPS))

    def _asked(self, place: int) -> FrozenTrial | None:
        """A draw of the sampler; None if every attempt repeats a trial or breaks a constraint."""
        for attempt in range(self._space.sampler.attempts):
            seed = int(
                np.random.SeedSequence((self._space.sampler.seed, place, attempt)).generate_state(
                    1
                )[0]
            )
            self._memory.sampler = make_sampler(self._space, seed=seed, earlier=self._earlier)
            if self._point(place):
                self._memory.enqueue_trial(dict(self._point(place)))
            trial = self._memory.ask()
            self._space.define()(trial)
            if self._space.broken(trial.params) is None and self._is_new(trial.params):
                return self._memory.get_trials(deepcopy=False)[trial.number]
            self._memory.tell(trial.number, state=TrialState.FAIL)
        return None

    def _at_random(self, place: int) -> FrozenTrial:
        """A new random draw, or a repeated one if the space seems exhausted."""
        source = random.Random(f"{self._space.sampler.seed} {place}")
        params = next((drawn for drawn in self._tried(source, place) if self._is_new(drawn)), None)
        params = params or allowed_draw(self._space, source, self._point(place))
        if params is None:
            raise StudyError(
                f"no draw meets the constraints of this space ({MOST_TRIES} were tried)",
                "Loosen them, or the bounds.",
            )
        spread = {name: self._spread[name] for name in params}
        self._memory.add_trial(
            create_trial(state=TrialState.RUNNING, params=dict(params), distributions=spread)
        )
        return self._memory.get_trials(deepcopy=False)[-1]

    def _tried(self, source: random.Random, place: int) -> Iterator[dict[str, Scalar]]:
        drawn = islice(random_draws(self._space, source, self._point(place)), _NEW_TRIES)
        return (params for params in drawn if self._space.broken(params) is None)

    def _is_new(self, params: Params) -> bool:
        """Whether no trial so far is the same trial. Training is deterministic, so a second one
        would give the same result.
        """
        return self._key(params) not in self._seen

    def _key(self, params: Params) -> str:
        """A draw that is no valid config is like no other; its trial says what is wrong."""
        try:
            return self._same(params)
        except ConfigError:
            return _values(params)

    def _point(self, place: int) -> Params:
        """The fixed values of a draw. `points` of the space are drawn first, so that a resumed
        search does not try them again.
        """
        return self._space.points[place] if place < len(self._space.points) else {}

    def _add(self, held: FrozenTrial) -> None:
        """Copy a trial of the database to memory."""
        copy = create_trial(
            state=held.state,
            values=held.values,
            params=held.params,
            distributions=held.distributions,
            intermediate_values=held.intermediate_values,
            system_attrs=self._notes(held),
        )
        self._memory.add_trial(copy)
        copied = self._memory.get_trials(deepcopy=False)[-1]
        self._held[held.number] = _Ids(trial_id(held), trial_id(copied))
        self._seen.add(self._key(held.params))
        self._drawn += self.addition_of(held) is None

    def _notes(self, trial: FrozenTrial) -> dict[str, int]:
        """What the sampler has stored with a trial and a resumed search needs."""
        attributes = ((key, trial.system_attrs.get(key)) for key in self._space.sampler.trial_notes)
        return {key: value for key, value in attributes if isinstance(value, int)}

    def _from_earlier(self, earlier: EarlierTrial) -> FrozenTrial:
        """A trial of an earlier study. NSGA-II counts it to its first generation."""
        completed = earlier.state == "completed"
        return create_trial(
            state=TrialState.COMPLETE if completed else TrialState.PRUNED,
            values=list(earlier.scores) if completed else None,
            params=dict(earlier.params),
            distributions={name: self._spread[name] for name in earlier.params},
            intermediate_values=dict(earlier.curve),
            system_attrs={NSGA2_GENERATION: 0},
        )


def _values(params: Params) -> str:
    return repr(sorted(params.items()))
