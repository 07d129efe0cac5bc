"""Companions: files of other formats that belong to a recording, beside it or elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import raylab
from raylab.config.base import Strict
from raylab.data.preparation.workspace import source_key
from raylab.data.readers import registry
from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.read import read_source
from raylab.data.readers.registry import Reader, Readers
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.readers.store import MemoryStore
from raylab.data.recipe import Recipe, parse_recipe
from raylab.data.recipe_defaults import with_defaults
from raylab.errors import ConfigError, DataError

RECIPE: dict[str, Any] = {
    "format": "hdf5",
    "neural": {"path": "x", "kind": "rate"},
    "time": {"rate_hz": 10},
    "companions": {"running": "running.csv"},
    "labels": {"speed": {"path": "running:speed", "kind": "continuous", "time": "running:time"}},
}


def recording(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["x"] = np.random.default_rng(0).normal(size=(40, 3))
    return path


def running(path: Path, factor: float = 1.0) -> Path:
    """A speed of `factor` times the time, at 5 Hz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{k / 5},{factor * k / 5}" for k in range(21)]
    path.write_text("\n".join(["time,speed", *rows]))
    return path


def recipe(**changes: Any) -> Recipe:
    return parse_recipe({**RECIPE, **changes}, "test")


def speeds(path: Path, parsed: Recipe, **settings: Any) -> list[float]:
    """The last speed of each session."""
    sources = list_sources(path, parsed, **settings)
    return [read_source(each, parsed).labels["speed"].values[-1, 0] for each in sources]


def test_a_companion_has_the_format_of_its_ending(tmp_path: Path) -> None:
    path = recording(tmp_path / "m1.h5")
    running(tmp_path / "running.csv")
    source = list_sources(path, recipe())[0]
    for read in (read_source, read_isolated):
        values = read(source, recipe()).labels["speed"].values[:, 0]
        np.testing.assert_allclose(values, np.arange(40) / 10)


def test_a_companion_with_a_star_needs_no_files(tmp_path: Path) -> None:
    for name, factor in (("m1", 1.0), ("m2", 2.0)):
        recording(tmp_path / f"{name}.h5")
        running(tmp_path / f"{name}_running.csv", factor)
    parsed = recipe(companions={"running": "*_running.csv"})
    assert speeds(tmp_path, parsed) == pytest.approx([3.9, 7.8])


def test_one_companion_does_not_serve_two_sessions(tmp_path: Path) -> None:
    running(tmp_path / "running.csv")
    for name in ("m1.h5", "m2.h5"):
        recording(tmp_path / name)
    with pytest.raises(DataError, match=r"one file, but there are several sessions \(m1\.h5, m2"):
        list_sources(tmp_path, recipe())
    assert len(speeds(tmp_path / "m2.h5", recipe())) == 1


def test_a_format_may_be_stated(tmp_path: Path) -> None:
    path = recording(tmp_path / "m1.h5")
    running(tmp_path / "m1_run.dat")
    parsed = recipe(companions={"running": {"file": "*_run.dat", "format": "csv"}})
    assert speeds(path, parsed) == pytest.approx([3.9])
    with pytest.raises(ConfigError, match=r"companions\.running: the ending of '\*_run\.dat'"):
        recipe(companions={"running": "*_run.dat"})
    with pytest.raises(ConfigError, match="no format is called 'cvs'"):
        recipe(companions={"running": {"file": "a.dat", "format": "cvs"}})
    with pytest.raises(ConfigError, match="describe themselves"):
        recipe(companions={"running": {"file": "a.h5", "format": "torch_brain"}})
    with pytest.raises(ConfigError, match="unknown key 'heather' of parquet"):
        recipe(companions={"running": {"file": "a.dat", "format": "parquet", "heather": 1}})


def test_the_name_of_a_companion_is_its_only_array(tmp_path: Path) -> None:
    path = recording(tmp_path / "m1.h5")
    np.save(tmp_path / "m1_side.npy", np.arange(40) % 2)
    labels = {"side": {"path": "side", "kind": "discrete"}}
    parsed = recipe(companions={"side": "*_side.npy"}, labels=labels)
    side = read_source(list_sources(path, parsed)[0], parsed).labels["side"]
    np.testing.assert_array_equal(side.values, np.arange(40) % 2)


