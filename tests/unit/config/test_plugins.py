"""Choices of packages of third parties: the examples of docs/extending.md train, are recorded, and
are named where they are missing; packages that cannot be used are left out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Literal

import pytest
from helpers import dataset, session
from plugin_packages import config_of, install, output, package, run

import raylab.registry as registries
from raylab.config.base import Strict
from raylab.config.encoders import EncoderConfig
from raylab.config.plugins import MissingPackage, Plugin, plugins_of, require_plugins
from raylab.errors import RaylabError
from raylab.registry import Choice, Registry
from raylab.tracking.study import StudyFolder

PACKAGES = {
    "An encoder": ("raylab.encoders", "gated"),
    "A quantizer": ("raylab.quantizers", "scalar"),
    "A network": ("raylab.networks", "average"),
    "A readout": ("raylab.readouts", "centroid"),
    "A kind of pairs": ("raylab.conditionals", "soon"),
}
# Each of all packages in turn, in one process: to start one costs more than to train.
TRAIN = """
import json, sys
from pathlib import Path
from trainings import run, training
from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.training.model_files import load_model

data, folder, text = sys.argv[1:]
metrics = {}
for title, config in json.loads(text).items():
    config["training"] = {"max_steps": 4, "batch_size": 16, "device": "cpu"}
    trained = training(parse_trial(config, "test"), Dataset(Path(data)))
    run(trained)
    model = Path(folder, title)
    model.mkdir(parents=True)
    trained.save_model(model)
    metrics[title] = sorted(trained.validate().metrics)
    assert load_model(model)[0] == trained.config
print(json.dumps(metrics))
"""
OPEN = """
import json, sys
from pathlib import Path
from raylab.errors import RaylabError
from raylab.training.model_files import load_model
messages = {}
for model in Path(sys.argv[1]).iterdir():
    try:
        load_model(model)
    except RaylabError as error:
        messages[model.name] = str(error)
print(json.dumps(messages))
"""


@dataclass(frozen=True)
class Examples:
    """The examples trained with all packages installed, and opened with none.

    Attributes:
        packages: Title -> the name of its package.
        metrics: Title -> the names of the metrics of its model.
        models: The folder of the models, by title.
        messages: Title -> the error where no package is installed.
    """

    packages: dict[str, str]
    metrics: dict[str, list[str]]
    models: Path
    messages: dict[str, str]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    folder = tmp_path_factory.mktemp("examples")
    names = {title: install(folder / "site", title) for title in PACKAGES}
    data = dataset(folder / "ds", session(samples=600))
    configs = json.dumps({title: config_of(title) for title in PACKAGES})
    models = folder / "models"
    metrics = json.loads(output(TRAIN, data.path, models, configs, site=folder / "site"))
    return Examples(names, metrics, models, json.loads(output(OPEN, models)))


@pytest.mark.parametrize("title", PACKAGES)
def test_the_example_trains_is_recorded_and_is_named_where_it_is_missing(
    title: str, examples: Examples
) -> None:
    names = " ".join(examples.metrics[title])
    assert "decoding" in names or "reconstruction" in names
    name, (group, tag) = examples.packages[title], PACKAGES[title]
    recorded = json.loads((examples.models / title / "model.json").read_text())["plugins"]
    assert recorded == [{"group": group, "name": tag, "package": f"{name} 0.1"}]
    message = examples.messages[title]
    assert f"'{tag}' ({group}) comes from the package {name} 0.1, which is not installed" in message
    assert f"pip install {name}==0.1" in message


def test_without_packages_nothing_is_recorded() -> None:
    assert plugins_of({"model": {"encoder": {"kind": "offset10"}}}) == []


class GoodConfig(EncoderConfig):
    kind: Literal["good"]


class OffsetConfig(EncoderConfig):
    kind: Literal["offset10"]


class NamelessConfig(EncoderConfig):
    pass


class OtherConfig(Strict):
    kind: Literal["other"]


def registry(monkeypatch: pytest.MonkeyPatch, **choices: object) -> Registry[EncoderConfig]:
    """A registry with one choice of its own, and entry points of these values."""
    points = [EntryPoint(name, f"lab_{name}:CHOICE", "raylab.test") for name in choices]
    monkeypatch.setattr(registries, "entry_points", lambda group: points)
    monkeypatch.setattr(registries, "REGISTRIES", dict(registries.REGISTRIES))
    if choices:
        monkeypatch.setattr(EntryPoint, "load", lambda point: choices[point.name])
    made = Registry("raylab.test", EncoderConfig)
    made.add(OffsetConfig, "here:there")
    return made


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("text", "it is not a raylab.registry.Choice"),
        (Choice(OtherConfig, "a:b"), "its config class does not extend EncoderConfig"),
        (Choice(NamelessConfig, "a:b"), "its config class has no `kind` of a Literal type"),
        (Choice(OffsetConfig, "a:b"), "raylab has 'offset10' already"),
    ],
)
def test_a_choice_that_cannot_be_used_is_left_out(
    monkeypatch: pytest.MonkeyPatch, value: object, reason: str
) -> None:
    made = registry(monkeypatch, good=Choice(GoodConfig, "a:b"), wrong=value)
    with pytest.warns(UserWarning, match=f"'wrong' of lab_wrong:CHOICE is left out: {reason}"):
        assert made.names == ["offset10", "good"]


def test_of_two_packages_with_one_name_the_first_by_name_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = registry(
        monkeypatch, second=Choice(GoodConfig, "second:b"), first=Choice(GoodConfig, "first:b")
    )
    with pytest.warns(UserWarning, match="lab_first:CHOICE has 'good' already"):
        assert made.find("good") == Choice(GoodConfig, "first:b", package="lab_first:CHOICE")


def test_a_package_that_cannot_be_imported_is_left_out_and_named(tmp_path: Path) -> None:
    points = {"broken": "raylab_broken:CHOICE"}
    files = {"raylab_broken.py": "import no_such_module\n"}
    package(tmp_path, "raylab-broken", files, "raylab.encoders", points)
    result = run(
        "from raylab.config.encoders import ENCODERS; print(ENCODERS.names)", site=tmp_path
    )
    assert "'offset10'" in result.stdout
    assert "'broken' of raylab-broken 0.1 is left out: it cannot be imported" in result.stderr
    assert "no_such_module" in result.stderr


def test_a_builder_that_cannot_be_imported_names_its_package() -> None:
    with pytest.raises(RaylabError, match=r"lab 1\.0: no_such_module:Builder cannot be imported"):
        Choice(GoodConfig, "no_such_module:Builder", package="lab 1.0").load()


def test_a_study_whose_package_is_missing_names_it(tmp_path: Path) -> None:
    plugin = Plugin(group="raylab.encoders", name="gated", package="raylab-gated 0.1")
    described = {"data": {}, "objective": {}, "label": None, "plugins": [plugin]}
    StudyFolder.create(tmp_path / "study", described)
    with pytest.raises(MissingPackage, match=r"study\.json: 'gated' .* raylab-gated 0\.1"):
        StudyFolder.open(tmp_path / "study")


def test_a_package_that_lost_its_choice_counts_as_missing() -> None:
    with pytest.raises(MissingPackage, match="'gone'"):
        require_plugins([Plugin(group="raylab.encoders", name="gone", package="pytest 1")], "here")


def test_importing_the_configs_uses_no_registry() -> None:
    """Else a package would be imported while what it imports is only partly there."""
    code = """
import raylab.config.families
from raylab.registry import REGISTRIES
print([group for group, registry in REGISTRIES.items() if "choices" in vars(registry)])
"""
    assert run(code).stdout == "[]\n"
