"""The trials of a study, as Optuna has them: drawn by a sampler in a study in memory, and kept in
the database once accepted. The database is read once: this process is its only writer, and reading
each trial back took most of the time.

The sampler's study also holds what the database must not: draws that were not accepted, and trials
of earlier studies. So trials have numbers without gaps, and samplers' own state (pickles, of
CMA-ES) is neither written nor read.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from raylab.errors import StudyError
from raylab.space.draws import allowed_draw, random_draws
from raylab.space.earlier import EarlierTrial
from raylab.space.parameters import Scalar
from raylab.space.samplers import MOST_TRIES
from raylab.space.space import Space
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
_NEW_TRIES = 200  # random draws until a space counts as exhausted: then a trial is repeated


def trial_name(number: int) -> str:
    return f"{number:04d}"


@dataclass(frozen=True)
class _Ids:
    """Of one trial in the database, and in memory."""

    kept: int
    memory: int


class Drawing:
    """
    Args:
        study: In the database.
    """

    def __init__(self, space: Space, study: optuna.Study) -> None:
        self._space, self._study = space, study
        self._memory = optuna.create_study(directions=study.directions)
        self._spread = {name: distribution(parameter) for name, parameter in space.search.items()}
        self._earlier = [
            self._from_earlier(one) for earlier in space.warm_start for one in earlier.trials or ()
        ]
        self._memory.add_trials(self._earlier)
        self._held: dict[int, _Ids] = {}
        self._seen: set[str] = set()
        for held in study.get_trials(deepcopy=False):
            self._add(held)

    def draw(self) -> tuple[int, dict[str, Scalar]]:
        """The number and values of a new trial, which the database then has as running.

        Raises:
            StudyError: No draw meets the constraints.
        """
        number = len(self._held)
        drawn = self._asked(number) or self._at_random(number)
        params = {
            name: drawn.params[name] for name in self._space.ordered() if name in drawn.params
        }
        notes = self._notes(drawn)
        self._held[number] = _Ids(self._keep(number, params, notes), trial_id(drawn))
        self._seen.add(_key(params))
        return number, params

    def keep(self, number: int, params: Params) -> None:
        """A trial that was drawn and that the database has lost."""
        self._keep(number, params, {})
        self._add(self._study.get_trials(deepcopy=False)[number])

    def _keep(self, number: int, params: Params, notes: dict[str, int]) -> int:
        """Write a trial to the database, as running; its id there."""
        self._study.add_trial(
            create_trial(
                state=TrialState.RUNNING,
                params=dict(params),
                distributions={name: self._spread[name] for name in params},
                user_attrs={"raylab_trial": trial_name(number)},
                system_attrs=notes,
            )
        )
        return trial_id_of(self._study, number)

    def report(self, number: int, step: int, value: float) -> None:
        """An intermediate value. What is known stays, and a trial that was told is left alone."""
        mine = self._in_memory(number)
        if not mine.state.is_finished() and step not in mine.intermediate_values:
            ids = self._held[number]
            set_intermediate_value(self._study, ids.kept, step, value)
            set_intermediate_value(self._memory, ids.memory, step, value)

    def tell(self, number: int, state: TrialState, values: float | Sequence[float] | None) -> None:
        """The end of a trial; the first one that is told counts."""
        mine = self._in_memory(number)
        if not mine.state.is_finished():
            ended = self._memory.tell(mine.number, values, state=state)
            set_end(self._study, self._held[number].kept, ended.state, ended.values)

    def _in_memory(self, number: int) -> FrozenTrial:
        return read_trial(self._memory, self._held[number].memory)

    def _asked(self, number: int) -> FrozenTrial | None:
        """A new draw of the sampler's; None where it goes on repeating itself or breaking
        constraints.
        """
        for attempt in range(self._space.sampler.attempts):
            seed = int(
                np.random.SeedSequence((self._space.sampler.seed, number, attempt)).generate_state(
                    1
                )[0]
            )
            self._memory.sampler = make_sampler(self._space, seed=seed, earlier=self._earlier)
            if self._point(number):
                self._memory.enqueue_trial(dict(self._point(number)))
            trial = self._memory.ask()
            self._space.define()(trial)
            if _key(trial.params) not in self._seen and self._space.broken(trial.params) is None:
                return self._memory.get_trials(deepcopy=False)[trial.number]
            self._memory.tell(trial.number, state=TrialState.FAIL)
        return None

    def _at_random(self, number: int) -> FrozenTrial:
        """A new draw at random; a repeated one where the space seems exhausted."""
        source = random.Random(f"{self._space.sampler.seed} {number}")
        params = next(
            (one for one in self._tried(source, number) if _key(one) not in self._seen), None
        )
        params = params or allowed_draw(self._space, source, self._point(number))
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

    def _tried(self, source: random.Random, number: int) -> Iterator[dict[str, Scalar]]:
        drawn = islice(random_draws(self._space, source, self._point(number)), _NEW_TRIES)
        return (params for params in drawn if self._space.broken(params) is None)

    def _point(self, number: int) -> Params:
        """What is tried first has the first numbers, so a resumed search tries none of it again."""
        return self._space.points[number] if number < len(self._space.points) else {}

    def _add(self, held: FrozenTrial) -> None:
        """Take over a trial that the database has."""
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
        self._seen.add(_key(held.params))

    def _notes(self, trial: FrozenTrial) -> dict[str, int]:
        """What the sampler has stored with a trial and a resumed search needs."""
        attributes = ((key, trial.system_attrs.get(key)) for key in self._space.sampler.trial_notes)
        return {key: value for key, value in attributes if isinstance(value, int)}

    def _from_earlier(self, one: EarlierTrial) -> FrozenTrial:
        """A trial of an earlier study. NSGA-II takes it for one of its first generation."""
        completed = one.state == "completed"
        return create_trial(
            state=TrialState.COMPLETE if completed else TrialState.PRUNED,
            values=list(one.scores) if completed else None,
            params=dict(one.params),
            distributions={name: self._spread[name] for name in one.params},
            intermediate_values=dict(one.curve),
            system_attrs={NSGA2_GENERATION: 0},
        )


def _key(params: Params) -> str:
    """Equal where two draws are; training is deterministic, so a trial with the same values would
    tell nothing new.
    """
    return repr(sorted(params.items()))
