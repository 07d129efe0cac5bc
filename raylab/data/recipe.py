"""A recipe: where the neural data, time, labels, trials and splits are in a laboratory's own files.

docs/recipes.md explains every key. `load_recipe.py` reads recipes from YAML files.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import Field, create_model, model_validator

from raylab.config.base import Strict
from raylab.config.explain import did_you_mean
from raylab.config.parse import parse
from raylab.data.companion_spec import CompanionSpec, with_formats
from raylab.data.labels.intervals import Intervals, check_names, interval_labels
from raylab.data.readers.registry import READERS, Reader
from raylab.data.recipe_defaults import with_defaults
from raylab.data.recipe_sections.activity import NeuralSpec, SegmentsSpec
from raylab.data.recipe_sections.clock import TimeSpec
from raylab.data.recipe_sections.feature_tables import FeaturesSpec
from raylab.data.recipe_sections.label import LabelSpec
from raylab.data.recipe_sections.session_names import SessionSpec
from raylab.data.recipe_sections.spike_times import SpikesSpec
from raylab.data.recipe_sections.types import Count
from raylab.errors import ConfigError

SplitName = Literal["train", "valid", "test"]
Variables = Mapping[str, str | int | float]

# What a recipe of any format may have; which other sections it may have depends on its reader.
FOR_ALL = {"format", "package", "files", "splits", "filters", "features"}


class Recipe(Strict):
    """What `read_source` needs to know about a file.

    Paths are inside the file; their parts are joined by `/`. Formats that describe themselves may
    have a subclass with sections of their own. Make recipes with `parse_recipe`, which chooses the
    class by the format.
    """

    format: str = Field(description="a name in the registry of readers")
    package: str | None = Field(
        None, description="name of the package that adds the format, where raylab does not"
    )
    files: str | None = Field(
        None, description="pattern of the files in a folder; default by format"
    )
    companions: dict[str, CompanionSpec] = Field(
        {}, description="name: file beside each file; its arrays are `name:path`"
    )
    sessions: dict[str, dict[str, str | int | float]] = Field(
        {}, description="several sessions in one file"
    )
    session: SessionSpec = SessionSpec()
    neural: NeuralSpec | None = None
    spikes: SpikesSpec | None = None
    time: TimeSpec | None = None
    segments: SegmentsSpec | None = None
    labels: dict[str, LabelSpec] = Field(
        {}, description="the first is the one tasks decode by default"
    )
    intervals: Intervals = Field(
        {}, description="name: table with a row per interval, whose columns become labels"
    )
    features: dict[str, FeaturesSpec] = Field(
        {}, description="labels from tables of features of a movie's frames"
    )
    units: dict[str, str] = Field(
        {}, description="name: path of one row per unit, such as its position"
    )
    given: dict[SplitName, str] = Field(
        {}, description="split: path of a (T,) mask or (K, 2) times"
    )
    groups: dict[str, str] = Field(
        {}, description="name: path of a whole number per sample (or trial) to split by"
    )
    bin: Count = Field(1, description="samples summed (counts) or averaged into one")
    splits: dict[str, Any] | None = None
    filters: dict[str, Any] = Field(
        {}, description="units and sessions left out, see FiltersConfig"
    )

    @model_validator(mode="before")
    @classmethod
    def _companions_have_formats(cls, value: object) -> object:
        if not isinstance(value, Mapping) or not isinstance(value.get("format"), str):
            return value
        companions = with_formats(value.get("companions", {}), value["format"], value.get("files"))
        return {**value, "companions": companions} if "companions" in value else value

    @model_validator(mode="after")
    def _complete(self) -> Recipe:
        reader = READERS.find(self.format)
        if reader is None:
            raise ValueError(f"format '{self.format}' has no reader")
        if reader.reads:
            own = set(type(self).model_fields) - set(Recipe.model_fields)
            excess = self.model_fields_set - set(reader.sections) - own - FOR_ALL
            if excess:
                raise ValueError(
                    f"{self.format} files say where things are; remove {', '.join(sorted(excess))}"
                )
            return self
        if (self.neural is None) == (self.spikes is None):
            raise ValueError(
                "give `neural` (sampled activity) or `spikes` (spike times), one of the two"
            )
        if self.neural is not None and (self.time is None or not self.time.gives_a_clock):
            raise ValueError(
                "`time` is missing: give `time.path` (time stamps), `time.rate_hz` or "
                "`time.rate_path`"
            )
        if self.spikes is not None and self.time is not None:
            excess = self.time.model_fields_set - {"unit"}
            if excess:
                raise ValueError(
                    "with `spikes`, `time` states only the `unit` of the stamps of labels; remove "
                    f"{', '.join(sorted(excess))}"
                )
        return self

    @model_validator(mode="after")
    def _labels_exist(self) -> Recipe:
        if self.segments is not None:
            for name in (*self.segments.changes, *self.segments.jumps):
                if name not in (*self.labels, *interval_labels(self.intervals)):
                    raise ValueError(
                        f"segments names the label '{name}', which `labels` does not have"
                    )
        return self

    @model_validator(mode="after")
    def _features_are_new(self) -> Recipe:
        for name in self.features:
            if name in (*self.labels, *interval_labels(self.intervals)):
                raise ValueError(f"`features` and `labels` both have '{name}'")
        return self

    @model_validator(mode="after")
    def _intervals_are_new(self) -> Recipe:
        check_names(self.intervals, self.labels, self.groups)
        return self

    @model_validator(mode="after")
    def _inside_the_folder(self) -> Recipe:
        """A recipe is exchanged between people: it must not name files that its user did not."""
        if self.files is not None and (
            self.files.startswith(("/", "~")) or ".." in re.split(r"[/\\]", self.files)
        ):
            raise ValueError(f"`files` is a pattern inside the folder, not '{self.files}'")
        return self

    @model_validator(mode="after")
    def _variables_filled(self) -> Recipe:
        for name in ("length", "first"):
            value = getattr(self.segments, name, None)
            if isinstance(value, str) and not self.sessions:
                raise ValueError(
                    f"segments.{name} is the variable '{value}', which no entry of `sessions` has"
                )
        return self

    @property
    def reader(self) -> Reader:
        """What reads files of this recipe's format."""
        return READERS.of(self.format)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The file patterns of a folder."""
        return (self.files,) if self.files else self.reader.patterns

    def bind(self, key: str) -> Recipe:
        """The recipe of one session of `sessions`, with its variables filled in.

        A recipe without `sessions` is returned as it is.
        """
        if not self.sessions:
            return self
        whole = {"sessions", "features"}  # tables are of a stimulus, not of a session
        filled = _fill(self.model_dump(exclude_unset=True, exclude=whole), self.sessions[key])
        return parse_recipe(filled, f"recipe, session '{key}'")

    def __reduce__(self) -> tuple[Callable[..., Recipe], tuple[dict[str, Any], str]]:
        """For pickles: the class of a format with options is made when it is first used."""
        return parse_recipe, (self.model_dump(exclude_unset=True), "recipe")


def parse_recipe(value: Mapping[str, Any], source: str) -> Recipe:
    """The recipe that a mapping describes, of the class that its format has.

    Args:
        source: What the mapping was read from, for the error.

    Raises:
        ConfigError: The format has no reader, or a key or value is wrong.
    """
    name = value.get("format")
    if not isinstance(name, str):
        return parse(Recipe, value, source)  # which says what is wrong with it
    reader = READERS.find(name)
    if reader is None:
        raise _unknown_format(value, source)
    model = _recipe_class(reader)
    value = with_defaults(reader.defaults_for(value), value)
    for key in value:
        others = [] if key in model.model_fields else _formats_with(key)
        if others:
            raise ConfigError(
                f"{source}: unknown key '{key}'",
                f"It exists where format is {' or '.join(others)}.",
            )
    if reader.package:
        value = {**value, "package": reader.package}
    return parse(model, value, source)


def _unknown_format(value: Mapping[str, Any], source: str) -> ConfigError:
    package = value.get("package")
    if isinstance(package, str) and package:
        return ConfigError(
            f"{source}: format '{value['format']}' comes from the package {package}, which is not "
            "installed",
            f"Install it, for example: pip install {package.split()[0]}",
        )
    return ConfigError(
        f"{source}: format: '{value['format']}' is not known",
        f"Use one of: {', '.join(READERS.formats)}; or install the package that adds it.",
    )


@functools.cache
def _recipe_class(reader: Reader) -> type[Recipe]:
    """The recipes of a format: with the sections or the options that only this format has."""
    if reader.recipe:
        model: type[Recipe] = reader.load(reader.recipe)
        return model
    options = reader.options_class()
    if options is None:
        return Recipe
    name = f"{reader.format.title().replace('_', '')}Recipe"
    make: Callable[..., type[Recipe]] = create_model  # its types know one base only
    return make(name, __base__=(options, Recipe), __module__=__name__)


def _formats_with(section: str) -> list[str]:
    """The formats whose recipes have a section that other recipes lack."""
    return [reader.format for reader in READERS if section in _recipe_class(reader).model_fields]


def _fill(value: Any, variables: Variables) -> Any:
    """`value` with `{name}` replaced; a text that is one variable takes the variable's type.

    `{stem}` stays: it is filled for each file.
    """
    if isinstance(value, dict):
        return {key: _fill(item, variables) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fill(item, variables) for item in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\}", value)
    if whole and whole[1] in variables:
        return variables[whole[1]]
    return re.sub(r"\{(\w+)\}", lambda match: _variable(match, variables), value)


def _variable(match: re.Match[str], variables: Variables) -> str:
    if match[1] == "stem":
        return match[0]
    if match[1] not in variables:
        raise ConfigError(
            f"recipe: no variable is called '{match[0]}'", did_you_mean(match[1], variables)
        )
    return str(variables[match[1]])
