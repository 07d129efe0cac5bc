"""Synthetic sessions: true to the torch_brain format, and truly driven by what they say drives
them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.session import Session
from raylab.data.synth import synth, write_session


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[Session]:
    folder = tmp_path_factory.mktemp("sessions")
    synth(folder, sessions=2)
    return [read_source(source) for source in list_sources(folder)]


def rows(session: Session, split: str) -> np.ndarray:
    assert session.given is not None
    return np.concatenate([np.arange(start, stop) for start, stop in session.given[split]])


def scaled(session: Session) -> np.ndarray:
    train = session.neural[rows(session, "train")]
    return (session.neural - train.mean(0)) / train.std(0)


def test_sessions_have_the_sizes_names_and_labels_of_the_real_ones(sessions: list[Session]) -> None:
    for session in sessions:
        assert session.neural.shape[0] == 6000
        assert 150 <= session.neural.shape[1] <= 240
        assert session.kind == "calcium"
        assert session.rate_hz == pytest.approx(30)
        assert session.segments.tolist() == [[0, 6000]]
        assert next(iter(session.labels)) == "running_speed"
        assert list(session.labels)[-1] == "latent"
        assert session.labels["orientation"].classes == (
            "0",
            "45",
            "90",
            "135",
            "180",
            "225",
            "270",
            "315",
        )
        assert len(session.labels["movie_frame"].classes) == 900
        assert session.labels["movie_repeat"].classes == ("0", "1", "2", "3")
        assert len(session.units["id"]) == session.neural.shape[1]
    assert sessions[0].neural.shape != sessions[1].neural.shape
    assert sessions[0].id != sessions[1].id
    assert sessions[0].animal == sessions[1].animal != ""


def test_every_class_and_frame_is_in_training(sessions: list[Session]) -> None:
    for session in sessions:
        train = rows(session, "train")
        for name in ("orientation", "movie_frame"):
            label = session.labels[name]
            assert set(label.values[train]) >= set(range(len(label.classes)))


def test_latents_and_speed_drive_the_neurons(sessions: list[Session]) -> None:
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score

    for session in sessions:
        train, test, x = rows(session, "train"), rows(session, "test"), scaled(session)
        for name, least in (("latent", 0.5), ("running_speed", 0.5)):
            y = session.labels[name].values
            assert r2_score(y[test], Ridge(300).fit(x[train], y[train]).predict(x[test])) > least


def test_stimuli_drive_the_neurons(sessions: list[Session]) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsRegressor

    for session in sessions:
        x = scaled(session)
        shown = {name: session.labels[name].labelled for name in ("orientation", "movie_frame")}
        split = {name: {s: rows(session, s) for s in ("train", "test")} for name in shown}
        train, test = (
            split["orientation"][s][shown["orientation"][split["orientation"][s]]]
            for s in ("train", "test")
        )
        y = session.labels["orientation"].values
        assert (
            LogisticRegression(C=0.01, max_iter=200).fit(x[train], y[train]).score(x[test], y[test])
            > 0.4
        )
        train, test = (
            split["movie_frame"][s][shown["movie_frame"][split["movie_frame"][s]]]
            for s in ("train", "test")
        )
        y = session.labels["movie_frame"].values
        error = np.abs(KNeighborsRegressor(5).fit(x[train], y[train]).predict(x[test]) - y[test])
        assert np.median(error) < 30  # chance is about 225


def test_equal_seeds_give_equal_sessions(tmp_path: Path) -> None:
    read = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (path,) = synth(tmp_path / name, sessions=1, samples=300, seed=seed, units=(5, 9))
        read[name] = read_source(list_sources(path)[0])
    np.testing.assert_array_equal(read["a"].neural, read["b"].neural)
    assert not np.array_equal(read["a"].neural[:, :5], read["c"].neural[:, :5])


def test_noise_is_what_is_asked_for(tmp_path: Path) -> None:
    quiet, loud = (
        read_source(
            list_sources(synth(tmp_path / str(noise), sessions=1, samples=600, noise=noise)[0])[0]
        )
        for noise in (0.0, 0.7)
    )
    assert (loud.neural - quiet.neural).std() == pytest.approx(0.7, rel=0.02)
    np.testing.assert_array_equal(loud.labels["latent"].values, quiet.labels["latent"].values)


def test_both_forms_state_the_same_splits(tmp_path: Path) -> None:
    found = []
    for form in ("domains", "masks"):
        path = write_session(tmp_path / f"{form}.h5", samples=1500, units=6, seed=3, form=form)  # type: ignore[arg-type]
        session = read_source(list_sources(path)[0])
        found.append({name: rows(session, name).tolist() for name in ("train", "valid", "test")})
    assert found[0] == found[1]


@pytest.mark.parametrize("form", ["domains", "masks"])
def test_the_true_mask_counts_are_written_and_read_exactly(tmp_path: Path, form: str) -> None:
    counts = (32_187, 4_486, 8_064)
    path = write_session(
        tmp_path / "a.h5", samples=115_459, units=8, form=form, split_counts=counts
    )  # type: ignore[arg-type]
    session = read_source(list_sources(path)[0])
    assert session.neural.shape == (115_459, 8)
    assert tuple(len(rows(session, name)) for name in ("train", "valid", "test")) == counts
    together = np.concatenate([rows(session, name) for name in ("train", "valid", "test")])
    assert len(np.unique(together)) == sum(counts)


def test_splits_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        write_session(tmp_path / "a.h5", samples=100, units=2, split_counts=(80, 20, 20))


def test_torch_brain_itself_reads_the_file(tmp_path: Path) -> None:
    from torch_brain.data import Data

    path = write_session(tmp_path / "a.h5", samples=1500, units=6)
    with Data.load(path) as data:
        assert data.calcium_traces.df_over_f.shape == (1500, 6)
        assert data.session.id == "500000000"
        assert set(data.drifting_gratings.keys()) >= {
            "start",
            "end",
            "orientation",
            "orientation_id",
        }
        cut = data.slice(data.train_domain.start[0], data.train_domain.end[0])
        assert len(cut.calcium_traces) > 0
