"""Who may import whom: read from the syntax tree of every module, whether imported at the top or on
use.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from imports import ROOT, circles, imported_names, imports_of_modules, module_name, modules

MODULES = sorted(modules().values())

BASE = {"version", "errors", "config", "files", "paths", "registry", "results", "seeding"}
# What the modules of a layer may import from raylab besides their own layer.
MAY: dict[str, set[str]] = {
    "errors": set(),
    "version": set(),
    "seeding": set(),
    "registry": {"errors"},
    "results": set(),
    "paths": {"errors"},
    "config": {"errors", "paths", "registry"},
    "files": {"errors"},
    "processes": {"errors", "files"},
    "authentication": {"errors"},
    "ports": set(),
    "ray_private": {"ports", "processes"},
    "local_ray": {"authentication", "ports", "ray_private"},
    "cluster": {"errors", "authentication", "local_ray"},
    "space": {"errors", "config", "registry", "paths"},
    "data": BASE | {"cluster"},
    "models": BASE,
    "sampling": BASE | {"data"},
    "evaluation": BASE | {"data"},
    "tasks": BASE | {"data", "models", "sampling", "evaluation"},
    "training": BASE | {"data", "models", "processes", "evaluation", "tasks"},
    "interop": BASE | {"data", "models", "tasks", "training"},
    "sklearn": BASE | {"data", "training"},
    "tracking": {"errors", "config", "files", "paths", "results", "version"},
    "reporting": BASE | {"data", "tracking", "evaluation"},
    "tuning": BASE
    | {"cluster", "local_ray", "data", "processes", "evaluation", "space", "tasks", "training"}
    | {"tracking", "reporting"},
    "analysis": BASE
    | {"cluster", "local_ray", "data", "processes", "evaluation", "space", "tasks", "training"}
    | {"tracking", "reporting", "interop", "tuning"},
    "health": {"authentication", "cluster", "local_ray", "errors", "paths", "results", "tracking"},
    "cli": BASE
    | {"authentication", "health", "data", "space", "evaluation", "tuning", "analysis"}
    | {"tracking", "reporting"},
    "__init__": {"version", "errors", "health", "data", "interop", "space", "tuning", "analysis"}
    | {"reporting"},  # for type checkers; imported when they are used
}
# Of `data`, other layers take types and views, never readers or preparation.
DATA_TYPES = {
    "session",
    "splitting",
    "dataset",
    "datasets",
    "views",
    "shard",
    "shards",
    "examples",
    "labels",
}
# Heavy libraries and the only modules that may import them; a prefix of a dotted name stands for
# all below it.
ONLY: dict[str, tuple[str, ...]] = {
    "ray": (
        "cluster",
        "local_ray",
        "ray_private",
        "health.rays",
        "data.shards",
        "data.preparation.parallel",
        "training.launch",
        "training.groups",
        "training.ray_private",
        "tuning.",
        "analysis.",
    ),
    "ray.data": ("data.shards", "training.launch"),
    "ray.train": ("training.launch",),
    "ray.tune": ("tuning.", "analysis.", "training.launch"),
    "optuna": ("tuning.drawing.", "reporting.importance"),
    "mlflow": ("tracking.mlflow",),
    "torch": (
        "health.machine",
        "data.shard",
        "data.shards",
        "models.",
        "sampling.",
        "evaluation.",
        "tasks.",
        "training.",
        "interop.",
    ),
    "torch_brain": (
        "data.readers.formats.torch_brain",
        "data.readers.formats.torch_brain_stimuli",
        "data.synthesis.two_photon_file",
    ),
    "h5py": ("data.",),
    "pynwb": ("data.allen.reader_process",),
    "allensdk": ("data.allen.reader_process",),
    "plotly": ("reporting.",),
    "matplotlib": ("reporting.canvas",),
    "jinja2": ("reporting.markup",),
    "click": ("cli",),
    "ripser": ("evaluation.topology",),
    "arch": ("evaluation.certainty.",),
    "umap": ("evaluation.comparison",),
    "xarray": ("data.datasets.other_libraries",),
    "pynapple": ("data.datasets.other_libraries",),
    "torch_geometric": ("models.networks.graph",),
    "requests": ("data.allen.", "data.fetching.", "data.dandi."),
    "torchmetrics": ("tasks.decoder.frames",),
}


def name_of(path: Path) -> str:
    """`data.readers` of raylab/data/readers/__init__.py, `__init__` of raylab itself."""
    name = module_name(path)
    return "__init__" if name == "raylab" else name.removeprefix("raylab.")


def within(name: str, prefix: str) -> bool:
    if prefix.endswith("."):
        return name.startswith(prefix)
    return name == prefix or name.startswith(f"{prefix}.")


# One test each over all modules: a test for each of them costs more than what it looks at.
def test_layers_import_downwards() -> None:
    wrong = [
        f"{name} must not import raylab.{target}"
        for name, target in imports_of_raylab()
        if (used := target.split(".")[0]) != (layer := name.split(".")[0])
        and used not in MAY[layer]
    ]
    assert not wrong, "\n".join(wrong)


def test_models_take_types_of_data_only() -> None:
    takers = {"sampling", "evaluation", "tasks", "training", "interop", "sklearn"}
    wrong = [
        f"{name} takes data types only, not raylab.{target}"
        for name, target in imports_of_raylab()
        if name.split(".")[0] in takers
        and target.split(".")[0] == "data"
        and target.split(".")[1] not in DATA_TYPES
    ]
    assert not wrong, "\n".join(wrong)


def imports_of_raylab() -> Iterator[tuple[str, str]]:
    """(module, what it imports from raylab), both without `raylab.`."""
    for path in MODULES:
        for target in sorted(imported_names(path)):
            head, _, rest = target.partition(".")
            if head == "raylab" and rest:
                yield name_of(path), rest


def test_heavy_libraries_are_imported_where_they_are_wrapped() -> None:
    wrong = [
        f"{name_of(path)} must not import {target}"
        for path in MODULES
        for target in sorted(imported_names(path))
        for library, places in ONLY.items()
        if within(target, library) and not may_import(name_of(path), library, places)
    ]
    assert not wrong, "\n".join(wrong)


def may_import(name: str, library: str, places: tuple[str, ...]) -> bool:
    allowed = any(within(name, place) or name == place.rstrip(".") for place in places)
    # mlflow lives in modules that share a name
    return allowed or (library == "mlflow" and name.startswith("tracking.mlflow"))


def test_data_and_models_and_sampling_and_evaluation_stay_apart() -> None:
    """Said once more as design.md says it, so that a change of MAY alone cannot lose it."""
    for path in MODULES:
        layer = name_of(path).split(".")[0]
        used = {
            target.split(".")[1] for target in imported_names(path) if target.startswith("raylab.")
        }
        if layer in ("data", "models"):
            assert not used & {"models", "sampling", "evaluation", "data"} - {layer}, path
        if layer in ("sampling", "evaluation"):
            assert not used & {"models", "sampling", "evaluation"} - {layer}, path
        assert "cli" not in used or layer == "cli", path


def test_jobs_use_the_command_line_only() -> None:
    for path in sorted((ROOT / "jobs").glob("*.py")):
        found = {target for target in imported_names(path) if target.split(".")[0] == "raylab"}
        assert found == {"raylab.cli.main"}, path


@pytest.mark.parametrize(
    "line", ["import raylab", "import raylab; dir(raylab)", "import raylab.cli"]
)
def test_importing_raylab_is_light(line: str) -> None:
    code = f"import sys; {line}\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert shown.stdout.strip() == "[]"


HEAVY = (
    "torch",
    "ray",
    "mlflow",
    "pandas",
    "optuna",
    "h5py",
    "numpy",
    "sklearn",
    "matplotlib",
    "pydantic",
)


def test_every_public_name_resolves() -> None:
    import raylab

    for name in raylab.__all__:
        assert getattr(raylab, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'serch'"):
        raylab.serch  # noqa: B018


def test_no_two_modules_import_each_other() -> None:
    """Imports inside functions and under TYPE_CHECKING count, too."""
    assert list(circles(imports_of_modules())) == []


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}
    assert list(circles(graph)) == [["b", "c"]]


MOST_FILES = 25


def test_no_folder_is_a_hall() -> None:
    folders = {path.parent for path in MODULES}
    sizes = {str(folder): len(list(folder.glob("*.py"))) for folder in folders}
    assert {folder: size for folder, size in sizes.items() if size > MOST_FILES} == {}


def test_a_public_function_lives_in_a_module_of_its_name() -> None:
    """Types and the constructors of parameters, which have capitals, live beside their kin."""
    import raylab

    for name, place in raylab._PUBLIC.items():
        module, _, attribute = place.partition(":")
        assert attribute == name, f"{name} is called {attribute} where it lives"
        if name.islower():
            assert module.rpartition(".")[2] == name, f"{name} lives in {module}"


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest imports a file of tests by its name alone, and refuses the second of a name."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
