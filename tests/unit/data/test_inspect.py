"""`inspect`: everything a recording holds, as JSON, as a table and as a picture."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from helpers import arrays, dataset, recipe_file, recording_file, session

import raylab
from raylab.cli import main
from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, DataError
from raylab.reporting.figures.recording import COLOURS, recording_figure


@pytest.fixture
def two(tmp_path: Path) -> Dataset:
    group = np.repeat(np.arange(40), 10)
    return dataset(
        tmp_path / "ds",
        session("a", groups={"presentation": group}),
        session("b", units=4),
        splits=BlockedSplits(),
    )


def test_totals_and_groups(two: Dataset) -> None:
    description = raylab.inspect(two.path)
    assert description.totals.to_dict() == {
        "sessions": 2,
        "animals": 0,
        "samples": 800,
        "units": 10,
        "hours": 0.022,
        "splits": {"train": 480, "valid": 160, "test": 160},
    }
    first = description.sessions[0]
    assert (first.id, first.groups) == ("a", {"presentation": 40})
    assert first.labels["choice"].classes == ("0", "1")
    assert first.labels["heading"].range is not None
    value = description.to_dict()
    assert json.loads(json.dumps(value)) == value
    assert value == {**two.manifest, "totals": description.totals.to_dict()}


def test_of_a_raw_file_its_hash_and_range(tmp_path: Path) -> None:
    file, recipe = recording_file(tmp_path / "raw"), recipe_file(tmp_path)
    (session,) = raylab.inspect(file, recipe=recipe).sessions
    assert len(session.sha256) == 64
    position = arrays()["position"]
    assert session.labels["position"].range == ((position.min(),), (position.max(),))
    assert session.to_dict()["labels"]["position"]["range"] == [[position.min()], [position.max()]]
    recording_file(tmp_path / "raw", x=arrays(seed=1)["x"])
    assert raylab.inspect(file, recipe=recipe).sessions[0].sha256 != session.sha256


def test_the_table_says_ranges_groups_and_totals(
    two: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["inspect", str(two.path)])
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "choice 2 classes (discrete)" in shown
    heading = arrays()["heading"]
    assert f"heading {heading.min():.3g} ... {heading.max():.3g} (circular, rad)" in shown
    assert "presentation (40 presentations, to split by)" in shown
    assert "total: 2 sessions, 800 samples, 10 units" in shown


def test_pictures(two: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = raylab.draw(two.path, out=tmp_path / "pictures")
    assert [file.name for file in files] == ["a.png", "b.png"]
    main(["inspect", str(two.path), "--png", str(tmp_path / "b.png"), "--session", "b", "--json"])
    assert len(json.loads(capsys.readouterr().out)["sessions"]) == 2
    assert np.array_equal(
        matplotlib.image.imread(tmp_path / "b.png"), matplotlib.image.imread(files[1])
    )
    with pytest.raises(ConfigError, match="several sessions"):
        raylab.draw(two.path, out=tmp_path / "one.png")
    with pytest.raises(DataError, match="no session 'c'"):
        raylab.draw(two.path, out=tmp_path / "c.png", session="c")
    raw = recording_file(tmp_path / "raw")
    assert raylab.draw(raw, out=tmp_path / "raw.png", recipe=recipe_file(tmp_path)) == [
        tmp_path / "raw.png"
    ]


def test_the_picture_shows_splits_units_and_labels(two: Dataset) -> None:
    opened, kept = two.open("a"), np.array([True, False, True, True, True, True])
    figure = recording_figure(two.recorded("a"), opened.parts, kept=kept)
    splits, activity, *labels = figure.axes
    drawn = [
        sorted((round(p.get_extents().x0), round(p.get_extents().x1)) for p in bars.get_paths())
        for bars in splits.collections
    ]
    for code, ranges in enumerate(drawn):
        assert ranges == sorted((int(a), int(b)) for a, b, split in opened.parts if split == code)
    assert len(drawn) == len(COLOURS)
    assert activity.images[0].get_array().shape == (5, 400)
    assert [axis.get_ylabel().split("\n")[0] for axis in labels] == [
        "position",
        "heading",
        "choice",
    ]
    assert "1 units left out" in figure.get_suptitle()
