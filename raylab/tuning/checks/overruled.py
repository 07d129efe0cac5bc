"""Paths that some choices overrule: they are drawn with the other choices only.

A readout has no learning rate, and one that standardises its features does away with a z-score. A
draw of such a path would be recorded as if it had been used, would cost the sampler a dimension,
and would often repeat another trial.
"""

from __future__ import annotations

from raylab.config.parse import parse_trial
from raylab.errors import ConfigError
from raylab.space.conditions import parents_met, possible, stand_in, when_met, with_search
from raylab.space.parameters import Scalar
from raylab.space.space import Space
from raylab.tasks.families import get_task

KIND = ".kind"  # the end of paths that choose what other paths belong to


def without_overruled(space: Space, source: str, notes: list[str]) -> Space:
    """The space in which no path is drawn together with a choice that overrules it.

    Each change is added to the notes.
    """
    kinds = [
        name
        for name, parameter in space.search.items()
        if parameter.categorical is not None
        and any(path.endswith(KIND) for path in space.paths(name))
    ]
    for name in space.ordered():
        if not kinds and _overrules(space, stand_in(space), name, source):
            space = _without(space, name, notes)
        for kind in kinds:
            if name in space.search and name != kind and name not in parents_met(space, kind):
                space = _only_where_used(space, name, kind, source, notes)
    return space


def _only_where_used(space: Space, name: str, kind: str, source: str, notes: list[str]) -> Space:
    """The space with `name` drawn with those choices of `kind` that do not overrule it."""
    parameter = space.search[name]
    choices = list(space.search[kind].categorical or ())
    now = possible(kind, parameter.when[kind], space) if kind in parameter.when else choices
    used = [
        choice
        for choice in now
        if not _overrules(space, space.setting(when_met(space, kind), kind, choice), name, source)
    ]
    if len(used) == len(now):
        return space
    if not used:
        return _without(space, name, notes)
    when: dict[str, Scalar | list[Scalar]] = {**parameter.when, kind: used}
    conditional = parameter.model_copy(update={"when": when})
    # A sampler that cannot learn conditional paths goes on to learn this one.
    if space.sampler.learns(parameter) and not space.sampler.learns(conditional):
        return space
    others = ", ".join(str(choice) for choice in now if choice not in used)
    notes.append(f"{name}: not drawn where {kind} is one of {others}, which overrule it")
    return with_search(space, {**space.search, name: conditional})


def _overrules(space: Space, value: dict[str, object], name: str, source: str) -> bool:
    """Whether a config leaves all that a parameter sets without effect."""
    try:
        config = parse_trial(value, source)
    except ConfigError:  # constraints may tie a choice to others: nothing is concluded
        return False
    overruled = get_task(config).overruled(config)
    return all(path.startswith(overruled) for path in space.paths(name))


def _without(space: Space, name: str, notes: list[str]) -> Space:
    notes.append(f"{name}: left out, the rest of the config decides it")
    return with_search(space, {path: entry for path, entry in space.search.items() if path != name})
