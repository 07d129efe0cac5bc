"""Who may import whom: read from the syntax tree of every module, whether imported at the top or on
use.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "raylab").rglob("*.py"))

BASE = {"errors", "config", "files", "parsing", "seeding"}
# What the modules of a layer may import from raylab besides their own layer; `raylab` itself is its
# version.
MAY: dict[str, set[str]] = {
    "errors": set(),
    "seeding": set(),
    "config": {"errors"},
    "files": {"errors"},
    "parsing": {"errors", "config"},
    "processes": {"errors", "files"},
    "authentication": {"errors"},
    "cluster": {"errors", "authentication"},
    "data": BASE | {"cluster"},
    "models": BASE,
    "sampling": BASE | {"data"},
    "evaluation": BASE | {"data"},
    "tasks": BASE | {"data", "models", "sampling", "evaluation"},
    "training": BASE | {"data", "models", "processes", "tasks"},
    "interop": BASE | {"data", "models", "tasks", "training"},
    "sklearn": BASE | {"data", "training"},
    "tracking": {"errors", "config", "files", "parsing"},
    "reporting": {"errors", "files", "parsing", "data", "tracking", "evaluation"},
    "studies": BASE
    | {
        "cluster",
        "data",
        "processes",
        "evaluation",
        "tasks",
        "training",
        "tracking",
        "reporting",
        "interop",
    },
    "health": {"authentication", "cluster", "errors", "tracking"},
    "cli": BASE | {"authentication", "health", "data", "studies", "tracking", "reporting"},
    "__init__": set(),
}
# Of `data`, other layers take types and views, never readers or preparation.
DATA_TYPES = {"session", "splits", "dataset", "view", "shard", "shards", "examples"}
# Heavy libraries and the only modules that may import them; a prefix of a dotted name stands for
# all below it.
ONLY: dict[str, tuple[str, ...]] = {
    "ray": (
        "cluster",
        "health.rays",
        "data.shards",
        "training.launch",
        "training.groups",
        "studies.",
    ),
    "ray.data": ("data.shards", "training.launch"),
    "ray.train": ("training.launch",),
    "ray.tune": ("studies.", "training.launch"),
    "optuna": ("studies.suggest", "studies.drawing", "studies.samplers", "studies.importance"),
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
    "torch_brain": ("data.readers.torch_brain", "data.synthetic"),
    "h5py": ("data.",),
    "pynwb": ("data.readers.nwb", "data.allen.reader_process"),
    "allensdk": ("data.allen.reader_process",),
    "plotly": ("reporting.",),
    "matplotlib": ("reporting.",),
    "click": ("cli",),
    "ripser": ("evaluation.topology",),
    "umap": ("evaluation.comparison",),
    "torch_geometric": ("models.networks.graph",),
    "requests": ("data.warehouse.",),
    "torchmetrics": ("tasks.frames",),
}


def name_of(path: Path) -> str:
    """`data.readers` of raylab/data/readers/__init__.py, `__init__` of raylab itself."""
    parts = path.relative_to(ROOT / "raylab").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide who imports whom"
            assert node.module
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(name: str, prefix: str) -> bool:
    return (
        name.startswith(prefix)
        if prefix.endswith(".")
        else name == prefix or name.startswith(f"{prefix}.")
    )


each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


@each_module
def test_layers_import_downwards(path: Path) -> None:
    name = name_of(path)
    layer = name.split(".")[0]
    for target in imported(path):
        head, _, rest = target.partition(".")
        if head != "raylab" or rest in ("", "__version__"):
            continue
        used = rest.split(".")[0]
        assert used == layer or used in MAY[layer], f"{name} must not import raylab.{rest}"
        if used == "data" and layer in (
            "sampling",
            "evaluation",
            "tasks",
            "training",
            "interop",
            "sklearn",
        ):
            assert rest.split(".")[1] in DATA_TYPES, (
                f"{name} takes data types only, not raylab.{rest}"
            )


@each_module
def test_heavy_libraries_are_imported_where_they_are_wrapped(path: Path) -> None:
    name = name_of(path)
    for target in imported(path):
        for library, places in ONLY.items():
            if within(target, library):
                allowed = any(within(name, place) or name == place.rstrip(".") for place in places)
                # mlflow lives in modules that share a name
                allowed |= library == "mlflow" and name.startswith("tracking.mlflow")
                assert allowed, f"{name} must not import {target}"


def test_data_and_models_and_sampling_and_evaluation_stay_apart() -> None:
    """Said once more as design.md says it, so that a change of MAY alone cannot lose it."""
    for path in MODULES:
        layer = name_of(path).split(".")[0]
        used = {target.split(".")[1] for target in imported(path) if target.startswith("raylab.")}
        if layer in ("data", "models"):
            assert not used & {"models", "sampling", "evaluation", "data"} - {layer}, path
        if layer in ("sampling", "evaluation"):
            assert not used & {"models", "sampling", "evaluation"} - {layer}, path
        assert "cli" not in used or layer == "cli", path


def test_jobs_use_the_command_line_only() -> None:
    for path in sorted((ROOT / "jobs").glob("*.py")):
        found = {target for target in imported(path) if target.split(".")[0] == "raylab"}
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
