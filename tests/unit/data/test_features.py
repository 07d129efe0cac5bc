"""Tables of features of a movie's frames as labels: joined by the number of the frame, refused
where one is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from helpers import recording_file, session
from pydantic import ValidationError
from scipy.ndimage import gaussian_filter1d

import raylab
from raylab.config.parse import parse_trial
from raylab.data.load_recipe import load_recipe
from raylab.data.readers.parts.features import with_features
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe_sections.feature_tables import FeaturesSpec
from raylab.data.session import Label, Session
from raylab.data.shard import whole_shard
from raylab.data.synth import write_session
from raylab.errors import ConfigError, DataError, RaylabError
from raylab.training.loop import Training

FRAMES = 12
TABLE = np.random.default_rng(0).normal(size=(FRAMES, 3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same table in every form."""
    folder = tmp_path_factory.mktemp("tables")
    np.save(folder / "f.npy", TABLE)
    np.savez(folder / "f.npz", vgg=TABLE)
    with h5py.File(folder / "f.h5", "w") as file:
        file["layers/conv5"] = TABLE.reshape(FRAMES, 3, 1)  # pictures are laid out
        file["other"] = np.zeros(2)
    frame = pd.DataFrame(TABLE, columns=["a", "b", "c"])
    frame.to_csv(folder / "f.csv", index=False)
    frame.assign(frame=np.arange(FRAMES)).sample(frac=1, random_state=1).to_parquet(
        folder / "f.parquet", index=False
    )
    return folder


def shown(frames: list[float], **changes: Any) -> Session:
    """A session that shows these frames, NaN where none."""
    label = Label.discrete(np.array(frames, np.float64))
    return session(samples=len(frames), labels={"movie_frame": label}, **changes)


def joined(one: Session, folder: Path, path: str, **changes: Any) -> np.ndarray:
    spec = FeaturesSpec.model_validate(
        {"path": f"{folder}/{path}", "frame": "movie_frame", "unit": "au", **changes}
    )
    label = with_features(one, {"movie": spec}).labels["movie"]
    assert (label.kind, label.unit) == ("continuous", "au")
    return label.values


@pytest.mark.parametrize(
    "path", ["f.npy", "f.npz", "f.npz:vgg", "f.h5:layers/conv5", "f.csv", "f.parquet"]
)
def test_every_form_gives_the_row_of_the_frame_and_nan_outside(folder: Path, path: str) -> None:
    # Frames 0 and 2 are never shown: codes are not frames. The table of the last form is shuffled.
    values = joined(shown([np.nan, 11, 3, 3, 1, np.nan, 4]), folder, path)
    np.testing.assert_allclose(values[[1, 2, 3, 4, 6]], TABLE[[11, 3, 3, 1, 4]])
    assert np.isnan(values[[0, 5]]).all()


@pytest.mark.parametrize(("path", "columns"), [("f.npy", [2, 0]), ("f.parquet", ["c", "a"])])
def test_columns_are_chosen_in_the_order_named(folder: Path, path: str, columns: list[Any]) -> None:
    np.testing.assert_allclose(
        joined(shown([5, 0]), folder, path, columns=columns), TABLE[[5, 0]][:, [2, 0]]
    )


def test_a_group_says_the_frame_too_and_the_grey_screen_has_no_features(folder: Path) -> None:
    one = shown([1, 2, 3], groups={"picture": np.array([7, -1, 0])})
    np.testing.assert_allclose(joined(one, folder, "f.npy", frame="picture")[[0, 2]], TABLE[[7, 0]])
    assert np.isnan(joined(one, folder, "f.npy", frame="picture")[1]).all()
    scene = Label(kind="discrete", values=np.array([1, 0, 1]), classes=("blank", "4"))
    values = joined(session(samples=3, labels={"movie_frame": scene}), folder, "f.npy")
    np.testing.assert_allclose(values[[0, 2]], TABLE[[4, 4]])
    assert np.isnan(values[1]).all()


