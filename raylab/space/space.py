"""The search space. Its parameters are dotted config paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from raylab.config.dotted import ConfigValues, set_path
from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.errors import ConfigError
from raylab.space.constraints import Absent, constraint_of
from raylab.space.parameters import Scalar, Suggests, get, leaves
from raylab.space.sections import Sections


class Space(Sections):
    """A search space, as a space file describes it.

    `search` holds the parameters, `base` fixed config values. Config values that neither names
    keep their defaults. `objective` is one objective, or a list of two or three; the study then
    searches for the Pareto front. `points` are tried first. `constraints` hold for every draw.
    `warm_start` names earlier studies whose trials inform the sampler.

    Raises:
        ValidationError: From pydantic. `load_space` raises ConfigError instead.

    Example:
        >>> space = raylab.Space(
        ...     task={"kind": "contrastive"},
        ...     search={
        ...         "model.output_dimension": raylab.Int(3, 8),
        ...         "optimizer.learning_rate": raylab.Float(1e-4, 1e-2, log=True),
        ...     },
        ... )
        >>> list(space.search)
        ['model.output_dimension', 'optimizer.learning_rate']
    """

    def active(self, name: str, value: Mapping[str, object]) -> bool:
        """Whether a parameter is drawn when the config has these values so far."""
        return all(
            get(value, self.paths(parent)[0]) in (wanted if isinstance(wanted, list) else [wanted])
            for parent, wanted in self.search[name].when.items()
        )

    def setting(self, value: Mapping[str, object], name: str, leaf: object) -> ConfigValues:
        """A copy of a config mapping with the value of one parameter set."""
        result = dict(value)
        for path in self.paths(name):
            result = set_path(result, path, leaf)
        return result

    def fixed(self) -> ConfigValues:
        """The config mapping without searched values."""
        value: ConfigValues = {"task": dict(self.task)}
        for path, leaf in leaves(self.base):
            value = set_path(value, path, leaf)
        return value

    def with_singles(self, value: ConfigValues) -> ConfigValues:
        """A config mapping with every parameter of a single value that is active in it."""
        for name in self.ordered():
            parameter = self.search[name]
            if parameter.is_single and self.active(name, value):
                value = self.setting(value, name, parameter.extremes()[0])
        return value

    def drawn(self, params: Mapping[str, Scalar]) -> ConfigValues:
        """The config mapping of one draw."""
        value = self.fixed()
        for name, leaf in params.items():
            value = self.setting(value, name, leaf)
        return value

    def config(self, params: Mapping[str, Scalar], *, source: str = "trial") -> TrialConfig:
        """The trial config of one draw."""
        return parse_trial(self.drawn(params), source)

    def broken(self, params: Mapping[str, Scalar]) -> str | None:
        """The first constraint that a draw breaks, and the reason if it cannot be computed; None if
        all hold.

        A constraint holds if the draw lacks a path that it names (`heads` of an encoder without
        heads). A constraint that needs the default of a path is broken if the draw is no valid
        config.
        """
        value, resolved = self.drawn(params), ConfigValues()

        def value_of(path: str) -> object:
            if path in params:
                return params[path]
            try:
                return _at(value, path)
            except Absent:
                resolved.update(
                    resolved or self.config(params, source="the draw").model_dump(mode="json")
                )
                return _at(resolved, path)

        for text in self.constraints:
            try:
                if not constraint_of(text).holds(value_of):
                    return text
            except Absent:
                continue
            except (ArithmeticError, TypeError, ConfigError) as error:
                return f"{text} ({error.what if isinstance(error, ConfigError) else error})"
        return None

    def define(self) -> Callable[[Suggests], None]:
        """Optuna's define-by-run function: parents before the parameters that depend on them."""
        ordered = self.ordered()
        fixed = self.fixed()

        def suggest(trial: Suggests) -> None:
            value = fixed
            for name in ordered:
                if self.active(name, value):
                    value = self.setting(value, name, self.search[name].suggest(trial, name))

        return suggest

    def ordered(self) -> list[str]:
        """The searched paths, parents before the parameters that depend on them."""
        done: list[str] = []
        waiting = list(self.search)
        while waiting:
            ready = [
                p for p in waiting if not any(parent in waiting for parent in self.search[p].when)
            ]
            if not ready:
                raise ConfigError(
                    f"search: the `when` conditions of {', '.join(waiting)} form a circle",
                    "Remove one of them.",
                )
            done += ready
            waiting = [p for p in waiting if p not in ready]
        return done


def _at(value: Mapping[str, object], path: str) -> object:
    node: object = value
    for key in path.split("."):
        if not isinstance(node, Mapping) or key not in node:
            raise Absent(path)
        node = node[key]
    return node
