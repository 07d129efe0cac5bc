"""Folders of phy and Kilosort: the same counts as numpy makes of the same files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import raylab
from raylab.data.readers.isolation.isolated import read_isolated
from raylab.data.readers.phy.parameters import sample_rate
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.errors import ConfigError, DataError

RATE, SECONDS = 30_000, 10
IDS = np.array([2, 3, 7, 20])  # 11 is good and silent
GROUPS = {2: "good", 3: "mua", 7: "good", 11: "good", 20: "noise"}


def folder(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Write a folder; the samples and the clusters of its spikes."""
    path.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    samples = np.sort(generator.integers(0, RATE * SECONDS, 400))
    clusters = IDS[generator.integers(0, len(IDS), 400)]
    np.save(path / "spike_times.npy", samples.astype(np.uint64)[:, None])
    np.save(path / "spike_clusters.npy", clusters.astype(np.int32))
    np.save(path / "spike_templates.npy", clusters.astype(np.uint32) // 2)
    np.save(path / "pc_features.npy", np.ones((400, 3, 4)))
    np.save(path / "position.npy", np.arange(100.0))
    np.save(path / "position_times.npy", np.arange(100) / 10)
    (path / "params.py").write_text(f"dat_path = r'C:\\rec.dat'\nsample_rate = {RATE}.\n")
    rows = "".join(f"{unit}\t{group}\n" for unit, group in GROUPS.items())
    (path / "cluster_group.tsv").write_text(f"cluster_id\tgroup\n{rows}")
    rows = "".join(f"{unit}\t{unit * 10.0}\tp{unit}\tnoise\n" for unit in (2, 3, 7))
    (path / "cluster_info.tsv").write_text(f"id\tdepth\tshank\tgroup\n{rows}")
    (path / "cluster_KSLabel.tsv").write_text("cluster_id\tKSLabel\n3\tgood\n2\tmua\n")
    return samples, clusters


def read(path: Path, **value: Any) -> Session:
    parsed = parse_recipe({"format": "phy", "spikes": {"bin_s": 0.1}, **value}, "test")
    (source,) = list_sources(path, parsed)
    return read_source(source, parsed)


def counted(samples: np.ndarray, clusters: np.ndarray, units: Any, width: float) -> np.ndarray:
    edges = np.arange(0, SECONDS + width / 2, width) * RATE
    return np.stack([np.histogram(samples[clusters == unit], edges)[0] for unit in units], 1)


def test_good_clusters_are_units_also_the_silent_ones(tmp_path: Path) -> None:
    samples, clusters = folder(tmp_path / "m1" / "kilosort4")
    session = read(tmp_path)
    np.testing.assert_array_equal(
        session.neural, counted(samples, clusters, [2, 7, 11], 0.1)[: len(session.neural)]
    )
    assert len(session.neural) >= 98
    assert (session.id, session.kind, session.rate_hz) == ("m1", "counts", 10)
    assert session.units["id"].tolist() == [2, 7, 11]
    np.testing.assert_array_equal(session.units["depth"], [20, 70, np.nan])
    assert session.units["shank"].tolist() == ["p2", "p7", ""]
    assert session.units["group"].tolist() == ["good"] * 3


def test_other_groups_and_a_choice_of_ids(tmp_path: Path) -> None:
    folder(tmp_path)
    assert read(tmp_path, clusters=["good", "MUA"]).units["id"].tolist() == [2, 3, 7, 11]
    assert read(tmp_path, clusters="mua").units["id"].tolist() == [3]
    assert read(tmp_path, clusters="all").units["id"].tolist() == [2, 3, 7, 11, 20]
    chosen = read(tmp_path, spikes={"bin_s": 0.1, "keep": [20, 3]})
    assert chosen.units["id"].tolist() == [20, 3]
    np.testing.assert_array_equal(chosen.units["depth"], [np.nan, 30])
    with pytest.raises(DataError, match="no cluster is in the group nice") as error:
        read(tmp_path, clusters=["nice"])
    assert "good (3), mua (1), noise (1)" in error.value.remedy
    with pytest.raises(ConfigError, match="clusters"):
        read(tmp_path, clusters=[])


def test_groups_of_other_tables(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "cluster_group.tsv").rename(tmp_path / "cluster_groups.csv")  # an older version
    assert read(tmp_path).units["id"].tolist() == [2, 7, 11]
    (tmp_path / "cluster_groups.csv").unlink()
    (tmp_path / "cluster_info.tsv").unlink()
    session = read(tmp_path)
    assert session.units["id"].tolist() == [3]
    assert "Kilosort's own label" in session.notes[0]
    (tmp_path / "cluster_KSLabel.tsv").unlink()
    (tmp_path / "spike_clusters.npy").unlink()
    session = read(tmp_path)
    assert session.units["id"].tolist() == [1, 3, 10]
    assert "templates" in session.notes[0]
    assert "No table says" in session.notes[1]
    (tmp_path / "cluster_info.tsv").write_text("cluster,group\n1,good\n")
    with pytest.raises(DataError, match=r"cluster_info\.tsv: has no column cluster_id"):
        read(tmp_path)
    (tmp_path / "cluster_info.tsv").write_text("cluster_id,group\n1.5,good\n")
    with pytest.raises(DataError, match=r"'1\.5' is no number of a cluster"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("sample_rate = 25000", 25_000),
        ("sample_rate=24414.0625  # Hz\nn = 3", 24_414.0625),
        ("sample_rate = 1\nsample_rate = 2e4", 20_000),
        ("dat_path = 'C:\\Users\\me'\nsample_rate = 30000.", 30_000),
        ("sample_rate = 30 * 1000", "computes"),
        ("sample_rate = __import__('os').system('touch ran')", "computes"),
        ("sample_rate = 'fast'", "no rate"),
        ("sample_rate = -3", "no rate"),
        ("sample_rate = True", "no rate"),
        ("# sample_rate = 30000", "does not state"),
    ],
)
def test_the_rate_is_parsed_and_not_run(
    text: str, rate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.py").write_text(text)
    parsed = sample_rate(Path("params.py"))
    assert parsed == rate or (isinstance(parsed, str) and str(rate) in parsed)
    assert not Path("ran").exists()


def test_a_rate_that_is_not_known_may_be_stated(tmp_path: Path) -> None:
    samples, clusters = folder(tmp_path)
    (tmp_path / "params.py").unlink()
    with pytest.raises(DataError, match=r"there is no params\.py; state the rate as") as error:
        read(tmp_path)
    assert "spikes.rate_hz" in error.value.what
    session = read(tmp_path, spikes={"bin_s": 0.1, "rate_hz": RATE})
    expected = counted(samples, clusters, [2, 7, 11], 0.1)
    np.testing.assert_array_equal(session.neural, expected[: len(session.neural)])


def test_three_lines_prepare_a_folder(tmp_path: Path) -> None:
    folder(tmp_path / "m1" / "phy")
    (tmp_path / "r.yaml").write_text(
        "format: phy\n"
        "spikes: {bin_s: 0.05}\n"
        "labels: {position: {path: position, kind: continuous, time: position_times}}\n"
    )
    prepared = raylab.prepare(tmp_path, out=tmp_path / "ds", recipe=tmp_path / "r.yaml")
    session = prepared.dataset.recorded("m1")
    labelled = np.isfinite(session.labels["position"].values[:, 0])
    np.testing.assert_allclose(
        session.labels["position"].values[labelled, 0],
        np.minimum(session.time[labelled] * 10, 99),
        rtol=1e-6,
    )
    recipe = parse_recipe({"format": "phy", "spikes": {"bin_s": 0.05}}, "test")
    source = list_sources(tmp_path / "m1", recipe)[0]
    assert "pc_features.npy" not in [file.name for file in source.files]
    np.testing.assert_array_equal(
        read_isolated(source, recipe).neural, read_source(source, recipe).neural
    )