def test_companions_may_lie_in_a_folder_that_the_user_names(tmp_path: Path) -> None:
    raw, behaviour = tmp_path / "raw", tmp_path / "behaviour"
    recording(raw / "m1.h5")
    running(raw / "running.csv", 9.0)
    running(behaviour / "running.csv")
    running(tmp_path / "days" / "m1" / "running.csv", 3.0)
    for name in ("", "running"):
        assert speeds(raw, recipe(), companions={name: behaviour}) == pytest.approx([3.9])
    # One folder for each session, and a folder that has other companions only.
    assert speeds(raw, recipe(), companions={"": tmp_path / "days"}) == pytest.approx([11.7])
    assert speeds(raw, recipe(), companions={"": tmp_path}) == pytest.approx([35.1])
    with pytest.raises(DataError, match="no such file; by the recipe's `companions"):
        list_sources(raw, recipe(), companions={"running": tmp_path})
    with pytest.raises(ConfigError, match="has no companion 'runing'") as error:
        list_sources(raw, recipe(), companions={"runing": behaviour})
    assert "'running'" in error.value.remedy
    with pytest.raises(DataError, match="no such folder"):
        list_sources(raw, recipe(), companions={"": tmp_path / "nowhere"})
    with pytest.raises(ConfigError, match="has no `companions`"):
        list_sources(raw, recipe(companions={}, labels={}), companions={"": behaviour})


def test_prepare_and_inspect_take_the_folder(tmp_path: Path) -> None:
    import yaml

    recording(tmp_path / "raw" / "m1.h5")
    running(tmp_path / "behaviour" / "running.csv")
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(RECIPE))
    settings: dict[str, Any] = {"recipe": path, "companions": tmp_path / "behaviour"}
    prepared = raylab.prepare(tmp_path / "raw", out=tmp_path / "ds", **settings)
    assert prepared.dataset.manifest["recipe"]["companions"] == {
        "running": {"file": "running.csv", "format": "csv"}
    }
    described = raylab.inspect(tmp_path / "raw", **settings).sessions[0]
    assert described.labels["speed"].labelled == 40
    assert len(raylab.draw(tmp_path / "raw", out=tmp_path / "pictures", **settings)) == 1
    with pytest.raises(ConfigError, match="there is no recipe"):
        raylab.inspect(tmp_path / "ds", companions=tmp_path)


def test_what_a_user_states_wins_over_the_defaults_of_a_format() -> None:
    defaults = {
        "spikes": {"times": "t", "units": "u", "rate_path": "rate"},
        "time": {"rate_path": "rate", "unit": "ms"},
        "labels": {"x": {"path": "x", "kind": "continuous"}},
    }
    stated = {
        "spikes": {"bin_s": 0.1, "tick_s": 1e-3},
        "time": {"path": "stamps"},
        "labels": {"x": {"kind": "circular"}, "y": {"path": "y", "kind": "discrete"}},
    }
    merged = with_defaults(defaults, stated)
    assert merged == {
        "spikes": {"times": "t", "units": "u", "tick_s": 1e-3, "bin_s": 0.1},
        "time": {"path": "stamps", "unit": "ms"},
        "labels": {
            "x": {"path": "x", "kind": "circular"},
            "y": {"path": "y", "kind": "discrete"},
        },
    }
    assert with_defaults(defaults, merged) == merged
    assert "spikes" not in with_defaults(defaults, {"neural": {"path": "x"}})
    assert with_defaults(defaults, {"time": None})["time"] is None


class OddOptions(Strict):
    factor: float = 1.0


def open_odd(path: Path, options: OddOptions) -> MemoryStore:
    store = MemoryStore({"x": options.factor * np.ones((4, 2)), "depth": np.arange(2.0)})
    store.notes = (f"The factor is {options.factor}.",)  # type: ignore[attr-defined]
    store.unit_columns = {"depth": "depth"}  # type: ignore[attr-defined]
    return store


