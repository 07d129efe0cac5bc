"""Correlations between units: numpy's numbers a block at a time, training samples only, clusters
that are there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import dataset, session
from hypothesis import given, settings
from hypothesis import strategies as st

import raylab
from raylab.cli import main
from raylab.config.splits import GivenSplits
from raylab.config.view import ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.views.training_samples import training_blocks
from raylab.data.views.view import make_timeline, view_activity
from raylab.errors import ConfigError, DataError
from raylab.evaluation import unit_correlation
from raylab.evaluation.unit_correlation import SILENT, cluster_units, correlation_matrix
from raylab.reporting.figures.unit_correlations import correlation_figure

THREE = np.repeat([0, 1, 2], [5, 3, 4])


def in_clusters(samples: int = 400, seed: int = 0) -> np.ndarray:
    """Activity of 12 units in three clusters, the units mixed; noise makes r about 0.8 inside."""
    random = np.random.default_rng(seed)
    drive = random.normal(size=(samples, 3))[:, THREE]
    return (drive + 0.5 * random.normal(size=drive.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    neural = in_clusters()
    neural[320:] = np.random.default_rng(1).normal(
        size=(80, 12)
    )  # what is not training data says something else
    folder = tmp_path_factory.mktemp("units") / "ds"
    return dataset(folder, session("a", units=12, neural=neural), session("b", units=5, seed=3))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    cuts=st.lists(st.integers(1, 59), max_size=4, unique=True),
    offset=st.sampled_from([0.0, 1e2, 1e4]),
    rows=st.integers(1, 70),
)
def test_blocks_of_any_size_give_numpy_s_correlations(
    seed: int, cuts: list[int], offset: float, rows: int
) -> None:
    random = np.random.default_rng(seed)
    activity = random.normal(size=(60, 4)) @ random.normal(size=(4, 7)) + offset * random.random(7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unit_correlation, "BLOCK", rows * 7)
        found = correlation_matrix(np.split(activity, sorted(cuts)))
    np.testing.assert_allclose(found, np.corrcoef(activity.T), atol=1e-9)


def test_silent_units_correlate_with_nothing_and_are_in_no_cluster() -> None:
    activity = in_clusters()
    activity[:, 3], activity[:, 7] = 0.0, 0.1
    matrix = correlation_matrix(np.split(activity, 5))
    assert np.isnan(matrix[[3, 7]]).all()
    assert not np.isnan(np.delete(np.delete(matrix, [3, 7], 0), [3, 7], 1)).any()
    found = cluster_units(matrix, clusters=3)
    assert found.order[-2:].tolist() == [3, 7]
    assert found.cluster[[3, 7]].tolist() == [SILENT, SILENT]
    nothing = cluster_units(np.full((3, 3), np.nan))
    assert nothing.order.tolist() == [0, 1, 2]
    alone = cluster_units(np.array([[np.nan, np.nan], [np.nan, 1.0]]))
    assert (alone.order.tolist(), alone.cluster.tolist()) == ([1, 0], [SILENT, 1])


@pytest.mark.parametrize("most", [1000, 4])
def test_clusters_that_were_made_are_found(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_correlation, "ORDERED", most)
    shuffled = np.random.default_rng(0).permutation(12)
    found = cluster_units(correlation_matrix([in_clusters()[:, shuffled]]), clusters=3)
    truth = THREE[shuffled]
    assert len({(a, b) for a, b in zip(truth, found.cluster)}) == 3
    assert sorted(found.order) == list(range(12))
    along = found.cluster[found.order]
    assert along.tolist() == sorted(along)  # numbered in the order of the figure, each in one run
    assert set(cluster_units(correlation_matrix([in_clusters()]), clusters=1).cluster) == {1}


def test_only_training_samples_are_read(two: Dataset) -> None:
    recording = two.open("a")
    trained = np.concatenate(
        [recording.neural[a:b] for a, b, split in recording.parts if split == 0]
    )
    units, blocks = training_blocks(recording)
    assert np.array_equal(np.concatenate(list(blocks)), trained)
    assert units.tolist() == list(range(12))


@pytest.mark.parametrize(
    "view",
    [
        {"smoothing_ms": 300.0, "bin_ms": 200.0},
        {"selection": {"kind": "random", "count": 4}},
        {"selection": {"kind": "variance", "count": 5}, "lag_ms": 100.0},
    ],
)
def test_views_are_those_of_trials(two: Dataset, view: dict[str, object]) -> None:
    """Correlations do not depend on the scale, so a trial's z-scored view has the same."""
    recording, config = two.open("a"), ViewConfig.model_validate(view)
    activity, fitted = view_activity(recording, config)
    parts = make_timeline(recording, config).parts
    trained = np.concatenate([activity[a:b] for a, b, split in parts if split == 0])
    units, blocks = training_blocks(recording, view)
    assert np.array_equal(units, fitted.columns)
    np.testing.assert_allclose(
        correlation_matrix(blocks), np.corrcoef(trained.T.astype(np.float64)), atol=1e-5
    )