@pytest.mark.parametrize(
    ("frames", "path", "changes", "message"),
    [
        ([0, 12], "f.npy", {}, "shows frame 12 .*f.npy has frames 0 to 11"),
        ([0, 12], "f.parquet", {}, "shows frame 12"),
        ([0.5, 1], "f.npy", {}, "class '0.5' of label 'movie_frame' is no number of a frame"),
        ([0, 1], "f.npy", {"frame": "scene"}, "'scene' is neither a label nor a group"),
        ([0, 1], "f.npy", {"columns": [3]}, "names .3., .*has 3 columns"),
        ([0, 1], "f.csv", {"columns": ["d"]}, "names 'd'"),
        ([0, 1], "f.h5", {}, "does not say which array"),
        ([0, 1], "f.h5:layers/conv4", {}, "names 'layers/conv4'"),
        ([0, 1], "twice.csv", {}, "a different whole number"),
        ([0, 1], "cut.npy", {}, "not readable as npy"),
        ([0, 1], "text.csv", {}, "not numbers"),
        ([0, 1], "objects.npy", {}, "an array of Python objects"),
    ],
)
def test_what_does_not_fit_is_refused(
    folder: Path, frames: list[float], path: str, changes: dict[str, Any], message: str
) -> None:
    (folder / "twice.csv").write_text("frame,a\n0,1\n0,2\n1,3\n")
    (folder / "text.csv").write_text("a\nx\ny\n")
    (folder / "cut.npy").write_bytes((folder / "f.npy").read_bytes()[:150])
    np.save(folder / "objects.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(DataError, match=message):
        joined(shown(frames), folder, path, **changes)


def test_long_numbers_of_frames_are_exact(folder: Path) -> None:
    """Ids of pictures beyond 2^53, of which floats would hold two as one."""
    big = 20230415123456789
    rows = "".join(f"{big + row},{row}.5\n" for row in range(3))
    (folder / "ids.csv").write_text(f"frame,a\n{rows}")
    label = Label.discrete(np.array([big + 1, big + 2, big, big + 1]))
    values = joined(session(samples=4, labels={"movie_frame": label}), folder, "ids.csv")
    assert values[:, 0].tolist() == [1.5, 2.5, 0.5, 1.5]
    label = Label.discrete(np.array([2**63, 1, 1, 1], np.uint64))
    with pytest.raises(DataError, match="is no number of a frame"):
        joined(session(samples=4, labels={"movie_frame": label}), folder, "ids.csv")


def test_a_name_is_taken_once(folder: Path) -> None:
    spec = FeaturesSpec(path=f"{folder}/f.npy", frame="movie_frame")
    with pytest.raises(DataError, match="has a label 'movie_frame' already"):
        with_features(shown([0, 1]), {"movie_frame": spec})
    with pytest.raises(ValidationError, match="no file of"):
        FeaturesSpec(path="features.pkl", frame="movie_frame")


def written(folder: Path, **features: Any) -> Path:
    recipe = {"format": "torch_brain", "splits": {"kind": "given"}, "features": {"movie": features}}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return folder / "recipe.yaml"


def test_prepare_joins_a_table_beside_the_recipe(tmp_path: Path) -> None:
    """Of a two-photon session; the label is beside the others, and a changed table is another
    dataset.
    """
    (tmp_path / "data").mkdir()
    write_session(tmp_path / "data" / "a.h5", samples=900, units=5)
    table = np.random.default_rng(1).normal(size=(900, 2))
    prints = []
    for number in range(2):
        np.save(tmp_path / "features.npy", table + number)
        recipe = written(tmp_path, path="features.npy", frame="movie_frame")
        made = raylab.prepare(tmp_path / "data", recipe=recipe, out=tmp_path / f"ds{number}")
        prints.append(made.dataset.fingerprint)
        recording = made.dataset.open("500000000")
        label, frame = recording.labels["movie"], recording.labels["movie_frame"]
        at = np.flatnonzero(frame.labelled)
        assert len(at) > 500
        frames = np.array([int(one) for one in frame.classes])[frame.values[at]]
        np.testing.assert_allclose(label.values[at], table[frames] + number)
        assert np.array_equal(label.labelled, frame.labelled)
    assert prints[0] != prints[1]
    assert next(iter(made.dataset.labels)) == "running_speed"  # what is decoded by default stays


def test_bins_average_the_features_of_their_frames(tmp_path: Path) -> None:
    np.save(tmp_path / "features.npy", TABLE[:, :1])
    frames = np.arange(400) % FRAMES
    recording_file(tmp_path, choice=frames)
    recipe = {
        "format": "npz",
        "neural": {"path": "x", "kind": "rate"},
        "time": {"rate_hz": 10},
        "labels": {"picture": {"path": "choice", "kind": "discrete"}},
        "features": {"movie": {"path": "features.npy", "frame": "picture"}},
        "bin": 2,
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    loaded = load_recipe(tmp_path / "recipe.yaml")
    one = read_source(list_sources(tmp_path / "rat.npz", loaded)[0], loaded)
    np.testing.assert_allclose(one.labels["movie"].values[:6, 0], TABLE[:, 0].reshape(6, 2).mean(1))


@pytest.mark.parametrize(
    "path", ["../features.npy", "/etc/features.npy", "a/../../features.npy", "none.npy"]
)
def test_a_recipe_names_no_table_outside_its_folder(tmp_path: Path, path: str) -> None:
    np.save(tmp_path / "features.npy", TABLE)
    (tmp_path / "inside").mkdir()
    with pytest.raises(ConfigError, match=r"features\.movie\.path") as caught:
        load_recipe(written(tmp_path / "inside", path=path, frame="movie_frame"))
    assert isinstance(caught.value, RaylabError)


def test_features_serve_decoders_and_behaviour_of_codes(tmp_path: Path) -> None:
    """Decoded from other showings of the movie above chance; one column is a label of a VQ-VAE's
    head.
    """
    torch.set_num_threads(1)
    random = np.random.default_rng(2)
    walk = gaussian_filter1d(random.normal(size=(900, 2)), 20, axis=0)
    np.save(tmp_path / "features.npy", walk / walk.std(axis=0))
    spec = {"path": "features.npy", "frame": "movie_frame"}
    recipe = {
        "format": "torch_brain",
        "splits": {"kind": "groups", "by": "movie_repeat"},
        "features": {"movie": spec, "one": {**spec, "columns": [0]}},
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    write_session(tmp_path / "a.h5", samples=9000, units=40)
    data = raylab.prepare(
        tmp_path / "a.h5", recipe=tmp_path / "recipe.yaml", out=tmp_path / "ds"
    ).dataset

    def score(**sections: Any) -> dict[str, float]:
        config = parse_trial(sections, "test")
        training = Training(config, data, whole_shard(data, config.view, config.sessions))
        while not training.done:
            training.advance()
        return training.validate().metrics

    decoder = {
        "task": {"kind": "decoder", "label": "movie"},
        "input": {"window": 1},
        "evaluation": {"max_samples": 600},
    }
    assert score(**decoder, model={"kind": "knn"}, view={"smoothing_ms": 100})["decoding.r2"] > 0.3
    short = {"max_steps": 40, "batch_size": 16, "validate_every": 40}
    metrics = score(
        task={"kind": "vqvae"}, behaviour={"label": "one"}, model={"window": 20}, training=short
    )
    assert metrics["behaviour.r2"] > 0
