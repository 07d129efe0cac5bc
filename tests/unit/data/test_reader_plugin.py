"""Readers of packages of third parties: the example of docs/extending.md, installed in a folder."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from plugin_packages import ROOT, blocks, install, run

import raylab.data.readers.registry as registry
from raylab.data.dataset import Dataset
from raylab.data.readers.registry import READERS, Reader, Readers
from raylab.data.recipe import parse_recipe
from raylab.errors import ConfigError

UNITS, FRAMES = 5, 420

PREPARE = """
import sys
from pathlib import Path
import raylab

folder = Path(sys.argv[1])
prepared = raylab.prepare(folder / "recordings", recipe=folder / "scanner.yaml", out=folder / "ds")
assert not prepared.failed

from raylab.config.view import ViewConfig
from raylab.data.shard import whole_shard

shard = whole_shard(prepared.dataset, ViewConfig())["mouse1_a"]
print(tuple(shard.x.shape), sorted(shard.timeline.reference))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example as an installed package, its recipe, and one file of the format."""
    install(tmp_path / "site", "A reader")
    (tmp_path / "scanner.yaml").write_text(blocks("A reader", "yaml")[0])
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    header = {"units": UNITS, "rate_hz": 20.0, "session": "mouse1_a", "animal": "mouse1"}
    rows = np.random.default_rng(0).normal(size=(FRAMES, 1 + UNITS)).astype("<f4")
    (recordings / "mouse1_a.scan").write_bytes(json.dumps(header).encode() + b"\n" + rows.tobytes())
    return tmp_path


def test_the_example_of_the_docs_prepares_a_dataset(folder: Path) -> None:
    result = run(PREPARE, folder, site=folder / "site")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == f"({(FRAMES - 20) // 2}, {UNITS}) ['speed']"
    # The dataset opens without the package, and says what read it.
    dataset = Dataset(folder / "ds")
    assert dataset.manifest["recipe"]["package"] == "raylab-scanner 0.1"
    assert dataset.manifest["recipe"]["scanner"] == {"first_frame": 20}
    assert dataset.open("mouse1_a").rate_hz == 10.0


def test_a_damaged_file_of_the_example_is_an_error(folder: Path) -> None:
    (folder / "recordings" / "mouse1_a.scan").write_bytes(b"{}\n")
    result = run(PREPARE, folder, site=folder / "site")
    assert "mouse1_a.scan: not readable as scanner ('units')" in result.stderr


def test_a_recipe_whose_package_is_missing_names_it() -> None:
    with pytest.raises(ConfigError, match="comes from the package raylab-scanner") as error:
        parse_recipe({"format": "scanner", "package": "raylab-scanner"}, "r.yaml")
    assert error.value.remedy == "Install it, for example: pip install raylab-scanner"
    with pytest.raises(ConfigError, match=r"r\.yaml: format: 'scanner' is not known") as error:
        parse_recipe({"format": "scanner"}, "r.yaml")
    assert "mat, npz, npy" in error.value.remedy


GOOD = Reader(format="good", patterns=("*.good",), opens="somewhere:open")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "cannot be imported"),
        ("text", "is no raylab.data.readers.registry.Reader"),
        (Reader(format="bad", patterns=()), "is no raylab.data.readers.registry.Reader"),
        (GOOD, "'good' exists already"),
    ],
)
def test_a_reader_that_cannot_be_used_is_left_out(
    monkeypatch: pytest.MonkeyPatch, value: object, reason: str
) -> None:
    """All other formats keep being read."""
    points = [EntryPoint("bad", "test_plugin:BAD", registry.GROUP)]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    if value is not None:
        monkeypatch.setattr(EntryPoint, "load", lambda self: value)
    with pytest.warns(UserWarning, match=reason):
        assert Readers([GOOD]).formats == ["good"]


def test_a_reader_that_cannot_be_imported_on_use_names_its_package() -> None:
    reader = Reader(format="a", patterns=(), opens="no_such_module:open", package="lab 1.0")
    with pytest.raises(ConfigError, match=r"lab 1\.0: .*no_such_module"):
        reader.load(reader.opens)


def test_every_file_of_formats_is_registered_and_every_reader_exists() -> None:
    places = {reader.opens or reader.reads for reader in READERS}
    modules = {place.partition(":")[0].rpartition(".")[2] for place in places if "formats" in place}
    folder = ROOT / "raylab" / "data" / "readers" / "formats"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert modules <= files
    sources = [path.read_text() for path in (ROOT / "raylab").rglob("*.py")]
    for helper in files - modules:
        assert any(f"formats.{helper}" in source for source in sources), helper
    for reader in READERS:
        for name in (reader.opens, reader.reads, reader.recipe, reader.setup, reader.folder):
            assert not name or callable(reader.load(name))
        for library in reader.libraries:
            import_module(library)
