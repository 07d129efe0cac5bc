"""Entrants of `raylab answer`: which there are for a label, and which configs each tries."""

from __future__ import annotations

from itertools import count, takewhile
from pathlib import Path

import numpy as np
import pytest

from raylab.config.parse import parse_trial
from raylab.config.readouts import READOUTS
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError
from raylab.tuning.checks.configs import check_on_sessions
from raylab.tuning.entrants.entrant import Entrant
from raylab.tuning.entrants.entrants_for import entrants_and_reasons, entrants_for
from raylab.tuning.entrants.shipped import shipped_files

RATES = (1.67, 25.0, 100.0)


def make(folder: Path, rate_hz: float = 25.0) -> Dataset:
    """Three hundred samples with a label of each kind."""
    source = np.random.default_rng(0)
    time = np.arange(300) / rate_hz
    labels = {
        "position": np.sin(time),
        "angle": (np.mod(time, 2 * np.pi), "circular"),
        "side": np.sin(time) > 0,
    }
    activity = source.poisson(1, (300, 6)).astype(float)
    return Dataset.from_arrays(
        activity, out=folder / "ds", kind="counts", rate_hz=rate_hz, labels=labels
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make(tmp_path_factory.mktemp("entrants"))


def configs_of(entrant: Entrant, most: int = 40) -> list[dict[str, object]]:
    found = takewhile(lambda config: config is not None, map(entrant.config, count()))
    return [config for config, _ in zip(found, range(most)) if config is not None]


@pytest.mark.parametrize("label", ["position", "side"])
def test_every_config_of_every_entrant_can_run(dataset: Dataset, label: str) -> None:
    entrants = entrants_for(dataset, label)
    assert {"raw", "smoothed", "ridge", "mlp", "contrastive"} <= {each.name for each in entrants}
    for entrant in entrants:
        configs = configs_of(entrant, 12)
        parsed = [parse_trial(config, entrant.name) for config in configs]
        for config in parsed:
            check_on_sessions(config, dataset.sessions)
            assert config.task.label == label
        texts = {config.model_dump_json() for config in parsed}
        assert len(texts) == len(configs) > 1, entrant.name


def test_every_readout_is_an_entrant() -> None:
    assert set(READOUTS.names) - {"knn"} <= set(shipped_files())  # knn: the baselines


@pytest.mark.parametrize("label", ["position", "side"])
def test_features_are_standardised_once(dataset: Dataset, label: str) -> None:
    for entrant in entrants_for(dataset, label, families=["readout"]):
        readout = READOUTS.model(entrant.name)
        if not getattr(readout, "standardises", False):
            continue
        for config in map(parse_trial, configs_of(entrant, 8), [entrant.name] * 8):
            assert not config.view.zscore, entrant.name


def test_decoders_of_classes_are_left_out_of_other_labels(dataset: Dataset) -> None:
    entrants, reasons = entrants_and_reasons(dataset, "position")
    assert {"logistic", "lda", "naive_bayes"} == set(reasons)
    assert "decodes classes only" in reasons["lda"]
    assert not {"logistic", "lda"} & {each.name for each in entrants}
    entrants, reasons = entrants_and_reasons(dataset, "side")
    assert {"wiener", "wiener_cascade", "kalman"} == set(reasons)
    assert {each.name for each in entrants} == set(shipped_files()) - {"vqvae", *reasons}


def test_what_was_named_is_never_left_out_without_a_word(dataset: Dataset) -> None:
    with pytest.raises(ConfigError, match=r"lda.*decodes classes only"):
        entrants_for(dataset, "position", families=["lda"])
    with pytest.raises(ConfigError, match="'ridgy' is neither a family nor an entrant") as error:
        entrants_for(dataset, "position", families=["ridgy"])
    assert "Did you mean 'ridge'?" in error.value.remedy
    assert "contrastive" in error.value.remedy


def test_families_limit_the_entrants_but_never_the_baselines(dataset: Dataset) -> None:
    entrants = entrants_for(dataset, "position", families=["ridge", "vqvae"])
    assert {each.name for each in entrants if each.family != "baseline"} == {"ridge", "vqvae"}
    assert {"raw", "smoothed"} <= {each.name for each in entrants}
    order = [each.family for each in entrants_for(dataset, "side")]
    assert order == sorted(order, key=["baseline", "readout", "network", "contrastive"].index)


def test_the_configs_depend_on_the_seed_and_the_number_only(dataset: Dataset) -> None:
    first, again, other = (
        next(
            each
            for each in entrants_for(dataset, "side", families=["mlp"], seed=seed)
            if each.name == "mlp"
        )
        for seed in (0, 0, 1)
    )
    assert [again.config(n) for n in (5, 2)] == [first.config(n) for n in (5, 2)]
    points = len(first.space.points)
    assert [first.config(n) for n in range(points)] == [other.config(n) for n in range(points)]
    assert first.config(points) != other.config(points)


def test_a_baseline_is_a_grid_that_ends(dataset: Dataset) -> None:
    baselines = entrants_for(dataset, "side", families=["baseline"])
    smoothed = next(each for each in baselines if each.name == "smoothed")
    assert len(configs_of(smoothed)) == 14
    assert smoothed.config(14) is None
    assert smoothed.config(13) is not None


@pytest.mark.parametrize("rate_hz", RATES)
def test_one_space_serves_every_sampling_rate(tmp_path: Path, rate_hz: float) -> None:
    entrants = entrants_for(make(tmp_path, rate_hz), "position", families=["baseline"])
    smoothed = next(each for each in entrants if each.name == "smoothed")
    tried = {config["view"]["smoothing_ms"] for config in configs_of(smoothed)}  # type: ignore[index]
    assert tried == {1000 * samples / rate_hz for samples in (0, 1, 2, 4, 8, 12, 20)}


def test_examples_that_are_whole_trials_need_no_window(tmp_path: Path) -> None:
    source = np.random.default_rng(0)
    trials = {"start": np.arange(40.0), "stop": np.arange(40.0) + 0.5}
    dataset = Dataset.from_arrays(
        source.poisson(1, (400, 5)).astype(float),
        out=tmp_path / "ds",
        kind="counts",
        rate_hz=10,
        trials={**trials, "side": np.arange(40) % 2 > 0},
        splits={"kind": "groups", "by": "trial"},
    )
    for entrant in entrants_for(dataset, "side", per="trial", families=["readout", "mlp"]):
        for config in map(parse_trial, configs_of(entrant, 5), [entrant.name] * 5):
            assert config.evaluation.per == "trial"
            assert config.input.window is None  # type: ignore[attr-defined]


def test_own_space(dataset: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "wide.yaml"
    file.write_text(
        "task: {kind: decoder}\nbase: {model.kind: ridge}\n"
        "search: {input.window: {int: [1, 40]}}\npoints:\n- {input.window: 33}\n"
    )
    own = entrants_for(dataset, "position", families=["baseline"], space=file)[-1]
    assert (own.name, own.family) == ("wide", "readout")
    assert own.config(0)["input"]["window"] == 33  # type: ignore[index]
    assert own.config(40) is None  # forty windows, each once
    mapping = {"task": {"kind": "decoder"}, "base": {"model.kind": "tcn"}}
    unnamed = entrants_for(dataset, "position", families=["baseline"], space=mapping)[-1]
    assert (unnamed.name, unnamed.family) == ("own", "network")
    taken = tmp_path / "ridge.yaml"
    taken.write_text(file.read_text())
    with pytest.raises(ConfigError, match="'ridge' is the name of an entrant"):
        entrants_for(dataset, "position", space=taken)


def test_several_own_spaces_are_as_many_entrants(dataset: Dataset, tmp_path: Path) -> None:
    files = [tmp_path / "mine.yaml", tmp_path / "yours.yaml"]
    for file in files:
        file.write_text(shipped_files()["ridge"].read_text())
    own = entrants_for(dataset, "position", families=["baseline"], space=files)
    assert [entrant.name for entrant in own][-2:] == ["mine", "yours"]
    again = tmp_path / "more" / "mine.yaml"
    with pytest.raises(ConfigError, match="two search spaces are called 'mine'"):
        entrants_for(dataset, "position", space=[files[0], again])


def test_weights_of_classes_are_tried_for_labels_with_classes_only(dataset: Dataset) -> None:
    """Networks weigh classes by default, and baselines are what every report has."""
    for label, weights in (("side", {"none", "balanced"}), ("position", {"none"})):
        for entrant in entrants_for(dataset, label, families=["readout"]):
            configs = [parse_trial(each, entrant.name) for each in configs_of(entrant, 6)]
            tried = {each for config in configs for each in config.model.class_weights}  # type: ignore[attr-defined]
            assert tried == ({"none"} if entrant.family == "baseline" else weights), entrant.name


def test_no_point_is_lost_where_classes_have_no_weights(dataset: Dataset) -> None:
    for name in ("ridge", "svm", "gradient_boosting", "extra_trees"):
        points = {}
        for label in ("side", "position"):
            entrants = entrants_for(dataset, label, families=[name])
            space = next(each for each in entrants if each.name == name).space
            points[label] = {tuple(list(point.values())[:-1]) for point in space.points}
            assert len(points[label]) >= 3
        assert points["side"] == points["position"]
