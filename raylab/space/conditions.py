"""`when`: what a searched path depends on, and configs in which that is met."""

from __future__ import annotations

from raylab.config.dotted import ConfigValues, get_path, set_path
from raylab.config.explain import did_you_mean
from raylab.config.parse import parse_trial
from raylab.errors import ConfigError
from raylab.space.parameters import Parameter, Scalar, leaves
from raylab.space.space import Space


def without_fixed(space: Space, source: str) -> Space:
    """Conditions on what is not searched hold in every trial (then they are none), or in none (an
    error).
    """
    search = dict(space.search)
    for path, parameter in space.search.items():
        fixed = [parent for parent in parameter.when if parent not in space.search]
        for parent in fixed:
            wanted, value = parameter.when[parent], _fixed_value(space, path, parent, source)
            if value not in (wanted if isinstance(wanted, list) else [wanted]):
                raise ConfigError(
                    f"{source}: search.{path} is never searched: {parent} is always {value!r}, not "
                    f"{wanted!r}",
                    f"Search {parent} as well, or remove {path} from `search`.",
                )
        if fixed:
            when = {
                parent: wanted for parent, wanted in parameter.when.items() if parent not in fixed
            }
            search[path] = parameter.model_copy(update={"when": when})
    return with_search(space, search)


def _fixed_value(space: Space, path: str, parent: str, source: str) -> object:
    try:
        return get_path(parse_trial(stand_in(space), source), parent)
    except (AttributeError, KeyError):
        raise ConfigError(
            f"{source}: search.{path}.when: '{parent}' is not a config path",
            did_you_mean(parent, space.search),
        ) from None


def with_search(space: Space, search: dict[str, Parameter]) -> Space:
    return space.model_copy(update={"search": search})


def possible(parent: str, wanted: Scalar | list[Scalar], space: Space) -> list[Scalar]:
    """The values of a `when` that its searched parent can take."""
    values = wanted if isinstance(wanted, list) else [wanted]
    choices = space.search[parent].categorical
    return values if choices is None else [value for value in values if value in choices]


def when_met(space: Space, path: str) -> ConfigValues:
    """Defaults of the space with the conditions of `path`, and theirs, satisfied."""
    value = stand_in(space)
    for parent, wanted in space.search[path].when.items():
        if parent not in space.search:
            continue
        for grand, leaf in leaves(when_met(space, parent)):
            value = set_path(value, grand, leaf)
        value = space.setting(value, parent, possible(parent, wanted, space)[0])
    return value


def parents_met(space: Space, path: str) -> dict[str, Scalar]:
    """Values of what `path` depends on, with which it is drawn."""
    values: dict[str, Scalar] = {}
    for parent, wanted in space.search[path].when.items():
        if parent in space.search:
            values |= {**parents_met(space, parent), parent: possible(parent, wanted, space)[0]}
    return values


# What every dataset supports, of sampling.conditional, sampling.positives, sessions.combine,
# view.selection.kind.
SUPPORTED = ("time", "within", "padded", "all")


def stand_in(space: Space) -> ConfigValues:
    """Fixed values, and the first value of every unconditional parameter: a config that stands for
    the space.

    Choices are tried one by one elsewhere; here one of SUPPORTED stands for them where it is among
    them.
    """
    value = space.fixed()
    for path, parameter in space.search.items():
        if not parameter.when:
            choices = parameter.extremes()
            value = space.setting(
                value, path, next((choice for choice in choices if choice in SUPPORTED), choices[0])
            )
    return value
