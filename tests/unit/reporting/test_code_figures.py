"""Figures of VQ-VAE trials: they show the numbers they are given, and the report has them where
there are codes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_study import fake_study, reported
from helpers import dataset, session
from safetensors.numpy import load_file

from raylab.config.parse import parse
from raylab.config.splits import BlockedSplits
from raylab.config.vqvae import VqvaeTrial
from raylab.data.shard import whole_shard
from raylab.errors import DataError
from raylab.files import write_tensors
from raylab.reporting.figures.code_transitions import transitions_figure
from raylab.reporting.figures.codes import code_figures, usage_figure
from raylab.reporting.figures.latent_map import latent_figure, mean_label
from raylab.reporting.figures.reconstructions import reconstructions_figure
from raylab.reporting.saved.codes import Codes, load_codes, transitions
from raylab.reporting.saved.embedding import Colouring, Embedding
from raylab.reporting.study_page import write_report
from raylab.reporting.trial_figures import trial_figures
from raylab.tracking.study import StudyFolder
from raylab.training.loop import Training

NAMES = {"code_usage.png", "code_transitions.png", "latent_map.png", "reconstructions.png"}


def made(**changes: Any) -> dict[str, np.ndarray]:
    """Two codebooks, three units of five, and samples of two parts."""
    random = np.random.default_rng(0)
    truth = random.normal(size=(40, 3)).astype(np.float32)
    arrays = {
        "codes.counts.0": np.array([3, 0, 7, 0, 2]),
        "codes.counts.1": np.array([4, 8]),
        "codes.sequence": np.stack(
            [random.integers(5, size=(6, 4)), random.integers(2, size=(6, 4))], axis=2
        ),
        "reconstruction.truth": truth,
        "reconstruction.found": truth * 0.5,
        "reconstruction.samples": np.r_[100:125, 300:315],
        "reconstruction.parts": np.repeat([1, 4], [25, 15]),
        "reconstruction.units": np.array([4, 0, 2]),
        "reconstruction.explained": np.array([0.25, 0.1, np.nan, 0.3, 0.75]),
        "embedding": np.repeat(np.eye(4, 3, dtype=np.float32), [1, 2, 3, 4], axis=0),
    }
    return {name: values for name, values in {**arrays, **changes}.items() if values is not None}


def write(path: Path, **changes: Any) -> Path:
    write_tensors(path, made(**changes), {"codes": json.dumps({"session": "a $x$"})})
    return path


@pytest.fixture
def codes(tmp_path: Path) -> Codes:
    saved = load_codes(write(tmp_path / "e.safetensors"))
    assert saved is not None
    return saved


def with_codes(study: StudyFolder, **changes: Any) -> Path:
    """The codes of `made` in the winner's file."""
    (path,) = study.path.glob("trials/*/embedding.safetensors")
    kept = {name: values for name, values in made(**changes).items() if name != "embedding"}
    write_tensors(path, {**load_file(path), **kept}, {"codes": json.dumps({"session": "a"})})
    return path


def test_usage_is_what_was_counted(codes: Codes) -> None:
    panels = usage_figure(codes.counts).axes
    assert [panel.get_title() for panel in panels] == [
        "codebook 1: 2 of 5 codes unused",
        "codebook 2: 0 of 2 codes unused",
    ]
    assert [panel.patches[0].get_data().values.tolist() for panel in panels] == [
        [7, 3, 2, 0, 0],
        [8, 4],
    ]  # type: ignore[attr-defined]


@pytest.mark.parametrize("most", [4, 100])
def test_transitions_equal_a_slow_loop(most: int) -> None:
    sequence = np.random.default_rng(1).integers(9, size=(30, 5)) * 1000
    names, counts = transitions(sequence, most=most)
    used = sorted(np.unique(sequence), key=lambda code: (-(sequence == code).sum(), code))[:most]
    assert names.tolist() == used
    expected = np.zeros((len(used), len(used)), int)
    for window in sequence.tolist():
        for here, after in pairwise(window):
            if here in used and after in used:
                expected[used.index(here), used.index(after)] += 1
    np.testing.assert_array_equal(counts, expected)


def test_codes_over_time_and_their_transitions_are_drawn(codes: Codes) -> None:
    raster, matrix = transitions_figure(codes).axes[:2]
    names, counts = transitions(codes.sequence[:, :, 0], most=64)
    dashes = raster.collections[0].get_segments()  # type: ignore[attr-defined]
    assert [names[int(dash[0, 1])] for dash in dashes] == codes.sequence[:, :, 0].ravel().tolist()
    np.testing.assert_allclose([dash[0, 0] for dash in dashes], np.arange(24) / 4)
    shares = matrix.images[0].get_array()
    np.testing.assert_allclose(shares, counts / counts.sum(axis=1, keepdims=True))


def test_rare_codes_are_counted_where_they_are_not_drawn(codes: Codes) -> None:
    sequence = np.concatenate([np.arange(70), np.arange(60)]).reshape(13, 10, 1)
    many = replace(codes, counts=(np.bincount(sequence.ravel()),), sequence=sequence)
    raster = transitions_figure(many).axes[0]
    assert (
        raster.get_title() == f"codes over time; {100 * 6 / 130:.0f} % are rarer codes, not drawn"
    )
    assert len(raster.collections[0].get_segments()) == 124  # type: ignore[attr-defined]


