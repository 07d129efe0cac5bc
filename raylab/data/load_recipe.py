"""Reading recipes: those that raylab ships in `raylab/data/recipes`, and those of users."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from raylab.config.explain import did_you_mean
from raylab.config.yaml_files import load_yaml
from raylab.data.misspelt_keys import explained
from raylab.data.recipe import Recipe, parse_recipe
from raylab.data.recipe_overrides import with_overrides
from raylab.errors import ConfigError, DataError

# How a user names a recipe: by the name of a shipped one, by a YAML file, or as a mapping.
RecipeSource = str | Path | Mapping[str, Any]
FOLDER = Path(__file__).parent / "recipes"


def recipe_names() -> list[str]:
    """The shipped recipes."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def name_of_recipe(recipe: RecipeSource | None) -> str:
    """What errors call a recipe."""
    return "recipe" if isinstance(recipe, Mapping) else str(recipe)


def load_recipe(recipe: RecipeSource, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """A shipped recipe by name, or any recipe by the path of its YAML file, or as a mapping.

    Args:
        recipe: Tables of features in a mapping lie in the working folder.
        overrides: Values by dotted path that replace those of the recipe, such as
            {"labels.position.kind": "circular"}. A value may be a list or a mapping, and a part of
            a path may be the place in a list.

    Raises:
        DataError: No shipped recipe has this name.
        ConfigError: The file is missing, or a key or value is wrong.
    """
    if isinstance(recipe, Mapping):
        value, path = dict(recipe), Path("recipe")
    else:
        path = _file_of(recipe)
        value = load_yaml(path)
    parsed = _bound(value, str(path), path)
    if not overrides:
        return parsed
    # The recipe is checked first without them, so that no override is blamed for its errors.
    changed = with_overrides(value, overrides, parsed)
    try:
        return _bound(changed, f"{path} with --set {', '.join(overrides)}", path)
    except ConfigError as error:
        raise explained(error, overrides, parsed) from None


def _file_of(name_or_path: str | Path) -> Path:
    """The YAML file of a shipped recipe, or the user's own."""
    text = str(name_or_path)
    if text in recipe_names():
        return FOLDER / f"{text}.yaml"
    if Path(text).suffix in (".yaml", ".yml"):
        return Path(text)
    raise DataError(
        f"no recipe is called '{text}'",
        f"{did_you_mean(text, recipe_names())} Shipped: {', '.join(recipe_names())}. Or give a "
        "path to YAML.",
    )


def _bound(value: Mapping[str, Any], source: str, path: Path) -> Recipe:
    """The recipe of a mapping, whose sessions all have the variables that it uses."""
    recipe = _with_tables(parse_recipe(value, source), path)
    for key in recipe.sessions:
        _bind_or_explain(recipe, key, path)
    return recipe


def _with_tables(recipe: Recipe, path: Path) -> Recipe:
    """Make the paths of tables of features absolute.

    They must lie in the recipe's folder: a recipe must not name files that its user did not.
    """
    absolute = {}
    for name, spec in recipe.features.items():
        if spec.path.startswith(("/", "\\", "~")) or ".." in re.split(r"[/\\]", spec.file):
            raise ConfigError(
                f"{path}: features.{name}.path '{spec.path}' leaves the recipe's folder",
                "Put it there.",
            )
        table = path.parent.resolve() / spec.file
        if not table.is_file():
            raise ConfigError(
                f"{path}: features.{name}.path: {table} does not exist",
                "Put the table beside the recipe.",
            )
        absolute[name] = spec.model_copy(update={"path": str(path.parent.resolve() / spec.path)})
    return recipe.model_copy(update={"features": absolute}) if absolute else recipe


def _bind_or_explain(recipe: Recipe, key: str, path: Path) -> None:
    try:
        recipe.bind(key)
    except ConfigError as error:
        raise ConfigError(f"{path}: sessions.{key}: {error.what}", error.remedy) from None
