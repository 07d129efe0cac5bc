"""A recipe: where the neural data, time, labels, trials and splits are in a laboratory's own files.

Recipes are YAML, shipped in `raylab/data/recipes` or written by the user; docs/recipes.md explains
every key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from raylab.config.base import Strict
from raylab.config.explain import did_you_mean
from raylab.config.parse import parse
from raylab.config.yaml_files import load_yaml
from raylab.data.recipe_sections import (
    Count,
    FeaturesSpec,
    LabelSpec,
    NeuralSpec,
    PresentationsSpec,
    SegmentsSpec,
    SessionSpec,
    SpikesSpec,
    TimeSpec,
    TracesSpec,
    UnitFiltersSpec,
)
from raylab.errors import ConfigError, DataError

Format = Literal[
    "hdf5",
    "mat",
    "npz",
    "nwb",
    "csv",
    "parquet",
    "joblib",
    "torch_brain",
    "allen_ophys",
    "allen_ecephys",
]
SplitName = Literal["train", "valid", "test"]

FOLDER = Path(__file__).parent / "recipes"
PATTERNS: dict[str, tuple[str, ...]] = {
    "hdf5": ("*.h5", "*.hdf5"),
    "mat": ("*.mat",),
    "npz": ("*.npz",),
    "nwb": ("*.nwb",),
    "csv": ("*.csv",),
    "parquet": ("*.parquet",),
    "joblib": ("*.jl", "*.joblib", "*.pkl"),
    "torch_brain": ("*.h5", "*.hdf5"),
    "allen_ophys": ("*.nwb",),
    "allen_ecephys": ("*.nwb",),
}
# Files of these formats say where things are; a recipe states what else there is to choose.
CHOICES: dict[str, set[str]] = {
    "torch_brain": {"neural", "bin"},
    "allen_ophys": {"traces", "bin"},
    "allen_ecephys": {"presentations", "unit_filters"},
}
ALLEN = {"traces", "presentations", "unit_filters"}
FOR_ALL = {"format", "files", "splits", "filters", "features"}


class Recipe(Strict):
    """What `read_source` needs to know about a file. Paths are inside the file, parts joined by
    `/`.
    """

    format: Format
    files: str | None = Field(
        None, description="pattern of the files in a folder; default by format"
    )
    companions: dict[str, str] = Field(
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
    features: dict[str, FeaturesSpec] = Field(
        {}, description="labels from tables of features of a movie's frames"
    )
    units: dict[str, str] = Field(
        {}, description="name: path of one row a unit, such as its position"
    )
    given: dict[SplitName, str] = Field(
        {}, description="split: path of a (T,) mask or (K, 2) times"
    )
    groups: dict[str, str] = Field(
        {}, description="name: path of a whole number a sample (or trial) to split by"
    )
    traces: TracesSpec | None = Field(None, description="of allen_ophys")
    presentations: PresentationsSpec | None = Field(None, description="of allen_ecephys")
    unit_filters: UnitFiltersSpec | None = Field(None, description="of allen_ecephys")
    bin: Count = Field(1, description="samples summed (counts) or averaged into one")
    splits: dict[str, Any] | None = None
    filters: dict[str, Any] = Field(
        {}, description="units and sessions left out, see FiltersConfig"
    )

    @model_validator(mode="before")
    @classmethod
    def _default_sections(cls, value: Any) -> Any:
        """Filled in only for the format that has them, so that a dataset's record says what was
        used.
        """
        own = (
            CHOICES.get(str(value.get("format")), set()) & ALLEN
            if isinstance(value, Mapping)
            else set()
        )
        return {**{name: {} for name in sorted(own)}, **value} if own else value

    @model_validator(mode="after")
    def _complete(self) -> Recipe:
        if self.format in CHOICES:
            named = self.model_fields_set - CHOICES[self.format] - FOR_ALL
            if named:
                raise ValueError(
                    f"{self.format} files say where things are; remove {', '.join(sorted(named))}"
                )
            return self
        for name in sorted(ALLEN):
            if getattr(self, name) is not None:
                raise ValueError(
                    f"`{name}` is for Allen sessions (allen_ophys, allen_ecephys); remove it"
                )
        if (self.neural is None) == (self.spikes is None):
            raise ValueError(
                "give `neural` (sampled activity) or `spikes` (spike times), one of the two"
            )
        if self.neural is not None and self.time is None:
            raise ValueError("`time` is missing: give `time.path` or `time.rate_hz`")
        return self

    @model_validator(mode="after")
    def _labels_exist(self) -> Recipe:
        if self.segments is not None:
            for name in (*self.segments.changes, *self.segments.jumps):
                if name not in self.labels:
                    raise ValueError(
                        f"segments names the label '{name}', which `labels` does not have"
                    )
        return self

    @model_validator(mode="after")
    def _features_are_new(self) -> Recipe:
        for name in self.features:
            if name in self.labels:
                raise ValueError(f"`features` and `labels` both have '{name}'")
        return self

    @model_validator(mode="after")
    def _inside_the_folder(self) -> Recipe:
        """A recipe is exchanged between people: it must not name files that its user did not."""
        if self.files is not None and (
            self.files.startswith(("/", "~")) or ".." in re.split(r"[/\\]", self.files)
        ):
            raise ValueError(f"`files` is a pattern inside the folder, not '{self.files}'")
        for name, pattern in self.companions.items():
            if re.search(r"[/\\\0]", pattern) or pattern in ("", ".", ".."):
                raise ValueError(
                    f"companions.{name} is the name of a file in the same folder, not '{pattern}'"
                )
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
    def patterns(self) -> tuple[str, ...]:
        """The file patterns of a folder."""
        return (self.files,) if self.files else PATTERNS[self.format]

    def bind(self, key: str) -> Recipe:
        """The recipe of one session of `sessions`, its variables filled in; itself where there are
        none.
        """
        if not self.sessions:
            return self
        whole = {"sessions", "features"}  # tables are of a stimulus, not of a session
        filled = _fill(self.model_dump(exclude_unset=True, exclude=whole), self.sessions[key])
        return parse(Recipe, filled, f"recipe, session '{key}'")


def recipe_names() -> list[str]:
    """The shipped recipes."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_recipe(name_or_path: str | Path) -> Recipe:
    """A shipped recipe by name, or any recipe by the path of its YAML file.

    Raises:
        DataError: No shipped recipe has this name.
        ConfigError: The file is missing, or has a wrong key or value.
    """
    text = str(name_or_path)
    if text in recipe_names():
        path = FOLDER / f"{text}.yaml"
    elif Path(text).suffix in (".yaml", ".yml"):
        path = Path(text)
    else:
        raise DataError(
            f"no recipe is called '{text}'",
            f"{did_you_mean(text, recipe_names())} Shipped: {', '.join(recipe_names())}. Or give a "
            "path to YAML.",
        )
    recipe = _with_tables(parse(Recipe, load_yaml(path), str(path)), path)
    for key in recipe.sessions:
        _bind_or_explain(recipe, key, path)
    return recipe