def test_tables_matrices_and_figures(
    two: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "units"
    main(["inspect", str(two.path), "--correlations", str(out), "--clusters", "3", "--json"])
    capsys.readouterr()
    assert sorted(file.name for file in out.iterdir()) == [
        "a.parquet",
        "a.png",
        "b.parquet",
        "b.png",
        "clusters.csv",
    ]
    table = pd.read_csv(out / "clusters.csv")
    pd.testing.assert_frame_equal(table, raylab.unit_correlations(two.path, clusters=3))
    of_a = table[table["session"] == "a"]
    assert of_a["place"].tolist() == list(range(12))
    assert len(set(zip(THREE[of_a["unit"]], of_a["cluster"]))) == 3
    matrix = pd.read_parquet(out / "a.parquet")
    assert matrix.columns.tolist() == matrix.index.tolist() == [str(unit) for unit in range(12)]
    recording = two.open("a")
    trained = np.concatenate(
        [recording.neural[a:b] for a, b, split in recording.parts if split == 0]
    )
    np.testing.assert_allclose(matrix, np.corrcoef(trained.T), atol=1e-6)


def test_units_are_counted_as_the_recording_has_them(tmp_path: Path) -> None:
    neural = in_clusters()
    neural[:, 0] = 1.0
    data = dataset(tmp_path / "ds", session("a", units=12, neural=neural))
    assert sorted(raylab.unit_correlations(data.path)["unit"]) == list(range(1, 12))


def test_the_view_is_set_on_the_command_line(two: Dataset, tmp_path: Path) -> None:
    options = [
        "--set",
        "view.selection.kind=variance",
        "--set",
        "view.selection.count=4",
        "--session",
        "a",
    ]
    main(["inspect", str(two.path), "--correlations", str(tmp_path / "units"), *options])
    assert len(pd.read_csv(tmp_path / "units" / "clusters.csv")) == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "training.seed=1"], "only the view can be set here"),
        (["--set", "view.smooth_ms=1"], "smooth_ms"),
        (["--session", "c"], "no session 'c'"),
    ],
)
def test_what_cannot_be_correlated_is_said(
    two: Dataset, tmp_path: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["inspect", str(two.path), "--correlations", str(tmp_path / "units"), *options])
    assert said in capsys.readouterr().err
    assert not (tmp_path / "units").exists()


def test_options_of_correlations_need_it(two: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["--clusters", "3"], ["--set", "view.bin_ms=100"], ["--session", "a"]):
        with pytest.raises(SystemExit):
            main(["inspect", str(two.path), *options])
        assert "--correlations" in capsys.readouterr().err


def test_sessions_without_training_samples(tmp_path: Path) -> None:
    held = session("held", given={"test": np.array([[0, 400]])}, seed=1)
    trained = session(
        "trained", given={"train": np.array([[0, 300]]), "valid": np.array([[310, 400]])}
    )
    data = dataset(tmp_path / "ds", held, trained, splits=GivenSplits())
    assert set(raylab.unit_correlations(data.path)["session"]) == {"trained"}
    with pytest.raises(DataError, match="'held' has no training samples"):
        raylab.unit_correlations(data.path, session="held")
    with pytest.raises(ConfigError, match="clusters 0"):
        raylab.unit_correlations(data.path, clusters=0)


def test_the_figure_shows_the_order_and_the_borders() -> None:
    activity = in_clusters()
    activity[:, 4] = 0
    matrix = correlation_matrix([activity])
    found = cluster_units(matrix, clusters=3)
    axis = correlation_figure(matrix, found, title="rat").axes[0]
    kept = found.order[:-1]
    assert np.array_equal(axis.images[0].get_array(), matrix[np.ix_(kept, kept)])
    borders = sorted(float(line.get_ydata()[0]) for line in axis.lines[::2])
    assert borders == (np.flatnonzero(np.diff(found.cluster[kept])) + 0.5).tolist()
    assert len(borders) == 2
    assert "1 that never vary left out" in axis.get_title()
