"""Reading recipes: those that raylab ships in `raylab/data/recipes`, and those of users."""

from __future__ import annotations

import re
from pathlib import Path

from raylab.config.explain import did_you_mean
from raylab.config.yaml_files import load_yaml
from raylab.data.recipe import Recipe, parse_recipe
from raylab.errors import ConfigError, DataError

FOLDER = Path(__file__).parent / "recipes"


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
    recipe = _with_tables(parse_recipe(load_yaml(path), str(path)), path)
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