def _with_tables(recipe: Recipe, path: Path) -> Recipe:
    """Tables of features lie beside the recipe or below: it must not name files that its user did
    not.
    """
    found = {}
    for name, spec in recipe.features.items():
        if spec.path.startswith(("/", "\\", "~")) or ".." in re.split(r"[/\\]", spec.file):
            raise ConfigError(
                f"{path}: features.{name}.path '{spec.path}' leaves the recipe's folder",
                "Put it there.",
            )
        table = path.parent.resolve() / spec.file
        if not table.is_file():
            raise ConfigError(
                f"{path}: features.{name}.path: {table} is not there",
                "Put the table beside the recipe.",
            )
        found[name] = spec.model_copy(update={"path": str(path.parent.resolve() / spec.path)})
    return recipe.model_copy(update={"features": found}) if found else recipe


def _bind_or_explain(recipe: Recipe, key: str, path: Path) -> None:
    try:
        recipe.bind(key)
    except ConfigError as error:
        raise ConfigError(f"{path}: sessions.{key}: {error.what}", error.remedy) from None


def _fill(value: Any, variables: dict[str, str | int | float]) -> Any:
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
    return re.sub(r"\{(\w+)\}", lambda found: _variable(found, variables), value)


def _variable(found: re.Match[str], variables: dict[str, str | int | float]) -> str:
    if found[1] == "stem":
        return found[0]
    if found[1] not in variables:
        raise ConfigError(
            f"recipe: no variable is called '{found[0]}'", did_you_mean(found[1], variables)
        )
    return str(variables[found[1]])