def test_reconstructions_break_at_parts(codes: Codes) -> None:
    panels = reconstructions_figure(codes).axes
    titles = [
        "unit 4: explained variance 0.75",
        "unit 0: explained variance 0.25",
        "unit 2: silent",
    ]
    assert [panel.get_title(loc="left") for panel in panels] == titles
    recorded, rebuilt = panels[1].lines[:2]
    for line, values in ((recorded, codes.truth), (rebuilt, codes.rebuilt)):
        drawn = np.asarray(line.get_ydata(), float)
        assert np.flatnonzero(np.isnan(drawn)).tolist() == [25]
        np.testing.assert_allclose(np.delete(drawn, 25), values[:, 1])
    assert "samples 100 to 314" in panels[-1].get_xlabel()


def test_each_vector_is_a_single_point_with_its_mean_label() -> None:
    member = np.array([0, 0, 1, 1, 1, 2])
    near_pi = np.array([3.1, -3.1, 0.1, 0.2, 0.3, np.nan])
    angles = mean_label(Colouring("angle", "circular", near_pi), member, 3)
    np.testing.assert_allclose(np.abs(angles[:2]), [np.pi, 0.2], atol=1e-6)
    speed = Colouring("speed", "continuous", np.array([1.0, 3, np.nan, 4, 6, np.nan]))
    np.testing.assert_allclose(mean_label(speed, member, 3), [2, 5, np.nan])
    choice = Colouring("choice", "discrete", np.array([1, 1, 0, 2, 2, -1]), classes=("a", "b", "c"))
    np.testing.assert_allclose(mean_label(choice, member, 3), [1, 2, np.nan])
    points = np.array([[0.0, 0, 0, 1], [2, 0, 0, 1], [0, 1, 0, 1]], np.float32)[member]
    panel = latent_figure(Embedding(points, (speed,))).axes[0]
    unlabelled, labelled = (each.get_offsets() for each in panel.collections[:2])
    assert (len(unlabelled), len(labelled)) == (1, 2)
    distance = np.linalg.norm(np.asarray(labelled)[0] - np.asarray(labelled)[1])
    assert distance == pytest.approx(2, rel=1e-5)  # a plane holds these three points without loss


def test_the_report_of_a_study_with_codes_has_their_figures(tmp_path: Path) -> None:
    study = fake_study(tmp_path / "s")
    plain = write_report(study, importance=None).read_text()
    assert "Codes and reconstructions" not in plain
    path = with_codes(study)
    study.ledger.append(
        reported(path.parent.name, 5, **{"codes.usage": 0.5, "reconstruction.mse": 0.25})
    )
    whole = write_report(study, importance=None).read_text()
    assert {each.name for each in (path.parent / "figures").iterdir()} == NAMES
    assert whole.count("<img alt=") == len(NAMES)
    for text in (
        "Codebook usage",
        "Codes over time",
        "Latent map",
        "<h3>Reconstructions",
        "codes.usage",
    ):
        assert text in whole
        assert text not in plain
    drawn = trial_figures(study)(
        next(each for each in study.records() if each.trial == path.parent.name)
    )
    assert set(drawn) == {"loss_curve.png", "embedding.png"} | NAMES
    assert "codes.usage" in [axes.get_ylabel() for axes in drawn["loss_curve.png"].axes]


@pytest.mark.parametrize(
    "changes",
    [
        {"reconstruction.units": None},
        {"codes.sequence": np.full((6, 4, 2), 7)},
        {"codes.sequence": np.zeros((6, 4, 2))},
        {"codes.counts.0": np.int64(3)},
        {"reconstruction.found": np.zeros((39, 3), np.float32)},
    ],
    ids=["missing", "outside", "no numbers of codes", "no counts", "shorter"],
)
def test_damaged_codes_do_not_hide_the_rest(tmp_path: Path, changes: dict[str, Any]) -> None:
    study = fake_study(tmp_path / "s")
    path = with_codes(study, **changes)
    with pytest.raises(DataError, match="codes that cannot be read"):
        load_codes(path)
    whole = write_report(study, importance=None).read_text()
    assert "codes that cannot be read" in whole
    assert "Embedding of the best trial" in whole
    assert not (path.parent / "figures").exists()


def test_what_a_trial_keeps_can_be_drawn(tmp_path: Path) -> None:
    data = dataset(
        tmp_path / "ds", session("a", samples=600), splits=BlockedSplits(blocks=12, gap_s=1)
    )
    model = {
        "window": 20,
        "channels": [8, 8, 8],
        "norm_groups": 4,
        "residual_blocks": 1,
        "code_dimension": 8,
    }
    sections = {
        "task": {"kind": "vqvae"},
        "model": model,
        "quantizer": {"kind": "ema", "codes": 16},
    }
    config = parse(VqvaeTrial, {**sections, "training": {"max_steps": 10, "device": "cpu"}}, "test")
    validation = Training(config, data, whole_shard(data, config.view, config.sessions)).validate()
    write_tensors(tmp_path / "e.safetensors", validation.arrays, validation.metadata)
    assert set(code_figures(tmp_path / "e.safetensors")) == NAMES
    kept = load_codes(tmp_path / "e.safetensors")
    assert kept is not None
    recorded = data.open("a")
    np.testing.assert_allclose(kept.truth, recorded.neural[kept.samples][:, kept.units])
    starts = recorded.parts[:, 0]
    np.testing.assert_array_equal(
        kept.parts, np.searchsorted(starts, kept.samples, side="right") - 1
    )