def test_a_format_has_options_defaults_notes_and_unit_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Reader(
        format="odd",
        patterns=("*.odd",),
        opens=f"{__name__}:open_odd",
        options=f"{__name__}:OddOptions",
        defaults={"neural": {"path": "x", "kind": "rate"}, "time": {"rate_hz": 10}},
    )
    readers = Readers((*registry.READERS._own, odd))
    for module in ("readers.registry", "recipe", "companion_spec", "readers.read"):
        monkeypatch.setattr(f"raylab.data.{module}.READERS", readers)
    (tmp_path / "a.odd").touch()
    parsed = parse_recipe({"format": "odd", "factor": 3}, "test")
    session = read_source(Source(tmp_path / "a.odd"), parsed)
    assert session.neural.tolist() == [[3, 3]] * 4
    assert session.units["depth"].tolist() == [0, 1]
    assert session.notes == ("The factor is 3.0.",)
    companion = {"odd": {"file": "*.odd", "factor": 5}}
    other = recipe(companions=companion, labels={"y": {"path": "odd:x", "kind": "continuous"}})
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.ones((4, 2))
    session = read_source(list_sources(tmp_path / "a.h5", other)[0], other)
    assert session.labels["y"].values[0, 0] == 5
    with pytest.raises(ConfigError, match="unknown key 'factr'"):
        recipe(companions={"odd": {"file": "*.odd", "factr": 5}})
    with pytest.raises(ConfigError, match="unknown key 'factor'") as error:
        recipe(factor=3)
    assert "format is odd" in error.value.remedy


def test_a_changed_companion_is_another_source(tmp_path: Path) -> None:
    path = recording(tmp_path / "m1.h5")
    running(tmp_path / "running.csv")
    before = source_key(list_sources(path, recipe())[0], recipe())
    running(tmp_path / "running.csv", 22.0)
    assert source_key(list_sources(path, recipe())[0], recipe()) != before


def test_a_companion_may_be_a_folder(tmp_path: Path) -> None:
    path = recording(tmp_path / "m1.h5")
    (tmp_path / "camera").mkdir()
    np.save(tmp_path / "camera" / "pupil.npy", np.arange(40.0))
    parsed = recipe(
        companions={"camera": {"file": "camera", "format": "npy"}},
        labels={"pupil": {"path": "camera:pupil", "kind": "continuous"}},
    )
    (source,) = list_sources(path, parsed)
    assert source.files == (tmp_path / "camera" / "pupil.npy",)
    pupil = read_isolated(source, parsed).labels["pupil"].values[:, 0]
    np.testing.assert_array_equal(pupil, np.arange(40))
    (tmp_path / "camera" / "pupil.npy").unlink()
    with pytest.raises(DataError, match="no such file"):
        list_sources(path, parsed)


def test_the_command_line_takes_folders_by_name() -> None:
    from raylab.cli.group import folders_by_name

    given = ("behaviour", "running=treadmill", "./day=1/x", "video=a=b")
    assert folders_by_name(given) == {"": "./day=1/x", "running": "treadmill", "video": "a=b"}


def test_prepare_takes_folders_of_companions_from_the_command_line(tmp_path: Path) -> None:
    import yaml
    from click.testing import CliRunner

    from raylab.cli.group import cli

    recording(tmp_path / "raw" / "m1.h5")
    running(tmp_path / "behaviour" / "running.csv")
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(RECIPE))
    for verb, more in (("inspect", []), ("prepare", ["--out", str(tmp_path / "ds")])):
        raw, folder = str(tmp_path / "raw"), f"running={tmp_path / 'behaviour'}"
        command = [verb, raw, "--recipe", str(tmp_path / "r.yaml"), "--companions", folder, *more]
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 0, done.output
        assert "speed" in done.output


def test_the_name_of_a_companion_with_several_arrays_is_no_array(tmp_path: Path) -> None:
    path = recording(tmp_path / "m1.h5")
    running(tmp_path / "running.csv")
    named = recipe(labels={"speed": {"path": "running", "kind": "continuous"}})
    with pytest.raises(
        DataError, match=r"running\.csv: `labels\.speed\.path` names the file"
    ) as raised:
        read_source(list_sources(path, named)[0], named)
    assert raised.value.remedy == "Name one of them, such as 'running:time'. It has: time, speed."
